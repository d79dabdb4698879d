"""Any number of classes per text."""

import numpy as np

from tasklab.data.rows.balance import presence_weights
from tasklab.metrics.classification import score_label_sets
from tasklab.metrics.report import label_set_report
from tasklab.targets import TARGETS
from tasklab.targets.classes import Classes


@TARGETS.register("multi_label_classification")
class MultiLabel(Classes):
    """Binary cross entropy of each class; the answer is every class that is likelier than not."""

    metric = "micro_f1"
    softened = "sigmoid"

    def names(self, label):
        return label

    def weights(self, counts, rows):
        return presence_weights(counts, rows, self.config.loss.max_weight_ratio)

    def column(self, labels):
        number = self.number()
        there = np.zeros((len(labels), len(number)), np.float32)
        for row, names in zip(there, labels, strict=True):
            row[[number[name] for name in names or ()]] = 1
        return there

    def loss(self):
        from tasklab.nn.losses.classes import MultiLabelLoss

        return MultiLabelLoss(*self.loss_arguments())

    def answers(self, logits, top_k):
        from scipy.special import expit

        probs, names = expit(logits), self.config.model.labels
        answers = [
            [{"label": [names[c] for c in np.flatnonzero(row > 0.5)], "scores": dict(zip(names, scores, strict=True))}]
            for row, scores in zip(probs, probs.round(4).tolist(), strict=True)
        ]
        self.add_scores(answers, logits=logits, prob=probs)
        return answers

    def score(self, predicted, references):
        return score_label_sets(predicted, references, self.config.model.labels)

    def report(self, predicted, references, shown):
        return label_set_report(references, predicted, self.config.model.labels, shown)

    def certainty(self, answer):
        """That of the class which is nearest to being decided otherwise."""
        return round(min((max(prob, 1 - prob) for prob in answer.get("scores", {}).values()), default=0.0), 4)
