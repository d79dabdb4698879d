"""Masked language modelling: fill blanks in texts, and learn to from plain text (Devlin et al. 2019, section 3.1)."""

import math

import numpy as np

from tasklab.cachedir import cache_dir
from tasklab.data.corpus.cloze import cloze_examples_from_input, cloze_rows
from tasklab.data.corpus.masked_rows import MaskedRows
from tasklab.data.corpus.masking import ABSENT, Masking, ordinary
from tasklab.data.corpus.rows import BLANKS, CorpusRows, MaskedWordsDataConfig, read_corpus
from tasklab.errors import ConfigError
from tasklab.metrics.masked_words import log_probabilities, score_masked_words, score_most_frequent
from tasklab.metrics.report import Report
from tasklab.metrics.wrong import Shown, wrong_row
from tasklab.task import TASKS, TRIVIAL, Task
from tasklab.text.spelling import continuing, mark_of, spelled

HELD_OUT = 1 << 32
"""The epoch whose masks evaluations have: none of a training, should it have seen the same text."""
WRONG_ROWS = 1000
"""Of a corpus nearly every row has a wrong word: more than a person reads."""


@TASKS.register("masked_language_modeling")
class MaskedLanguageModeling(Task):
    """What stood behind [MASK]. Metrics: accuracy, loss in nats and perplexity per masked word."""

    head = "words"
    data_config = MaskedWordsDataConfig
    # packed rows are nearly all of one length: a second planned one would cost a compilation for little
    defaults = {"data": {"num_buckets": 1}, "train": {"epochs": 3, "batch_size": 32}, "optimizer": {"lr": 1e-4}}
    inputs = ("input_ids", "attention_mask", "token_type_ids", "masked_positions")
    metric, title = "accuracy", "MLM Metric"
    primer = '"The capital of France is [MASK]."'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.layout = "uer_text" if config.data.cloze_output else "answers"
        if config.data.sentence_target != "none":
            self.head = "pretraining"
        if tokenizer is not None and tokenizer.mask_id is None:
            raise ConfigError(f"{config.name}: the vocabulary has no [MASK]; take one that has, or add it")

    def read(self, path, training):
        return read_corpus(path, self.tokenizer, self.config.data, cache_dir() / "features")

    def parse(self, input_data):
        return cloze_examples_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        data, tokenizer = self.config.data, self.tokenizer
        if not isinstance(examples, CorpusRows):
            return cloze_rows(tokenizer, examples, data.max_seq_length, data.cloze_masks, self.config.seed)
        masking = Masking(
            tokenizer.mask_id, ordinary(tokenizer.tokens), (tokenizer.unk_id,), data.masking, data.masking_probability
        )
        continues = None if data.words == BLANKS else continuing(tokenizer.tokens)
        return MaskedRows(
            examples, tokenizer, masking, continues, data.sentence_target, self.config.seed, labelled=training,
            dynamic=training and data.dynamic_masking, epoch=0 if training else HELD_OUT,
        )  # fmt: skip

    def loss(self):
        from tasklab.nn.losses.words import MaskedWordLoss, PretrainingLoss

        if self.config.loss.rdrop_alpha:
            raise ConfigError("loss.rdrop_alpha: masked_language_modeling does not offer it; set it to 0")
        return PretrainingLoss() if self.head == "pretraining" else MaskedWordLoss()

    def decode(self, outputs, features, examples, top_k=None):
        """Of a text with one mask its words; of one with several an answer is a list of a word per mask: the best ones,
        the second best ones, and so on."""
        top_k = top_k or 1
        if isinstance(features, MaskedRows):
            return self._measured(outputs, features)
        masks = [{} for _ in examples]  # number of the mask -> what is told about it
        for rows, (logits, *_) in outputs:
            for row, scores in zip(rows, logits, strict=True):
                places = np.flatnonzero(features["mask_number"][row] != ABSENT)
                logs = log_probabilities(scores[places, : len(self.tokenizer.tokens)])
                for place, log in zip(places, logs, strict=True):
                    by_number = masks[features["example"][row]]
                    by_number[features["mask_number"][row, place]] = self._prediction(features, row, place, log, top_k)
        predictions = [[by_number[number] for number in sorted(by_number)] for by_number in masks]
        if self.config.data.cloze_output:
            cloze = [[self._cloze(prediction) for prediction in several] for several in predictions]
            return [several if len(several) == 1 else [several] for several in cloze]
        mark = mark_of(self.tokenizer.tokens)
        answers = [
            [self._answers(example.text, prediction, mark) for prediction in several]
            for example, several in zip(examples, predictions, strict=True)
        ]
        return [several[0] if len(several) == 1 else list(map(list, zip(*several, strict=True))) for several in answers]

    def score(self, predictions, examples):
        return score_masked_words(answers[0] for answers in predictions)

    def report(self, predictions, examples):
        """The rows with a wrong word, of WRONG_ROWS at most; score: the mean probability of their right words."""
        features, wrong = self.encode(examples, training=False), []
        for number, (row, *_) in enumerate(predictions):
            if row["correct"] < row["total"] and len(wrong) < WRONG_ROWS:
                text = " ".join(self.tokenizer.tokens[n] for n in features.row(number).input_ids)
                sure = round(math.exp(-row["loss"] / row["total"]), 4)
                wrong.append(wrong_row(Shown(text, "", str(number), sure, {}), row["words"], row["predicted"]))
        return Report(wrong=wrong)

    def baselines(self, examples, training=None):
        """The most frequent one of the masked words, and of the sentence labels, everywhere."""
        features = self.encode(examples, training=False)
        rows = [features.row(i) for i in range(len(features))]
        sentences = [row.sentence_label for row in rows if row.sentence_label != ABSENT]
        return {TRIVIAL: score_most_frequent(np.concatenate([row.labels for row in rows]), sentences)}

    def _measured(self, outputs, features: MaskedRows) -> list[list[dict]]:
        """Per row of a corpus what `score` adds up, and the words, right and predicted."""
        answers = [None] * len(features)
        tokens = self.tokenizer.tokens
        for rows, (logits, *sentences) in outputs:
            for i, row in enumerate(rows):
                asked = features.row(int(row))
                labels, sentence = asked.labels, asked.sentence_label
                logs = log_probabilities(logits[i, : len(labels)])
                best = logs.argmax(axis=1)
                labelled = sentences and sentence != ABSENT
                answers[row] = [{
                    "words": " ".join(tokens[n] for n in labels),
                    "predicted": " ".join(tokens[n] if n < len(tokens) else "?" for n in best),
                    "correct": int((best == labels).sum()), "total": len(labels),
                    "loss": float(-logs[np.arange(len(labels)), labels].sum()),
                    "sentence_correct": bool(sentences[0][i].argmax() == sentence) if labelled else None,
                }]  # fmt: skip
        return answers

    def _prediction(self, features, row: int, place: int, log: np.ndarray, top_k: int) -> dict:
        """One mask of a text: its best words, what was there, and where."""
        best = np.argpartition(-log, min(top_k, len(log) - 1))[:top_k]
        best = best[np.argsort(-log[best], kind="stable")]
        correct = int(features["masked_labels"][row, place])
        return {
            "ids": best.tolist(), "scores": np.exp(log[best]).tolist(),
            "correct": None if correct == ABSENT else self.tokenizer.tokens[correct],
            "span": (int(features["char_start"][row, place]), int(features["char_end"][row, place])),
            "row": [self.tokenizer.tokens[n] for n in features["input_ids"].row(row)],
        }  # fmt: skip

    def _answers(self, text: str, prediction: dict, mark: str | None) -> list[dict]:
        """Best first, in the words of transformers' fill-mask pipeline."""
        answers, (start, end) = [], prediction["span"]
        for number, score in zip(prediction["ids"], prediction["scores"], strict=True):
            token = self.tokenizer.tokens[number]
            word, goes_on = spelled(token, mark)
            before = text[:start].rstrip() if goes_on else text[:start]
            answers.append({
                "score": round(score, 6), "token": number, "token_str": token if mark is None else word,
                "sequence": before + word + text[end:],
            })  # fmt: skip
            if prediction["correct"] is not None:
                answers[-1]["correct"] = prediction["correct"]
        return answers

    def _cloze(self, prediction: dict) -> dict:
        """What UER-py's cloze test writes about a mask: the row, the best words, and the one that was there."""
        words = [self.tokenizer.tokens[number] for number in prediction["ids"]]
        return {"sentence": " ".join(prediction["row"]), "predicted": words, "correct": prediction["correct"] or ""}
