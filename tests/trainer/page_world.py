"""What the pages of docs/ take for granted, at toy size: the files that they name, weights by name, earlier runs."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import tiny_choices
import tiny_corpus
import tiny_matching
import tiny_qa
import tiny_tags
import tiny_texts

from tasklab import list_models
from tasklab.config import find_model

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES, SAMPLES = ROOT / "docs" / "examples", ROOT / "tasklab" / "samples"
MANUAL = "# Manual\n\nThe oven was made by **Anna**. It costs 90 euros.\n"
PARTS = {"train": "train", "dev": "dev", "test": "dev", "questions": "dev", "valid": "dev", "held_out": "dev",
         "corpus": "train", "texts": "dev", "more": "dev", "chats": "train", "wikitext2": "train"}  # fmt: skip
"""By the name of a file, which half of a tiny set it is."""


def lines(file: Path):
    file.write_text("anna lives in berlin\nben lives in paris\n", encoding="utf-8")


def corpus(file: Path):
    shutil.copy(tiny_corpus.write_data(file.parent / ".corpus") / f"{PARTS[file.stem]}.txt", file)


def texts(file: Path):
    rows = (SAMPLES / "text_classification" / f"{PARTS[file.stem]}.tsv").read_text(encoding="utf-8").splitlines()[:25]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def tags(file: Path):
    shutil.copy(tiny_tags.write_data(file.parent / ".tags") / f"{PARTS[file.stem]}.conll", file)


def choices(file: Path):
    shutil.copy(tiny_choices.write_data(file.parent / ".choices") / "dev.json", file)


def squad(file: Path):
    people = list(tiny_qa.PEOPLE.items())
    half = people[:5] if PARTS[file.stem] == "train" else people[5:]
    file.write_text(json.dumps(tiny_qa.squad(dict(half))), encoding="utf-8")


def candidates(file: Path):
    rows = [("where does ben live ?", "ben lives in paris .", 1), ("where does ben live ?", "in a city .", 0)] * 8
    rows = ["qid\tquestion\tanswer\tlabel"] + [f"{n // 2}\t{q}\t{a}\t{label}" for n, (q, a, label) in enumerate(rows)]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def pairs(file: Path):
    rows = [f"{name} lives\t{name} lives in {city}\t{n % 6}" for n, (name, city) in enumerate(tiny_qa.PEOPLE.items())]
    file.write_text("\n".join(["sentence1\tsentence2\tscore", *rows]) + "\n", encoding="utf-8")


def vocabulary(file: Path):
    tiny_qa.write_vocabulary(file.parent / ".vocabulary").replace(file)


def wide_vocabulary(file: Path):
    """As many pieces as the page says that a model has."""
    pieces = tiny_qa.vocabulary()
    pieces += [f"piece{number}" for number in range(16_000 - len(pieces))]
    file.write_text("\n".join(pieces) + "\n", encoding="utf-8")


def tickets(file: Path):
    rows = (EXAMPLES / "tickets.csv").read_text(encoding="utf-8").splitlines()[:60]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def labelled(file: Path):
    tickets(file)
    rows = file.read_text(encoding="utf-8").split("\n", 1)[1]
    file.write_text("text,label\n" + rows, encoding="utf-8")


def glue(folder: Path):
    """RTE's and its relatives' two files."""
    rows = ["index\tsentence1\tsentence2\tlabel"] + [
        f"{n}\tanna lives in {city}\tben lives in {city}\t{'not_entailment' if n % 2 else 'entailment'}"
        for n, city in enumerate([*tiny_qa.PEOPLE.values()] * 2)
    ]
    folder.mkdir(exist_ok=True)
    for name in ("train.tsv", "dev.tsv"):
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")


def sets(folder: Path):
    for name in ("rte", "mrpc"):
        tiny_texts.write_data(folder / name)


def manual(file: Path):
    file.write_text(MANUAL, encoding="utf-8")


def annotations(file: Path):
    rows = []
    for name, city in tiny_qa.PEOPLE.items():
        text, start = f"{name} lives in {city} .", len(name) + len(" lives in ")
        spans = [{"id": 1, "label": "name", "start_offset": 0, "end_offset": len(name)},
                 {"id": 2, "label": "city", "start_offset": start, "end_offset": start + len(city)}]  # fmt: skip
        rows.append({"text": text, "entities": spans, "relations": [{"from_id": 1, "to_id": 2, "type": "city"}]})
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def prompts(file: Path):
    """What extraction-data makes of `annotations`, some of it."""
    rows = []
    for name, city in tiny_qa.PEOPLE.items():
        text, start = f"{name} lives in {city} .", len(name) + len(" lives in ")
        rows.append({"content": text, "prompt": "name", "result_list": [{"text": name, "start": 0, "end": len(name)}]})
        found = [{"text": city, "start": start, "end": start + len(city)}]
        keys = {"subject": name, "predicate": "city", "subject_type": "name"}
        rows.append({"content": text, "prompt": f"city of {name}", "result_list": found, **keys})
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def asked_of_manual(file: Path):
    rows = [f"{name} lives in {city}.,Where does {name} live?,{city}" for name, city in tiny_qa.PEOPLE.items()]
    file.write_text("\n".join(["context,question,answer", *rows]) + "\n", encoding="utf-8")


def translated(file: Path):
    people = [(name, city, word) for name, city in tiny_qa.PEOPLE.items() for word in ("in", "with")]
    rows = [f"{name} {word} us.\t{name} lives {word} {city}." for name, city, word in people]
    file.write_text("\n".join(["source\ttarget", *rows]) + "\n", encoding="utf-8")


def matching(file: Path):
    """Those of the training file all match, those of the other half and half."""
    dev, people = file.stem == "dev", list(tiny_qa.PEOPLE.items())
    asked = "what city does {} live in ?" if dev else "where does {} live ?"
    rows = [f"{asked.format(name)}\t{name} lives in {city}\t1" for name, city in people]
    rows += [f"{asked.format(name)}\t{people[0][0]} lives in {city}\t0" for name, city in people[1:] if dev]
    file.write_text("\n".join(["text_a\ttext_b\tlabel", *rows]) + "\n", encoding="utf-8")


def matches(file: Path):
    rows = [f"{text}\t{other}\t{label}" for text, other, label in tiny_matching.rows()]
    file.write_text("\n".join(["text_a\ttext_b\tlabel", *rows]) + "\n", encoding="utf-8")


def types(file: Path):
    file.write_text("0\tfruit\tapples and pears\n1\tcomputer\ta machine\n", encoding="utf-8")


def asked(file: Path):
    file.write_text("Who made it?\nWhat does it cost?\n", encoding="utf-8")


def prompt(file: Path):
    file.write_text("a {MASK} city : {textA}\n", encoding="utf-8")


def verbalizer(file: Path):
    file.write_text("positive\tnew,oslo\nnegative\told\n", encoding="utf-8")


FILES: dict[str, Callable[[Path], object]] = {
    "train.tsv": texts, "dev.tsv": texts, "more.tsv": texts, "tickets.csv": labelled, "corpus.txt": corpus,
    "held_out.txt": corpus, "texts.txt": lines, "vocab.txt": vocabulary, "train.json": squad, "dev.json": squad,
    "questions.json": squad, "test.json": squad, "my/train.json": squad, "my/dev.json": squad, "train.conll": tags,
    "dev.conll": tags, "test.tsv": tags, "STS-B/dev.tsv": pairs, "RTE": glue, "sets": sets, "manual.md": manual,
    "questions.txt": asked, "squad": tiny_qa.write_data, "docs/examples/tickets.csv": tickets,
    "docs/examples/manual.md": manual, "docs/examples/manual_questions.csv": asked_of_manual, "train.txt": tags,
    "pairs.tsv": translated, "prompt.txt": prompt, "verbalizer.txt": verbalizer,
    "dev.txt": tags, "wikitext2.txt": corpus, "c3-m-train.json": choices, "c3-m-dev.json": choices,
}  # fmt: skip
"""File or folder -> what writes it; every page has them all."""
OWN: dict[str, dict[str, Callable[[Path], object]]] = {
    "docs/answer_selection.md": dict.fromkeys(("train.tsv", "dev.tsv"), candidates),
    "docs/contrastive.md": dict.fromkeys(("pairs.tsv", "dev.tsv"), matching),
    "docs/text_matching.md": {**dict.fromkeys(("train.tsv", "dev.tsv"), matches), "types_desc.txt": types},
    "docs/multiple_choice.md": dict.fromkeys(("train.json", "dev.json", "test.json"), choices),
    "docs/information_extraction.md": {
        **dict.fromkeys(("train.jsonl", "dev.jsonl"), prompts), "annotations.jsonl": annotations,
    },
    "docs/text2text.md": {"vocab.txt": wide_vocabulary},
    "docs/zh/first_classifier.md": {"tickets.csv": tickets},
}
"""What is something else on one page; that on the page of all tasks in one block."""
OF_BLOCKS = {
    "tasklab demo answer_selection": OWN["docs/answer_selection.md"],
    **dict.fromkeys(("tasklab demo text_matching", "tasklab train matching_"), OWN["docs/text_matching.md"]),
}
RUNS = {"demo": "qa_minilm_l6", "other": "qa_minilm_l6", "qa": "qa_minilm_l6", "run": "mulcho_minilm_l6",
        "teacher": "txtcls_minilm_l6"}  # fmt: skip
"""Folder below output/ -> recipe, where it is not the folder's own name."""


