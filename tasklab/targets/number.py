"""A number per text."""

import numpy as np

from tasklab.metrics.correlation import score_numbers
from tasklab.metrics.report import number_report
from tasklab.targets import TARGETS, Target


@TARGETS.register("regression")
class Number(Target):
    """Squared error; the answer is the output itself."""

    metric = "spearmanr"
    answer = "score"
    scores = ("logits",)
    soft_settings = ("soft_alpha",)
    outputs = 1

    def column(self, labels):
        return np.array([0.0 if label is None else label for label in labels], np.float32)

    def loss(self):
        from tasklab.nn.losses.classes import RegressionLoss

        return RegressionLoss()

    def answers(self, logits, top_k):
        answers = [[{"score": round(float(value), 4)}] for value in logits[:, 0]]
        self.add_scores(answers, logits=logits)
        return answers

    def score(self, predicted, references):
        return score_numbers(predicted, references)

    def report(self, predicted, references, shown):
        return number_report(predicted, references, shown)

    def certainty(self, answer):
        return None

    def constant(self, references):
        """The mean."""
        return [float(np.mean(references))] * len(references)
