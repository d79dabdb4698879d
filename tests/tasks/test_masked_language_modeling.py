"""The verbs of masked language modelling on NumPy arrays; no network runs here."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.files.answers import write_answers
from tasklab.errors import ConfigError, DataError
from tasklab.tasks.masked_language_modeling import MaskedLanguageModeling
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
ID = TOKENIZER.token_id


def task(**values) -> MaskedLanguageModeling:
    config = Config.create(MaskedWordsDataConfig, task="masked_language_modeling", name="toy")
    for key, value in values.items():
        config[key.replace("__", ".")] = value
    return MaskedLanguageModeling(config, TOKENIZER)


def answered(job, inputs, chances, top_k):
    """chances: per mask {piece: share}; the network says nothing about all others."""
    examples = job.parse(inputs)
    features = job.encode(examples, training=False)
    width = features["masked_positions"].shape[1]
    logits = np.full((len(features), width, TOKENIZER.vocab_size), -50, np.float32)
    left = iter(chances)
    for row, numbers in enumerate(features["mask_number"]):
        for place in np.flatnonzero(numbers >= 0):
            for piece, share in next(left).items():
                logits[row, place, ID(piece)] = np.log(share)
    rows = np.arange(len(features))[::-1]  # batches come in any order
    return job.decode([(rows, (logits[rows],))], features, examples, top_k)


def test_one_blank_gives_its_words_best_first():
    (found,) = answered(task(), ["the [MASK]."], [{"fox": 0.75, "where": 0.25}], 2)
    assert found == [
        {"score": 0.75, "token": ID("fox"), "token_str": "fox", "sequence": "the fox."},
        {"score": 0.25, "token": ID("where"), "token_str": "where", "sequence": "the where."},
    ]


def test_several_blanks_are_answered_by_a_word_each_and_the_other_blanks_stay():
    (found,) = answered(task(), "[MASK] [MASK]", TWO, 2)
    assert [[word["token_str"] for word in answer] for answer in found] == [["the", "fox"], ["where", "is"]]
    assert [word["sequence"] for word in found[0]] == ["the [MASK]", "[MASK] fox"]
    assert [[word["score"] for word in answer] for answer in found] == [[0.6, 0.9], [0.4, 0.1]]


TWO = [{"the": 0.6, "where": 0.4}, {"is": 0.1, "fox": 0.9}]


@pytest.mark.parametrize("top_k", [1, 2, 3, 5])
@pytest.mark.parametrize("masks", [1, 2, 3])
def test_answers_are_at_most_top_k_best_first_and_those_of_a_smaller_top_k_begin_them(masks, top_k):
    texts = [" ".join(["[MASK]"] * masks), "the [MASK]"]
    chances = [*TWO, {"fox": 0.7, "the": 0.3}][:masks] + [TWO[0]]
    found, many = (answered(task(), texts, chances, k) for k in (top_k, 6))
    assert [len(answers) for answers in found] == [top_k, top_k]
    assert found == [answers[:top_k] for answers in many]
    for answer in found[0]:
        assert masks == (1 if isinstance(answer, dict) else len(answer))
    for mask in range(masks):
        scores = [(answer if masks == 1 else answer[mask])["score"] for answer in found[0]]
        assert scores == sorted(scores, reverse=True)


def test_more_answers_than_words_are_as_many_as_there_are():
    words = TOKENIZER.vocab_size
    for text, chances in (("[MASK]", TWO[:1]), ("[MASK] [MASK]", TWO)):
        assert [len(answers) for answers in answered(task(), [text], chances, words + 9)] == [words]


def test_several_blanks_of_a_cloze_test_are_one_answer_that_is_written_blank_by_blank(tmp_path):
    job = task(data__cloze_output=True)
    for top_k, words in ((1, ("the", "fox")), (2, ("the where", "fox is"))):
        found = answered(job, ["[MASK] [MASK]"], TWO, top_k)
        assert [len(answers) for answers in found] == [1]
        write_answers(tmp_path / "out.txt", [found[0][0] if top_k == 1 else found[0]])  # as predict gives them
        row = "[CLS] [MASK] [MASK] [SEP]"
        assert (tmp_path / "out.txt").read_text() == "".join(
            f"{row}\nPredicted answer: {predicted}\nCorrect answer: \n\n" for predicted in words
        )


def test_a_piece_that_goes_on_is_glued_to_the_word_before():
    piece = next(token for token in TOKENIZER.tokens if token.startswith("##") and len(token) > 2)
    (found,) = answered(task(), "the fox [MASK] .", [{piece: 1.0}], 1)
    assert found[0]["token_str"] == piece and found[0]["sequence"] == f"the fox{piece[2:]} ."


def test_random_blanks_know_the_word_and_are_written_as_uer_py_does(tmp_path):
    job = task(data__cloze_masks=1, data__cloze_output=True)
    found = answered(job, ["the fox", "the"], [{"the": 0.6, "fox": 0.4}] * 2, 2)
    one = found[0][0]
    assert one["predicted"] == ["the", "fox"] and one["correct"] in ("the", "fox")
    assert one["sentence"] == "[CLS] the fox [SEP]".replace(one["correct"], "[MASK]")
    write_answers(tmp_path / "out.txt", found)
    assert (tmp_path / "out.txt").read_text() == (
        f"{one['sentence']}\nPredicted answer: the fox\nCorrect answer: {one['correct']}\n\n"
        "[CLS] [MASK] [SEP]\nPredicted answer: the fox\nCorrect answer: the\n\n"
    )
    plain = answered(task(data__cloze_masks=1), ["the fox"], [{"fox": 1.0}], 1)[0][0]
    assert plain["correct"] in ("the", "fox") and "fox" in plain["sequence"]
    with pytest.raises(DataError, match="a .txt is written as UER-py does, with data.cloze_output=true, or data"):
        write_answers(tmp_path / "out.txt", [plain])


def corpus(folder, **values):
    (folder / "c.txt").write_text("the fox the fox\nwhere the fox\n" * 6)
    job = task(data__max_seq_length=16, **values)
    rows, _ = job.read(folder / "c.txt", False)
    return job, rows, job.encode(rows, False)


def test_a_corpus_is_scored_by_its_masked_words(tmp_path):
    job, rows, features = corpus(tmp_path)
    logits = np.zeros((len(rows), 3, TOKENIZER.vocab_size), np.float32)
    logits[:, :, ID("fox")] = np.log(3)  # 3 of V + 2 chances, whatever stands there
    predictions = job.decode([(np.arange(len(rows)), (logits,))], features, rows)
    words = np.concatenate([features.row(i).labels for i in range(len(rows))])
    share = (words == ID("fox")).mean()
    scores = job.score(predictions, rows)
    assert scores["accuracy"] == pytest.approx(share) and scores["total"] == len(words) > 3
    chances = np.where(words == ID("fox"), 3, 1) / (TOKENIZER.vocab_size + 2)
    assert scores["loss"] == pytest.approx(-np.log(chances).mean(), rel=1e-6)
    assert predictions[0][0]["predicted"].split() == ["fox"] * predictions[0][0]["total"]
    assert next(iter(job.baselines(rows).values()))["accuracy"] == pytest.approx(np.bincount(words).max() / len(words))


def test_rows_with_wrong_words_are_shown_as_the_network_got_them(tmp_path):
    job, rows, features = corpus(tmp_path)
    logits = np.zeros((len(rows), 3, TOKENIZER.vocab_size), np.float32)
    for i in range(1, len(rows)):  # all words of every other row are right
        logits[i, range(len(features.row(i).labels)), features.row(i).labels] = 9
    predictions = job.decode([(np.arange(len(rows)), (logits,))], features, rows)
    (row,) = job.report(predictions, rows).wrong
    assert row["text"].startswith("[CLS] ") and row["text"].count("[MASK]") <= predictions[0][0]["total"]
    assert (row["id"], row["line"], row["truth"]) == ("0", "", predictions[0][0]["words"])
    assert row["score"] == pytest.approx(1 / TOKENIZER.vocab_size, abs=1e-4)  # all words are equally likely


def test_the_order_of_sentences_is_scored_beside(tmp_path):
    job, rows, features = corpus(tmp_path, data__sentence_target="sentence_order")
    assert job.head == "pretraining" and job.loss().labels == ("masked_labels", "sentence_labels")
    labels = features.batch(range(len(rows)), {"input": 16}, len(rows))["sentence_labels"]
    sentences = np.eye(2, dtype=np.float32)[labels]
    sentences[0] = sentences[0, ::-1]  # one wrong
    logits = np.zeros((len(rows), 3, TOKENIZER.vocab_size), np.float32)
    scores = job.score(job.decode([(np.arange(len(rows)), (logits, sentences))], features, rows), rows)
    assert scores["sentence_accuracy"] == pytest.approx(1 - 1 / len(rows))


def test_training_masks_anew_and_evaluation_does_not(tmp_path):
    job, rows, features = corpus(tmp_path)
    assert features.of_epoch(1) is features
    assert job.encode(rows, True).of_epoch(1) is not features
    assert task(data__dynamic_masking=False).encode(rows, True).of_epoch(1).epoch == 0
    batches = [job.encode(rows, training).batch([0], {"input": 16}, 1) for training in (True, False)]
    seen = [batch["masked_positions"].tolist() for batch in batches]
    assert seen[0] != seen[1]  # an evaluation of the text of the training has masks of its own


def test_what_cannot_work_is_refused_by_name(monkeypatch):
    with pytest.raises(ConfigError, match="loss.rdrop_alpha: masked_language_modeling does not offer it"):
        task(loss__rdrop_alpha=1.0).loss()
    monkeypatch.setattr(TOKENIZER, "mask_id", None)
    with pytest.raises(ConfigError, match=r"toy: the vocabulary has no \[MASK\]"):
        task()
