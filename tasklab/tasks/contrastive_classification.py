"""Labels from few examples: vectors that are alike within a class, and a linear classifier on them (SetFit: Tunstall
et al. 2022, arXiv 2209.11055)."""

import numpy as np

from tasklab.config.matching_losses import CROSS_ENTROPY, LABELS, MATCHING_LOSSES, SCORES, matching_loss
from tasklab.data.rows.balance import class_weights
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.pairs import second_texts, text_rows
from tasklab.data.texts.contrasts import ContrastDataConfig, ContrastRows
from tasklab.errors import ConfigError, DataError
from tasklab.labelled_texts import LabelledTexts
from tasklab.targets import refuse_other_targets, target_of
from tasklab.task import TASKS

OF_PAIRS = [n for n, loss in MATCHING_LOSSES.items() if loss.learns_from in (LABELS, SCORES) and n != CROSS_ENTROPY]


@TASKS.register("contrastive_classification")
class ContrastiveClassification(LabelledTexts):
    """The class of a text or a pair by its vector. Metrics: those of a text with one class."""

    head = "contrasted"
    data_config = ContrastDataConfig
    defaults = {
        "train": {"epochs": 20, "batch_size": 16},
        "model": {"pair_encoding": "cosine", "pooling": "mean"},
        "loss": {"matching": "cosine_mse"},
    }
    title = "Classification Metric"
    primer = '"a gripping and clever film"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        refuse_other_targets(config)
        if config.model.pair_encoding != "cosine":
            message = f"model.pair_encoding = {config.model.pair_encoding}: vectors are compared by their cosine"
            raise ConfigError(config.placed("model.pair_encoding", f"{message}; set it to cosine"))
        self.matching = matching_loss(config.loss.matching, config.model.pair_encoding)
        if self.matching not in OF_PAIRS:
            message = f"loss.matching = {self.matching}: pairs are drawn with 1 or 0; take {', '.join(OF_PAIRS)}"
            raise ConfigError(config.placed("loss.matching", message))
        self.target = target_of(config)
        self.metric = self.target.metric
        self.loss_settings = (
            "matching", *MATCHING_LOSSES[self.matching].settings, "class_weights", "balanced", "max_weight_ratio",
        )  # fmt: skip

    def encode(self, examples, training):
        first, second = [e.text_a for e in examples], second_texts(examples)
        ragged, cut = text_rows(self.tokenizer, first, second, self.config.data.max_seq_length)
        labels = self.target.column([e.label for e in examples])
        table = FeatureTable(ragged, {"labels": labels}, {"cut_rows": cut})
        if not training:
            return table
        if len(set(labels.tolist())) < 2:
            message = f"every row to learn from is of the class {examples[0].label!r}; contrast needs two"
            limit = self.config.data.limit
            remedy = f"; data.limit={limit} takes the first rows: raise it, or shuffle the file" if limit else ""
            raise DataError(f"{examples[0].place}: {message}{remedy}")
        weights = class_weights(self.config.loss, self.config.model.labels)  # [C], or None
        weights = np.ones(len(labels)) if weights is None else np.asarray(weights)[labels]
        return ContrastRows(table, weights, self.config.seed)

    def loss(self):
        from tasklab.nn.losses.contrasts import ContrastLoss
        from tasklab.nn.losses.matching import MATCHING

        return ContrastLoss(MATCHING.get(self.matching)(self.config.loss, self.config.model.hidden_size))

    def decode(self, outputs, rows, examples, top_k=None):
        logits = np.zeros((len(examples), self.target.outputs))  # [N, C]
        for numbers, (scores,) in outputs:
            logits[numbers] = scores
        return self.target.answers(logits, top_k or 1)
