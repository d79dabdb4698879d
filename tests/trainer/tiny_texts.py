"""Jobs of toy size for tasks that read labelled texts, on the vocabulary and the sizes of tiny_qa."""

from pathlib import Path

import tiny_qa

HAPPY, SAD = ("anna", "ben", "clara", "dan"), ("fred", "gina", "hugo", "ida")


def rows() -> list[tuple[str, str]]:
    """Sixteen texts whose label hangs on the first word."""
    cities = ("paris", "rome", "oslo", "lima")
    return [(f"{name} lives in {cities[i]}", label) for label, names in (("happy", HAPPY), ("sad", SAD))
            for i, name in enumerate(names)] * 2  # fmt: skip


def write_data(folder: Path) -> Path:
    """The folder with train.tsv and dev.tsv, the same rows in both, in UER's columns."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "label\ttext_a\n" + "".join(f"{label}\t{text}\n" for text, label in rows())
    for name in ("train.tsv", "dev.tsv"):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    """The folder with train.tsv and dev.tsv in the columns and with the labels that a recipe names."""
    if config.task == "multi_task_classification":
        for name in ("one", "two"):
            write_data(folder / name)
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    data, columns = config.data, config.data.columns
    names = list(data.label_names) or config.model.labels or ["happy", "sad"]
    pairs = data.text_b or config.task == "answer_selection"
    if config.task == "answer_selection":
        names = ["0", "1"]
    if config.model.problem_type == "regression":
        names = ["0.5", "4.25"]
    held = {data.text_a or "text_a": "anna lives in {}", data.label or "label": None}
    if pairs:
        held[data.text_b or "text_b"] = "ben lives in {}"
    lines = [] if columns else ["\t".join(held)]
    for i in range(8):
        label = names[i % len(names)]
        row = {name: text.format("abcdefgh"[i]) if text else label for name, text in held.items()}
        lines.append("\t".join(row.get(name, "") for name in columns or held))
    for name in ("train.tsv", data.eval_file or "dev.tsv"):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def settings(**more) -> dict:
    """Dotted config values of the toy job; QA's window settings are not known to other tasks."""
    known = tiny_qa.settings(**more)
    known.pop("data.doc_stride")
    return known
