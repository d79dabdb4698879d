"""What the cache of encoded rows depends on."""

from pathlib import Path

from tasklab.config import Config
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.dataset import _digests, load_dataset
from tasklab.tasks.masked_language_modeling import MaskedLanguageModeling
from tasklab.text.wordpiece import WordPiece


def test_a_changed_file_is_noticed_in_a_folder_and_in_the_folders_below(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "train.tsv").write_text("a")
    (tmp_path / "one/train.tsv").write_text("b")
    before = _digests(tmp_path)
    assert [name for name, _ in before] == ["one/train.tsv", "train.tsv"]
    (tmp_path / "one/train.tsv").write_text("c")
    after = _digests(tmp_path)
    assert after[1] == before[1] and after[0] != before[0]
    assert _digests(tmp_path / "train.tsv") == [before[1]]


def test_a_share_of_a_corpus_is_drawn_from_the_file_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "c.txt").write_text("the fox\n" * 40)
    config = Config.create(MaskedWordsDataConfig, task="masked_language_modeling", name="toy")
    config.data.packing, config.data.max_seq_length = "line", 16
    tokenizer = WordPiece(Path(__file__).parent / "fixtures/tiny_wordpiece_vocab.txt")
    task = MaskedLanguageModeling(config, tokenizer)
    whole = load_dataset(task, tmp_path / "c.txt", training=True)
    assert len(whole.features) == len(whole.examples) == 40 and set(whole.features.lengths) == {4}
    monkeypatch.setattr(tokenizer, "encode_batch", None)  # from here on the file is all there is
    config.data.subset = 0.25
    part = load_dataset(task, tmp_path / "c.txt", training=True)
    assert len(part.features) == 10 and len(set(part.examples.numbers)) == 10
    assert len(load_dataset(task, tmp_path / "c.txt", training=False).features) == 40
    config.data.subset, config.data.folds = None, 4
    numbers = [set(load_dataset(task, tmp_path / "c.txt", training).examples.numbers) for training in (True, False)]
    assert len(numbers[1]) == 10 and numbers[0] | numbers[1] == set(range(40)) and not numbers[0] & numbers[1]
    config.data.folds, config.data.limit = None, 7
    assert len(load_dataset(task, tmp_path / "c.txt", training=True).features) == 7
    assert [path.suffix for path in (tmp_path / "cache/features").iterdir()] == [".tokens"]
