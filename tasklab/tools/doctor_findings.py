"""What stands out in question answering data, one line each, with what to do about it."""

from dataclasses import dataclass
from typing import Protocol

from tasklab.config import Config
from tasklab.data.questions.inspect import SplitReport, SquadReport
from tasklab.data.rows.findings import Finding

FIX, LOOK = "FIX", "look"
"""Before training; worth a look."""
SHOWN = 3  # places per line
UNKNOWN, LOST, OFTEN = 0.03, 0.001, 0.3  # shares from which a line is worth reading
CLASH = 0.01
"""Share of questions with two answers that is more than the noise of published data (SQuAD 1.1: 0.2 %)."""


@dataclass(frozen=True)
class Line:
    level: str
    text: str
    places: tuple[str, ...] = ()


class Split(Protocol):
    """What the estimate of a run needs to know of a file."""

    rows: int
    tokens: int
    planned_lengths: tuple[int, ...]
    padding: float


@dataclass(frozen=True)
class Examined:
    """Both files, what is printed about them, and what stands out, what must be fixed first."""

    train: Split
    dev: Split | None
    shown: list[str]
    lines: list[Line]


def findings(found: SquadReport, config: Config) -> list[Line]:
    """Everything worth telling, what must be fixed first."""
    lines, told = [], set()
    for name, split in (("train", found.train), ("eval", found.dev)):
        if split is not None:
            lines += _rows(name, split, config.data.on_bad_row == "skip")
            settings = [(kind, line) for kind, line in _settings(name, split, config) if kind not in told]
            told.update(kind for kind, _ in settings)  # one remedy for both files
            lines += [line for _, line in settings]
    lines += _leaks(found)
    if found.dev is None:
        lines.append(Line(LOOK, "no evaluation file: scores and the best checkpoint need one; add --eval FILE"))
    return sorted(lines, key=lambda line: line.level != FIX)


def bad_rows(name: str, split, skip: bool, why_usable: str = ""):
    """The line about rows that cannot be used; why_usable: why they stop no run where none of them is fatal."""
    if not (bad := sum(split.bad_rows.values())):
        return
    kinds = ", ".join(f"{kind} ({count:,})" for kind, count in split.bad_rows.items())
    first = tuple(_without_remedy(message, split.file) for message in split.bad_first[:SHOWN])
    if skip or not split.fatal:
        why = "as data.on_bad_row=skip says" if split.fatal else why_usable
        yield Line(LOOK, f"{name}: {bad:,} left out, {why}: {kinds}", first)
    else:
        yield Line(FIX, f"{name}: {bad:,} unusable: {kinds}; correct them, or add data.on_bad_row=skip", first)


def _rows(name: str, split: SplitReport, skip: bool):
    yield from bad_rows(name, split, skip, "while another answer of the question is usable")
    clash, again = split.contradictions, split.duplicates
    if clash.count:
        level = FIX if clash.count > CLASH * split.questions else LOOK
        text = f"{name}: {_asked(clash.count)} again with another answer; keep the right one of each"
        yield Line(level, text, places(clash, split.file))
    if again.count > clash.count:
        text = f"{name}: {_asked(again.count - clash.count)} again with the same answer; one of each is enough"
        yield Line(LOOK, text, () if clash.count else places(again, split.file))
    if split.unaligned_references:
        text = f"{name}: {counted(split.unaligned_references, 'answer')} not at answer_start"
        yield Line(LOOK, f"{text}; scoring compares texts, so nothing has to be done")


def _settings(name: str, split: SplitReport, config: Config):
    """(kind, line) for all that another setting mends."""
    data, positions = config.data, config.model.max_tokens
    if split.impossible and not data.version_2_with_negative:
        text = f"{name}: {counted(split.impossible, 'question')} without an answer"
        yield "negative", Line(LOOK, f'{text}; add data.version_2_with_negative=true, so that "" can be predicted')
    if split.chinese > 0.5 and data.metric != "cmrc":
        text = f"{name}: the text is Chinese; add data.metric=cmrc, which compares characters instead of words"
        yield "chinese", Line(LOOK, text)
    if split.unknown > UNKNOWN:
        text = f"{name}: {split.unknown:.0%} of the tokens are unknown to this vocabulary"
        yield "unknown", Line(LOOK, f"{text}; take a model of the text's language (tasklab list)")
    if split.truncated_questions:
        text = f"{name}: {counted(split.truncated_questions, 'question')} longer than data.max_query_length="
        remedy = f"raise it to {split.question_tokens[-1]}"
        yield "query", Line(LOOK, f"{text}{data.max_query_length} tokens, the rest is cut off; {remedy}")
    if split.lost_answers >= LOST:
        text = f"{name}: the answers of {split.lost_answers:.1%} of the questions fit no window and are not learned"
        yield "lost", Line(LOOK, f"{text}; raise data.max_seq_length or lower data.doc_stride")
    if split.answer_tokens and split.answer_tokens[-2] > data.max_answer_length:  # the 99th percentile
        text = f"{name}: more than 1 % of the answers are longer than data.max_answer_length={data.max_answer_length}"
        yield "answer", Line(LOOK, f"{text} tokens and cannot be predicted; raise it to {split.answer_tokens[-2]}")
    if split.long_questions > OFTEN and data.max_seq_length < positions:
        text = f"{name}: {split.long_questions:.0%} of the questions need several windows"
        yield "windows", Line(LOOK, f"{text}; data.max_seq_length={positions} would need fewer")


def _leaks(found: SquadReport):
    for what, leak in (("question", found.leaked_questions), ("context", found.leaked_contexts)):
        if leak.count:
            text = f"{counted(leak.count, what)} of eval also in train, which makes the score look better than it is"
            yield Line(FIX, f"{text}; remove them from one file", places(leak, found.dev.file))


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _asked(number: int) -> str:
    return f"{counted(number, 'question')} {'is' if number == 1 else 'are'} asked"


def places(finding: Finding, file: str) -> tuple[str, ...]:
    return tuple(place.removeprefix(f"{file}: ") for place in finding.first[:SHOWN])


def _without_remedy(message: str, file: str) -> str:
    """The place inside the file and what is wrong there: file and remedy are told once for all."""
    return message.removeprefix(f"{file}: ").rpartition("; ")[0] or message
