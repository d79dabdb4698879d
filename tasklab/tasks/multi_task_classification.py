"""One encoder for several classification data sets, one head each (UER-py's run_classifier_mt, Liu et al. 2019)."""

import math
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tasklab.config import TRAINING, setting
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.pairs import text_rows
from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.label_cells import label_order
from tasklab.data.texts.mixture import BETWEEN, mixed, read_mixture
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import ConfigError
from tasklab.metrics.classification import majority, score_classes
from tasklab.metrics.groups import mean_scores
from tasklab.metrics.report import Report
from tasklab.metrics.wrong import shown, wrong_rows
from tasklab.targets import refuse_other_targets
from tasklab.task import TASKS, TRIVIAL, UPDATES, Task


@dataclass
class MixtureDataConfig(TextDataConfig, path="data"):
    """How often the rows of each data set come."""

    passed_over = ("group", "soft_targets", "output_submission")
    sampling: str = setting("proportional", choices=("proportional", "uniform", "temperature"), needs=TRAINING)
    temperature: float = setting(2.0, ge=1, needs=TRAINING)  # with sampling: temperature; 1 is proportional

    def idle(self):
        yield from super().idle()
        if self.changed("temperature") and self.sampling != "temperature":
            yield "data.temperature", "data.sampling", "set that to temperature"


@TASKS.register("multi_task_classification")
class MultiTaskClassification(Task):
    """Embeddings, layers and pooler are shared; the heads are the rows of one Dense, a slice per data set.

    A row's loss sees the classes of its own data set only. Metrics: accuracy, the mean over the data sets, and those of
    each data set as `<data set>/accuracy` and `<data set>/macro_f1`.
    """

    head = "classes"
    data_config = MixtureDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 32}}
    metric, title = "accuracy", "Classification Metric"
    primer = '"a gripping and clever film"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        if config.model.pair_encoding != "joint":
            text = f"model.pair_encoding = {config.model.pair_encoding}"
            raise ConfigError(f"{text}: data sets of single texts and of pairs share one network here; set it to joint")
        refuse_other_targets(config)

    def settle(self, labels):
        model = self.config.model
        if model.labels:
            return
        sets, _ = read_mixture(self.config.data.train, self.config.data)
        names = [name for examples in sets.values() for name in label_order(e.label for e in examples)]
        model.labels = labels if set(names) <= set(labels) else names

    def read(self, path, training):
        data = self.config.data
        sets, note = read_mixture(path, data, self.config.model.labels, training)
        heat = {"proportional": 1.0, "uniform": math.inf, "temperature": data.temperature}[data.sampling]
        return mixed(sets, heat if training else 1.0), note

    def parse(self, input_data):
        return text_examples_from_input(input_data, self.config.data, "single_label_classification")

    def encode(self, examples, training):
        first, second = [e.text_a for e in examples], [e.text_b for e in examples]  # single texts and pairs mixed
        ragged, cut = text_rows(self.tokenizer, first, second, self.config.data.max_seq_length)
        return FeatureTable(ragged, self._columns(examples), {"cut_rows": cut})

    def loss(self):
        from tasklab.nn.losses.classes import SlicedClassificationLoss

        return SlicedClassificationLoss()

    def decode(self, outputs, rows, examples, top_k=None):
        from scipy.special import softmax

        answers = [{} for _ in examples]
        for numbers, (logits,) in outputs:
            for name, (first, end) in self._slices().items():
                own = logits[:, first:end].astype(np.float64)
                tables = {"logits": own, "prob": softmax(own, axis=1)}
                shown = [key for key in tables if self.config.data[f"output_{key}"]]
                for at, (row, probs) in enumerate(zip(numbers, tables["prob"], strict=True)):
                    label = self.config.model.labels[first + probs.argmax()].partition(BETWEEN)[2]
                    extras = {key: tables[key][at].round(6).tolist() for key in shown}
                    answers[row][name] = {"label": label, "score": round(float(probs.max()), 4), **extras}
        return [[answer] for answer in answers]

    def score(self, predictions, examples):
        predicted = [answers[0][e.group]["label"] for answers, e in zip(predictions, examples, strict=True)]
        return self._scores(predicted, examples)

    def report(self, predictions, examples):
        """The scores by data set, and the wrong answers of all, with their data set beside them."""
        answers = [ranked[0][e.group] for ranked, e in zip(predictions, examples, strict=True)]
        references = [e.label.partition(BETWEEN)[2] for e in examples]
        predicted = [answer["label"] for answer in answers]
        excerpts = [
            shown(e, e.text_a, answer["score"], text_b=e.text_b or "", data_set=e.group)
            for e, answer in zip(examples, answers, strict=True)
        ]
        hits = [{"accuracy": float(right == guess)} for right, guess in zip(references, predicted, strict=True)]
        return Report(
            groups={"data set": mean_scores([e.group for e in examples], hits)},
            wrong=wrong_rows(references, predicted, excerpts),
        )

    def baselines(self, examples, training=None):
        """The most frequent label of each data set."""
        references = {}
        for example in examples:
            references.setdefault(example.group, []).append(example.label.partition(BETWEEN)[2])
        answer = {name: majority(labels)[0] for name, labels in references.items()}
        return {TRIVIAL: self._scores([answer[e.group] for e in examples], examples)}

    def _scores(self, predicted, examples) -> dict[str, float]:
        scores = {}
        for name, (first, end) in self._slices().items():
            mine = [i for i, e in enumerate(examples) if e.group == name]
            if mine:
                labels = [label.partition(BETWEEN)[2] for label in self.config.model.labels[first:end]]
                references = [examples[i].label.partition(BETWEEN)[2] for i in mine]
                metrics = score_classes([predicted[i] for i in mine], references, labels)
                scores |= {f"{name}/{key}": metrics[key] for key in ("accuracy", "macro_f1", "total")}
        mean = float(np.mean([value for key, value in scores.items() if key.endswith("/accuracy")]))
        return {"accuracy": mean} | scores

    def _slices(self) -> dict[str, tuple[int, int]]:
        """Data set -> its first class and the one behind its last."""
        slices, start = {}, 0
        for name, labels in groupby(self.config.model.labels, key=lambda label: label.partition(BETWEEN)[0]):
            slices[name] = (start, start := start + len(list(labels)))
        return slices

    def _columns(self, examples) -> dict[str, np.ndarray]:
        number = {label: i for i, label in enumerate(self.config.model.labels)}
        slices = {"": (0, len(number)), **self._slices()}
        bounds = np.array([slices[e.group] if e.label else slices[""] for e in examples], np.int32)
        labels = np.array([number[e.label] if e.label else -1 for e in examples], np.int32)
        return {"labels": labels, "first_class": bounds[:, 0], "end_class": bounds[:, 1]}
