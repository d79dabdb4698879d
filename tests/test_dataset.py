"""What the cache of encoded rows depends on."""

from tasklab.dataset import _digests


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
