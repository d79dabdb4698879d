import hashlib
from pathlib import Path

import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.files import TensorFile
from tasklab.weights.hub import hub_folder
from tasklab.weights.store import read_source, resolve

COMMIT = "c" * 40
HUB = """
from types import SimpleNamespace as Bag
class HfApi:
    def model_info(self, repository, revision, files_metadata, timeout):
        if repository != "some/tiny" or revision not in (None, "v1"):
            raise OSError("404 Client Error: no such model or revision")
        files = [Bag(rfilename=n, **{**f, "lfs": f["lfs"] and Bag(**f["lfs"])}) for n, f in FILES.items()]
        return Bag(sha="c" * 40, siblings=files)
def hf_hub_download(repository, name, revision):
    assert revision == "c" * 40
    return FOLDER + "/" + name
"""


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A huggingface_hub that needs no network and holds some/tiny; returns its folder."""
    folder = tmp_path / "hub"
    folder.mkdir()
    TensorFile({"embeddings.word_embeddings.weight": np.ones((3, 2), np.float32)})(folder / "model.safetensors")
    (folder / "config.json").write_text('{"hidden_size": 2}')
    (folder / "README.md").write_text("not wanted")
    facts = {}
    (folder / "modules.json").write_text('[{"type": "Transformer"}, {"type": "LayerNorm", "path": "1_Pooling"}]')
    for file in ("1_Pooling/config.json", "1_Pooling/notes.txt", "onnx/config.json"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("{}")
    for file in filter(Path.is_file, folder.rglob("*")):
        data = file.read_bytes()
        large = {"sha256": hashlib.sha256(data).hexdigest()} if file.suffix == ".safetensors" else None
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        facts[str(file.relative_to(folder))] = {"lfs": large, "size": len(data), "blob_id": blob}
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "huggingface_hub.py").write_text(f"FOLDER = {str(folder)!r}\nFILES = {facts!r}\n{HUB}")
    monkeypatch.setenv("PYTHONPATH", str(fake))
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    return folder


def test_a_model_of_the_hub_is_fetched_once_and_pinned(hub, tmp_path):
    said = []
    folder = hub_folder("hf:some/tiny@v1", said.append)
    assert folder == tmp_path / "cache" / "weights" / "hub" / "some--tiny@v1"
    held = {"model.safetensors", "config.json", "modules.json", "1_Pooling/config.json", "revision.txt", "SHA256SUMS"}
    assert {str(file.relative_to(folder)) for file in filter(Path.is_file, folder.rglob("*"))} == held
    assert said[-1].endswith(f"at commit {COMMIT}; to keep to it, name hf:some/tiny@{COMMIT}")
    (hub / "model.safetensors").unlink()
    source = resolve("hf:some/tiny@v1")  # from the cache now
    assert read_source(source)[0].keys() == {"encoder.embeddings.word.weight"}


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "1_Pooling/config.json"])
def test_a_file_that_is_not_the_listed_one_is_refused(hub, name, tmp_path):
    data = bytearray((hub / name).read_bytes())
    data[-1] ^= 1
    (hub / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{name} is refused"):
        hub_folder("hf:some/tiny", print)
    assert not list((tmp_path / "cache" / "weights" / "hub").iterdir())


def test_without_the_hub_it_says_what_to_place(hub):
    with pytest.raises(CheckpointError) as error:
        hub_folder("hf:google-bert/bert-base-uncased@main", print)
    assert "404 Client Error" in str(error.value)
    assert "of https://huggingface.co/google-bert/bert-base-uncased into a folder" in str(error.value)


@pytest.mark.parametrize("name", ["hf:", "hf:tiny", "hf:a/b/c", "hf:../x", "hf:a/b@../../x", "hf:a/..", "hf:a/b@"])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(CheckpointError, match="expected hf:owner/name"):
        hub_folder(name, print)
