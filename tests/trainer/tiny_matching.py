"""Jobs of toy size for text matching, on the vocabulary and the sizes of tiny_qa."""

from pathlib import Path

import tiny_texts

NAMES, CITIES = (*tiny_texts.HAPPY, *tiny_texts.SAD), ("paris", "rome", "oslo", "lima")


def rows() -> list[tuple[str, str, int]]:
    """Pairs of texts that match where they name one person."""
    pairs = []
    for i, name in enumerate(NAMES):
        text = f"{name} lives in {CITIES[i % 4]}"
        pairs += [(text, f"where lives {name}", 1), (text, f"where lives {NAMES[(i + 3) % 8]}", 0)]
    return pairs


def write_data(folder: Path) -> Path:
    """The folder with train.tsv and dev.tsv, the same rows in both."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "text_a\ttext_b\tlabel\n" + "".join(f"{a}\t{b}\t{label}\n" for a, b, label in rows())
    for name in ("train.tsv", "dev.tsv"):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    """The same, in the columns that a recipe names, or without the header that it does without; single texts to train
    on where its words repeat."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train.tsv", "dev.tsv"):
        lines = [f"{a}\t{b}\t{label}" for a, b, label in rows()]
        header = [] if config.data.columns else ["text_a\ttext_b\tlabel"]
        (folder / name).write_text("\n".join([*header, *lines]) + "\n", encoding="utf-8")
    if config.data.word_repetition != "none":
        (folder / "train.tsv").unlink()
        (folder / "train.txt").write_text("".join(f"{a}\n" for a, _, _ in rows()[::2]), encoding="utf-8")
    return folder


def settings(**more) -> dict:
    """Dotted config values of the toy job."""
    return tiny_texts.settings(**more)
