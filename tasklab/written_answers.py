"""What tasks have in common whose answers are texts: how these score, beside the answers of simple rules."""

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence

from tasklab.data.text2text.pairs import LANGUAGE, Pair
from tasklab.metrics.baseline import first_sentence
from tasklab.metrics.bleu import tokenizer_for
from tasklab.metrics.bootstrap import Interval, mean_interval
from tasklab.metrics.perplexity import perplexity_of
from tasklab.metrics.report import Report
from tasklab.metrics.tfidf import nearest_texts
from tasklab.metrics.wrong import shown, wrong_row
from tasklab.task import TRIVIAL, Metrics, Task

logger = logging.getLogger("tasklab")

FREQUENT, NEAREST = "most frequent target", "target of the nearest training source"
"""What the log calls the baselines that learn."""


def mean_of(scores: Iterable[Metrics]) -> Metrics:
    """Of numbers by name, one mapping per answer."""
    scores = list(scores)
    return {name: sum(one[name] for one in scores) / len(scores) for name in scores[0]}


class WrittenAnswers(Task):
    """A subclass says what is measured, of all answers or of each."""

    perfect = 100.0

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self._signed: set[str] = set()

    @abstractmethod
    def measured(self, texts: Sequence[str], references: Sequence[Sequence[str]]) -> Metrics:
        """Of all answers together, in percent; `metric` is among them."""

    def each(self, text: str, references: Sequence[str]) -> Metrics:
        """Of one answer, for the table of wrong ones and for intervals: metrics that are means of these."""
        return {}

    def intervals(
        self, texts: Sequence[str], references: Sequence[Sequence[str]], scores: Sequence[Metrics]
    ) -> dict[str, Interval]:
        """How far what is measured may be chance; `scores`: those of each answer."""
        return {name: mean_interval([one[name] for one in scores]) for name in scores[0]}

    def posed(self, examples: Sequence[Pair]) -> Sequence[Pair]:
        """As an evaluation asks them, with what is right."""
        return examples

    def score(self, predictions, examples):
        texts, references, _ = self._compared(predictions, examples)
        sums = [answers[0] for answers in predictions if "log_probability" in answers[0]]
        loss, tokens = -sum(one["log_probability"] for one in sums), sum(one["tokens"] for one in sums)
        foreseen = {"loss": loss / tokens, "perplexity": perplexity_of(loss / tokens)} if tokens else {}
        return self.measured(texts, references) | foreseen | {"generated": len(texts)}

    def report(self, predictions, examples):
        texts, references, answered = self._compared(predictions, examples)
        scores = [self.each(text, several) for text, several in zip(texts, references, strict=True)]
        rows = zip(answered, texts, references, scores, strict=True)
        return Report(
            intervals=lambda: self.intervals(texts, references, scores),
            wrong=[
                wrong_row(shown(example, example.source, None, **{n: round(s, 2) for n, s in one.items()}), right[0], t)
                for example, t, right, one in rows if t not in right
            ],
        )  # fmt: skip

    def baselines(self, examples, training=None):
        """The head of the source; what training answers most often; what it answers to the most similar source."""
        sample, posed = self.sampled(len(examples)), self.posed(examples)
        asked = [posed[i] for i in sample]
        texts = {TRIVIAL: [self.copied(example) for example in asked]}
        if training is not None:
            pairs = [(pair.source, pair.references[0]) for pair in self.posed(training)]
            ((frequent, _),) = Counter(target for _, target in pairs).most_common(1)
            near = nearest_texts([source for source, _ in pairs], [example.source for example in asked])
            texts |= {FREQUENT: [frequent] * len(asked), NEAREST: [pairs[place][1] for place in near]}
        scores = {}
        for name, answers in texts.items():
            by_place = dict(zip(sample, ({"generated_text": text} for text in answers), strict=True))
            scores[name] = self.score([[by_place.get(i, {})] for i in range(len(examples))], examples)
        return scores

    def copied(self, example: Pair) -> str:
        """What somebody would answer who has learned nothing."""
        return first_sentence(example.cells[-1])

    def sign(self, signature: str):
        """Tells how BLEU was computed, once."""
        if signature not in self._signed:
            self._signed.add(signature)
            logger.info("BLEU is sacrebleu's, %s", signature)

    def words_by(self, references: Sequence[Sequence[str]]) -> str:
        """sacrebleu's tokenizer for these references."""
        asked = self.config.data.bleu_tokenizer
        return tokenizer_for(references, None if asked == LANGUAGE else asked)

    def sampled(self, count: int) -> list[int]:
        """Numbers of the examples that are answered."""
        most = min(count, self.config.data.generated or count)
        return [place * count // most for place in range(most)]

    def _compared(self, predictions, examples) -> tuple[list[str], list[Sequence[str]], list[Pair]]:
        """The answers that there are, what each may be, and what they answer.

        Of equal sources every reference counts for each: a file may have a row per reference.
        """
        by_source: dict[str, dict[str, None]] = {}
        examples = self.posed(examples)
        for example in examples:
            by_source.setdefault(example.source, {}).update(dict.fromkeys(example.references))
        answered = [(answers[0], example) for answers, example in zip(predictions, examples, strict=True)
                    if "generated_text" in answers[0]]  # fmt: skip
        texts = [answer["generated_text"] for answer, _ in answered]
        references = [list(by_source[example.source]) for _, example in answered]
        return texts, references, [example for _, example in answered]
