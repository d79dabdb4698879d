"""Answers in the model's own words to questions about a text, or without one (DuReader, He et al. 2018)."""

from tasklab.metrics.baseline import baseline_answer
from tasklab.metrics.bleu import score_bleu_n
from tasklab.metrics.short_answers import score_short_answer
from tasklab.task import TASKS
from tasklab.text2text import Text2Text
from tasklab.written_answers import mean_of


@TASKS.register("answer_generation")
class AnswerGeneration(Text2Text):
    """An answer to a question. Metrics: F1 and exact match against every right answer, and BLEU-1 to 4, in percent."""

    defaults = {
        **Text2Text.defaults, "data": {"max_seq_length": 384, "template": "question: {question} context: {context}"},
        "generation": {"max_new_tokens": 32},
    }  # fmt: skip
    metric, title = "f1", "Answer Metric"
    primer = '{"question": "Where does Wolfgang live?", "context": "My name is Wolfgang and I live in Berlin."}'

    def measured(self, texts, references):
        scores = mean_of(self.each(*one) for one in zip(texts, references, strict=True))
        return scores | score_bleu_n(texts, references, self.words_by(references))

    def each(self, text, references):
        scores = score_short_answer(text, references)
        return {name: scores[name] for name in ("f1", "exact_match")}

    def copied(self, example):
        """By rules, from the sentence that has most words of the question."""
        return baseline_answer(*example.cells) if len(example.cells) == 2 else super().copied(example)
