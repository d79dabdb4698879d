"""Jobs of toy size for prompts: the texts of tiny_texts, a pattern and words of the toy vocabulary."""

from pathlib import Path

import tiny_texts
from tiny_texts import write_data

__all__ = ["PATTERN", "WORDS", "settings", "write_data", "write_for"]
PATTERN, WORDS = "{textA} , a {MASK} city", {"happy": ["new", "old town"], "sad": ["river"]}


def settings(**more) -> dict:
    """Dotted config values of the toy job."""
    return tiny_texts.settings(**{"data.patterns": [PATTERN], "data.label_words": WORDS, **more})


def write_for(config, folder: Path) -> Path:
    return write_data(folder)
