import re
from pathlib import Path

import pytest
import yaml

from tasklab.errors import CheckpointError, UnknownName
from tasklab.weights import catalogue
from tasklab.weights.catalogue import named_weights, read_entry

EXPECTED = ["bert_base_cased", "bert_base_chinese", "bert_base_uncased", "bert_large_uncased", "bert_medium",
            "bert_mini", "bert_small", "bert_tiny", "minilm_l6"]  # fmt: skip


def test_every_shipped_name_reads_and_lists_what_a_network_needs():
    assert set(EXPECTED) <= set(named_weights())
    for name in named_weights():
        entry = read_entry(name)
        files = {file.name for file in entry.files}
        assert entry.licence in ("Apache-2.0", "MIT") and entry.description
        if [Path(file).suffix for file in files] == [".gguf"]:  # which has the tokenizer inside
            continue
        assert {"model.safetensors", "config.json"} <= files
        assert files & {"vocab.txt", "spiece.model", "merges.txt"}
        assert "hub" in entry.sources[0] and re.fullmatch("[0-9a-f]{40}|main", entry.sources[0]["revision"])


def test_minilm_is_on_the_hub_and_on_the_package_index():
    entry = read_entry("minilm_l6")
    assert [next(iter(source)) for source in entry.sources] == ["hub", "package"]
    assert entry.files[0].sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="no weights named 'minilm_l7'. Did you mean 'minilm_l6'"):
        read_entry("minilm_l7")


GOOD = {
    "description": "d",
    "licence": "l",
    "files": {"model.safetensors": {"sha256": "a" * 64, "size": 3}},
    "sources": [{"hub": "a/b", "revision": "0" * 40}],
}
PACKAGE = {"package": "a==1", "sha256": "b" * 64, "size": 1, "folder": "a"}


def test_without_checksums_the_hub_alone_is_asked_at_a_commit_or_a_branch(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "_folder", lambda: tmp_path)
    open_ = {**GOOD, "files": {"model.safetensors": {}}, "sources": [{"hub": "a/b", "revision": "main"}]}
    (tmp_path / "open.yaml").write_text(yaml.safe_dump(open_))
    assert not read_entry("open").listed


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"../model.safetensors": {"sha256": "a" * 64, "size": 3}}},
        {"files": {"model.safetensors": {"sha256": "a" * 63, "size": 3}}},
        {"files": {"model.safetensors": {}}, "sources": [*GOOD["sources"], PACKAGE]},  # has no word
        {"files": None},
        {"sources": [{"hub": "a/b", "revision": "main"}]},
        {"sources": [{"hub": "a/b"}]},
        {"sources": [{"ftp": "a"}]},
    ],
)
def test_a_wrong_description_is_refused(change, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "_folder", lambda: tmp_path)
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(GOOD))
    assert read_entry("good").files[0].size == 3
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump({**GOOD, **change}))
    with pytest.raises(CheckpointError):
        read_entry("bad")
