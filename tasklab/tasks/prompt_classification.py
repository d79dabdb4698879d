"""Labels told by a masked-word model at the mask of a pattern, from few examples or none (Schick and Schütze 2021)."""

import logging

import numpy as np

from tasklab.data.texts.example import TextExample
from tasklab.data.texts.prompts.reading import read_prompt_rows
from tasklab.data.texts.prompts.rows import prompt_rows
from tasklab.data.texts.prompts.verbalizer import WordTable, word_table
from tasklab.data.texts.prompts.wording import (
    PromptDataConfig,
    patterns_of,
    refuse_unfilled,
    says_words,
    settle_wording,
    tell_others,
    verbalizer_of,
)
from tasklab.errors import ConfigError
from tasklab.labelled_texts import LabelledTexts
from tasklab.metrics.label_words import calibrated, label_scores, normalized
from tasklab.targets import refuse_other_targets, target_of
from tasklab.task import TASKS, UPDATES

logger = logging.getLogger("tasklab")


@TASKS.register("prompt_classification")
class PromptClassification(LabelledTexts):
    """The label whose words fit best at the mask. Metrics: those of a text with one class."""

    head = "words"
    data_config = PromptDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 16}}
    answers_as_trained = ("masked_language_modeling",)
    title = "Classification Metric"
    primer = '"a gripping and clever film"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        refuse_other_targets(config)
        if tokenizer is not None and tokenizer.mask_id is None:
            raise ConfigError(f"{config.name}: the vocabulary has no [MASK]; take one that has, or add it")
        tell_others(config.data)
        self.target = target_of(config)
        self.metric, self.loss_settings = self.target.metric, self.target.loss_settings
        if config.data.patterns or config.data.pattern:
            self._choose_head()
        if says_words(config.data):
            self._name_labels(list(verbalizer_of(config.data).words))

    def settle(self, labels):
        self._table()  # what the vocabulary lacks is told with its line, as long as a file is named
        settle_wording(self.config.data)
        for pattern in self.config.data.patterns:
            logger.info("Prompt is -> %s", pattern)
        if self.config.data.train:  # a label without words is told as such, before rows are counted by their labels
            self.read(self.config.data.train, training=True)
        self.target.settle(labels)

    def read(self, path, training):
        return read_prompt_rows(path, self.config.data, self.config.model.labels, training)

    def encode(self, examples, training):
        data, patterns = self.config.data, patterns_of(self.config.data)
        refuse_unfilled(examples, patterns)
        asked = [*examples, *([] if training else self._content_free())]
        rows = prompt_rows(
            self.tokenizer, asked, patterns, self._table().masks, data.max_seq_length, self.config.model.vocab_size,
            data.soft_tokens,
        )  # fmt: skip
        rows.dense["labels"] = self.target.column([e.label for e in asked])[rows["example"]]
        return rows

    def loss(self):
        from tasklab.nn.losses.prompts import PromptLoss

        return PromptLoss(self._table(), self.target.loss())

    def decode(self, outputs, rows, examples, top_k=None):
        """Of several patterns the mean of log P(label), less that of texts that say nothing; every answer tells the
        probabilities of all labels."""
        names, table, asked = self.config.model.labels, self._table(), len(examples) + len(self._content_free())
        logs, count = np.zeros((asked, len(names))), len(rows) // asked  # [N + content-free, C], rows of each
        for numbers, (logits,) in outputs:
            np.add.at(logs, rows["example"][numbers], normalized(label_scores(logits, table)) / count)
        logs = calibrated(logs[: len(examples)], logs[len(examples) :])
        answers = self.target.answers(logs, top_k or 1)
        for several, probs in zip(answers, np.exp(normalized(logs)).round(4).tolist(), strict=True):
            several[0]["scores"] = dict(zip(names, probs, strict=True))
        return answers

    def _content_free(self) -> list[TextExample]:
        """What an evaluation asks besides, to know which labels the model likes whatever the text."""
        return [TextExample("", text, text, place="data.content_free") for text in self.config.data.content_free]

    def _choose_head(self):
        """Whether the network learns vectors of the pattern. Raises: ConfigError where it learns none, but should."""
        config = self.config
        if any(pattern.soft for pattern in patterns_of(config.data)):
            self.head = "soft_words"
        elif config.asked("data.soft_tokens"):
            text = f"data.soft_tokens = {config.data.soft_tokens}: no pattern has {{soft}}; write it where they stand"
            raise ConfigError(config.placed("data.soft_tokens", text))

    def _name_labels(self, names: list[str]):
        """The verbalizer's labels are the model's. Raises: ConfigError where the user wants others."""
        config = self.config
        if config.asked("model.labels") and config.model.labels != names:
            message = f"model.labels = {config.model.labels}: the verbalizer names them, {names}; leave it out"
            raise ConfigError(config.placed("model.labels", message))
        config.model.labels = config.inherited["model.labels"] = names

    def _table(self) -> WordTable:
        data = self.config.data
        spaced = any(pattern.spaced for pattern in patterns_of(data))
        return word_table(self.tokenizer, verbalizer_of(data), spaced, data.length_normalized)
