"""Token classification: names of people, places, products, ... found in texts, with exact characters."""

import numpy as np

from tasklab.data.rows.ragged import row_offsets
from tasklab.data.tagging.input import tagged_examples_from_input
from tasklab.data.tagging.labels import numbered_labels, output_kinds
from tasklab.data.tagging.reading import TaggingDataConfig, read_tagged
from tasklab.data.tagging.schemes import entities_of, is_tag, kinds_of, scheme_labels, scheme_of, tags_of
from tasklab.data.tagging.windows import tag_windows
from tasklab.errors import ConfigError, DataError
from tasklab.metrics.entities import entity_report, score_entities
from tasklab.metrics.gazetteer import gazetteer_entities
from tasklab.metrics.viterbi import viterbi
from tasklab.metrics.wrong import shown
from tasklab.task import LEARNED, TASKS, TRIVIAL, UPDATES, Task


@TASKS.register("token_classification")
class TokenClassification(Task):
    """Entities as spans of a text. model.labels are the tags, in the order of the outputs. Metrics: entity P, R, F1."""

    head = "tags"
    data_config = TaggingDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 32}}
    metric, title = "f1", "Entity Metric"
    one_answer = True
    primer = '"My name is Wolfgang and I live in Berlin"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.layout = "answers" if config.data.output_tags else "spans"
        if config.data.label2id and not config.model.labels:
            config.model.labels = numbered_labels(config.data.label2id)

    def settle(self, labels):
        """Settles the unit of the tags, and the tags: those of the checkpoint where they do, else the data's types."""
        model, data = self.config.model, self.config.data
        if self.config.loss.rdrop_alpha and model.head == "crf":
            raise ConfigError(
                "loss.rdrop_alpha: R-Drop compares probabilities word by word, and a CRF has them for whole sentences "
                "only; set model.head=softmax, or loss.rdrop_alpha=0"
            )
        file = read_tagged(data.train, data)
        data.units = file.units
        if data.label2id:
            model.labels = numbered_labels(data.label2id)
        if model.labels:
            return
        kinds = file.kinds
        if not kinds:
            raise DataError(f"{data.train}: holds no entity, every tag is O; there is nothing to learn")
        kept = all(map(is_tag, labels)) and set(kinds) <= set(kinds_of(labels))
        model.labels = labels if kept else scheme_labels(kinds, data.scheme or file.scheme)

    def read(self, path, training):
        file = read_tagged(path, self.config.data, output_kinds(self.config.model.labels), training)
        return file.examples, file.note

    def parse(self, input_data):
        return tagged_examples_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        data = self.config.data
        return tag_windows(self.tokenizer, examples, self.config.model.labels, data.max_seq_length, data.doc_stride)

    def loss(self):
        from tasklab.nn.heads.crf import CRFLoss
        from tasklab.nn.losses.tokens import TokenLoss

        return CRFLoss(len(self.config.model.labels)) if self.config.model.head == "crf" else TokenLoss()

    def decode(self, outputs, rows, examples, top_k=None):
        unit, starts, ends = (rows[name].values for name in ("unit", "char_start", "char_end"))
        logits, transitions = np.zeros((len(unit), len(self.config.model.labels))), None
        for numbers, (scores, *crf) in outputs:
            position, mine = rows["position"].select(numbers), rows["unit"].select(numbers).values
            logits[mine] = scores[np.repeat(np.arange(len(numbers)), position.lengths), position.values]
            transitions = crf[0][0].astype(np.float64) if crf else None
        owner = np.zeros(len(unit), np.int64)
        owner[unit] = np.repeat(rows["example"], rows["unit"].lengths)
        spans = np.zeros((len(unit), 2), np.int64)
        spans[unit] = np.stack([starts, ends], axis=1)
        offsets = row_offsets(np.bincount(owner, minlength=len(examples)))
        best = logits.argmax(axis=1) if transitions is None else viterbi(logits, offsets, transitions)
        log_sum = np.logaddexp.reduce(logits, axis=1) if len(logits) else np.zeros(0)
        prob = np.exp(logits[np.arange(len(best)), best] - log_sum)
        answers = [
            self._answer(example.text, best[a:b], spans[a:b], prob[a:b])
            for example, a, b in zip(examples, offsets[:-1], offsets[1:], strict=True)
        ]
        if self.config.data.output_tags:
            labels = self.config.model.labels
            return [[_tag_line(entities, e, labels)] for entities, e in zip(answers, examples, strict=True)]
        return [[answer] for answer in answers]

    def score(self, predictions, examples):
        return score_entities(self._predicted(predictions, examples), [e.entities for e in examples])

    def report(self, predictions, examples):
        predicted = self._predicted(predictions, examples)
        words = [
            tuple(", ".join(f"{_words(e, first, last)} ({kind})" for kind, first, last in spans) for spans in both)
            for e, *both in zip(examples, predicted, [e.entities for e in examples], strict=True)
        ]
        excerpts = [shown(e, e.text, _certainty(answers[0])) for e, answers in zip(examples, predictions, strict=True)]
        return entity_report(predicted, [e.entities for e in examples], excerpts, words)

    def baselines(self, examples, training=None):
        """No entity anywhere; the names of the training data found again."""
        references = [e.entities for e in examples]
        scores = {TRIVIAL: score_entities([()] * len(examples), references)}
        if training is not None:
            named = ((_tokens(e), e.entities) for e in training)
            scores[LEARNED] = score_entities(gazetteer_entities(named, map(_tokens, examples)), references)
        return scores

    def _answer(self, text: str, best: np.ndarray, spans: np.ndarray, prob: np.ndarray) -> list[dict]:
        entities, _ = entities_of([self.config.model.labels[number] for number in best])
        return [
            {
                "entity_group": kind, "word": text[spans[first, 0] : spans[last, 1]], "start": int(spans[first, 0]),
                "end": int(spans[last, 1]), "score": round(float(prob[first : last + 1].mean()), 4),
            }
            for kind, first, last in entities
        ]  # fmt: skip

    def _predicted(self, predictions, examples) -> list[list]:
        """Spans of tokens for what `decode` gave as characters."""
        if self.config.data.output_tags:
            tag_of = {_written(label): label for label in self.config.model.labels}
            lines = (answers[0]["pred_label"].split(" ") for answers in predictions)
            return [entities_of([tag_of[tag] for tag in line if tag])[0] for line in lines]
        return [_token_spans(answers[0], e) for answers, e in zip(predictions, examples, strict=True)]


def _certainty(answer) -> float | None:
    """That of the entity which is the least sure one; None without entities, and of tags."""
    return min((entity["score"] for entity in answer), default=None) if isinstance(answer, list) else None


def _token_spans(entities: list[dict], example) -> list[tuple[str, int, int]]:
    starts, ends = np.array(example.tokens).reshape(-1, 2).T
    first = np.searchsorted(ends, [e["start"] for e in entities], side="right").tolist()
    last = (np.searchsorted(starts, [e["end"] for e in entities], side="left") - 1).tolist()
    return [(e["entity_group"], a, b) for e, a, b in zip(entities, first, last, strict=True)]


def _tag_line(entities: list[dict], example, labels: list[str]) -> dict:
    tags = tags_of(_token_spans(entities, example), len(example.tokens), scheme_of(labels))
    return {"pred_label": " ".join(map(_written, tags))}


def _written(tag: str) -> str:
    """As one word: annotation programs have types of several."""
    return "_".join(tag.split())


def _words(example, first: int, last: int) -> str:
    return example.text[example.tokens[first][0] : example.tokens[last][1]]


def _tokens(example) -> list[str]:
    return [example.text[start:end] for start, end in example.tokens]
