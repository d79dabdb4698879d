"""Texts and pairs of texts to classes, sets of classes, or a number: GLUE, sentiment, topics, distillation."""

from collections import Counter
from itertools import chain

import numpy as np

from tasklab.data.balance import balanced_weights, class_weights, presence_weights
from tasklab.data.features import FeatureTable
from tasklab.data.pairs import text_rows
from tasklab.data.text_input import text_examples_from_input
from tasklab.data.text_rows import TextDataConfig, label_order, read_text_rows
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError, DataError
from tasklab.metrics.classification import majority, score_classes, score_label_sets
from tasklab.metrics.correlation import score_numbers
from tasklab.metrics.report import class_report, label_set_report, number_report
from tasklab.metrics.tfidf import tfidf_predictions
from tasklab.task import TASKS, Task

SINGLE, MULTI, NUMBER = "single_label_classification", "multi_label_classification", "regression"
SOFT_LOSS_SETTINGS = ("soft_alpha", "soft_kind", "temperature")
CLASS_LOSS_SETTINGS = ("class_weights", "balanced", "max_weight_ratio", "label_smoothing", "focal_gamma")
METRIC = {SINGLE: "accuracy", MULTI: "micro_f1", NUMBER: "spearmanr"}


@TASKS.register("text_classification")
class TextClassification(Task):
    """One text or two to what model.problem_type says; model.labels names the classes, in the order of the outputs."""

    data_config = TextDataConfig
    defaults = {"train": {"epochs": 3, "batch_size": 32}}
    title = "Classification Metric"
    default_model = "txtcls_minilm_l6"
    primer = '"a gripping and clever film"'

    @property
    def metric(self):
        return METRIC[self.config.model.problem_type]

    @property
    def labels(self):
        return ("labels", "teacher_logits") if self.config.data.soft_targets else ("labels",)

    @property
    def labelled_evaluation(self):
        return not self.config.data.soft_targets  # a teacher scores the training rows alone

    @property
    def loss_settings(self):
        if self.config.data.soft_targets:
            return SOFT_LOSS_SETTINGS
        return () if self.config.model.problem_type == NUMBER else CLASS_LOSS_SETTINGS

    def prepare(self, labels):
        kind = self.config.model.problem_type
        if self.config.data.soft_targets and kind != SINGLE:
            raise ConfigError(f"data.soft_targets needs one label per text, but model.problem_type is {kind}")
        self._settle_labels(labels)
        if self.config.loss.balanced and not self.config.loss.class_weights:
            self._settle_class_weights()

    def _settle_labels(self, labels):
        config, kind = self.config, self.config.model.problem_type
        if kind == NUMBER or config.model.labels:
            return
        if config.data.label_names:
            config.model.labels = list(dict.fromkeys(config.data.label_names.values()))
            return
        examples, _ = read_text_rows(config.data.train, config.data, kind)
        names = {e.label for e in examples} if kind == SINGLE else set(chain.from_iterable(e.label for e in examples))
        if len(names) < 2 and kind == SINGLE:
            raise DataError(f"{config.data.train}: every label is {', '.join(names)!r}; expected at least two classes")
        config.model.labels = labels if names <= set(labels) else label_order(names)

    def _settle_class_weights(self):
        config, kind = self.config, self.config.model.problem_type
        labels = config.model.labels
        examples, _ = read_text_rows(config.data.train, config.data, kind, labels)
        found = Counter(chain.from_iterable([e.label] if kind == SINGLE else e.label for e in examples))
        counts, limit = [found[label] for label in labels], config.loss.max_weight_ratio
        weights = balanced_weights(counts, limit) if kind == SINGLE else presence_weights(counts, len(examples), limit)
        config.loss.class_weights = {name: round(w, 6) for name, w in zip(labels, weights.tolist(), strict=True)}

    def read(self, path, training):
        model = self.config.model
        return read_text_rows(path, self.config.data, model.problem_type, model.labels, training)

    def parse(self, input_data):
        return text_examples_from_input(input_data, self.config.data, self.config.model.problem_type)

    def encode(self, examples, training):
        length = self.config.data.max_seq_length
        second = _second(examples)
        ragged, cut = text_rows(self.tokenizer, [e.text_a for e in examples], second, length)
        dense = {"labels": self._targets(examples)}
        if training and self.config.data.soft_targets:
            dense["teacher_logits"] = np.array([e.logits for e in examples], np.float32)
        return FeatureTable(ragged, dense, {"cut_rows": cut})

    def network(self):
        from tasklab.nn.heads import ClassificationHead
        from tasklab.nn.network import PooledNetwork

        model = self.config.model
        outputs = 1 if model.problem_type == NUMBER else len(model.labels)
        if not outputs:
            raise ConfigError(
                f"{self.config.name} names no classes, so it was not trained for them; train it first, or set "
                "model.labels=[...] to the names of its outputs in their order"
            )
        head = ClassificationHead(model.hidden_size, outputs, model.hidden_dropout_prob)
        return PooledNetwork(build_encoder(self.config, pooler=True), head, model.pooling)

    def loss(self):
        from tasklab.nn.losses import ClassificationLoss, MultiLabelLoss, RegressionLoss

        config, kind = self.config.loss, self.config.model.problem_type
        if self.config.data.soft_targets:
            from tasklab.nn.distillation import DistillationLoss

            return DistillationLoss(config.soft_kind, config.soft_alpha, config.temperature)
        if kind == NUMBER:
            return RegressionLoss()
        weights = class_weights(config, self.config.model.labels)
        loss = ClassificationLoss if kind == SINGLE else MultiLabelLoss
        return loss(weights, config.label_smoothing, config.focal_gamma)

    def decode(self, outputs, features, examples, top_k=1):
        logits = None
        for rows, (found,) in outputs:
            if logits is None:
                logits = np.zeros((len(examples), found.shape[1]), np.float64)
            logits[rows] = found
        return self._answers(logits, top_k)

    def score(self, predictions, examples):
        model = self.config.model
        best, wanted = [answers[0] for answers in predictions], [e.label for e in examples]
        if model.problem_type == NUMBER:
            return score_numbers([answer["score"] for answer in best], wanted)
        if model.problem_type == MULTI:
            return score_label_sets([answer["label"] for answer in best], wanted, model.labels)
        return score_classes([answer["label"] for answer in best], wanted, model.labels)

    def stratum(self, example):
        return None if self.config.model.problem_type == NUMBER else example.label

    def report(self, predictions, examples):
        kind, labels = self.config.model.problem_type, self.config.model.labels
        texts = [{"text": e.text_a} if e.text_b is None else {"text_a": e.text_a, "text_b": e.text_b} for e in examples]
        wanted = [e.label for e in examples]
        if kind == NUMBER:
            return number_report([answers[0]["score"] for answers in predictions], wanted)
        predicted = [answers[0]["label"] for answers in predictions]
        if kind == MULTI:
            return label_set_report(wanted, predicted, labels, texts)
        return class_report(wanted, predicted, labels, texts, (self.metric, "f1" if len(labels) == 2 else "macro_f1"))

    def baseline(self, examples):
        """The most frequent label of these very examples for each of them; the mean, where labels are numbers."""
        wanted = [e.label for e in examples]
        if self.config.model.problem_type == NUMBER:
            return score_numbers([float(np.mean(wanted))] * len(wanted), wanted)
        rule = score_label_sets if self.config.model.problem_type == MULTI else score_classes
        return rule(majority(wanted), wanted, self.config.model.labels)

    def learned_baseline(self, training, examples):
        """TF-IDF and a linear model; none for sets of classes."""
        kind = self.config.model.problem_type
        if kind == MULTI:
            return None
        texts, asked = ([" ".join(filter(None, (e.text_a, e.text_b))) for e in rows] for rows in (training, examples))
        answers = tfidf_predictions(texts, [e.label for e in training], asked)
        return self.score([[{"score" if kind == NUMBER else "label": answer}] for answer in answers], examples)

    def _targets(self, examples) -> np.ndarray:
        """[rows] class numbers, -1 without a label; [rows] numbers; or [rows, C] of 0 and 1."""
        model = self.config.model
        if model.problem_type == NUMBER:
            return np.array([0.0 if e.label is None else e.label for e in examples], np.float32)
        number = {name: i for i, name in enumerate(model.labels)}
        if model.problem_type == SINGLE:
            return np.array([-1 if e.label is None else number[e.label] for e in examples], np.int32)
        targets = np.zeros((len(examples), len(number)), np.float32)
        for i, example in enumerate(examples):
            targets[i, [number[name] for name in example.label or ()]] = 1
        return targets

    def _answers(self, logits: np.ndarray, top_k: int) -> list[list[dict]]:
        model, data = self.config.model, self.config.data
        if model.problem_type == NUMBER:
            return [[{"score": round(float(value), 4)}] for value in logits[:, 0]]
        labels = model.labels
        if model.problem_type == MULTI:
            probs = 1 / (1 + np.exp(-logits))
            chosen = [[labels[c] for c in np.flatnonzero(row > 0.5)] for row in probs]
            answers = [
                [{"label": names, "scores": dict(zip(labels, np.round(row, 4).tolist(), strict=True))}]
                for names, row in zip(chosen, probs, strict=True)
            ]
        else:
            probs = np.exp(logits - logits.max(axis=1, keepdims=True))
            probs /= probs.sum(axis=1, keepdims=True)
            order = np.argsort(-probs, axis=1, kind="stable")[:, :top_k]
            answers = [
                [{"label": labels[c], "score": round(float(row[c]), 4)} for c in best]
                for best, row in zip(order, probs, strict=True)
            ]
        for name, table in (("logits", data.output_logits and logits), ("prob", data.output_prob and probs)):
            if table is not False:
                for found, row in zip(answers, table, strict=True):
                    found[0][name] = [round(value, 6) for value in row.tolist()]
        return answers


def _second(examples) -> list[str] | None:
    """The second texts; None for single ones. Raises DataError when some have one and some do not."""
    second = [e.text_b for e in examples]
    lone = [e for e in examples if e.text_b is None]
    if lone and len(lone) < len(second):
        raise DataError(f"{lone[0].place}: is a single text among pairs; give all inputs one text, or all of them two")
    return None if lone else second
