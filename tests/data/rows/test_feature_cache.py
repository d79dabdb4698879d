"""The cache of encoded rows: right after damage, races, full disks; bounded."""

import logging
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from tasklab.data.rows.cache import cached_features
from tasklab.data.rows.features import FeatureTable
from tasklab.digest import file_sha256

SHARED = Path(__file__).parents[3].parent / "shared"


class Build:
    def __init__(self, size=3):
        self.calls, self.size = 0, size

    def __call__(self):
        self.calls += 1
        return FeatureTable.from_rows([{"input_ids": list(range(self.size)), "label": 7}])


def entries(folder):
    return sorted(p for p in folder.iterdir())


def test_the_second_call_builds_nothing_and_gives_the_same(tmp_path):
    build = Build()
    for _ in range(2):
        features = cached_features(tmp_path / "a/b", {"file": "x", "length": 384}, build)
        assert features.row(0)["input_ids"].tolist() == [0, 1, 2] and features["label"].tolist() == [7]
    assert build.calls == 1 and len(entries(tmp_path / "a/b")) == 1


def test_order_in_the_key_does_not_matter_its_values_do(tmp_path):
    build = Build()
    for key in ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, {"a": 1, "b": [3]}, {"a": 1}, {"a": "1"}):
        cached_features(tmp_path, key, build)
    assert build.calls == 4


def test_a_damaged_entry_is_built_again(tmp_path, caplog):
    build = Build(200)
    cached_features(tmp_path, {}, build)
    (entry,) = entries(tmp_path)
    sound = entry.read_bytes()
    for damage in (b"", b"not an archive", sound[:-40], sound[: len(sound) // 2], sound[40:]):
        entry.write_bytes(damage)
        assert cached_features(tmp_path, {}, build).lengths["input"].tolist() == [200]
    assert build.calls == 6 and "damaged or not readable" in caplog.text
    assert cached_features(tmp_path, {}, build).lengths["input"].tolist() == [200] and build.calls == 6


def test_no_flipped_byte_goes_unnoticed(tmp_path):
    build = Build(50)
    expected = cached_features(tmp_path, {}, build).row(0)
    (entry,) = entries(tmp_path)
    sound = entry.read_bytes()
    for at in range(0, len(sound), 7):
        entry.write_bytes(sound[:at] + bytes([sound[at] ^ 0x41]) + sound[at + 1 :])
        row = cached_features(tmp_path, {}, build).row(0)
        np.testing.assert_array_equal(row["input_ids"], expected["input_ids"])
        assert row["label"] == 7


def test_without_a_writable_folder_the_run_goes_on_with_one_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert len(cached_features(tmp_path / "file/cache", {}, Build())) == 1
    assert len(caplog.records) == 1 and "encoded rows are not kept" in caplog.text


def test_a_full_disk_leaves_nothing_behind(tmp_path, caplog, monkeypatch):
    def fill(self, path):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FeatureTable, "save", fill)
    assert len(cached_features(tmp_path, {}, Build())) == 1
    assert entries(tmp_path) == [] and caplog.text.count("No space left on device") == 1


def test_an_error_while_building_is_not_swallowed(tmp_path):
    def fail():
        raise OSError("the user's file")

    with pytest.raises(OSError, match="the user's file"):
        cached_features(tmp_path, {}, fail)


def test_the_entry_unused_for_longest_goes_first(tmp_path):
    size = None
    for i in range(3):
        cached_features(tmp_path, {"i": i}, Build(), limit=1 << 20)
        size = size or entries(tmp_path)[0].stat().st_size
        for k, entry in enumerate(sorted(entries(tmp_path), key=os.path.getmtime)):
            os.utime(entry, (1000 + k, 1000 + k))
    cached_features(tmp_path, {"i": 0}, Build())  # used now
    cached_features(tmp_path, {"i": 3}, Build(), limit=3 * size)
    kept = Build()
    for i in (0, 2, 3):
        cached_features(tmp_path, {"i": i}, kept)
    assert kept.calls == 0 and len(entries(tmp_path)) == 3


def test_the_newest_entry_stays_even_when_it_alone_is_too_large(tmp_path):
    cached_features(tmp_path, {"i": 0}, Build(), limit=1)
    cached_features(tmp_path, {"i": 1}, Build(), limit=1)
    assert len(entries(tmp_path)) == 1


def test_files_abandoned_by_killed_runs_are_cleared(tmp_path):
    (tmp_path / "old.partial").write_bytes(b"x")
    (tmp_path / "young.partial").write_bytes(b"x")
    os.utime(tmp_path / "old.partial", (1000, 1000))
    cached_features(tmp_path, {}, Build())
    assert [p.name for p in entries(tmp_path) if p.suffix == ".partial"] == ["young.partial"]


def test_many_runs_may_share_the_folder(tmp_path):
    wrong = []

    def work():
        for _ in range(20):
            if cached_features(tmp_path, {}, Build(), limit=1).lengths["input"].tolist() != [3]:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(entries(tmp_path)) == 1


def test_file_sha256_is_the_published_sha256(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, example B.1
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
def test_squad_rows_come_back_from_the_cache(tmp_path):
    from tasklab.data.questions.reading import read_squad
    from tasklab.data.questions.windows import qa_windows
    from tasklab.text.wordpiece import WordPiece

    examples, _ = read_squad(SHARED / "data/squad_v1.1/train.json")
    tokenizer = WordPiece(SHARED / "data/vocab/google_uncased_en_vocab.txt")

    def build():
        return qa_windows(tokenizer, examples, 384, 128, 64, True)

    built = cached_features(tmp_path, {}, build)
    loaded = cached_features(tmp_path, {}, build)
    for name in built.ragged:
        np.testing.assert_array_equal(loaded[name].values, built[name].values)
        np.testing.assert_array_equal(loaded[name].offsets, built[name].offsets)
