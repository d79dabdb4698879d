"""Jobs of toy size for information extraction: who lives where, by type and by relation."""

import json
from pathlib import Path

from tiny_qa import PEOPLE
from tiny_texts import settings as settings_of_texts

__all__ = ["WORDING", "settings", "write_data", "write_for"]

WORDING = "{predicate} of {subject}"


def settings(**more) -> dict:
    return settings_of_texts(**{"data.wording": WORDING, "data.schema": ["name"], **more})


def write_data(folder: Path) -> Path:
    """The folder with train.jsonl and dev.jsonl, the same thirty lines in both."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, city in PEOPLE.items():
        text = f"{name} lives in {city} ."
        relation = {"subject": name, "predicate": "city", "subject_type": "name"}
        for prompt, said, keys in (("name", name, {}), (f"city of {name}", city, relation), ("river", None, {})):
            found = [{"text": said, "start": text.index(said), "end": text.index(said) + len(said)}] if said else []
            lines.append(json.dumps({"content": text, "prompt": prompt, "result_list": found, **keys}))
    for name in ("train.jsonl", "dev.jsonl"):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    return write_data(folder)
