"""Translation: the same in another language."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasklab.config.generation_section import two_shapes
from tasklab.data.files.records import FIX
from tasklab.data.text2text.pairs import BleuDataConfig, Pair
from tasklab.errors import DataError
from tasklab.metrics.bleu import bleu_interval, score_bleu
from tasklab.metrics.chrf import chrf_interval
from tasklab.metrics.scripts import wide_share
from tasklab.task import TASKS
from tasklab.text2text import Text2Text

APART, SURE, FEWEST = 0.5, 0.9, 10
"""By so much the shares of wide characters set source and target apart; of so many pairs one way, and of how many at
least, a direction is told."""


@dataclass
class TranslationDataConfig(BleuDataConfig, path="data"):
    mindformers_output: bool = False  # predict: {"translation_text": [the text]}

    def problems(self):
        yield from super().problems()
        yield from two_shapes(self, "mindformers_output", "generate_seq2seq_output")


@TASKS.register("translation")
class Translation(Text2Text):
    """A text in another language. Metrics: BLEU and chrF, in percent, as sacrebleu computes them."""

    data_config = TranslationDataConfig
    metric, title = "bleu", "Translation Metric"
    primer = '"The weather is fine today."'
    direction = 0

    def checked(self, examples, bad, path):
        """Without pairs that are turned round. Raises: DataError for a file turned round as a whole."""
        common = common_direction(examples)
        for pair in examples:
            if common and direction_of(pair) == -common:
                message = "source and target are turned round: nearly all other pairs have their scripts the other way"
                bad.add("turned round", f"{pair.place}: {message}", FIX)
        if common and common == -self.direction:
            raise DataError(f"{path}: source and target are the other way round than in the training data; swap them")
        self.direction = common or self.direction
        return [pair for pair in examples if not common or direction_of(pair) != -common]

    def measured(self, texts, references):
        scores, signature = score_bleu(texts, references, self.words_by(references))
        self.sign(signature)
        return scores

    def intervals(self, texts, references, scores):
        bleu = bleu_interval(texts, references, self.words_by(references))
        return {"bleu": bleu, "chrf": chrf_interval(texts, references)}

    def copied(self, example):
        return example.source

    def record(self, example, answer):
        record = super().record(example, answer)
        return {"translation_text": [answer.text]} if self.config.data.mindformers_output else record


def direction_of(pair: Pair) -> int:
    """1: from Chinese, Japanese or Korean to another script; -1: the other way; 0: neither, or not certain."""
    apart = wide_share(pair.source) - max(map(wide_share, pair.references))
    return (apart > APART) - (apart < -APART)


def common_direction(pairs: Sequence[Pair]) -> int:
    """The direction of nearly all pairs, 0 where there is none."""
    signs = [direction for pair in pairs if (direction := direction_of(pair))]
    total = sum(signs)
    return (total > 0) - (total < 0) if len(signs) >= FEWEST and abs(total) > (2 * SURE - 1) * len(signs) else 0
