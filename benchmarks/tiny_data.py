"""Data and vocabularies so small that every recipe trains in seconds: who lives where, in English and Chinese."""

import json
from pathlib import Path

PEOPLE = {
    "anna": "berlin", "ben": "paris", "clara": "munich", "dan": "zurich", "eva": "istanbul", "fred": "new york",
    "gina": "oslo", "hugo": "rome", "ida": "lima", "jon": "old town", "王芳": "北京", "李雷": "上海",
}  # fmt: skip
MORE = ["", " and likes the river with the old town", " . 今天 天气 很 好 , year by year", " in a house where it rains"]
"""Ends of sentences, so that rows differ in length."""

BUILT = {"bpe": ("bpe", "", 320), "sentencepiece": ("unigram", "/spiece.model", 90)}
"""By tokenizer: kind of vocabulary that `tools build-vocabulary` makes, file below its folder, pieces at most."""


def sentences() -> list[tuple[str, str, str]]:
    """24 of (name, city, sentence)."""
    people = list(PEOPLE.items()) * 2
    return [(name, city, f"{name} lives in {city}{MORE[(i + i // 12) % 4]} .") for i, (name, city) in enumerate(people)]


def write_vocabulary(folder: Path, tokenizer: str) -> Path:
    """A vocabulary of the kind that `tokenizer` reads, made of the sentences and of single letters."""
    folder.mkdir(parents=True, exist_ok=True)
    said = " ".join(text for *_, text in sentences()) + " where does who what is the my name label happy sad"
    letters = sorted(set(said) - {" "} | set("abcdefghijklmnopqrstuvwxyz0123456789.,?!-'"))
    if tokenizer in BUILT:
        return _built(folder, tokenizer, said)
    words = sorted(set(said.split()))
    chosen = {"char": letters, "space": words}.get(tokenizer, [*words, *letters, *(f"##{c}" for c in letters)])
    path = folder / "vocab.txt"
    pieces = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chosen])
    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    return path


def _built(folder: Path, tokenizer: str, said: str) -> Path:
    from tasklab.cli import main

    (kind, file, size), target = BUILT[tokenizer], folder / tokenizer
    (folder / "said.txt").write_text(said.replace(" . ", " .\n"), encoding="utf-8")
    words = ["tools", "build-vocabulary", str(folder / "said.txt"), "--to", f"{target}{file}", "--kind", kind]
    if main([*words, "--size", str(size)]):
        raise SystemExit(f"no vocabulary for tokenizer.name = {tokenizer}")
    return Path(f"{target}{file}") if file else target / "merges.txt"


def write_data(folder: Path, config):
    """train and dev files below `folder`, in the form, columns and labels that a recipe's configuration asks for."""
    folder.mkdir(parents=True, exist_ok=True)
    if config.task == "multi_task_classification":
        for name, labels in (("one", ["happy", "sad"]), ("two", ["no", "yes", "perhaps"])):
            _write(folder / name, ".tsv", _table([labels[i % len(labels)] for i in range(24)], name == "two"))
        return
    suffix, text = {
        "question_answering": (".json", _squad), "multiple_choice": (".json", _choices),
        "token_classification": (".conll", _tags), "masked_language_modeling": (".txt", _corpus),
    }.get(config.task, (".tsv", lambda: _texts(config)))  # fmt: skip
    _write(folder, suffix, text(), getattr(config.data, "eval_file", None))


def inputs(config) -> list:
    """What a trained model is asked, in a form that the recipe's task takes."""
    (_, _, first), (_, _, second), (_, _, third) = sentences()[9:12]
    asked = {
        "question_answering": [{"context": text, "question": "where does jon live ?"} for text in (first, second)],
        "multiple_choice": [{"context": second, "question": "who is it ?", "choices": ["jon", "the river", "王芳"]}],
        "masked_language_modeling": ["anna lives [MASK] berlin", "[MASK] lives in oslo .", second + " [MASK]"],
        "answer_selection": [{"question": "where does jon live ?", "candidates": [second, first]}],
        "feature_extraction": [first, second],
    }.get(config.task)
    if asked is None:
        paired = config.task == "text_classification" and config.data.text_b
        asked = [(first, third), (second, third)] if paired else [first, second]
    return asked


