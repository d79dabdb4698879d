"""Text to text: any text answered by another one, as pairs show it (Raffel et al. 2020)."""

from tasklab.metrics.bleu import bleu_interval, score_bleu
from tasklab.metrics.chrf import chrf_interval
from tasklab.metrics.short_answers import score_short_answer
from tasklab.task import TASKS
from tasklab.text2text import Text2Text


@TASKS.register("text2text_generation")
class Text2TextGeneration(Text2Text):
    """What answers a text. Metrics: chrF, which suits texts of any length, exact match and BLEU, in percent."""

    metric, title = "chrf", "Text2Text Metric"
    primer = '"3rd of May 2021"'

    def measured(self, texts, references):
        scores, signature = score_bleu(texts, references, self.words_by(references))
        self.sign(signature)
        matches = [score_short_answer(*one)["exact_match"] for one in zip(texts, references, strict=True)]
        return {"chrf": scores["chrf"], "exact_match": sum(matches) / len(matches), "bleu": scores["bleu"]}

    def each(self, text, references):
        return {"exact_match": score_short_answer(text, references)["exact_match"]}

    def intervals(self, texts, references, scores):
        intervals = {"chrf": chrf_interval(texts, references), **super().intervals(texts, references, scores)}
        return intervals | {"bleu": bleu_interval(texts, references, self.words_by(references))}
