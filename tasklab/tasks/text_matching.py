"""Text matching: does one text go with another? By one network over both, or by how alike their vectors are."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasklab.config.matching_losses import CROSS_ENTROPY, MATCHES, MATCHING_LOSSES, NEGATIVES, TEACHER, matching_loss
from tasklab.data.matching.candidates import read_candidates
from tasklab.data.matching.examples import Comparison, MatchingExample, candidates_first, comparisons
from tasklab.data.matching.input import matching_from_input
from tasklab.data.matching.reading import contradictions, matches_of, read_matching
from tasklab.data.matching.rows import group_rows, pair_rows, places_of, repeating, single_rows
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.data.rows.balance import class_weights
from tasklab.errors import ConfigError, DataError
from tasklab.metrics.matching import (
    alignment,
    are_classes,
    mostly_positive,
    score_pairs,
    threshold_interval,
    uniformity,
)
from tasklab.metrics.report import number_report
from tasklab.metrics.tfidf import tfidf_cosines
from tasklab.metrics.vectors import piece_cosines, unit_rows
from tasklab.metrics.wrong import shown
from tasklab.runner import compared_once, gathered
from tasklab.targets import refuse_other_targets
from tasklab.task import TASKS, TRIVIAL, UPDATES, Task

LABELS = ("0", "1")
"""No match and a match; outputs stand in this order."""
HALF = 0.5
CHANCE, TFIDF = "chance", "TF-IDF"
"""What the log calls these baselines."""


@TASKS.register("text_matching")
class TextMatching(Task):
    """An example is a text with those that it is compared with; each comparison gets a score.

    The score is the probability of a match, or with model.pair_encoding = cosine the cosine of two vectors. Metrics:
    correlation of scores and labels; where labels are 0 and 1 those of classes too.
    """

    head = "pairs"
    data_config = MatchingDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 32}, "model": {"labels": list(LABELS)}}
    metric, title = "spearmanr", "Matching Metric"
    primer = '{"text_a": "Where is Oslo?", "text_b": "In which country does Oslo lie?"}'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        refuse_other_targets(config)
        self.vectors = config.model.pair_encoding == "cosine"
        self.matching = matching_loss(config.loss.matching, config.model.pair_encoding)
        self.learns_from = MATCHING_LOSSES[self.matching].learns_from
        self.loss_settings = ("matching", *MATCHING_LOSSES[self.matching].settings)
        self.layout = "plain" if config.data.output_plain else "answers"
        self.kept_threshold: float | None = None  # what the evaluation of the training came to
        self._units: np.ndarray | None = None  # vectors of the last answers, for what is told beside their scores
        for key in ("output_logits", "output_prob"):
            if config.data[key] and self.vectors:
                message = f"data.{key}: a cosine has none; set it to false"
                raise ConfigError(config.placed(f"data.{key}", message))

    def settle(self, labels):
        self.config.model.labels = list(LABELS)

    def read(self, path, training):
        examples, bad = read_matching(path, self.config.data, self.learns_from, training)
        if self.config.data.on_bad_row == "error":
            bad.raise_if_fatal()
        if not examples:
            why = bad.summary() if bad else "there is no line below the one that names the columns"
            raise DataError(f"{bad.file}: holds no usable row; {why}")
        return examples, "; ".join(filter(None, (bad.summary(), contradictions(examples, bad.file))))

    def parse(self, input_data):
        data = self.config.data
        offered = read_candidates(data.candidates, data.encoding) if data.candidates else ()
        return matching_from_input(input_data, data, offered)

    def encode(self, examples, training):
        length, encoding = self.config.data.max_seq_length, self.config.model.pair_encoding
        if training and self.learns_from in (MATCHES, NEGATIVES, TEACHER):
            kept = matches_of(examples)
            table = group_rows(self.tokenizer, kept, length, MATCHING_LOSSES[self.matching].over_batch)
            table.info["pairs_left_out_as_they_do_not_match"] = len(examples) - len(kept)
            return repeating(table, kept, self.tokenizer, self.config.data, self.config.seed)
        compared = self._compared(examples)
        if self._each_once(compared) and not training:
            return single_rows(self.tokenizer, self._in_order(compared, examples), length)
        labels = [-1 if c.label is None else c.label for c in compared]
        dense = {"labels": np.array(labels, np.float32 if self.vectors else np.int32)}
        if not (training or all(label in (-1, 0, 1) for label in labels)):
            dense = {}  # an evaluation on scores, which are no classes
        return pair_rows(self.tokenizer, self._in_order(compared, examples), length, encoding, dense)

    def loss(self):
        if self.matching == CROSS_ENTROPY:
            from tasklab.nn.losses.classes import ClassificationLoss

            loss = self.config.loss
            return ClassificationLoss(class_weights(loss, LABELS), loss.label_smoothing, loss.focal_gamma)
        from tasklab.nn.losses.matching import MATCHING

        model = self.config.model
        return MATCHING.get(self.matching)(self.config.loss, model.projection_size or model.hidden_size)

    def answer(self, examples, run, top_k=None, rows=None):
        compared = self._compared(examples)
        if self._each_once(compared) and not self.vectors:
            run = compared_once(run, places_of(self._in_order(compared, examples)))
        return super().answer(examples, run, top_k, rows)

    def decode(self, outputs, rows, examples, top_k=None):
        compared = self._compared(examples)
        values = gathered(outputs, len(rows) if self.vectors else len(compared))  # [R, D] or [N, 2]
        scores, beside = (self._cosines(values, compared), {}) if self.vectors else self._probabilities(values)
        answers: list[list[dict]] = [[] for _ in examples]
        for i, (one, score) in enumerate(zip(compared, scores.tolist(), strict=True)):
            extras = {name: table[i].round(6).tolist() for name, table in beside.items()}
            answers[one.example].append(self._answer(examples[one.example], one, round(score, 6)) | extras)
        ranked = [sorted(own, key=lambda answer: -answer["score"]) for own in answers]
        if self.config.data.threshold is not None:  # of candidates the best stays, whatever it scores
            ranked = [
                own[:1] + [answer for answer in own[1:] if answer["match"] or not example.candidates]
                for example, own in zip(examples, ranked, strict=True)
            ]
        return [own[:top_k] for own in ranked]

    def recall(self, metrics):
        self.kept_threshold = metrics.get("threshold")

    def score(self, predictions, examples):
        scores, labels = self._side_by_side(predictions, examples)
        metrics = score_pairs(scores, labels, self._said_threshold)
        if self._units is None:
            return metrics
        near = alignment(scores, labels)
        return metrics | ({} if near is None else {"alignment": near}) | {"uniformity": uniformity(self._units)}

    def report(self, predictions, examples):
        scores, labels = self._side_by_side(predictions, examples)
        excerpts = [shown(examples[c.example], c.first, text_b=c.second) for c in self._compared(examples)]
        report = number_report(scores, labels, excerpts, same_scale=False)
        if not are_classes(labels):
            return report
        metrics = score_pairs(scores, labels, self._said_threshold)
        warnings = mostly_positive(scores, labels, metrics["threshold"])
        limits = lambda: {**report.intervals(), "threshold": threshold_interval(scores, labels)}  # noqa: E731
        return replace(report, warnings=warnings, intervals=limits)

    def baselines(self, examples, training=None):
        """Words that both texts have, the same score for all, and words weighted by how rare they are."""
        compared = self._compared(examples)
        first, second, labels = ([c[field] for c in compared] for field in (2, 3, 4))
        shared = piece_cosines(self.tokenizer, first, second)
        rare = tfidf_cosines([text for e in training or examples for text in e.texts], first, second)
        baselines = {TRIVIAL: shared, CHANCE: [0.0] * len(labels), TFIDF: rare}
        return {name: score_pairs(scores, labels) for name, scores in baselines.items()}

    @property
    def _said_threshold(self) -> float | None:
        asked = self.config.data.threshold
        return self.kept_threshold if asked is None else asked

    @property
    def threshold(self) -> float:
        """A match from this score on."""
        return HALF if self._said_threshold is None else self._said_threshold

    def _compared(self, examples: Sequence[MatchingExample]) -> list[Comparison]:
        """Raises: DataError where nothing is compared."""
        compared = comparisons(examples)
        if not compared:
            message = "single texts tell nothing of matches; name labelled pairs with data.eval, or set data.eval=no"
            raise DataError(f"{examples[0].place}: {message}")
        return compared

    def _each_once(self, compared: list[Comparison]) -> bool:
        """Whether rows of an answer are single texts: what has labels has a loss, and a layer's is one of pairs."""
        model, unlabelled = self.config.model, all(one.label is None for one in compared)
        return self.vectors or model.pair_encoding != "joint" and not model.dual and unlabelled

    def _in_order(self, compared: list[Comparison], examples: Sequence[MatchingExample]) -> list[Comparison]:
        """As the network reads them; to a cosine the order is all one."""
        turned = self.config.data.candidates_first and not self.vectors
        return candidates_first(compared, examples) if turned else compared

    def _cosines(self, vectors: np.ndarray, compared: list[Comparison]) -> np.ndarray:
        first, second = places_of(compared)
        units = self._units = unit_rows(vectors)
        return (units[first] * units[second]).sum(axis=1)

    def _probabilities(self, logits: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        from scipy.special import softmax

        tables = {"logits": logits, "prob": softmax(logits.astype(np.float64), axis=1)}  # [N, 2] each
        data = self.config.data
        enabled = {"logits": data.output_logits or data.output_plain, "prob": data.output_prob}
        beside = {name: table for name, table in tables.items() if enabled[name]}
        return tables["prob"][:, 1], beside

    def _answer(self, example: MatchingExample, one: Comparison, score: float) -> dict:
        """One comparison with its score; of candidates which one it is."""
        answer = {"score": score, "match": score >= self.threshold}
        if not example.candidates:
            return {**answer, "index": one.place - 1} if one.place > 1 or len(example.texts) > 2 else answer
        candidate = example.candidates[one.place - 1]
        return {"id": candidate.id, "name": candidate.name, **answer}

    def _side_by_side(self, predictions, examples) -> tuple[list[float], list[float]]:
        """Scores and labels of all comparisons; an answer tells by `index` which one of its example it is."""
        compared = self._compared(examples)
        by_place = {(i, answer.get("index", 0)): answer["score"] for i, own in enumerate(predictions) for answer in own}
        return [by_place[c.example, c.place - 1] for c in compared], [c.label for c in compared]
