"""What is in texts and chats and what is wrong with it: the pure part of `doctor data`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.sample import Sample
from tasklab.data.generation.examples import ASSISTANT, Chat, Example, GenerationDataConfig, Passage
from tasklab.data.generation.layouts import is_asked
from tasklab.data.generation.packing import generation_rows
from tasklab.data.generation.reading import read_file, split_file
from tasklab.data.generation.tokens import Framing
from tasklab.data.rows.findings import Finding, met_before, plain, quantiles, token_quantiles
from tasklab.data.rows.sizes import RowSizes, row_sizes
from tasklab.errors import DataError


@dataclass
class GenerationReport:
    """A file. Lengths are tokens at findings.QUANTILES."""

    bad: BadRows
    examples: list[Example]
    turns: Counter[int]
    """How many chats have so many answers."""
    duplicates: Finding
    """Examples that were met before, with the same answer."""
    contradictions: Finding
    """With another one."""
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Tokens of a text, an example's prompt and its answers; empty without a tokenizer, as all below."""
    learned: float = 0.0
    """Share of the tokens that are asked for."""
    cut_chats: int = 0
    """Those of which data.max_seq_length cuts the end."""
    no_room: str = ""
    """Why the examples make no rows, if they make none."""
    sizes: RowSizes | None = None

    @property
    def rows(self) -> int:
        return len(self.examples)

    @property
    def file(self) -> str:
        return self.bad.file

    @property
    def passages(self) -> list[Passage]:
        return [example for example in self.examples if isinstance(example, Passage)]


def inspect_generation(
    path, data: GenerationDataConfig, training: bool, tokenizer, framing: Framing | None
) -> GenerationReport:
    """Reads a file as training (or evaluation) would, and encodes it.

    tokenizer, framing: None leave out what is counted in tokens.
    Raises: DataError when a file as a whole cannot be used; bad rows are part of the report.
    """
    examples, bad = read_file(split_file(path, training), data, tokenizer=tokenizer)
    chats = [example for example in examples if isinstance(example, Chat)]
    turns = Counter(sum(message.role == ASSISTANT for message in chat.messages) for chat in chats)
    report = GenerationReport(bad, examples, turns, *met_before(examples, asked_of, bad.file, _difference))
    if framing is not None and examples:
        _count_tokens(report, data, framing)
    return report


def asked_of(example: Example) -> tuple:
    """What two examples have in common when one repeats the other: all but the last answer."""
    if isinstance(example, Passage):
        return (plain(example.text),)
    return tuple((message.role, plain(message.content)) for message in example.messages[:-1])


def _difference(example: Example, earlier: Example) -> str:
    if isinstance(example, Passage):
        return ""
    answers = [e.messages[-1].content for e in (example, earlier)]
    return "" if plain(answers[0]) == plain(answers[1]) else ", ".join(map(shortened, answers))


def looks_like_chats(sample: Sample) -> bool:
    """Whether a file that begins so holds chats, or prompts with answers."""
    return is_asked(sample.columns)


def _count_tokens(report: GenerationReport, data: GenerationDataConfig, framing: Framing):
    tokenizer = framing.tokenizer
    contents = {role: list(_contents(report.examples, role == "answer")) for role in ("prompt", "answer")}
    texts = {"text": [example.text for example in report.passages], **contents}
    report.lengths = {name: token_quantiles(tokenizer, sequence) for name, sequence in texts.items() if sequence}
    try:
        whole = list(framing.encode(report.examples))
        table = generation_rows(report.examples, whole, data.max_seq_length, data.packing)
    except DataError as error:
        report.no_room = str(error)
        return
    report.lengths["example"] = quantiles([len(sequence) for sequence in whole])
    report.learned = sum(int(sequence.asked.sum()) for sequence in whole) / sum(map(len, whole))
    report.cut_chats = table.info["cut_chats"]
    ids, unknown = table["input_ids"], tokenizer.unk_id
    report.sizes = row_sizes(ids, table.sequences, unknown, data.num_buckets, data.max_seq_length)


def _contents(examples: list[Example], answers: bool) -> Iterator[str]:
    for example in examples:
        if isinstance(example, Chat):
            yield from (m.content for m in example.messages if (m.role == ASSISTANT) == answers)
