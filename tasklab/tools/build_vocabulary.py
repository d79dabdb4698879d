"""Makes a vocabulary from text files of any size."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasklab.data.files.textfile import text_lines
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing
from tasklab.tools.vocabulary_counts import Limits, char, space
from tasklab.tools.vocabulary_training import bpe, t5, unigram, wordpiece
from tasklab.weights.atomic import write_folder

Kind = Literal["char", "space", "wordpiece", "bpe", "unigram", "t5"]
BUILDERS = {"char": char, "space": space, "wordpiece": wordpiece, "bpe": bpe, "unigram": unigram, "t5": t5}
"""Builder(lines, Limits) -> file name -> content; it may iterate the lines more than once, and does not hold them."""

TOKENIZER = {"unigram": "sentencepiece"}  # the others go by the name of their kind


@dataclass(frozen=True)
class Built:
    path: Path
    tokenizer: str
    lowercase: bool
    pieces: int
    lines: int
    seconds: float

    def __str__(self):
        return (
            f"{self.path}: {self.pieces} pieces from {self.lines} lines in {self.seconds:.0f} s\n"
            f"use it with: tokenizer.name={self.tokenizer} tokenizer.vocab={self.path} "
            f"tokenizer.lowercase={str(self.lowercase).lower()} model.vocab_size={self.pieces}"
        )


@TOOLS.register("build-vocabulary")
def build_vocabulary(
    *corpora: str, to: str, kind: Kind = "wordpiece", size: int = 30_000, min_count: int = 1, cased: bool = False,
    unused: int = 0, sample: int = 1_000_000, seed: int = 0,
) -> Built:  # fmt: skip
    """Make a vocabulary from text files, read line by line whatever their size.

    `char` and `space` count characters and words; `wordpiece` (BERT) and `bpe` (RoBERTa) are trained by `tokenizers`,
    `unigram` (ALBERT) and `t5` by `sentencepiece`.

    Args:
        *corpora: text files in UTF-8.
        to: a new file, vocab.txt, or spiece.model for unigram and t5; or a folder, which bpe needs for its two files.
        kind: what the pieces are.
        size: at most so many pieces, special tokens included.
        min_count: pieces that occur less often are left out (not of unigram and t5).
        cased: keep capitals, and accents of wordpiece.
        unused: places for later behind [PAD], UER-py has 99 (char, space and wordpiece).
        sample: of bpe, unigram and t5, how many lines are drawn to learn from.
        seed: of that draw.
    """
    refuse_existing(to)
    if size < 10 or min_count < 1 or unused < 0 or sample < 1:
        raise DataError("expected --size from 10, --min-count and --sample from 1, --unused from 0")
    target, start = Path(to), time.perf_counter()
    if kind == "bpe" and target.suffix:
        raise DataError(f"{to}: a bpe vocabulary is two files, vocab.json and merges.txt; name a folder for them")
    lines = _Lines(corpora)
    files = BUILDERS[kind](lines, Limits(size, min_count, not cased, unused, sample, seed))
    if not lines.with_text:
        raise DataError(f"{', '.join(corpora)}: no line holds any text")
    tokenizer = TOKENIZER.get(kind, kind)
    path = _write(target, files, {"name": tokenizer, "lowercase": not cased, "do_lower_case": not cased})
    made = TOKENIZERS.get(tokenizer)(path, lowercase=not cased)  # refuses what training would refuse
    return Built(path, tokenizer, not cased, made.vocab_size, lines.count, time.perf_counter() - start)


def _write(target: Path, files: dict[str, bytes], options: dict) -> Path:
    """The vocabulary as a file, or in a folder with its options. Returns what `tokenizer.vocab` takes."""
    if target.suffix:
        (content,) = files.values()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target
    write_folder(target, {**files, "tokenizer_config.json": (json.dumps(options, indent=1) + "\n").encode()})
    return target / list(files)[-1]


class _Lines:
    """The lines of the files, one after the other; counted each time they are iterated."""

    def __init__(self, paths):
        self.paths, self.count, self.with_text = paths, 0, False

    def __iter__(self) -> Iterator[str]:
        self.count = 0
        for path in self.paths:
            for line in text_lines(plain_file(Path(path))):
                self.count += 1
                self.with_text = self.with_text or bool(line.strip())
                yield line.removesuffix("\n")
