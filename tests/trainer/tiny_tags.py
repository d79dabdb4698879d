"""Jobs of toy size for token classification: who lives where, one token per line."""

from pathlib import Path

from tiny_qa import PEOPLE
from tiny_texts import settings

__all__ = ["settings", "write_data", "write_for"]


def write_data(folder: Path) -> Path:
    """The folder with train.conll and dev.conll, the same ten sentences in both."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, city in PEOPLE.items():
        place = [f"{'I' if i else 'B'}-LOC" for i in range(len(city.split()))]
        pairs = [(name, "B-PER"), ("lives", "O"), ("in", "O"), *zip(city.split(), place, strict=True), (".", "O")]
        lines += [f"{token}\t{tag}" for token, tag in pairs] + [""]
    for name in ("train.conll", "dev.conll"):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    return write_data(folder)
