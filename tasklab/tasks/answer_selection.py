"""Answer selection: rank candidate sentences by whether they answer a question (NLPCC DBQA, WikiQA, TREC-QA)."""

import numpy as np

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.pairs import sequences_of, text_rows
from tasklab.data.texts.candidates import CandidateDataConfig, questions_from_input, questions_of
from tasklab.data.texts.reading import read_text_rows
from tasklab.errors import ConfigError
from tasklab.metrics.ranking import score_rankings
from tasklab.metrics.report import Report
from tasklab.metrics.wrong import shown, wrong_row
from tasklab.targets import refuse_other_targets
from tasklab.targets.single_label import SingleLabel
from tasklab.task import TASKS, TRIVIAL, UPDATES, Task

LABELS = ("0", "1")
"""Wrong and right; outputs stand in this order."""


@TASKS.register("answer_selection")
class AnswerSelection(Task):
    """An example is a question with its candidates; each candidate is a row, scored by the probability of being right.

    Metrics: mrr, map, accuracy_at_1 over the questions that have a right candidate.
    """

    head = "classes"
    data_config = CandidateDataConfig
    defaults = {"train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 32}, "model": {"labels": list(LABELS)}}
    metric, title = "mrr", "Ranking Metric"
    primer = '{"question": "Where is Oslo?", "candidates": ["It rains.", "Oslo lies in Norway."]}'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        if (named := len(config.model.labels)) not in (0, len(LABELS)):
            raise ConfigError(f"{config.name}: has {named} outputs; answer selection takes two, for wrong and right")
        refuse_other_targets(config)
        self.target = SingleLabel(config)
        self.target.weighs_unasked = False  # right candidates are few by nature, and their order alone counts
        self.loss_settings = self.target.loss_settings

    def settle(self, labels):
        self.config.model.labels = list(LABELS)
        self.target.settle(labels)

    def read(self, path, training):
        data = self.config.data
        examples, note = read_text_rows(path, data, "single_label_classification", LABELS, training)
        return questions_of(examples), note

    def parse(self, input_data):
        return questions_from_input(input_data, self.config.data, self._by_rows())

    def encode(self, examples, training):
        counts = [len(question.candidates) for question in examples]
        first = [question.text for question in examples for _ in question.candidates]
        second = [candidate for question in examples for candidate in question.candidates]
        length, pairs = self.config.data.max_seq_length, self.config.model.pair_encoding
        ragged, cut = text_rows(self.tokenizer, first, second, length, pairs)
        labels = [label for q in examples for label in (q.labels or [-1] * len(q.candidates))]
        owner = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        dense = {"labels": np.array(labels, np.int32), "example": owner}
        return FeatureTable(ragged, dense, {"cut_rows": cut}, sequences_of(pairs))

    def loss(self):
        return self.target.loss()

    def decode(self, outputs, rows, examples, top_k=None):
        logits = np.zeros((len(rows), len(LABELS)))
        for numbers, (scores,) in outputs:
            logits[numbers] = scores
        if top_k is not None and self._by_rows():
            return self.target.answers(logits, top_k)
        tables = self._tables(logits)
        starts = np.searchsorted(rows["example"], np.arange(len(examples)))
        return [
            self._ranked(question, range(start, start + len(question.candidates)), tables, top_k)
            for question, start in zip(examples, starts, strict=True)
        ]

    def score(self, predictions, examples):
        return score_rankings(
            ([a["score"] for a in answers], [question.labels[a["index"]] for a in answers])
            for answers, question in zip(predictions, examples, strict=True)
        )

    def report(self, predictions, examples):
        """The questions whose first candidate is wrong though they have a right one."""
        wrong = []
        for (best, *_), question in zip(predictions, examples, strict=True):
            right = [text for text, label in zip(question.candidates, question.labels, strict=True) if label]
            if right and not question.labels[best["index"]]:
                excerpt = shown(question, question.text, round(best["score"], 4))
                wrong.append(wrong_row(excerpt, " | ".join(right), best["text"]))
        return Report(wrong=wrong)

    def baselines(self, examples, training=None):
        """Candidates ranked by how many word pieces of the question they hold."""
        return {TRIVIAL: score_rankings((self._overlap(question), question.labels) for question in examples)}

    def _overlap(self, question) -> list[int]:
        encoded = self.tokenizer.encode_batch([question.text, *question.candidates])
        asked, *offered = (set(ids.tolist()) for ids, _ in encoded)
        return [len(asked & words) for words in offered]

    def _by_rows(self) -> bool:
        data = self.config.data
        return data.output_rows or data.output_logits or data.output_prob

    @staticmethod
    def _tables(logits: np.ndarray) -> dict[str, np.ndarray]:
        """[N, 2] each, of N candidates."""
        from scipy.special import expit

        right = expit(logits[:, 1] - logits[:, 0])
        return {"logits": logits, "prob": np.stack([1 - right, right], axis=1)}

    def _ranked(self, question, mine: range, tables: dict[str, np.ndarray], top_k: int | None) -> list[dict]:
        extras = {key: table for key, table in tables.items() if self.config.data[f"output_{key}"]}
        scores = tables["prob"][mine.start : mine.stop, 1]
        order = np.argsort(-scores, kind="stable")[:top_k].tolist()
        return [
            {"text": question.candidates[i], "score": float(scores[i]), "index": i}
            | {key: table[mine[i]].round(6).tolist() for key, table in extras.items()}
            for i in order
        ]
