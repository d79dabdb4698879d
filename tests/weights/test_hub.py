"""Models of the hub against a server on this machine that speaks its protocol, through the hub's own client."""

import os
import shutil
import signal
import struct
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from tasklab.cachedir import cache_dir
from tasklab.errors import CheckpointError
from tasklab.weights import download
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.hub import hub_folder, kept_folder
from tasklab.weights.store import read_source, resolve


def kept():
    folder = cache_dir() / "weights" / "hub"
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


def refused(name):
    with pytest.raises(CheckpointError) as error:
        hub_folder(name, print)
    assert kept() == [], "something was left behind"
    assert "model.safetensors (or pytorch_model.bin) of https://huggingface.co/" in str(error.value)
    return str(error.value).splitlines()[0]


def test_a_model_of_the_hub_is_fetched_once_and_stays(hub, tiny):
    modules = b'[{"type": "Transformer"}, {"type": "LayerNorm", "path": "1_Pooling"}]'
    parts = {"modules.json": modules, "1_Pooling/config.json": b"{}"}
    aside = dict.fromkeys(["README.md", "tf_model.h5", "1_Pooling/notes.txt", "onnx/config.json"], b"not wanted")
    commit = hub.put("some/tiny", {**tiny, **parts, **aside}, "v1")
    said = []
    folder = hub_folder("hf:some/tiny@v1", said.append)
    assert kept() == ["some--tiny@v1"] == [folder.name]
    held = {*tiny, *parts, "revision.txt", "SHA256SUMS"}
    assert {str(file.relative_to(folder)) for file in filter(Path.is_file, folder.rglob("*"))} == held
    assert said == [
        "fetching hf:some/tiny@v1 from the HuggingFace hub ...",
        f"fetched hf:some/tiny@v1 at commit {commit}, every file as the hub states it, into {folder}",
        f"not pinned: v1 may move. Here this commit stays; hf:some/tiny@{commit} names it anywhere",
    ]
    hub.put("some/tiny", {**tiny, "config.json": b'{"hidden_size": 3}'}, "v1")
    hub.asked.clear()
    source = resolve("hf:some/tiny@v1")
    assert read_source(source)[0].keys() == {"encoder.embeddings.word.weight"} and source.config == {"hidden_size": 2}
    assert hub.asked == []


def test_a_commit_is_pinned_without_a_word(hub, tiny):
    commit = hub.put("some/tiny", tiny)
    hub.put("some/tiny", {**tiny, "config.json": b'{"hidden_size": 3}'})
    said = []
    folder = hub_folder(f"hf:some/tiny@{commit}", said.append)
    assert (folder / "config.json").read_bytes() == tiny["config.json"] and len(said) == 2


def test_where_safetensors_are_missing_pytorchs_file_is_taken(hub, tiny, tmp_path):
    TorchFile({"bert.embeddings.word_embeddings.weight": np.ones((3, 2), np.float32)})(tmp_path / "b")
    hub.put("some/old", {"pytorch_model.bin": (tmp_path / "b").read_bytes(), "config.json": tiny["config.json"]})
    source = resolve("hf:some/old")
    assert source.file.name == "pytorch_model.bin"
    assert read_source(source)[0].keys() == {"encoder.embeddings.word.weight"}


def test_a_damaged_folder_is_filled_again_from_its_first_commit(hub, tiny):
    commit = hub.put("some/tiny", tiny)
    folder = hub_folder("hf:some/tiny", print)
    hub.put("some/tiny", {**tiny, "config.json": b'{"hidden_size": 3}'})
    (folder / "config.json").write_bytes(b"{}")
    said = []
    hub_folder("hf:some/tiny", said.append)
    assert (folder / "config.json").read_bytes() == tiny["config.json"]
    assert said[0] == f"{folder} is not as it was fetched" and f"at commit {commit}" in said[2]


def test_a_hub_that_has_changed_its_mind_about_a_commit_is_refused(hub, tiny):
    commit = hub.put("some/tiny", tiny)
    folder = hub_folder("hf:some/tiny", print)
    hub.commits["some/tiny", commit] = {**tiny, "config.json": b'{"hidden_size": 3}'}
    (folder / "config.json").write_bytes(b"{}")
    shutil.rmtree(os.environ["HF_HOME"])
    with pytest.raises(CheckpointError) as error:
        hub_folder("hf:some/tiny", print)
    said = f"config.json is refused: the first one fetched was another; to begin anew remove {folder}"
    assert said in str(error.value)


def test_a_file_that_is_not_the_listed_one_is_told(hub, tiny):
    hub.put("some/tiny", tiny)
    said = []
    kept_folder("tiny", "some/tiny", "main", said.append, {"config.json": "0" * 64})
    assert said[1] == "config.json is not the one listed for tiny; the hub's is taken"


