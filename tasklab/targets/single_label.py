"""One class per text."""

import numpy as np

from tasklab.data.rows.balance import balanced_weights
from tasklab.errors import DataError
from tasklab.metrics.classification import score_classes
from tasklab.metrics.report import class_report
from tasklab.targets import TARGETS
from tasklab.targets.classes import Classes


@TARGETS.register("single_label_classification")
class SingleLabel(Classes):
    """Cross entropy; the answer is the likeliest class, with top_k the next ones too."""

    metric = "accuracy"
    softened = "softmax"
    weighs_unasked = True

    def names(self, label):
        return [label]

    def weights(self, counts, rows):
        return balanced_weights(counts, self.config.loss.max_weight_ratio)

    def check(self, names):
        if len(names) < 2:
            place, label = self.config.data.train, ", ".join(names)
            raise DataError(f"{place}: every label is {label!r}; expected at least two classes")

    def column(self, labels):
        number = self.number()
        return np.array([-1 if label is None else number[label] for label in labels], np.int32)

    def loss(self):
        from tasklab.nn.losses.classes import ClassificationLoss

        return ClassificationLoss(*self.loss_arguments())

    def answers(self, logits, top_k):
        from scipy.special import softmax

        probs, names = softmax(logits, axis=1), self.config.model.labels
        order = np.argsort(-probs, axis=1, kind="stable")[:, :top_k]
        answers = [
            [{"label": names[c], "score": round(float(row[c]), 4)} for c in best]
            for best, row in zip(order, probs, strict=True)
        ]
        self.add_scores(answers, logits=logits, prob=probs)
        return answers

    def score(self, predicted, references):
        return score_classes(predicted, references, self.config.model.labels)

    def report(self, predicted, references, shown):
        labels = self.config.model.labels
        intervals = (self.metric, "f1" if len(labels) == 2 else "macro_f1")
        return class_report(references, predicted, labels, shown, intervals)
