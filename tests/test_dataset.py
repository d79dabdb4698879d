"""What the cache of encoded rows depends on."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tasklab.config import Config, DataConfig, setting
from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.rows.features import FeatureTable
from tasklab.data.texts.example import TextExample
from tasklab.dataset import data_digests, load_dataset, load_split
from tasklab.errors import DataError
from tasklab.tasks.masked_language_modeling import MaskedLanguageModeling
from tasklab.text.wordpiece import WordPiece


def test_a_changed_file_is_noticed_in_a_folder_and_in_the_folders_below(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "train.tsv").write_text("a")
    (tmp_path / "one/train.tsv").write_text("b")
    before = data_digests(tmp_path)
    assert [name for name, _ in before] == ["one/train.tsv", "train.tsv"]
    (tmp_path / "one/train.tsv").write_text("c")
    after = data_digests(tmp_path)
    assert after[1] == before[1] and after[0] != before[0]
    assert data_digests(tmp_path / "train.tsv") == [before[1]]


def test_a_share_of_a_corpus_is_drawn_from_the_file_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "c.txt").write_text("the fox\n" * 40)
    config = Config.create(MaskedWordsDataConfig, task="masked_language_modeling", name="toy")
    config.data.packing, config.data.max_seq_length = "line", 16
    tokenizer = WordPiece(Path(__file__).parent / "fixtures/tiny_wordpiece_vocab.txt")
    task = MaskedLanguageModeling(config, tokenizer)
    whole = load_dataset(task, tmp_path / "c.txt", training=True)
    assert len(whole.features) == len(whole.examples) == 40 and set(whole.features.lengths["input"]) == {4}
    monkeypatch.setattr(tokenizer, "encode_batch", None)  # from here on the file is all there is
    config.data.subset = 0.25
    part = load_dataset(task, tmp_path / "c.txt", training=True)
    assert len(part.features) == 10 and len(set(part.examples.numbers)) == 10
    assert len(load_dataset(task, tmp_path / "c.txt", training=False).features) == 40
    config.data.subset = None
    train, held_out, rows = load_split(task, tmp_path / "c.txt", lambda examples: np.arange(0, len(examples), 4))
    assert held_out.examples.numbers.tolist() == rows.tolist() and len(held_out.features) == 10
    assert sorted([*train.examples.numbers, *rows]) == list(range(40))
    config.data.limit = 7
    assert len(load_dataset(task, tmp_path / "c.txt", training=True).features) == 7
    assert [path.suffix for path in (tmp_path / "cache/features").iterdir()] == [".tokens"]


@dataclass
class AddingDataConfig(DataConfig, path="data"):
    addend: str | None = setting(None, file=True)  # a number in a file, added to every id
    note: str | None = None


class Adding:
    """As much of a task as a data set needs: every line is an id; `encoded` counts how often rows were made."""

    tokenizer = SimpleNamespace(fingerprint="ids")

    def __init__(self):
        self.config, self.encoded = Config.create(AddingDataConfig, task="adding", name="toy"), 0

    def read(self, path, training):
        return [int(line) for line in Path(path).read_text().split()], ""

    def encode(self, examples, training):
        self.encoded += 1
        more = int(Path(self.config.data.addend).expanduser().read_text()) if self.config.data.addend else 0
        return FeatureTable.from_rows([{"input_ids": [id + more]} for id in examples])


@pytest.fixture
def adding(tmp_path, monkeypatch):
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "ids").write_text("5 6")
    task = Adding()

    def ids():
        return load_dataset(task, tmp_path / "ids", training=True).features["input_ids"].values.tolist()

    return SimpleNamespace(task=task, ids=ids, data=task.config.data, model=task.config.model)


def test_of_a_setting_that_names_a_file_the_content_counts(adding, tmp_path):
    adding.data.addend = str(tmp_path / "one")
    (tmp_path / "one").write_text("10")
    assert adding.ids() == adding.ids() == [15, 16] and adding.task.encoded == 1
    (tmp_path / "one").write_text("20")
    assert adding.ids() == [25, 26]
    (tmp_path / "one").rename(tmp_path / "two")
    adding.data.addend = str(tmp_path / "two")
    assert adding.ids() == [25, 26] and adding.task.encoded == 2


def test_a_file_in_the_home_folder_is_read_for_the_key_too(adding, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    adding.data.addend = "~/one"
    for content, ids in (("10", [15, 16]), ("20", [25, 26])):
        (tmp_path / "one").write_text(content)
        assert adding.ids() == ids


def test_a_file_that_rows_do_not_need_any_more_may_be_gone(adding, tmp_path):
    adding.task.encode = lambda examples, training: FeatureTable.from_rows([{"input_ids": [1]}])
    adding.data.addend = str(tmp_path / "none")
    assert adding.ids() == [1]


def test_only_what_shapes_rows_makes_rows_anew(adding):
    changes = [
        (adding.data, "num_buckets", 4, 1), (adding.data, "subset", 1.0, 2), (adding.data, "note", "x", 3),
        (adding.data, "max_seq_length", 64, 4), (adding.model, "hidden_act", "relu", 4),
        (adding.model, "labels", ["a"], 5), (adding.model, "pair_encoding", "sbert", 6),
        (adding.model, "vocab_size", 77, 7), (adding.model, "mask", "prefix", 8),
    ]  # fmt: skip
    for section, name, value, made in changes:
        setattr(section, name, value)
        adding.ids()
        assert adding.task.encoded == made, name


def test_numbers_are_no_strata_labels_and_right_choices_are():
    assert [TextExample("0", "a", label=label).stratum for label in ("x", ("x", "y"), 0.5, None)] == [
        "x", ("x", "y"), None, None,
    ]  # fmt: skip
    assert ChoiceExample("0", "", "", ("a", "b"), 1).stratum == 1


def test_a_part_of_the_examples_holds_each_stratum_in_its_share(adding):
    examples = [TextExample(str(i), "a", label="rare" if i % 4 == 0 else "usual") for i in range(40)]
    adding.task.read = lambda path, training: (examples, "")
    adding.task.encode = lambda found, training: FeatureTable.from_rows([{"input_ids": [1]}] * len(found))
    adding.data.subset = 0.5
    adding.data.cache = False
    drawn = load_dataset(adding.task, "ids", training=True).examples
    assert sum(e.label == "rare" for e in drawn) == 5 and len(drawn) == 20


@pytest.mark.parametrize("named", [False, True], ids=["the data", "a file that a setting names"])
def test_rows_of_a_file_that_is_replaced_while_it_is_read_are_not_kept(named, adding, tmp_path, caplog):
    replaced = tmp_path / ("one" if named else "ids")
    adding.data.addend = str(tmp_path / "one") if named else None
    (tmp_path / "one").write_text("10")
    read = adding.task.read

    def read_slowly(path, training):
        found = read(path, training)
        replaced.write_text("7")  # another program, after the reading and before its end
        return found

    adding.task.read = read_slowly
    adding.ids()
    assert "changed while it was read; its encoded rows are not kept" in caplog.text
    assert not list((tmp_path / "cache").glob("features/*"))
    adding.task.read = read
    assert adding.ids() == ([12, 13] if named else [7])


def test_a_corpus_that_is_replaced_while_it_is_read_is_refused_and_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    corpus = tmp_path / "c.txt"
    corpus.write_text("the fox\n" * 4)
    config = Config.create(MaskedWordsDataConfig, task="masked_language_modeling", name="toy")
    tokenizer = WordPiece(Path(__file__).parent / "fixtures/tiny_wordpiece_vocab.txt")
    encode = tokenizer.encode_batch

    def encode_slowly(texts):
        corpus.write_text("the the fox\n" * 4)
        return encode(texts)

    monkeypatch.setattr(tokenizer, "encode_batch", encode_slowly)
    with pytest.raises(DataError, match="c.txt: changed while it was read; start again"):
        load_dataset(MaskedLanguageModeling(config, tokenizer), corpus, training=True)
    assert not list((tmp_path / "cache").glob("features/*"))
