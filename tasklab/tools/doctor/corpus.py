"""What `doctor data` shows of plain text, and what stands out in it."""

from collections.abc import Iterator

from tasklab.cachedir import cache_dir
from tasklab.config import Config
from tasklab.data.corpus.inspect import CorpusReport, inspect_corpus, looks_like_text
from tasklab.data.corpus.rows import BLANK_LINE, MaskedWordsDataConfig
from tasklab.tools.doctor.findings import LOOK, Examined, Line, bad_rows, examined
from tasklab.tools.doctor.wording import counted, lengths, padded

DATA, MODEL, knows = (MaskedWordsDataConfig,), "mlm_bert_base_uncased", looks_like_text


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file holds no text."""
    data, folder = config.data, cache_dir() / "features"
    train = inspect_corpus(data.train, tokenizer, data, folder)
    dev = inspect_corpus(data.eval_path, tokenizer, data, folder) if data.eval_path else None
    return examined(config, train, dev, _shown, _findings)


def _shown(name: str, split: CorpusReport, config: Config) -> Iterator[str]:
    data, sizes = config.data, split.sizes
    folder = f", {counted(split.files, 'file')}" if split.files > 1 else ""
    yield f"{name:6} {split.bad.file}{folder}"
    documents = counted(split.documents, "document")
    yield f"       {counted(split.lines, 'line')} in {documents}, {counted(split.characters, 'character')}"
    if sizes is None:
        return
    yield from lengths(split.lengths, sizes)
    yield f"       {sizes.unknown:.2%} of the tokens are unknown to the vocabulary and never asked for"
    long = f"; {counted(split.long_lines, 'line')} cut into several" if split.long_lines else ""
    yield f"       {counted(sizes.rows, 'row')} of at most {data.max_seq_length} tokens{long}"
    yield padded(sizes)


def _findings(name: str, split: CorpusReport, config: Config) -> Iterator[Line]:
    data = config.data
    yield from bad_rows(name, split.bad, config)
    by_document = data.sentence_target != "none" or data.packing == "document"
    if by_document and data.documents == BLANK_LINE and split.documents == split.files and split.lines > 1:
        text = f"{name}: no blank line, so every file is one document"
        yield Line(LOOK, f"{text}; put one between documents, or add data.documents=line when every line is one")
