"""What `doctor data` shows of question answering files, and what stands out in them."""

from collections.abc import Iterator
from itertools import islice, permutations

from tasklab.config import Config
from tasklab.data.files.exports import writer_of
from tasklab.data.files.guesses import QUESTION, SAMPLED, held
from tasklab.data.files.sample import Sample
from tasklab.data.files.table import Table
from tasklab.data.questions.inspect import SplitReport, SquadReport, inspect_squad
from tasklab.data.questions.reading import QADataConfig
from tasklab.errors import DataError
from tasklab.tools.doctor.findings import LOOK, Examined, Line, bad_rows, clashing, examined, leaking
from tasklab.tools.doctor.wording import counted, lengths, padded, places

DATA, MODEL = (QADataConfig,), "qa_minilm_l6"
LOST, OFTEN = 0.001, 0.3  # shares from which a line is worth reading


def knows(sample: Sample) -> bool:
    """A JSON object of articles, rows with a question on a context each, whatever their columns are called, or what the
    reader will say is none."""
    answers = {"answers", "answer", "answer_text", "answer_start"}
    if {"context", "question"} <= {*sample.columns} and not answers.isdisjoint(sample.columns):
        return True
    if writer_of(sample.first):
        return False
    articles = isinstance(sample.first, dict) and not {"data", "paragraphs", "qas"}.isdisjoint(sample.first)
    return articles or sample.file.suffix == ".json" and sample.first is None or _asks(sample)


def _asks(sample: Sample) -> bool:
    """Whether a table of at least three columns holds questions, and texts in each of which another cell stands."""
    if sample.file.suffix not in (".csv", ".tsv") or len(sample.columns) < 3:
        return False
    try:
        rows = [[str(cell).strip() for cell in row.values()] for _, row in islice(Table(sample.file), SAMPLED)]
    except DataError:
        return False  # the reader tells of it
    columns = [column for column in zip(*rows, strict=False) if all(column)]
    others = [column for column in columns if held(column).kind != QUESTION]
    pairs = permutations(others, 2) if len(others) < len(columns) else ()
    return any(all(a in text and 2 * len(a) <= len(text) for a, text in zip(*pair, strict=True)) for pair in pairs)


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data = config.data
    report = inspect_squad(
        data.train, data.eval_path, tokenizer, data.max_seq_length, data.doc_stride, data.max_query_length,
        data.num_buckets, data.encoding, data.names,
    )  # fmt: skip
    together = list(_settings_once(report, config))
    if report.dev is not None:
        together += leaking(report.leaked_questions, 0, "question", report.dev.file)
        together += leaking(report.leaked_contexts, 0, "context", report.dev.file)
    return examined(config, report.train, report.dev, _shown, _rows, together)


def _shown(name: str, split: SplitReport, config: Config) -> Iterator[str]:
    yield f"{name:6} {split.file}"
    impossible = f", {split.impossible:,} questions without" if split.impossible else ""
    yield f"       {split.questions:,} questions on {split.contexts:,} contexts, {split.answers:,} answers{impossible}"
    if split.sizes is None:
        return
    quantiles = {"question": split.question_tokens, "context": split.context_tokens, "answer": split.answer_tokens}
    yield from lengths(quantiles, split.sizes)
    several = f"; {split.long_questions:.1%} of the questions need several" if split.long_questions else ""
    yield f"       {split.sizes.rows:,} rows of at most {config.data.max_seq_length} tokens{several}"
    yield padded(split.sizes)


def _rows(name: str, split: SplitReport, config: Config) -> Iterator[Line]:
    yield from bad_rows(name, split.bad, config, "while another answer of the question is usable")
    clash, again = split.contradictions, split.duplicates
    text = f"{name}: {_asked(clash.count)} again with another answer; keep the right one of each"
    yield from clashing(clash, split.questions, text, split.file)
    if again.count > clash.count:
        text = f"{name}: {_asked(again.count - clash.count)} again with the same answer; one of each is enough"
        yield Line(LOOK, text, () if clash.count else places(again, split.file))
    if split.unaligned_references:
        text = f"{name}: {counted(split.unaligned_references, 'answer')} not at answer_start"
        yield Line(LOOK, f"{text}; scoring compares texts, so nothing has to be done")


def _settings_once(report: SquadReport, config: Config) -> Iterator[Line]:
    """What other settings mend; one remedy is enough for both files."""
    lines = {}
    for name, split in (("train", report.train), ("eval", report.dev)):
        for kind, line in _settings(name, split, config) if split is not None else ():
            lines.setdefault(kind, line)
    yield from lines.values()


def _settings(name: str, split: SplitReport, config: Config) -> Iterator[tuple[str, Line]]:
    """(kind, line) for all that another setting mends."""
    data, positions = config.data, config.model.max_tokens
    if split.impossible and not data.version_2_with_negative:
        text = f"{name}: {counted(split.impossible, 'question')} without an answer"
        yield "negative", Line(LOOK, f'{text}; add data.version_2_with_negative=true, so that "" can be predicted')
    if split.chinese > 0.5 and data.metric != "cmrc":
        text = f"{name}: the text is Chinese; add data.metric=cmrc, which compares characters instead of words"
        yield "chinese", Line(LOOK, text)
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


def _asked(number: int) -> str:
    return f"{counted(number, 'question')} {'is' if number == 1 else 'are'} asked"
