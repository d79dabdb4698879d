"""Jobs of toy size for multiple choice: where somebody lives, among two to four cities."""

import json
from pathlib import Path

from tiny_qa import PEOPLE
from tiny_texts import settings

__all__ = ["questions", "settings", "write_data", "write_for"]


def questions() -> list[dict]:
    """Ten questions in C3's words, with two, three and four choices in turn; only the right one is a city."""
    asked = []
    for i, (name, city) in enumerate(PEOPLE.items()):
        others = ["the river", "year", "my name"][: 1 + i % 3]
        choices = [*others[: i % 2], city, *others[i % 2 :]]
        asked.append({"question": f"where does {name} live ?", "choice": choices, "answer": city})
    return asked


def write_data(folder: Path) -> Path:
    """The folder with train.json and dev.json in the layout of C3 and DREAM, the same questions in both."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = [
        [[f"{name} lives in {city} .", "who ?"], [question], str(i)]
        for i, ((name, city), question) in enumerate(zip(PEOPLE.items(), questions(), strict=True))
    ]
    for name in ("train.json", "dev.json"):
        (folder / name).write_text(json.dumps(documents), encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    return write_data(folder)
