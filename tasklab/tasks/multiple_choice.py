"""Multiple choice: which of the answers offered to a question is right (C3, DREAM, RACE, SWAG, COPA)."""

from collections import Counter

import numpy as np

from tasklab.data.choices.input import choice_examples_from_input
from tasklab.data.choices.reading import ChoiceDataConfig, read_choices
from tasklab.data.choices.rows import choice_rows
from tasklab.metrics.choices import choice_report, score_choices
from tasklab.metrics.wrong import shown
from tasklab.task import LEARNED, TASKS, TRIVIAL, UPDATES, Task


@TASKS.register("multiple_choice")
class MultipleChoice(Task):
    """A question is a row, each of its choices a sequence in it; their scores meet in one softmax. Metric: accuracy."""

    head = "choices"
    data_config = ChoiceDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 16}}
    metric, title = "accuracy", "Choice Metric"
    primer = '{"context": "W: Ann is at home.", "question": "Where is Ann?", "choices": ["Here.", "At home."]}'

    def read(self, path, training):
        return read_choices(path, self.config.data, training)

    def parse(self, input_data):
        return choice_examples_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        return choice_rows(self.tokenizer, examples, self.config.data.max_seq_length)

    def loss(self):
        from tasklab.nn.losses.classes import ClassificationLoss

        return ClassificationLoss()

    def decode(self, outputs, rows, examples, top_k=None):
        logits = np.zeros((len(examples), rows.sequences))  # [N, C]
        for numbers, (scores,) in outputs:
            logits[numbers] = scores
        return [self._answers(e, row[: len(e.choices)], top_k or 1) for e, row in zip(examples, logits, strict=True)]

    def score(self, predictions, examples):
        return score_choices(self._chosen(predictions), examples)

    def report(self, predictions, examples):
        excerpts = [
            shown(e, e.question, answers[0].get("score"), context=e.context)
            for e, answers in zip(examples, predictions, strict=True)
        ]
        return choice_report(self._chosen(predictions), examples, excerpts)

    def baselines(self, examples, training=None):
        """The longest choice, the first of equally long ones; the place that is right most often in the training data,
        among those that a question has."""
        longest = [int(np.argmax([len(choice) for choice in e.choices])) for e in examples]
        scores = {TRIVIAL: score_choices(longest, examples)}
        if training is not None:
            order = [number for number, _ in Counter(e.label for e in training).most_common()]
            usual = [next((i for i in order if i < len(e.choices)), 0) for e in examples]
            scores[LEARNED] = score_choices(usual, examples)
        return scores

    def _answers(self, example, logits: np.ndarray, top_k: int) -> list[dict]:
        order = np.argsort(-logits, kind="stable")[:top_k].tolist()
        if self.config.data.output_labels:
            return [{"id": _identity(example.id), "label": number} for number in order]
        prob = np.exp(logits - logits.max())
        scores = [round(float(p), 4) for p in prob / prob.sum()]
        return [{"text": example.choices[i], "index": i, "score": scores[i], "scores": scores} for i in order]

    def _chosen(self, predictions) -> list[int]:
        key = "label" if self.config.data.output_labels else "index"
        return [answers[0][key] for answers in predictions]


def _identity(text: str) -> int | str:
    """As the file has it: UER-py's ids are numbers."""
    return int(text) if text.isdecimal() and str(int(text)) == text else text
