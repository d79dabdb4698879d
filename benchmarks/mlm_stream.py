"""Memory and speed of preparing text that is larger than memory: peaks while it is encoded, and while it is batched.

python benchmarks/mlm_stream.py TEXT VOCAB [--megabytes 50 500] [--batches 500]
Each size is a file made of the lines of TEXT, again and again with a number in front so that no two are equal, and is
prepared in a process of its own. Anonymous memory is what the program holds; mapped pages of the token file come on
top, as many as the machine has to spare.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("vocab")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--batches", type=int, default=500)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return prepare(options)
    lines = options.text.read_text(encoding="utf-8").split("\n")
    for size in options.megabytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "corpus.txt"
            write(path, lines, size << 20)
            command = [sys.executable, __file__, str(path), options.vocab, "--child", "--batches", str(options.batches)]
            subprocess.run(command, check=True)


def write(path: Path, lines: list[str], size: int):
    number = 0
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < size:
            file.writelines(f"{number + i} {line}\n" if line.strip() else "\n" for i, line in enumerate(lines))
            number += len(lines)


def prepare(options):
    from tasklab.data.corpus.masked_rows import MaskedRows
    from tasklab.data.corpus.masking import Masking, ordinary
    from tasklab.data.corpus.rows import MaskedWordsDataConfig, read_corpus
    from tasklab.text.spelling import continuing
    from tasklab.text.wordpiece import WordPiece

    tokenizer, peak = WordPiece(options.vocab), Peak()
    before = peak.reset()
    start = time.perf_counter()
    rows, _ = read_corpus(options.text, tokenizer, MaskedWordsDataConfig(), options.text.parent)
    seconds, encoding = time.perf_counter() - start, peak.reset() - before
    size = options.text.stat().st_size / 1e6
    print(
        f"{size:.0f} MB, {len(rows.tokens.ends)} lines, {len(rows.tokens.ids)} tokens, {len(rows)} rows: encoded in "
        f"{seconds:.0f} s ({size / seconds:.1f} MB/s), {encoding:.0f} MB more than before at the peak"
    )
    masking = Masking(tokenizer.mask_id, ordinary(tokenizer.tokens), (tokenizer.unk_id,))
    table = MaskedRows(rows, tokenizer, masking, continuing(tokenizer.tokens), "none", seed=1)
    order = np.random.default_rng(0).permutation(len(rows))[: 32 * options.batches]
    start = time.perf_counter()
    for i in range(0, len(order), 32):
        table.batch(order[i : i + 32], {"input": 128}, 32)
    seconds = time.perf_counter() - start
    print(f"  {len(order) / seconds:.0f} rows/s masked and padded, {peak.reset() - before:.0f} MB more than before")


class Peak:
    """The most anonymous memory of this process since the last reset, looked at twenty times a second, in MB."""

    def __init__(self):
        self.most = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def reset(self) -> float:
        most, self.most = max(self.most, anonymous()), anonymous()
        return most

    def _watch(self):
        while True:
            self.most = max(self.most, anonymous())
            time.sleep(0.05)


def anonymous() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
