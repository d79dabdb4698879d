"""Texts and pairs of texts to classes, sets of classes, or a number: GLUE, sentiment, topics, distillation."""

import numpy as np

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.pairs import second_texts, sequences_of, text_rows
from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.settings import TextDataConfig
from tasklab.labelled_texts import LabelledTexts
from tasklab.targets import target_of
from tasklab.task import TASKS, UPDATES


@TASKS.register("text_classification")
class TextClassification(LabelledTexts):
    """One text or two to what model.problem_type says, which `target` knows all about."""

    head = "classes"
    data_config = TextDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 32}}
    title = "Classification Metric"
    primer = '"a gripping and clever film"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.target = target_of(config)
        self.metric = self.target.metric
        self.layout = "submission" if config.data.output_submission else "answers"
        self.loss_settings = self.target.loss_settings + self.target.soft_settings * config.data.soft_targets

    def parse(self, input_data):
        data = self.config.data
        if data.output_submission:  # every row counts there, one that is left out would shift all others
            data = data.copy()
            data.on_bad_row = "error"
        return text_examples_from_input(input_data, data, self.config.model.problem_type)

    def encode(self, examples, training):
        first, second = [e.text_a for e in examples], second_texts(examples)
        length, pairs = self.config.data.max_seq_length, self.config.model.pair_encoding
        ragged, cut = text_rows(self.tokenizer, first, second, length, pairs)
        dense = {"labels": self.target.column([e.label for e in examples])}
        if training and self.config.data.soft_targets:  # a teacher scores the training rows alone
            dense["teacher_logits"] = np.array([e.logits for e in examples], np.float32)
        return FeatureTable(ragged, dense, {"cut_rows": cut}, sequences_of(pairs))

    def loss(self):
        return self.target.soft_loss() if self.config.data.soft_targets else self.target.loss()

    def decode(self, outputs, rows, examples, top_k=None):
        logits = np.zeros((len(examples), self.target.outputs))  # [N, C]
        for numbers, (scores,) in outputs:
            logits[numbers] = scores
        answers = self.target.answers(logits, top_k or 1)
        if self.config.data.output_submission:
            theirs = {ours: label for label, ours in self.config.data.label_names.items()}
            for ranked in answers:
                best = ranked[0][self.target.answer]
                ranked[0]["prediction"] = best if isinstance(best, (float, list)) else theirs.get(best, best)
        return answers
