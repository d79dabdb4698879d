"""What tasks have in common that read a text and answer with one: an encoder-decoder learns and answers, words score.

Three numbers are told apart: the loss of every reference under the network, the score of what it generates for a part
of the examples, and the same score of simple rules.
"""

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tasklab.config.model_section import PREFIX
from tasklab.data.text2text.input import pairs_from_input
from tasklab.data.text2text.pairs import LANGUAGE, BleuDataConfig, Pair
from tasklab.data.text2text.reading import read_pairs
from tasklab.data.text2text.rows import TARGET, Framing, pair_rows
from tasklab.errors import ConfigError, DataError
from tasklab.generation.protocol import Generated
from tasklab.metrics.baseline import first_sentence
from tasklab.metrics.bleu import tokenizer_for
from tasklab.metrics.bootstrap import Interval, mean_interval
from tasklab.metrics.perplexity import perplexity_of
from tasklab.metrics.report import Report
from tasklab.metrics.tfidf import nearest_texts
from tasklab.metrics.wrong import shown, wrong_row
from tasklab.task import TRIVIAL, UPDATES, Metrics, Task

logger = logging.getLogger("tasklab")

FREQUENT, NEAREST = "most frequent target", "target of the nearest training source"
"""What the log calls the baselines that learn."""


def mean_of(scores: Iterable[Metrics]) -> Metrics:
    """Of numbers by name, one mapping per answer."""
    scores = list(scores)
    return {name: sum(one[name] for one in scores) / len(scores) for name in scores[0]}


