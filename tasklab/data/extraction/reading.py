"""Training files: a text, a prompt and the spans that answer it on every line, as PaddleNLP's UIE has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasklab.config import TRAINING, DataConfig, setting
from tasklab.data.extraction.example import Mention, PromptExample
from tasklab.data.extraction.schema import Node, has_options, schema_of, wording_problem
from tasklab.data.files import arrow
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.records import examples_of
from tasklab.data.files.splits import WORDS, find_split
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import encodable
from tasklab.errors import ConfigError, DataError

SUFFIXES = (".txt", ".jsonl", ".json", *arrow.SUFFIXES)
FILES = {split: tuple(split + suffix for suffix in SUFFIXES[:3]) for split in WORDS}
FORM = '{"content": text, "prompt": what is asked, "result_list": [{"text": ..., "start": 0, "end": 2}, ...]}'


@dataclass
class ExtractionDataConfig(DataConfig, path="data"):
    """What is asked about texts, and how they are cut into windows."""

    # what predict asks: types in a list, or {type: what is asked about each of its spans}; null: as in training
    schema: object | None = setting(None, kept=True)
    wording: str = setting("{subject}的{predicate}", rows=True)  # of a prompt about a relation
    doc_stride: int = setting(128, ge=1, rows=True)  # tokens between two window starts, not the overlap
    # tokens; longer prompts are refused; null: half of max_seq_length
    max_prompt_length: int | None = setting(None, ge=1, rows=True)
    # rows without an answer that an epoch trains on for each with one, other ones in every epoch; null: all
    negative_ratio: float | None = setting(None, gt=0, needs=TRAINING)
    threshold: float = setting(0.5, gt=0, lt=1)  # a token starts, or ends, a span from this probability on
    nested: bool = False  # an end that is left over goes with a start that has one, and a start with such an end
    flat: bool = False  # of spans that overlap, whatever they answer, the most probable one stays
    output_texts: bool = False  # predictions are texts alone: {type: [...]} or {subject: {predicate: [...]}}
    output_coverage: bool = False  # {"answer": what was found, "windows": of the text, "unread": characters}

    def problems(self):
        yield from super().problems()
        if wrong := wording_problem(self.wording):
            yield ("data.wording",), f"data.wording {wrong}"
        if self.most_of_prompt + 8 > self.max_seq_length:  # [CLS], two or three [SEP], and a few tokens of the text
            message = f"data.max_prompt_length {self.most_of_prompt} leaves no room for a text"
            keys = ("data.max_prompt_length", "data.max_seq_length")
            yield keys, f"{message} in data.max_seq_length {self.max_seq_length}; lower the one or raise the other"
        try:
            self.nodes  # noqa: B018 - it raises
        except ConfigError as error:
            yield ("data.schema",), str(error)

    @property
    def most_of_prompt(self) -> int:
        """Tokens of the longest prompt that is asked."""
        return self.max_prompt_length or self.max_seq_length // 2

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The schema; () without one. Raises: ConfigError."""
        return () if self.schema is None else schema_of(self.schema)


def read_prompts(path, data: DataConfig, training: bool = True) -> tuple[list[PromptExample], BadRows]:
    """Examples in file order that have nothing wrong with them, and what is wrong with the others.

    Raises: DataError when the file as a whole cannot be read.
    """
    split = "train" if training else "dev"
    file = find_split(path, split, FILES[split], SUFFIXES)
    if Path(file).suffix not in SUFFIXES and not arrow.is_arrow(file):
        raise DataError(f"{file}: expected {', '.join(SUFFIXES)}, on every line {FORM}")
    bad = BadRows(str(file))
    table = Table(file, encoding=data.encoding, bad=bad, objects=True)
    examples = list(examples_of(table, example_of))
    return examples, bad


def example_of(row: Mapping, place: str, number: str) -> PromptExample:
    """Raises: DataError."""
    text, prompt = (_text(row, key, place) for key in ("content", "prompt"))
    subject, predicate, kind = (_name(row, key, place) for key in ("subject", "predicate", "subject_type"))
    if (subject is None) != (predicate is None):
        raise DataError(f"{place}: has only one of 'subject' and 'predicate'; a prompt about a relation has both")
    results = row.get("result_list")
    if not isinstance(results, (list, tuple)):
        expected = "expected a list, which is empty where nothing answers"
        raise DataError(f"{place}: result_list is {shortened(str(results))}; {expected}")
    looks = has_options(prompt, subject)
    mentions = [_mention(item, text, prompt, looks, f"{place}: result_list[{i}]") for i, item in enumerate(results)]
    answers = tuple(dict.fromkeys(sorted(mentions)))
    options = answers[0].start < 0 if answers else looks  # [3] may as well end a name
    if options and answers and answers[-1].start >= 0:
        raise DataError(f"{place}: result_list has answers in the text and options of the prompt; keep one kind")
    return PromptExample(number, text, prompt, answers, subject, predicate, kind, place, options)


def schema_in(examples: Sequence[PromptExample], wording: str) -> tuple[Node, ...]:
    """What the prompts ask: every type, with the predicates of its spans.

    A file without 'subject' and 'predicate' tells no predicates: of it the prompts are types that are not worded as
    those about a relation.
    """
    between = wording.format(subject="", predicate="")
    has_predicates = any(e.predicate for e in examples)
    below: dict[str, dict[str, None]] = {}
    for example in examples:
        if example.predicate is None:
            if has_predicates or between not in example.prompt:
                below.setdefault(example.prompt, {})
        elif example.subject_type and example.answers:
            below.setdefault(example.subject_type, {})[example.predicate] = None
    return tuple(Node(name, tuple(map(Node, predicates))) for name, predicates in below.items())


def _mention(item, text: str, prompt: str, options: bool, place: str) -> Mention:
    if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
        raise DataError(f'{place}: is {shortened(str(item))}; expected {{"text": ..., "start": 0, "end": 2}}')
    start, end, surface = item.get("start"), item.get("end"), item["text"]
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in (start, end)):
        message = f"start {shortened(str(start))}, end {shortened(str(end))}"
        raise DataError(f"{place}: {message}; expected two whole numbers")
    if not surface.strip():
        raise DataError(f"{place}: text is {shortened(surface)}, which holds no character; take the answer out")
    where, at = (text, 0) if start >= 0 else (prompt, len(prompt) + 1)
    if start < 0 and not options:
        raise DataError(f"{place}: start {start} is before the text; only an option of a prompt can be there")
    there = where[max(0, start + at) : max(0, end + at)]
    if there != surface:
        message = f"characters {start} to {end} are {shortened(there)}, not {shortened(surface)}"
        nearest = where.rfind(surface) - at if at else where.find(surface)  # an option stands behind what is asked
        hint = f"; it is at {nearest} to {nearest + len(surface)}" if surface in where else ""
        raise DataError(f"{place}: {message}{hint}")
    return Mention(start, end, surface)


def _text(row: Mapping, key: str, place: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip() or not encodable(value):
        raise DataError(f"{place}: {key} is {shortened(str(value))}; expected {FORM}")
    return value


def _name(row: Mapping, key: str, place: str) -> str | None:
    return None if row.get(key) is None else _text(row, key, place)
