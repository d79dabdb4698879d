"""Information extraction by schema: what a prompt names is marked in a text (UIE, Lu et al. 2022)."""

import logging

from tasklab.data.extraction.balanced import BalancedRows
from tasklab.data.extraction.coverage import Coverage
from tasklab.data.extraction.example import PromptExample, answers_of, entities_of
from tasklab.data.extraction.input import texts_from_input
from tasklab.data.extraction.reading import ExtractionDataConfig, read_prompts, schema_in
from tasklab.data.extraction.readings import readings_of
from tasklab.data.extraction.schema import tree_of
from tasklab.data.extraction.shapes import HEADS, alone, plain_shapes
from tasklab.data.extraction.stages import extracted
from tasklab.data.extraction.windows import prompt_windows
from tasklab.data.files.problems import shortened
from tasklab.errors import DataError
from tasklab.metrics.entities import entity_report, score_entities
from tasklab.metrics.extraction import heard_spans
from tasklab.metrics.pointed import pointed_spans
from tasklab.metrics.wrong import shown
from tasklab.task import LEARNED, TASKS, TRIVIAL, UPDATES, Task

logger = logging.getLogger("tasklab")


@TASKS.register("information_extraction")
class InformationExtraction(Task):
    """Spans that answer prompts: types, relations, events, options. Metrics: precision, recall, F1 of exact spans."""

    head = "spans"
    data_config = ExtractionDataConfig
    defaults = {
        "data": {"max_seq_length": 256}, "train": {"epochs": 10, "min_steps": UPDATES, "batch_size": 32},
        "optimizer": {"lr": 1e-4}, "schedule": {"warmup_ratio": 0.06},
    }  # fmt: skip
    metric, title = "f1", "Extraction Metric"
    asks = ("schema",)
    one_answer = True
    primer = '"谭孝曾是谭元寿的长子"'

    def settle(self, labels):
        """Takes the schema from the training file where none is set, so that the model can be asked without one."""
        data = self.config.data
        if data.schema is None and data.train is not None:  # a start model may be made without any
            nodes = schema_in(read_prompts(data.train, data)[0], data.wording)
            data.schema = tree_of(nodes) or None

    def read(self, path, training):
        examples, bad = read_prompts(path, self.config.data, training)
        examples = self._with_room(examples, bad)
        if self.config.data.on_bad_row == "error":
            bad.raise_if_fatal()
        if not examples:
            raise DataError(f"{path}: holds no usable line{f'; {bad.summary()}' if bad else ''}")
        return examples, bad.summary()

    def parse(self, input_data):
        return texts_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        data = self.config.data
        rows = prompt_windows(self.tokenizer, examples, data.max_seq_length, data.doc_stride, data.most_of_prompt)
        return BalancedRows(rows, data.negative_ratio, self.config.seed) if training and data.negative_ratio else rows

    def loss(self):
        from tasklab.nn.losses.pointers import PointerLoss

        return PointerLoss()

    def answer(self, examples, run, top_k=None, rows=None):
        """With `rows` the spans of each prompt; else all that the schemas ask about the texts, stage by stage."""
        if rows is not None:
            return self.decode(run(rows), rows, examples)
        data, dropped, coverage = self.config.data, set(), [Coverage(e.text) for e in examples]

        def ask(questions):
            asked = [PromptExample(str(q.text), examples[q.text].text, q.prompt, options=q.options) for q in questions]
            fits = self._fit([e.prompt for e in asked])
            dropped.update(e.prompt for e, fit in zip(asked, fits, strict=True) if not fit)
            spans = iter(self._asked([e for e, fit in zip(asked, fits, strict=True) if fit], run, coverage))
            return [next(spans) if fit else [] for fit in fits]

        results = extracted(examples, ask, data.wording, data.flat)
        if dropped:
            message = f"{len(dropped)} prompts of more than data.max_prompt_length {data.most_of_prompt} tokens"
            logger.warning("%s are not asked, such as %s", message, shortened(min(dropped)))
        if longer := [covered.windows for covered in coverage if covered.windows > 1]:
            message = "each token was read in a full window, that which shows most around it"
            logger.info("%d texts are longer than a row and were read in up to %d windows; %s",
                        len(longer), max(longer), message)  # fmt: skip
        if data.output_texts:
            results = [self._plain(result, e) for result, e in zip(results, examples, strict=True)]
        if data.output_coverage:
            results = [
                {"answer": result, "windows": covered.windows, "unread": covered.unread}
                for result, covered in zip(results, coverage, strict=True)
            ]
        return [[result] for result in results]

    def decode(self, outputs, rows, examples, top_k=None):
        readings = readings_of(outputs, rows, len(examples))
        return [[self._spans(e, reading)] for e, reading in zip(examples, readings, strict=True)]

    def score(self, predictions, examples):
        return score_entities(entities_of(predictions, examples), answers_of(examples))

    def report(self, predictions, examples):
        predicted, references = entities_of(predictions, examples), answers_of(examples)
        words = [
            (", ".join(span["text"] for span in answers[0]), ", ".join(mention.text for mention in e.answers))
            for answers, e in zip(predictions, examples, strict=True)
        ]
        excerpts = [
            shown(e, e.text, min((s["probability"] for s in answers[0]), default=None), prompt=e.prompt)
            for answers, e in zip(predictions, examples, strict=True)
        ]
        return entity_report(predicted, references, excerpts, words)

    def baselines(self, examples, training=None):
        """No span anywhere; the texts that answered a type, or a predicate, in training."""
        references = answers_of(examples)
        scores = {TRIVIAL: score_entities([()] * len(examples), references)}
        if training is not None:
            pairs = ((e.kind, mention.text) for e in training for mention in e.answers)
            scores[LEARNED] = score_entities(heard_spans(pairs, [(e.kind, e.text) for e in examples]), references)
        return scores

    def _with_room(self, examples, bad):
        """Those whose prompts leave room for the text."""
        fits = self._fit([e.prompt for e in examples]) if self.tokenizer is not None else [True] * len(examples)
        for example in (e for e, fit in zip(examples, fits, strict=True) if not fit):
            most = f"data.max_prompt_length {self.config.data.most_of_prompt}"
            message = f"the prompt {shortened(example.prompt)} has more tokens than {most}"
            bad.add("long prompt", f"{example.place}: {message}; shorten it, take some options out, or raise that")
        return [e for e, fit in zip(examples, fits, strict=True) if fit]

    def _fit(self, prompts) -> list[bool]:
        different = list(dict.fromkeys(prompts))
        most = self.config.data.most_of_prompt
        fits = [len(ids) <= most for ids, _ in self.tokenizer.encode_batch(different)]
        by_prompt = dict(zip(different, fits, strict=True))
        return [by_prompt[prompt] for prompt in prompts]

    def _asked(self, examples, run, coverage: list[Coverage]) -> list[list[dict]]:
        """Their ids are the numbers of their texts."""
        if not examples:
            return []
        rows = self.encode(examples, False)
        readings = readings_of(run(rows), rows, len(examples))
        for example, reading in zip(examples, readings, strict=True):
            coverage[int(example.id)].add(example, reading)
        return [self._spans(e, reading) for e, reading in zip(examples, readings, strict=True)]

    def _spans(self, example: PromptExample, reading) -> list[dict]:
        data = self.config.data
        return pointed_spans(
            example.text, example.prompt, reading.probability, reading.characters, data.threshold, data.nested
        )

    def _plain(self, result: dict, example) -> dict:
        shapes = plain_shapes(result, example.schema)
        for name, shape in shapes.items():
            logger.info("%s\n%s", HEADS[name], shape)
        return alone(shapes)
