"""The verbs of prompt classification on NumPy arrays; no network runs here."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.texts.prompts.wording import PromptDataConfig
from tasklab.errors import ConfigError, DataError
from tasklab.tasks.prompt_classification import PromptClassification
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
ID = TOKENIZER.token_id
PATTERNS, WORDS = ["{textA}: a {MASK} city", "the {MASK} {textA}"], {"new": ["new"], "aged": ["old", "the river"]}


TOY = {"data.label_words": WORDS, "model.vocab_size": TOKENIZER.vocab_size}


def job(patterns=PATTERNS, **values) -> PromptClassification:
    config = Config.create(PromptDataConfig, task="prompt_classification", name="toy")
    for key, value in {**TOY, "data.patterns": patterns, **values}.items():
        config[key] = value
    return PromptClassification(config, TOKENIZER)


def answered(task, texts, chances, top_k=None):
    """chances: per row, first pattern first, per mask {piece: share}; the network says nothing about all others."""
    examples = task.parse(texts)
    rows = task.encode(examples, training=False)
    logits = np.full((len(rows), 2, TOKENIZER.vocab_size), -50, np.float32)
    for row, masks in enumerate(chances):
        for mask, shares in enumerate(masks):
            for piece, share in shares.items():
                logits[row, mask, ID(piece)] = np.log(share)
    numbers = np.arange(len(rows))[::-1]  # batches come in any order
    return task.decode([(numbers, (logits[numbers],))], rows, examples, top_k)


ONE = [{"new": 0.2, "old": 0.3, "the": 0.4, "paris": 0.1}, {"river": 0.25, "a": 0.75}]


def test_a_label_is_as_likely_as_its_words_together():
    # P(new) = 0.2; P(aged) = P(old) + P(the) P(river) = 0.3 + 0.4 * 0.25 = 0.4: shares of a third and two thirds
    (answer,) = answered(job(PATTERNS[:1]), "paris", [ONE], 2)
    assert answer == [
        {"label": "aged", "score": 0.6667, "scores": {"new": 0.3333, "aged": 0.6667}}, {"label": "new", "score": 0.3333}
    ]  # fmt: skip


def test_several_patterns_are_one_vote_each_in_logarithms():
    # odds of aged to new: 2 by the first, 1 / 18 by the second; together the root of 2 / 18, a third
    other = [{"new": 0.9, "old": 0.05, "a": 0.05}, {"a": 1.0}]
    (answer,) = answered(job(), "paris", [ONE, other])
    assert answer == [{"label": "new", "score": 0.75, "scores": {"new": 0.75, "aged": 0.25}}]


def test_a_row_holds_as_many_masks_as_the_longest_word_has_tokens():
    task = job(PATTERNS[:1])
    rows = task.encode(task.parse("old paris"), training=False)
    tokens = [TOKENIZER.tokens[i] for i in rows["input_ids"].row(0)]
    assert " ".join(tokens) == "[CLS] old paris : a [MASK] [MASK] city [SEP]"
    assert rows["masked_positions"].tolist() == [[5, 6]] and rows["labels"].tolist() == [-1]


def test_labels_are_the_verbalizers():
    assert job().config.model.labels == ["new", "aged"]
    with pytest.raises(ConfigError, match="model.labels = .*: the verbalizer names them, .*; leave it out"):
        job(**{"model.labels": ["aged", "new"]})


def test_a_row_whose_label_has_no_words_is_told_or_left_out(tmp_path):
    file = tmp_path / "dev.tsv"
    file.write_text("label\ttext_a\nnew\tparis\nage\tberlin\n", encoding="utf-8")
    with pytest.raises(DataError) as error:
        job().read(file, training=False)
    assert str(error.value) == (
        f"{file}:3: the label 'age' has no words; those that do: new, aged; did you mean 'aged'? correct it, name its "
        "words, or set data.on_bad_row: skip"
    )
    examples, note = job(**{"data.on_bad_row": "skip"}).read(file, training=False)
    assert [example.label for example in examples] == ["new"] and "label without words (1)" in note


def test_the_training_file_is_told_in_the_same_words_before_its_labels_are_counted(tmp_path):
    file = tmp_path / "train.tsv"
    file.write_text("label\ttext_a\nnew\tparis\nage\tberlin\n", encoding="utf-8")
    with pytest.raises(DataError, match="train.tsv:3: the label 'age' has no words; those that do: new, aged"):
        job(**{"data.train": str(file), "loss.balanced": True}).settle([])


def test_a_label_without_words_is_told_in_the_words_of_its_setting():
    with pytest.raises(DataError) as error:
        job(**{"data.label_words": {"new": ["new"], "aged": []}})
    message = "data.label_words.aged: the label 'aged' has no words; expected such as {good: [great], bad: [awful]}"
    assert str(error.value) == message


def test_texts_and_patterns_go_together():
    with pytest.raises(DataError, match="is a single text, and the pattern '.*' asks for {textB} too"):
        task = job(["{textA} {MASK} {textB}"])
        task.encode(task.parse("paris"), training=False)
    with pytest.raises(DataError, match="is a pair of texts, and no pattern has {textB}"):
        job().encode(job().parse(("paris", "berlin")), training=False)


@pytest.mark.parametrize(
    "key, told",
    [("data.patterns", "no pattern; set data.pattern=F"), ("data.label_words", "no words for labels; set data.verb")],
)
def test_what_nobody_says_is_asked_for(key, told):
    task = job(**{key: type(job().config[key])()})
    with pytest.raises(ConfigError, match=told):
        task.encode(task.parse("paris"), training=False)


def test_files_say_the_same_and_a_trained_model_keeps_what_they_said(tmp_path, caplog):
    (tmp_path / "prompt.txt").write_text("\n".join(PATTERNS))
    (tmp_path / "words.txt").write_text("new\tnew\naged\told,the river\n")
    files = {"data.pattern": str(tmp_path / "prompt.txt"), "data.verbalizer": str(tmp_path / "words.txt")}
    task = job([], **{"data.label_words": {}}, **files)
    assert task.config.model.labels == ["new", "aged"]
    task.config.loss.balanced = False
    task.settle([])
    kept = task.config.data
    assert (kept.patterns, kept.label_words, kept.pattern, kept.verbalizer) == (PATTERNS, WORDS, None, None)
    kept.pattern, kept.verbalizer = files["data.pattern"], files["data.verbalizer"]
    PromptClassification(task.config, TOKENIZER)
    assert "is not read" not in caplog.text
    (tmp_path / "prompt.txt").write_text(PATTERNS[0])
    assert len(PromptClassification(task.config, TOKENIZER).encode(task.parse("paris"), training=False)) == 2
    assert "is not read: the model keeps what it learned, data.patterns" in caplog.text


def test_labels_that_the_model_likes_whatever_the_text_are_held_against_what_it_says_of_no_text():
    # odds of aged to new: 2 of the text; 3 and 1 / 3 of two texts without content, whose logarithms' mean is 0; and of
    # one of them alone 3, against which 2 is 2 / 3
    free = [[{"new": 0.2, "old": 0.6, "a": 0.2}, {"a": 1.0}], [{"new": 0.6, "old": 0.2, "a": 0.2}, {"a": 1.0}]]
    both = job(PATTERNS[:1], **{"data.content_free": ["a", ""]})
    assert answered(both, "paris", [ONE, *free])[0][0]["scores"] == {"new": 0.3333, "aged": 0.6667}
    one = job(PATTERNS[:1], **{"data.content_free": [""]})
    assert answered(one, "paris", [ONE, free[0]])[0][0]["scores"] == {"new": 0.6, "aged": 0.4}


def test_no_text_without_content_is_trained_on_nor_has_a_label():
    task = job(**{"data.content_free": ["a"]})
    examples = task.parse(["paris", "berlin"])
    assert len(task.encode(examples, training=True)) == 4
    rows = task.encode(examples, training=False)
    assert len(rows) == 6 and rows["example"].tolist() == [0, 1, 2] * 2 and rows["labels"].tolist() == [-1] * 6


def test_learned_vectors_have_ids_behind_the_vocabulary_each_pattern_its_own():
    task = job(["{soft} {textA} {soft} {MASK}", "{MASK} {soft} {textA}"], **{"data.soft_tokens": 2})
    assert task.head == "soft_words"
    rows, first = task.encode(task.parse("paris"), training=False), TOKENIZER.vocab_size
    learned = [[i - first for i in rows["input_ids"].row(r).tolist() if i >= first] for r in range(2)]
    assert learned == [[0, 1, 2, 3], [4, 5]]
    assert rows["masked_positions"].tolist() == [[6, 7], [1, 2]]


def test_a_word_of_a_file_that_the_vocabulary_lacks_is_told_with_its_line(tmp_path):
    (tmp_path / "words.txt").write_text("new\tnew\naged\t漢\n", encoding="utf-8")
    task = job(**{"data.label_words": {}, "data.verbalizer": str(tmp_path / "words.txt")})
    with pytest.raises(DataError, match="words.txt:2: '漢' of 'aged' is not in the vocabulary"):
        task.settle([])


def test_labels_of_another_kind_than_one_class_are_refused():
    with pytest.raises(ConfigError, match="model.problem_type = regression: prompt_classification knows single_label"):
        job(**{"model.problem_type": "regression"})


def test_learned_vectors_that_no_pattern_has_are_refused():
    with pytest.raises(ConfigError, match="data.soft_tokens = 3: no pattern has {soft}"):
        job(**{"data.soft_tokens": 3})
