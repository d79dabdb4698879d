"""Jobs of toy size for tasks that answer a text with a text: who lives where, in two ways to say it."""

import json
from pathlib import Path

import tiny_texts
from tiny_qa import PEOPLE


def settings(**more) -> dict:
    """Those of texts, and as short an answer: what is generated has six words."""
    return tiny_texts.settings(**{"data.max_target_length": 32, "generation.max_new_tokens": 12, **more})


def rows() -> list[dict[str, str]]:
    """Under the names that every one of the tasks looks for."""
    return [
        {"source": f"{name} lives in {city}", "target": f"the city of {name} is {city}",
         "question": f"where does {name} live ?", "context": f"{name} lives in {city} ."}
        for name, city in PEOPLE.items()
    ]  # fmt: skip


def write_data(folder: Path) -> Path:
    """The folder with train.jsonl and dev.jsonl, the same rows in both."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train.jsonl", "dev.jsonl"):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    """The folder, or plain text for a task that reads it."""
    if config.task != "text_infilling":
        return write_data(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train.txt", "dev.txt"):
        (folder / name).write_text("".join(f"{row['context']}\n" for row in rows()), encoding="utf-8")
    return folder
