"""Token classification: tags settled by the data, windows merged, entities cut from the text; no network runs here."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.tagging.reading import TaggingDataConfig
from tasklab.errors import ConfigError, DataError
from tasklab.networks import NETWORKS
from tasklab.task import LEARNED, TRIVIAL
from tasklab.tasks.token_classification import TokenClassification
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
ROWS = "the\tO\nfox\tB-PER\nit\tI-PER\n\nberlin\tB-LOC\n"


@pytest.fixture
def task():
    return TokenClassification(Config.create(TaggingDataConfig, task="token_classification", name="toy"), TOKENIZER)


def prepared(task, tmp_path, text=ROWS, labels=(), **settings):
    path = tmp_path / "train.conll"
    path.write_text(text, encoding="utf-8")
    task.config.data.train = str(path)
    for name, value in settings.items():
        task.config.data[name] = value
    task.settle(list(labels))
    return task.read(path, True)[0]


def test_tags_are_those_of_the_data_types_by_the_alphabet(task, tmp_path):
    prepared(task, tmp_path)
    assert task.config.model.labels == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert task.config.data.units == "words"


def test_a_file_of_one_scheme_is_learned_in_another(task, tmp_path):
    prepared(task, tmp_path, scheme="bioes")
    assert task.config.model.labels[:5] == ["O", "B-LOC", "I-LOC", "E-LOC", "S-LOC"]


def test_a_checkpoint_s_tags_stay_where_they_know_the_types_of_the_data(task, tmp_path):
    kept = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    prepared(task, tmp_path, labels=kept)
    assert task.config.model.labels == kept
    task.config.model.labels = []
    prepared(task, tmp_path, labels=["happy", "sad"])  # those of another task
    assert task.config.model.labels[1] == "B-LOC"


def test_uer_s_label2id_gives_the_order(task, tmp_path):
    (tmp_path / "label2id.json").write_text('{"O": 2, "B-LOC": 0, "I-LOC": 1, "B-PER": 4, "I-PER": 3}')
    prepared(task, tmp_path, label2id=str(tmp_path / "label2id.json"))
    assert task.config.model.labels == ["B-LOC", "I-LOC", "O", "I-PER", "B-PER"]
    (tmp_path / "label2id.json").write_text('{"O": 1, "B-LOC": 1}')
    with pytest.raises(DataError, match="numbers 0 to 1, each once"):
        prepared(task, tmp_path, label2id=str(tmp_path / "label2id.json"))


def test_what_cannot_be_learned_is_refused(task, tmp_path):
    with pytest.raises(DataError, match="holds no entity, every tag is O"):
        prepared(task, tmp_path, "the\tO\n")
    with pytest.raises(ConfigError, match="toy names no tags"):
        NETWORKS.get(task.head)(task.config)
    task.config.loss.rdrop_alpha, task.config.model.head = 1.0, "crf"
    with pytest.raises(ConfigError, match="word by word, and a CRF has them for whole sentences only; set model.head="):
        prepared(task, tmp_path)
    task.config.model.head = "softmax"
    prepared(task, tmp_path)
    task.config.model.labels = []
    for labels, told in ((["happy"], "holds 'happy'"), (["O", "B-PER"], "lacks I-PER")):
        task.config.model.labels = labels
        with pytest.raises(ConfigError, match=f"model.labels {told}; token classification needs O and"):
            task.read(tmp_path / "train.conll", True)


def outputs_for(table, choose, classes, crf=None):
    """Rows in falling order, logits that `choose(unit)` makes highest; positions without a unit say nonsense."""
    for row in range(len(table) - 1, -1, -1):
        logits = np.full((1, int(table.lengths["input"][row]) + 3, classes), -1.0, np.float32)
        logits[0, :, -1] = 9
        for at, unit in zip(table["position"].row(row), table["unit"].row(row), strict=True):
            logits[0, at] = 0
            logits[0, at, choose(unit)] = np.log(4)
        yield np.array([row]), (logits,) if crf is None else (logits, crf[None])


def test_answers_are_cut_from_the_text_and_scored_by_their_tags(task, tmp_path):
    examples = prepared(task, tmp_path)
    table = task.encode(examples, False)
    tags = [0, 3, 4, 1]  # O B-PER I-PER | B-LOC
    predictions = task.decode(outputs_for(table, tags.__getitem__, 5), table, examples)
    # exp(log 4) / (exp(log 4) + 4) = 0.5
    assert predictions == [
        [[{"entity_group": "PER", "word": "fox it", "start": 4, "end": 10, "score": 0.5}]],
        [[{"entity_group": "LOC", "word": "berlin", "start": 0, "end": 6, "score": 0.5}]],
    ]
    assert task.score(predictions, examples) == {"precision": 1, "recall": 1, "f1": 1, "total": 2}
    assert task.report(predictions, examples).wrong == []
    nothing = [[[]], [[]]]
    assert task.score(nothing, examples) == task.baselines(examples)[TRIVIAL] == {
        "precision": 0, "recall": 0, "f1": 0, "total": 2,
    }  # fmt: skip
    wrong = task.report(nothing, examples).wrong
    assert [(row["truth"], row["answer"], row["text"]) for row in wrong] == [
        ("fox it (PER)", "", "the fox it"), ("berlin (LOC)", "", "berlin"),
    ]  # fmt: skip
    other = [[[{"entity_group": "LOC", "word": "fox", "start": 4, "end": 7, "score": 0.5}]], predictions[1]]
    (row,) = task.report(other, examples).wrong
    assert row == {
        "text": "the fox it", "line": "1", "id": "0", "truth": "fox it (PER)", "answer": "fox (LOC)", "score": 0.5,
    }  # fmt: skip


def test_windows_of_a_long_sentence_are_merged(task, tmp_path):
    examples = prepared(task, tmp_path, "fox\tB-PER\n" + "it\tI-PER\n" * 30, max_seq_length=10)
    table = task.encode(examples, False)
    assert len(table) > 10 and table.lengths["input"].max() == 10
    (((entity,),),) = task.decode(outputs_for(table, lambda unit: 2 if unit else 1, 3), table, examples)
    assert (entity["start"], entity["end"]) == (0, len(examples[0].text))


def test_a_chain_forbids_what_its_transitions_forbid(task, tmp_path):
    examples = prepared(task, tmp_path)
    table = task.encode(examples, False)
    crf = np.zeros((7, 5), np.float32)
    crf[3, 4] = -9  # I-PER does not follow B-PER
    predictions = task.decode(outputs_for(table, [0, 3, 4, 1].__getitem__, 5, crf), table, examples)
    assert [e["word"] for e in predictions[0][0]] in (["fox"], ["it"])


def test_tags_instead_of_entities_for_uer_s_inference_table(task, tmp_path):
    examples = prepared(task, tmp_path, output_tags=True)
    table = task.encode(examples, False)
    predictions = task.decode(outputs_for(table, [0, 3, 4, 1].__getitem__, 5), table, examples)
    assert predictions == [[{"pred_label": "O B-PER I-PER"}], [{"pred_label": "B-LOC"}]]


def test_types_of_several_words_are_one_word_in_that_table(task, tmp_path):
    examples = prepared(task, tmp_path, "the\tO\nfox\tB-job title\n", output_tags=True)
    table = task.encode(examples, False)
    predictions = task.decode(outputs_for(table, [0, 1].__getitem__, 3), table, examples)
    assert predictions == [[{"pred_label": "O B-job_title"}]]
    assert task.score(predictions, examples)["f1"] == 1


def test_the_learned_baseline_knows_the_names_of_the_training_data(task, tmp_path):
    examples = prepared(task, tmp_path)
    assert task.baselines(examples, examples)[LEARNED]["f1"] == 1
    assert task.baselines(examples, examples[:1])[LEARNED]["recall"] == 0.5