def test_large_files_come_from_another_host_which_gets_no_token(hub, tiny, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.put("some/tiny", tiny)
    hub_folder("hf:some/tiny", print)
    tokens = {path.split("/")[1]: headers.get("authorization") for path, headers in lower(hub.asked) if path != "/"}
    large = tokens.keys() - {"api", "some"}
    assert tokens["api"] == tokens["some"] == "Bearer hf_secret"
    assert len(large) == 1 and tokens[large.pop()] is None


def lower(asked):
    return [(path, {name.lower(): value for name, value in headers.items()}) for path, headers in asked]


@pytest.mark.parametrize(
    "fault, said",
    [
        ("404", "{}/some/tiny does not have it at revision main (HTTP 404)"),
        ("401", "{}/some/tiny is not there or wants a login (HTTP 401); set HF_TOKEN to a token of"),
        ("403", "{}/some/tiny is not open to this account (HTTP 403): accept its terms there, and set HF_TOKEN"),
        ("503", "503"),
        ("flipped", "model.safetensors is refused: SHA-256 "),
        ("small", "config.json is refused: it is not the one of commit "),
        ("longer", "should be of size "),
        ("cut", "the connection broke off ("),
        ("endless", "a file is longer than the hub states"),
    ],
)
def test_every_fault_is_told_leaves_nothing_and_is_over_when_it_is_over(hub, tiny, fault, said):
    hub.put("some/tiny", tiny)
    hub.fault = fault
    assert said.format(hub.endpoint) in refused("hf:some/tiny")
    hub.fault = ""
    folder = hub_folder("hf:some/tiny", print)
    assert (folder / "model.safetensors").read_bytes() == tiny["model.safetensors"]


def test_a_hub_that_does_not_go_on_is_given_up(hub, tiny, monkeypatch):
    monkeypatch.setattr(download, "MAX_SECONDS", 4)
    hub.put("some/tiny", tiny)
    hub.fault = "stuck"
    assert "no answer within 4 s" in refused("hf:some/tiny")


@pytest.mark.skipif(os.name == "nt", reason="ends a group of processes")
def test_a_killed_fetch_goes_on_or_begins_anew(hub, tiny):
    tiny["model.safetensors"] += bytes(10 << 20)  # the client writes 10 MiB at a time
    hub.put("some/tiny", tiny)
    hub.fault = "stuck"
    code = "from tasklab.weights.hub import hub_folder; hub_folder('hf:some/tiny', print)"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    assert hub.sent.wait(60)
    begun = next((cache_dir().parent / "client").rglob("*.incomplete"))
    while begun.stat().st_size < 10 << 20:
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    hub.fault = ""
    hub.asked.clear()
    folder = hub_folder("hf:some/tiny", print)
    assert (folder / "model.safetensors").read_bytes() == tiny["model.safetensors"]
    if version("huggingface_hub") < "1":  # later ones begin anew
        assert f"bytes={10 << 20}-" in [headers.get("range") for _, headers in lower(hub.asked)]
    assert kept() == ["some--tiny@main"]


def test_a_terminal_shows_how_far_a_fetch_is(hub, tiny):
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    hub.put("some/tiny", tiny)
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))  # lines, columns
    code = "from tasklab.weights.hub import hub_folder; hub_folder('hf:some/tiny', print)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=theirs)
    assert done.returncode == 0
    size = len(tiny["model.safetensors"])
    assert f"{size}/{size}".encode() in os.read(ours, 1 << 16)
    os.close(ours), os.close(theirs)


def test_without_the_hub_its_clients_cache_serves(hub, tiny, monkeypatch):
    commit = hub.put("some/tiny", tiny)
    hub_folder("hf:some/tiny", print)
    refs = cache_dir().parent / "client" / "hub" / "models--some--tiny" / "refs"
    refs.mkdir()
    (refs / "main").write_text(commit)  # as every program leaves it that has fetched the main branch
    monkeypatch.setenv("TASKLAB_CACHE", str(cache_dir().parent / "another"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = hub_folder("hf:some/tiny", print)
    assert (folder / "revision.txt").read_text() == f"{commit}\n"
    assert (folder / "model.safetensors").read_bytes() == tiny["model.safetensors"]
    with pytest.raises(CheckpointError, match="HF_HUB_OFFLINE is set, and the files are not in its cache"):
        hub_folder("hf:some/other", print)


def test_a_hub_that_nobody_answers_for_is_named(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port
    assert "http://127.0.0.1:9 is not reachable (" in refused("hf:some/tiny")


def test_a_repository_without_weights_says_what_it_holds(hub):
    hub.put("some/tiny", {"config.json": b"{}", "flax_model.msgpack": b""})
    said = refused("hf:some/tiny")
    assert "it holds no model.safetensors or " in said and said.endswith("but config.json, flax_model.msgpack")


@pytest.mark.parametrize("name", ["hf:", "hf:tiny", "hf:a/b/c", "hf:../x", "hf:a/b@../../x", "hf:a/..", "hf:a/b@"])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(CheckpointError, match="expected hf:owner/name"):
        hub_folder(name, print)
