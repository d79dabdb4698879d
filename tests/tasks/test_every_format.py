"""Every task learns from, and answers, every kind of file that people have; the rows are the same in all of them."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from tasklab.config import Config
from tasklab.datahub import at_hand
from tasklab.task import TASKS
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")

ROWS = {
    "text_classification": [{"text": "It said, \"no\"", "label": "bad"}, {"text": "Grüße, 好", "label": "good"}],
    "multi_task_classification": [{"text": "A", "label": "x"}, {"text": "B", "label": "y"}],
    "feature_extraction": [
        {"sentence1": "A", "sentence2": "B", "score": "0.5"}, {"sentence1": "C", "sentence2": "D", "score": "1"}
    ],
    "answer_selection": [
        {"question": "Who?", "answer": "Ann", "label": "1"}, {"question": "Who?", "answer": "Bob", "label": "0"}
    ],
    "multiple_choice": [
        {"context": "Ann is in Rome.", "question": "Where?", "choice0": "Rome", "choice1": "Oslo", "answer": "A"},
        {"context": "Bob is in Oslo.", "question": "Where?", "choice0": "Rome", "choice1": "Oslo", "answer": "Oslo"},
    ],
    "question_answering": [
        {"context": "Ann is in Rome.", "question": "Where is Ann?", "answer": "Rome"},
        {"context": "Bob is in Oslo.", "question": "Where is Bob?", "answer": "Oslo"},
    ],
    "token_classification": [
        {"text_a": "Ann saw Rome", "label": "B-PER O B-LOC"}, {"text_a": "no name", "label": "O O"}
    ],
    "masked_language_modeling": [{"text": "the [MASK] is red"}, {"text": "a [MASK]"}],
    "translation": [{"source": "It said, \"no\"", "target": "Er sagte, \"nein\""}, {"source": "好", "target": "Grüße"}],
    "answer_generation": [
        {"context": "Ann is in Rome.", "question": "Where is Ann?", "answer": "Rome"},
        {"context": "Bob is in Oslo.", "question": "Where is Bob?", "answer": "Oslo"},
    ],
    "text_infilling": [{"source": "the [MASK] is red", "target": "house"}, {"source": "a [MASK]", "target": "b"}],
}  # fmt: skip
LEARNED = {
    "text_classification": ["bad", "good"],
    "multi_task_classification": ["set/x", "set/y"],
    "feature_extraction": [0.5, 1.0],
    "answer_selection": [[1, 0]],
    "multiple_choice": [0, 1],
    "question_answering": [10, 10],  # where the answer begins
    "token_classification": [[("PER", 0, 0), ("LOC", 2, 2)], []],
    "masked_language_modeling": ["0"],  # both lines share a row
    "translation": [("Er sagte, \"nein\"",), ("Grüße",)],
    "answer_generation": [("Rome",), ("Oslo",)],
    "text_infilling": [("house",), ("b",)],
}
FORMATS = [".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx", ".csv.gz", ".jsonl.gz"]


def write(path: Path, rows: list[dict]) -> Path:
    """The rows in the form that the name says."""
    ending = path.name.removesuffix(".gz").rpartition(".")[2]
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    if path.suffix == ".gz":
        plain = write(path.with_suffix(""), rows)
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    elif ending == "csv":
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(cells)
    elif ending == "tsv":
        path.write_text("".join("\t".join(row) + "\n" for row in cells), encoding="utf-8")
    elif ending == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif ending == "parquet":
        pytest.importorskip("datasets").Dataset.from_list(rows).to_parquet(path)
    else:
        book = pytest.importorskip("openpyxl").Workbook()
        for row in cells:
            book.active.append(row)
        book.save(path)
    return path


def learned(name: str, examples) -> list:
    if name == "answer_selection":
        return [example.labels for example in examples]
    if TASKS.get(name).head == "seq2seq":
        return [example.references for example in examples]
    if name == "question_answering":
        return [example.answers[0].start for example in examples]
    if name == "token_classification":
        return [list(example.entities) for example in examples]
    return [example.id if name == "masked_language_modeling" else example.label for example in examples]


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", ROWS)
def test_a_task_reads_and_answers_a_file(name, ending, tmp_path):
    kind = TASKS.get(name)
    config = Config.create(kind.data_config, task=name, name="toy")
    if name == "answer_selection":
        config.model.labels = ["0", "1"]
    task = kind(config, TOKENIZER)
    rows = ROWS[name]
    if name == "token_classification" and not {".json", ".jsonl", ".parquet"}.isdisjoint(ending.partition(".gz")):
        rows = [{"tokens": row["text_a"].split(), "tags": row["label"].split()} for row in rows]
    folder = tmp_path / "set"
    folder.mkdir()
    file = write(folder / f"train{ending}", rows)
    examples, note = task.read(tmp_path if name == "multi_task_classification" else at_hand(file, True), True)
    assert learned(name, list(examples)) == LEARNED[name] and not note
    asked = [e.id for e in task.parse(file)]
    assert len(asked) == (1 if name == "answer_selection" else 2)  # the two candidates of one question
    assert [e.id for e in task.parse(str(file))] == asked