def furnish(folder: Path, page: str, block: str = ""):
    """Writes the files that a page may name, as a block of it takes them."""
    files = FILES | OWN.get(page, {})
    for start, others in OF_BLOCKS.items():
        files |= others if block.startswith(start) else {}
    for name, write in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name)


def training(recipe: str) -> str:
    """The command that makes output/<recipe>, from the samples of its task that ship."""
    task = resolve_task(recipe)
    data = SAMPLES / task
    train, dev = (next(data.glob(f"{part}.*"), data) for part in ("train", "dev"))
    words = "" if find_model(recipe).checkpoint else " tokenizer.vocab=vocab.txt"
    return f"tasklab train {recipe} data.train={train} data.eval={dev} data.limit=24 train.save_steps=2{words}"


def resolve_task(recipe: str) -> str:
    return next(model["task"] for model in list_models() if model["name"] == recipe)


def earlier_runs(text: str) -> list[str]:
    """Folders below output/ that the blocks of a page use before, or without, training them."""
    found = []
    for name in dict.fromkeys(re.findall(r"(?<!output_dir=)\boutput/([a-z]\w+)", text)):
        made = re.search(rf"\btrain {name}\b(?!.*output_dir)|output_dir=output/{name}\b", text)
        if made is None or made.start() > text.index(f"output/{name}"):
            found.append(name)
    return found


def number_checkpoints(folder: Path, text: str):
    """Lets the last checkpoint of a run be there under the numbers that a page names too."""
    for number in re.findall(r"checkpoint-(\d+)", text):
        last = max(folder.glob("checkpoint-*"), key=lambda place: int(place.name.split("-")[1]))
        if not (place := folder / f"checkpoint-{number}").exists():
            shutil.copytree(last, place)
