"""Jobs of toy size for masked language modelling: who lives where, ten documents of three lines."""

from pathlib import Path

from tiny_qa import PEOPLE
from tiny_texts import settings

__all__ = ["settings", "write_data", "write_for"]


def write_data(folder: Path) -> Path:
    """The folder with train.txt and dev.txt, the same documents in both."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = [
        f"my name is {name}\n{name} lives in {city}\nwhere does {name} live ? in {city} .\n"
        for name, city in PEOPLE.items()
    ]
    for name in ("train.txt", "dev.txt"):
        (folder / name).write_text("\n".join(documents), encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    return write_data(folder) / "train.txt"
