"""Extractive question answering: SQuAD 1.1 and 2.0, CMRC 2018, DRCD, and documents of any length."""

import numpy as np

from tasklab.data.questions.documents import questions_about
from tasklab.data.questions.input import qa_examples_from_input, refuse_equal_ids
from tasklab.data.questions.reading import QADataConfig, read_squad
from tasklab.data.questions.windows import qa_windows
from tasklab.metrics.baseline import baseline_answers
from tasklab.metrics.bootstrap import mean_interval
from tasklab.metrics.cmrc import score_cmrc
from tasklab.metrics.question_kinds import question_groups
from tasklab.metrics.report import Report
from tasklab.metrics.spans import batch_window_candidates, character_spans, merge_windows, null_score_difference
from tasklab.metrics.squad import score_squad
from tasklab.metrics.wrong import shown, wrong_row
from tasklab.task import TASKS, TRIVIAL, UPDATES, Task


@TASKS.register("question_answering")
class QuestionAnswering(Task):
    """The answer is a span of the context. Metrics: exact_match and f1 in percent, by SQuAD or CMRC rules."""

    head = "spans"
    data_config = QADataConfig
    defaults = {"train": {"epochs": 2, "min_steps": UPDATES, "batch_size": 12}}
    metric, perfect, title = "f1", 100.0, "QA Metric"
    primer = '"My name is Wolfgang and I live in Berlin - Where do I live?"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.layout = "by_id" if config.data.output_answers else "answers"

    def read(self, path, training):
        data = self.config.data
        examples, report = read_squad(path, data.on_bad_row, training, encoding=data.encoding, names=data.names)
        return examples, report.summary()

    def parse(self, input_data):
        data = self.config.data
        examples = qa_examples_from_input(input_data, data.encoding, data.names)
        if data.output_answers:
            refuse_equal_ids(examples)
        return [example.near(data.passages) for example in examples]

    def about(self, file, questions):
        return questions_about(file, questions, self.config.data.encoding)

    def encode(self, examples, training):
        data = self.config.data
        return qa_windows(
            self.tokenizer, examples, data.max_seq_length, data.doc_stride, data.max_query_length, training
        )

    def loss(self):
        from tasklab.nn.losses.spans import SpanLoss

        return SpanLoss()

    def decode(self, outputs, rows, examples, top_k=None):
        data = self.config.data
        windows = [[] for _ in examples]
        for numbers, (start_logits, end_logits) in outputs:
            first, length, max_context, offsets = _context_part(rows, numbers, start_logits.shape[1])
            candidates = batch_window_candidates(
                start_logits, end_logits, first, length, max_context, data.max_answer_length, data.n_best_size
            )
            null = start_logits[:, 0].astype(np.float64) + end_logits[:, 0]  # [CLS]
            for i, example in enumerate(rows["example"][numbers]):
                spans = character_spans(*(part[i] for part in candidates), offsets[i], first[i], null[i])
                windows[example].append(spans)
        return [self._answers(spans, example, top_k or 1) for spans, example in zip(windows, examples, strict=True)]

    def score(self, predictions, examples):
        best = {e.id: answers[0] for e, answers in zip(examples, predictions, strict=True)}
        differences = {key: a["null_score_diff"] for key, a in best.items() if "null_score_diff" in a}
        texts = {key: answer.get("best_span", answer["text"]) for key, answer in best.items()}
        return self._score(texts, examples, differences or None)

    def report(self, predictions, examples):
        texts = [answers[0]["text"] for answers in predictions]
        rows = [self._score({e.id: text}, [e]) for e, text in zip(examples, texts, strict=True)]
        scores = [{name: row[name] for name in ("exact_match", "f1")} for row in rows]
        truth = [e.answers[0].text if e.answers else "" for e in examples]
        sure = [answers[0].get("score") for answers in predictions]
        each = zip(examples, truth, texts, sure, scores, strict=True)
        return Report(
            intervals=lambda: {name: mean_interval([row[name] for row in scores]) for name in scores[0]},
            groups=question_groups([e.question for e in examples], truth, scores),
            wrong=[
                wrong_row(shown(e, e.question, score, f1=round(row["f1"], 2)), right, answer)
                for e, right, answer, score, row in each if not row["exact_match"]
            ],
        )  # fmt: skip

    def baselines(self, examples, training=None):
        return {TRIVIAL: self._score(baseline_answers(examples), examples)}

    def _answers(self, windows, example, top_k):
        data = self.config.data
        threshold = data.null_score_diff_threshold if data.version_2_with_negative else None
        answers = merge_windows(windows, example.context, data.n_best_size, threshold)
        answers = [{**answer, "score": round(answer["score"], 4)} for answer in answers]
        if threshold is not None:  # the score at another threshold can be told from these two
            answers[0]["null_score_diff"] = round(null_score_difference(windows, example.context), 4)
            answers[0]["best_span"] = next((a["text"] for a in answers if a["text"]), "")
        if example.document is not None:
            answers = [{**example.asked, **example.document.placed(answer)} for answer in answers]
        elif data.output_answers:
            answers = [{"id": example.id, **answer} for answer in answers]
        return answers[:top_k]

    def _score(self, texts, examples, null_score_differences=None):
        references = {e.id: [answer.text for answer in e.answers] for e in examples}
        data = self.config.data
        if data.metric == "cmrc":
            return score_cmrc(texts, references)
        return score_squad(texts, references, null_score_differences, data.null_score_diff_threshold)


def _context_part(rows, numbers, width: int):
    """The context in each of n windows: first token [n], tokens [n], fullest context here [n, width], offsets."""
    first = rows["context_start"][numbers]
    begins, ends, fullest = (rows[name].select(numbers) for name in ("char_start", "char_end", "max_context"))
    length = begins.lengths
    token = np.arange(width)
    max_context = np.zeros((len(numbers), width), bool)
    max_context[(token >= first[:, None]) & (token < (first + length)[:, None])] = fullest.values
    offsets = [np.stack([begins.row(i), ends.row(i)], axis=1) for i in range(len(numbers))]
    return first, length, max_context, offsets