def _write(folder: Path, suffix: str, text: str, eval_file: str | None = None):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train" + suffix, eval_file or "dev" + suffix):
        (folder / name).write_text(text, encoding="utf-8")


def _texts(config) -> str:
    data, model = config.data, config.model
    names = list(data.label_names) or model.labels or ["happy", "sad"]
    if config.task == "answer_selection":
        names = ["1", "0", "0"]
    elif config.task == "feature_extraction" or model.problem_type == "regression":
        names = ["0.5", "4.25", "3"]
    elif model.problem_type == "multi_label_classification":
        names = ["happy", "happy,sad", "", "sad"]
    labels = [names[i % len(names)] for i in range(24)]
    pairs = data.text_b or model.pair_encoding != "joint" or config.task in ("answer_selection", "feature_extraction")
    return _table(labels, bool(pairs), data, config.task == "answer_selection")


def _table(labels: list[str], pairs: bool, data=None, grouped: bool = False) -> str:
    """Rows under their column names, or under none where the recipe says what the columns are."""
    texts = [text for *_, text in sentences()]
    label, text_a, text_b = (data and data[key] or key for key in ("label", "text_a", "text_b"))
    soft = getattr(data, "soft_targets", False)
    lines = []
    for i, name in enumerate(labels):
        row = {label: name, text_a: f"who lives in town {i // 3} ?" if grouped else texts[i]}
        if pairs:
            row[text_b] = texts[-1 - i]
        if grouped:
            row["qid"] = str(i // 3)
        if soft:
            row["logits"] = " ".join("2.5" if other == name else "-1.25" for other in sorted(set(labels)))
        lines.append(row)
    columns = data and data.columns or list(lines[0])
    rows = ["\t".join(row.get(column, "") for column in columns) for row in lines]
    header = [] if data and data.columns else ["\t".join(columns)]
    return "\n".join(header + rows) + "\n"


def _squad() -> str:
    paragraphs = []
    for i, (name, city, text) in enumerate(sentences()):
        context = f"{text} {sentences()[i - 5][2]}" if i % 4 == 1 else text  # some fill two windows
        answers = [{"text": city, "answer_start": context.index(city)}]
        asked = {"id": f"q{i}", "question": f"where does {name} live ?", "answers": answers}
        paragraphs.append({"context": context, "qas": [asked]})
    return json.dumps({"version": "1.1", "data": [{"title": "people", "paragraphs": paragraphs}]})


def _choices() -> str:
    documents = []
    for i, (name, city, text) in enumerate(sentences()):
        others = ["the river", "my name", "a year"][: 1 + i % 3]
        asked = {"question": f"where does {name} live ?", "choice": [*others[: i % 2], city, *others[i % 2 :]]}
        documents.append([[text, "who ?"], [{**asked, "answer": city}], str(i)])
    return json.dumps(documents)


def _tags() -> str:
    lines = []
    for name, city, text in sentences():
        places = [f"{'I' if i else 'B'}-LOC" for i in range(len(city.split()))]
        rest = text.split()[3 + len(places) :]
        lines += [f"{name}\tB-PER", "lives\tO", "in\tO"]
        lines += [f"{token}\t{tag}" for token, tag in zip(city.split(), places, strict=True)]
        lines += [*(f"{token}\tO" for token in rest), ""]
    return "\n".join(lines) + "\n"


def _corpus() -> str:
    lines = "my name is {0}\n{2}\nwhere does {0} live ? in {1} .\n"
    return "\n".join(lines.format(*said) for said in sentences())
