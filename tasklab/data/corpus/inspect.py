"""What is in plain text and what is wrong with it, in memory that does not grow: the pure part of `doctor data`."""

import copy
from dataclasses import dataclass, field

from tasklab.data.corpus.reading import corpus_files, line_blocks
from tasklab.data.corpus.rows import LINE, MaskedWordsDataConfig, read_corpus
from tasklab.data.files.problems import BadRows
from tasklab.data.files.sample import Sample
from tasklab.data.rows.findings import quantiles
from tasklab.data.rows.sizes import RowSizes, sizes_of


@dataclass
class CorpusReport:
    """A file, or all files of a folder. Lengths are tokens at the percentiles of findings.QUANTILES."""

    files: int
    bad: BadRows
    lines: int = 0
    """Those with text."""
    documents: int = 0
    characters: int = 0
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Tokens of a line; empty without a tokenizer, as all below."""
    long_lines: int = 0
    """Lines of more tokens than a row holds, which are cut into several."""
    sizes: RowSizes | None = None

    @property
    def rows(self) -> int:
        return self.lines


def inspect_corpus(path, tokenizer, data: MaskedWordsDataConfig, folder) -> CorpusReport:
    """Reads the text line by line, and encodes it as training would, which then finds the tokens in `folder`.

    tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when there is no text at all; bad lines are part of the report.
    """
    files = corpus_files(path)
    report = CorpusReport(len(files), BadRows(str(path)))
    for file in files:
        broke = True
        for lines in line_blocks(file, report.bad, data.encoding, data.text_a):
            for line in lines:
                broke = broke or not line or data.documents == LINE
                if line:
                    report.lines += 1
                    report.documents += broke
                    report.characters += len(line)
                    broke = False
    if tokenizer is None or report.bad and not report.lines:
        return report
    if report.bad:
        data = copy.copy(data)
        data.on_bad_row = "skip"
    rows, _ = read_corpus(path, tokenizer, data, folder)
    tokens, room = rows.tokens, data.max_seq_length - data.specials
    line_lengths = tokens.ends.copy()
    line_lengths[1:] -= tokens.ends[:-1]
    report.lengths = {"line": quantiles(line_lengths)}
    report.long_lines = int((line_lengths > room).sum())
    report.sizes = sizes_of(
        rows.stops - rows.starts + data.specials, 1, tokens.info["unknown"] / len(tokens.ids),
        data.num_buckets, data.max_seq_length,
    )  # fmt: skip
    return report


def looks_like_text(sample: Sample) -> bool:
    """Whether a file that begins so holds plain text: a .txt file without columns."""
    return sample.file.suffix == ".txt" and "\t" not in sample.text.partition("\n")[0]
