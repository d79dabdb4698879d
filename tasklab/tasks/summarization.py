"""Summaries and titles: the few words that say what a text is about."""

from collections.abc import Sequence

from tasklab.data.text2text.pairs import Text2TextDataConfig
from tasklab.metrics.rouge import score_rouge
from tasklab.task import TASKS, Metrics
from tasklab.text2text import Text2Text
from tasklab.written_answers import mean_of


@TASKS.register("summarization")
class Summarization(Text2Text):
    """A short text for a long one. Metrics: ROUGE-L, ROUGE-1 and ROUGE-2, F1 in percent; Chinese by characters."""

    data_config = Text2TextDataConfig
    defaults = {**Text2Text.defaults, "data": {"max_seq_length": 512}}
    metric, title = "rouge_l", "Summarization Metric"
    primer = '"The council met on Monday. After two hours it voted for the new bridge."'

    def measured(self, texts: Sequence[str], references: Sequence[Sequence[str]]) -> Metrics:
        return mean_of(self.each(*one) for one in zip(texts, references, strict=True))

    def each(self, text, references):
        scores = score_rouge(text, references)
        return {name: scores[name] for name in ("rouge_l", "rouge_1", "rouge_2")}