class Text2Text(Task):
    """A subclass says what is measured, of all answers or of each."""

    head = "seq2seq"
    data_config = BleuDataConfig
    defaults = {
        "data": {"max_seq_length": 256}, "train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 16},
        "optimizer": {"lr": 3e-4}, "generation": {"max_new_tokens": 64},
        "lora": {"modules_to_save": []},
    }  # fmt: skip
    generates = True
    reads_texts = False
    """Whether plain text is learned from too."""
    loss_settings = ("label_smoothing",)
    perfect = 100.0
    primer = '"a text"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.head = self.head_for(config.model)
        self._signed: set[str] = set()
        self.layout = "uer_text" if config.data.generate_seq2seq_output else "answers"

    @classmethod
    def head_for(cls, model):
        return "prefix" if model.mask == PREFIX else cls.head

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

    def settle(self, labels):
        """Says what the decoder begins with where the model does not: the token that begins a text, else padding.

        Raises: ConfigError for targets that may be longer than the decoder has positions for.
        """
        model, target, longest = self.config.model, self.target, self.config.data.max_target_length
        if longest > model.max_tokens:
            remedy = f"set it to at most {model.max_tokens}"
            message = f"data.max_target_length {longest} is more than the decoder has positions for; {remedy}"
            raise ConfigError(self.config.placed("data.max_target_length", message))
        if self._one_stack:  # the source's end is what it begins with
            return
        if target is not None:  # `doctor data` may have no vocabulary
            model.decoder_start_token_id = self._start(target)

    def read(self, path, training):
        examples, bad = read_pairs(path, self.config.data, training, special=self._special, texts=self.reads_texts)
        examples = self.checked(examples, bad, path)
        if self.config.data.on_bad_row == "error":
            bad.raise_if_fatal()
        if not examples:
            raise DataError(f"{path}: holds no usable pair{f'; {bad.summary()}' if bad else ''}")
        return examples, bad.summary()

    def posed(self, examples: Sequence[Pair]) -> Sequence[Pair]:
        """As an evaluation asks them, with what is right."""
        return examples

    def checked(self, examples: list[Pair], bad, path) -> list[Pair]:
        """Those that the task can use; what is wrong with others goes to `bad`."""
        return examples

    def parse(self, input_data):
        return pairs_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        data = self.config.data
        return pair_rows(self.framing, self.posed(examples), data.max_seq_length, data.max_target_length)

    def loss(self):
        from tasklab.nn.losses.causal import causal_loss

        if self.config.loss.rdrop_alpha:
            raise ConfigError(f"loss.rdrop_alpha: {self.config.task} does not offer it; set it to 0")
        return causal_loss(self.config.loss.label_smoothing)

    def answer(self, examples, run, top_k=None, rows=None):
        """What answers the sources; of an evaluation's `rows` the losses too, and answers for data.generated of the
        examples."""
        if rows is None:
            self._tell_cut(examples)
            generated = zip(examples, self._generated(examples, run), strict=True)
            render = self._as_uer if self.config.data.generate_seq2seq_output else self.record
            return [[render(example, one) for one in several] for example, several in generated]
        answers, part = self.decode(run(rows), rows, examples), self._part(len(examples))
        asked = self.posed([examples[i] for i in part])
        for place, (best, *_) in zip(part, self._generated(asked, run), strict=True):
            answers[place][0] |= Text2Text.record(self, examples[place], best)
        return answers

    def decode(self, outputs, rows, examples, top_k=None):
        """Per example what its references cost, of all their tokens together."""
        sums = np.zeros((len(examples), 2))
        lengths = rows.lengths[TARGET]
        for numbers, (log_probabilities, *_) in outputs:
            costs = log_probabilities.sum(axis=1, dtype=np.float64)
            np.add.at(sums, rows["example"][numbers], np.stack([costs, lengths[numbers]], axis=1))
        return [[{"log_probability": float(cost), "tokens": int(tokens)}] for cost, tokens in sums]

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
        part = self._part(len(examples))
        asked = self.posed([examples[i] for i in part])
        texts = {TRIVIAL: [self.copied(example) for example in asked]}
        if training is not None:
            pairs = [(pair.source, pair.references[0]) for pair in self.posed(training)]
            ((frequent, _),) = Counter(target for _, target in pairs).most_common(1)
            near = nearest_texts([source for source, _ in pairs], [example.source for example in asked])
            texts |= {FREQUENT: [frequent] * len(asked), NEAREST: [pairs[place][1] for place in near]}
        scores = {}
        for name, answers in texts.items():
            by_place = dict(zip(part, ({"generated_text": text} for text in answers), strict=True))
            scores[name] = self.score([[by_place.get(i, {})] for i in range(len(examples))], examples)
        return scores

    def copied(self, example: Pair) -> str:
        """What somebody would answer who has learned nothing."""
        return first_sentence(example.cells[-1])

    def text_of(self, answer: Generated) -> str:
        """What an answer says."""
        return answer.text

    def record(self, example: Pair, answer: Generated) -> dict:
        """An answer as `predict` gives it."""
        return {"generated_text": self.text_of(answer), "finish_reason": answer.reason, "score": round(answer.score, 4)}

    def _as_uer(self, example: Pair, answer: Generated) -> dict:
        """Every token that the decoder read and said but the one that ends it."""
        tokens = self.target.tokens
        return {"prompt": example.source, "tokens": "".join(tokens[i] for i in (*self.framing.prompt, *answer.ids))}

    def sign(self, signature: str):
        """Tells how BLEU was computed, once."""
        if signature not in self._signed:
            self._signed.add(signature)
            logger.info("BLEU is sacrebleu's, %s", signature)

    def words_by(self, references: Sequence[Sequence[str]]) -> str:
        """sacrebleu's tokenizer for these references."""
        asked = self.config.data.bleu_tokenizer
        return tokenizer_for(references, None if asked == LANGUAGE else asked)

    @property
    def target(self):
        """The tokenizer of targets, where they have one of their own."""
        return getattr(self.tokenizer, "target", self.tokenizer)

    @property
    def framing(self) -> Framing:
        """How sources and targets become ids."""
        return self.framed(self.tokenizer, self.target)

    def framed(self, tokenizer, target) -> Framing:
        """As the network reads texts of these tokenizers."""
        return Framing(tokenizer, target, tokenizer.eos_id if self._one_stack else self._start(target), self._one_stack)

    def _start(self, target) -> int:
        """The token that the decoder reads first: the model's own, else the one that begins a text, else padding."""
        own = self.config.model.decoder_start_token_id
        return own if own is not None else target.bos_id if target.adds_bos else target.pad_id

    @property
    def _one_stack(self) -> bool:
        return self.config.model.mask == PREFIX

    @property
    def _special(self) -> list[str]:
        return [] if self.tokenizer is None else [self.target.tokens[i] for i in self.target.special_ids]

    def _part(self, count: int) -> list[int]:
        """Numbers of the examples that are answered."""
        most = min(count, self.config.data.generated or count)
        return [place * count // most for place in range(most)]

    def _tell_cut(self, examples: Sequence[Pair]):
        most = self.config.data.max_seq_length
        _, cut = self.framing.sources([example.source for example in examples], most)
        if cut:
            logger.warning("inputs: %d cut sources, of which the rest is not read; data.max_seq_length %d", cut, most)

    def _generated(self, examples: Sequence[Pair], run) -> list[list[Generated]]:
        settings, framing = self.config.generation, self.framing
        sources, _ = framing.sources([example.source for example in examples], self.config.data.max_seq_length)
        read = [sources.row(i) for i in range(len(examples))]
        if self._one_stack:
            return run.generate(read, settings)
        prompt, prefix = framing.prompt, settings.prefix or ""
        if prefix:
            ((begun, _),) = self.target.encode_batch([prefix])
            prompt = [*prompt, *begun.tolist()]
        generated = run.generate([np.array(prompt, np.int32)] * len(examples), settings, sources=read)
        return [[replace(one, text=prefix + one.text) for one in several] for several in generated]

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
