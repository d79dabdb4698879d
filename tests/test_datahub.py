"""Data sets by name: fetched once, kept as a file, and what is told when that does not work."""

import os
import sys
from pathlib import Path

import pytest

from tasklab import datahub
from tasklab.cachedir import cache_dir
from tasklab.data.files.table import Table
from tasklab.datahub import at_hand, from_anywhere
from tasklab.errors import DataError
from tasklab.weights.download import NotHere, output_of

pytest.importorskip("datasets")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Stands in for the process that fetches; a list of what it was asked for."""
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    asked = []

    def output_of(command, work):
        asked.append(command[3:7])
        Path(command[7]).write_bytes(b"rows")
        return ""

    monkeypatch.setattr(datahub, "output_of", output_of)
    return asked


def test_a_data_set_is_fetched_once_and_kept_by_name_configuration_and_split(hub):
    path = at_hand("datasets:nyu-mll/glue:rte:test", training=True)
    assert path == cache_dir() / "datasets/nyu-mll--glue@main/rte/test.parquet" and path.read_bytes() == b"rows"
    assert at_hand("datasets:nyu-mll/glue:rte:test", training=False) == path
    assert hub == [["nyu-mll/glue", "", "rte", "test"]]


@pytest.mark.parametrize(
    "spec, asked",
    [("datasets:imdb", ["imdb", "", "", "train"]), ("datasets:a/b@v1.0:c", ["a/b", "v1.0", "c", "train"]),
     ("datasets:imdb::unsupervised", ["imdb", "", "", "unsupervised"])],
)
def test_what_is_left_out_of_a_name_has_a_usual_meaning(hub, spec, asked):
    at_hand(spec, training=True)
    assert hub == [asked]


def test_evaluation_takes_the_validation_split(hub):
    assert at_hand("datasets:nyu-mll/glue:rte", training=False).stem == "validation"


@pytest.mark.parametrize("name", ["", "../../etc", "a/b/c", "a:b:c:d", "a b"])
def test_a_name_that_is_none_is_refused(hub, name):
    with pytest.raises(DataError, match=r"expected datasets:NAME\[@REVISION\]\[:CONFIG\[:SPLIT\]\], such as"):
        at_hand(f"datasets:{name}", training=True)
    assert hub == []


def test_without_the_hub_the_way_over_files_is_told(hub, monkeypatch):
    def fails(command, work):
        raise NotHere("ConnectionError: not reachable")

    monkeypatch.setattr(datahub, "output_of", fails)
    with pytest.raises(DataError) as caught:
        at_hand("datasets:nyu-mll/glue:rte", training=True)
    told = str(caught.value)
    assert told.startswith("datasets:nyu-mll/glue:rte: split 'train' cannot be fetched: ConnectionError: not reachable")
    assert "load_dataset('nyu-mll/glue', 'rte').save_to_disk('my_data')" in told
    assert not list(cache_dir().rglob("*.parquet"))


def test_names_of_the_hub_mean_the_same_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert from_anywhere("datasets:imdb") == "datasets:imdb" and from_anywhere(None) is None
    assert from_anywhere("a.tsv") == str(tmp_path / "a.tsv")


def test_a_file_is_itself_and_has_to_be_there(tmp_path):
    (tmp_path / "a.tsv").write_text("x")
    assert at_hand(tmp_path / "a.tsv", True) == tmp_path / "a.tsv" and at_hand(None, True) is None
    with pytest.raises(DataError, match="b.tsv: no such file; .* holds a.tsv"):
        at_hand(str(tmp_path / "b.tsv"), True)


@pytest.mark.slow
def test_a_hub_that_is_not_there_is_given_up_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="cannot be fetched: http://127.0.0.1:9 is not reachable"):
        at_hand("datasets:nyu-mll/glue:rte", training=True)


@pytest.mark.slow
def test_the_process_that_fetches_writes_rows_with_the_names_of_their_classes(monkeypatch, tmp_path):
    # a folder of Parquet files stands for the hub: the library loads both alike
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    (tmp_path / "hub").mkdir()
    rows = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    rows.to_parquet(tmp_path / "hub/validation-00000-of-00001.parquet")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    target = tmp_path / "split.parquet"
    output_of([sys.executable, "-c", datahub._LOAD, str(tmp_path / "hub"), "", "", "validation", str(target)], tmp_path)
    assert [row for _, row in Table(target)] == [{"text": "a", "label": "yes"}, {"text": "b", "label": "no"}]


def test_a_pipe_is_no_data_file(tmp_path):
    os.mkfifo(tmp_path / "f.json")
    with pytest.raises(DataError, match="f.json: not a file"):
        at_hand(tmp_path / "f.json", training=True)
