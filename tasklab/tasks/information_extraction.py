"""Information extraction by schema: what a prompt names is marked in a text (UIE, Lu et al. 2022)."""

import logging

import numpy as np

from tasklab.data.extraction.example import PromptExample
from tasklab.data.extraction.input import texts_from_input
from tasklab.data.extraction.reading import ExtractionDataConfig, read_prompts, schema_in
from tasklab.data.extraction.schema import tree_of
from tasklab.data.extraction.shapes import HEADS, alone, plain_shapes
from tasklab.data.extraction.stages import extracted
from tasklab.data.extraction.windows import prompt_windows
from tasklab.data.files.problems import shortened
from tasklab.data.rows.ragged import row_offsets
from tasklab.errors import DataError
from tasklab.metrics.entities import entity_report, score_entities
from tasklab.metrics.extraction import heard_spans
from tasklab.metrics.pairing import paired
from tasklab.metrics.spans import trim
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
        return prompt_windows(self.tokenizer, examples, data.max_seq_length, data.doc_stride, data.most_of_prompt)

    def loss(self):
        from tasklab.nn.losses.pointers import PointerLoss

        return PointerLoss()

    def answer(self, examples, run, top_k=None, rows=None):
        """With `rows` the spans of each prompt; else all that the schemas ask about the texts, stage by stage."""
        if rows is not None:
            return self.decode(run(rows), rows, examples)
        data, dropped, windows = self.config.data, set(), {}

        def ask(questions):
            asked = [PromptExample(str(i), examples[text].text, prompt) for i, (text, prompt) in enumerate(questions)]
            fits = self._fit([e.prompt for e in asked])
            dropped.update(e.prompt for e, fit in zip(asked, fits, strict=True) if not fit)
            kept = [e for e, fit in zip(asked, fits, strict=True) if fit]
            found = iter(self._asked(kept, run, windows))
            return [next(found) if fit else [] for fit in fits]

        results = extracted(examples, ask, data.wording, data.flat)
        if dropped:
            told = f"{len(dropped)} prompts of more than data.max_prompt_length {data.most_of_prompt} tokens"
            logger.warning("%s are not asked, such as %s", told, shortened(min(dropped)))
        if windows:
            told = "each token was read in a full window, that which shows most around it"
            logger.info("%d texts are longer than a row and were read in up to %d windows; %s",
                        len(windows), max(windows.values()), told)  # fmt: skip
        if data.output_texts:
            return [[self._plain(result, e)] for result, e in zip(results, examples, strict=True)]
        return [[result] for result in results]

    def decode(self, outputs, rows, examples, top_k=None):
        unit = rows["unit"]
        owner = np.repeat(rows["example"], unit.lengths)  # [T] example of each token that is read from
        sizes = np.zeros(len(examples), np.int64)
        np.maximum.at(sizes, owner, unit.values + 1)
        offsets = row_offsets(sizes)
        probability = np.zeros((2, int(offsets[-1])))  # of a start, of an end
        characters = np.zeros((int(offsets[-1]), 2), np.int64)
        for numbers, logits in outputs:
            mine = {name: rows[name].select(numbers) for name in ("unit", "position", "char_start", "char_end")}
            lengths = mine["unit"].lengths
            at = np.repeat(offsets[rows["example"][numbers]], lengths) + mine["unit"].values
            row = np.repeat(np.arange(len(numbers)), lengths)
            for side, scores in zip(probability, logits, strict=True):  # start, end
                # options stand in every window; a token of a text in one
                np.maximum.at(side, at, _sigmoid(scores[row, mine["position"].values]))
            characters[at, 0], characters[at, 1] = mine["char_start"].values, mine["char_end"].values
        return [
            [self._spans(example, probability[:, a:b], characters[a:b])]
            for example, a, b in zip(examples, offsets[:-1], offsets[1:], strict=True)
        ]

    def score(self, predictions, examples):
        return score_entities(_entities(predictions, examples), _wanted(examples))

    def report(self, predictions, examples):
        predicted, wanted = _entities(predictions, examples), _wanted(examples)
        words = [
            (", ".join(span["text"] for span in answers[0]), ", ".join(mention.text for mention in e.answers))
            for answers, e in zip(predictions, examples, strict=True)
        ]
        told = [
            shown(e, e.text, min((s["probability"] for s in answers[0]), default=None), prompt=e.prompt)
            for answers, e in zip(predictions, examples, strict=True)
        ]
        return entity_report(predicted, wanted, told, words)

    def baselines(self, examples, training=None):
        """No span anywhere; the texts that answered a type, or a predicate, in training."""
        wanted = _wanted(examples)
        scores = {TRIVIAL: score_entities([()] * len(examples), wanted)}
        if training is not None:
            known = ((e.kind, mention.text) for e in training for mention in e.answers)
            scores[LEARNED] = score_entities(heard_spans(known, [(e.kind, e.text) for e in examples]), wanted)
        return scores

    def _with_room(self, examples, bad):
        """Those whose prompts leave room for the text."""
        fits = self._fit([e.prompt for e in examples]) if self.tokenizer is not None else [True] * len(examples)
        for example in (e for e, fit in zip(examples, fits, strict=True) if not fit):
            most = f"data.max_prompt_length {self.config.data.most_of_prompt}"
            told = f"the prompt {shortened(example.prompt)} has more tokens than {most}"
            bad.add("long prompt", f"{example.place}: {told}; shorten it, take some options out, or raise that")
        return [e for e, fit in zip(examples, fits, strict=True) if fit]

    def _fit(self, prompts) -> list[bool]:
        different = list(dict.fromkeys(prompts))
        most = self.config.data.most_of_prompt
        fits = [len(ids) <= most for ids, _ in self.tokenizer.encode_batch(different)]
        by_prompt = dict(zip(different, fits, strict=True))
        return [by_prompt[prompt] for prompt in prompts]

    def _asked(self, examples, run, windows: dict) -> list[list[dict]]:
        """windows: takes up texts of several, and how many."""
        if not examples:
            return []
        rows = self.encode(examples, False)
        for number, count in enumerate(np.bincount(rows["example"]).tolist()):
            if count > 1:
                text = examples[number].text
                windows[text] = max(count, windows.get(text, 0))
        return [answers[0] for answers in self.decode(run(rows), rows, examples)]

    def _spans(self, example: PromptExample, probability: np.ndarray, characters: np.ndarray) -> list[dict]:
        """In the order of the text; probability [2, tokens], characters [tokens, 2]."""
        starts, ends = (np.flatnonzero(side > self.config.data.threshold).tolist() for side in probability)
        spans = {}
        for first, last in paired(starts, ends):
            begin, end = int(characters[first, 0]), int(characters[last, 1])
            if begin >= 0:
                begin, end = trim(example.text, begin, end)
                text = example.text[begin:end]
            else:
                back = len(example.prompt) + 1
                text = example.prompt[begin + back : end + back]
            sure = round(float(np.sqrt(probability[0, first] * probability[1, last])), 4)
            spans[begin, end] = {"text": text, "start": begin, "end": end, "probability": sure}
        return [spans[place] for place in sorted(spans) if spans[place]["text"]]

    def _plain(self, result: dict, example) -> dict:
        shapes = plain_shapes(result, example.schema)
        for name, shape in shapes.items():
            logger.info("%s\n%s", HEADS[name], shape)
        return alone(shapes)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60)))


def _entities(predictions, examples) -> list[list[tuple[str, int, int]]]:
    return [
        [(e.kind, span["start"], span["end"]) for span in answers[0]]
        for answers, e in zip(predictions, examples, strict=True)
    ]


def _wanted(examples) -> list[list[tuple[str, int, int]]]:
    return [[(e.kind, mention.start, mention.end) for mention in e.answers] for e in examples]
