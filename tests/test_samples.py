"""The sample sets that ship with tasklab are sound: every offset points at its answer, and dev is not in train."""
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "tasklab" / "samples" / "question_answering"


def load(split):
    return json.loads((FOLDER / f"{split}.json").read_text(encoding="utf-8"))


def rows(split):
    """(context, question row) over the whole file."""
    for article in load(split)["data"]:
        for paragraph in article["paragraphs"]:
            for row in paragraph["qas"]:
                yield paragraph["context"], row


@pytest.mark.parametrize("split", ["train", "dev"])
def test_every_answer_is_the_text_at_its_offset(split):
    for context, row in rows(split):
        assert len(row["answers"]) == 1, row["id"]
        answer = row["answers"][0]
        start, text = answer["answer_start"], answer["text"]
        assert text and context[start:start + len(text)] == text, row["id"]


@pytest.mark.parametrize("split", ["train", "dev"])
def test_answers_begin_and_end_at_word_borders(split):
    for context, row in rows(split):
        answer = row["answers"][0]
        start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        assert not context[start - 1:start].isalnum() and not context[end:end + 1].isalnum(), row["id"]


@pytest.mark.parametrize("split", ["train", "dev"])
def test_ids_are_unique(split):
    ids = [row["id"] for _, row in rows(split)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("split", ["train", "dev"])
def test_contexts_are_short_and_differ(split):
    contexts = [p["context"] for article in load(split)["data"] for p in article["paragraphs"]]
    assert len(contexts) == len(set(contexts))
    assert all(7 <= len(context.split()) <= 45 for context in contexts)


def test_no_context_of_dev_is_in_train():
    assert not {context for context, _ in rows("dev")} & {context for context, _ in rows("train")}


def test_the_demo_question_is_not_learned_by_heart():
    # README asks where Wolfgang lives; the answer has to come from reading, so neither name may be in train
    text = (FOLDER / "train.json").read_text(encoding="utf-8")
    assert "Wolfgang" not in text and "Berlin" not in text


def test_answers_lie_all_over_the_context():
    # no third of the context holds more than 60 % of the answers: a position alone is no answer
    thirds = [0, 0, 0]
    for context, row in rows("train"):
        thirds[min(2, 3 * row["answers"][0]["answer_start"] // len(context))] += 1
    assert max(thirds) < 0.6 * sum(thirds), thirds


def test_no_question_is_asked_twice_about_one_context():
    asked = [(context, row["question"]) for split in ("train", "dev") for context, row in rows(split)]
    assert len(asked) == len(set(asked))


REVIEWS = FOLDER.parent / "text_classification"


def reviews(split):
    lines = (REVIEWS / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "label\ttext_a"
    return [line.split("\t") for line in lines[1:]]


@pytest.mark.parametrize("split", ["train", "dev"])
def test_reviews_are_balanced_and_differ(split):
    rows = reviews(split)
    texts, labels = [text for _, text in rows], [label for label, _ in rows]
    assert labels.count("positive") == labels.count("negative") == len(rows) / 2
    assert len(texts) == len(set(texts))


def test_the_subjects_of_dev_reviews_are_not_in_train():
    train = " ".join(text for _, text in reviews("train")).lower()
    for subject in ("the play", "this camera", "the campsite", "the novel", "this backpack", "turned out to be"):
        assert subject not in train and any(subject in text.lower() for _, text in reviews("dev"))
