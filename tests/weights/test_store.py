import hashlib
import json

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file

from tasklab.errors import CheckpointError, UnknownName
from tasklab.weights import catalogue, store
from tasklab.weights.containers.tensor_bundle import bundle_files
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.folder import TensorFile, write_folder
from tasklab.weights.store import read_source, resolve

HF = {
    "embeddings.word_embeddings.weight": np.arange(6, dtype=np.float32).reshape(3, 2),
    "embeddings.position_ids": np.arange(4),
    "pooler.dense.bias": np.ones(2, np.float32),
}
SHIPPED = {
    "description": "a tiny model",
    "licence": "Apache-2.0",
    "files": {"model.safetensors": {"sha256": "0" * 64, "size": 5}, "vocab.txt": {}},
    "sources": [{"hub": "some/tiny", "revision": "main"}],
}
LISTED = {"sources": [{"hub": "some/tiny", "revision": "0" * 40}]}


@pytest.fixture(autouse=True)
def empty_world(tmp_path, monkeypatch):
    """One listed name, `tiny`, found nowhere; every look-up place below tmp_path; no network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TASKLAB_CHECKPOINTS", str(tmp_path / "mine"))
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "tiny.yaml").write_text(yaml.safe_dump(SHIPPED))
    monkeypatch.setattr(catalogue, "_folder", lambda: tmp_path / "shipped")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "client"))


def model(folder, tensors=HF):
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "vocab.txt").write_bytes(b"[PAD]\n")
    (folder / "config.json").write_text('{"hidden_size": 2}')
    return folder


def test_a_huggingface_folder_reads_under_tasklabs_names(tmp_path):
    source = resolve(model(tmp_path / "some" / "bert"))
    assert (source.format, source.folder) == ("huggingface", tmp_path / "some" / "bert")
    assert source.config == {"hidden_size": 2}
    tensors, vocabulary, notes = read_source(source)
    assert tensors.keys() == {"encoder.embeddings.word.weight", "encoder.pooler.bias"}
    np.testing.assert_array_equal(tensors["encoder.embeddings.word.weight"], HF["embeddings.word_embeddings.weight"])
    assert (vocabulary, notes) == (source.folder / "vocab.txt", [])


def test_names_that_no_table_knows_stay_visible(tmp_path):
    source = resolve(model(tmp_path / "bert", {**HF, "lstm.weight": np.ones(2)}))
    tensors, _, notes = read_source(source)
    assert "lstm.weight" in tensors
    assert notes == ["1 names in model.safetensors are unknown to the huggingface table: lstm.weight"]


def test_a_single_file_and_a_sharded_folder_are_weights_too(tmp_path):
    folder = model(tmp_path / "bert")
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    assert resolve(str(folder / "other.safetensors")).file == folder / "other.safetensors"
    index = {"weight_map": dict.fromkeys(HF, "other.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    tensors, _, _ = read_source(resolve(folder))
    assert "encoder.pooler.bias" in tensors


def checkpoint(path):
    return write_folder(path, {"model.safetensors": TensorFile({"head.output.bias": np.ones(2, np.float32)}),
                               "config.yaml": b"task: x\n", "vocab.txt": b"[PAD]\n"})  # fmt: skip


def test_a_checkpoint_is_verified_before_it_is_read(tmp_path):
    path = checkpoint(tmp_path / "output" / "checkpoint-5")
    assert resolve(path).format == "tasklab"
    assert np.asarray(read_source(resolve(path))[0]["head.output.bias"]).tolist() == [1.0, 1.0]
    (path / "vocab.txt").write_bytes(b"[pad]\n")
    with pytest.raises(CheckpointError, match="vocab.txt: damaged"):
        read_source(resolve(path))


def test_files_of_other_programs_are_found_by_folder_file_and_prefix(tmp_path):
    folder = tmp_path / "bert"
    write_folder(folder, {"pytorch_model.bin": TorchFile(HF), "training_args.bin": b"x", "vocab.txt": b"[PAD]\n"})
    for path in (folder, folder / "pytorch_model.bin"):
        assert read_source(resolve(path))[0].keys() == {"encoder.embeddings.word.weight", "encoder.pooler.bias"}
    google = tmp_path / "google"
    write_folder(google, bundle_files("bert_model.ckpt", {"bert/pooler/dense/bias": np.ones(2, np.float32)}))
    for path in (google, google / "bert_model.ckpt", google / "bert_model.ckpt.index"):
        assert resolve(path).format == "google"
        assert read_source(resolve(path))[0].keys() == {"encoder.pooler.bias"}


def test_several_files_without_a_usual_name_are_not_chosen_from(tmp_path):
    write_folder(tmp_path / "models", {"a.bin": TorchFile(HF), "b.bin": TorchFile(HF)})
    with pytest.raises(CheckpointError, match="models: holds a.bin, b.bin: name the file to take"):
        resolve(tmp_path / "models")


def test_half_precision_is_cast_and_told(tmp_path):
    half = {name: tensor.astype(np.float16) for name, tensor in HF.items() if tensor.dtype == np.float32}
    tensors, _, notes = read_source(resolve(model(tmp_path / "bert", half)))
    assert notes == ["cast 2 tensors from float16 to float32"]
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float32)}


def test_the_first_place_wins(tmp_path):
    model(tmp_path / "checkpoints" / "tiny")
    assert resolve("tiny").folder.resolve() == tmp_path / "checkpoints" / "tiny"
    model(tmp_path / "mine" / "tiny")
    assert resolve("tiny").folder == tmp_path / "mine" / "tiny"


def test_a_folder_of_any_name_in_a_look_up_place_is_found_by_its_name(tmp_path):
    model(tmp_path / "checkpoints" / "my_bert")
    assert resolve("my_bert").name == "my_bert"


def test_files_placed_by_the_user_count_and_a_difference_is_noted(tmp_path):
    model(tmp_path / "mine" / "tiny")
    assert resolve("tiny").notes == (
        f"{tmp_path}/mine/tiny: model.safetensors differ from the listed tiny; yours are used",
    )


def test_nothing_found_lists_every_place_and_what_to_put_there(tmp_path):
    with pytest.raises(CheckpointError) as error:
        resolve("tiny")
    assert str(error.value).splitlines() == [
        "no weights for 'tiny' (a tiny model). Looked at:",
        f"  {tmp_path}/mine/tiny: no such folder",
        "  checkpoints/tiny: no such folder",
        f"  {tmp_path}/cache/weights/hub/some--tiny@main: no such folder",
        "  HuggingFace hub some/tiny: HF_HUB_OFFLINE is set, and the files are not in its cache",
        "Put these files into checkpoints/tiny/ or $TASKLAB_CHECKPOINTS/tiny/:",
        "  model.safetensors  5 bytes, SHA-256 " + "0" * 64,
        "  vocab.txt",
        "They are at https://huggingface.co/some/tiny. Where that or a mirror (HF_ENDPOINT) can be reached,",
        "tiny is fetched by itself, as any model is by its name there: checkpoint=hf:some/tiny",
    ]


def test_an_unknown_name_is_answered_with_listed_and_placed_names(tmp_path):
    model(tmp_path / "checkpoints" / "my_bert")
    with pytest.raises(UnknownName, match="'my_brt'. Did you mean 'my_bert'.* Known: my_bert, tiny"):
        resolve("my_brt")


@pytest.mark.parametrize("path", ["no/such", "x.safetensors", "../tiny", "./tiny"])
def test_a_path_that_is_not_there_is_no_misspelt_name(path):
    with pytest.raises(CheckpointError, match="no such file or folder"):
        resolve(path)


def test_a_fetch_fills_the_cache_once_and_a_damaged_cache_is_filled_again(tmp_path, monkeypatch):
    save_file(HF, tmp_path / "m")
    files = {"model.safetensors": (tmp_path / "m").read_bytes(), "vocab.txt": b"[PAD]\n"}
    listed = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()
    }
    (tmp_path / "shipped" / "tiny.yaml").write_text(yaml.safe_dump({**SHIPPED, **LISTED, "files": listed}))
    fetches = []

    def fake(entry, target, say):
        fetches.append(entry.name)
        write_folder(target, files)
        return []

    monkeypatch.setattr(store, "fetch", fake)
    for _ in range(2):
        assert read_source(resolve("tiny"))[1] == tmp_path / "cache" / "weights" / "tiny" / "vocab.txt"
    assert fetches == ["tiny"]
    (tmp_path / "cache" / "weights" / "tiny" / "vocab.txt").write_bytes(b"[PAD]")
    read_source(resolve("tiny"))
    assert fetches == ["tiny", "tiny"]


def test_a_damaged_cache_is_not_used_when_it_cannot_be_filled_again(tmp_path):
    listed = {"model.safetensors": {"sha256": "0" * 64, "size": 5}}
    (tmp_path / "shipped" / "tiny.yaml").write_text(yaml.safe_dump({**SHIPPED, **LISTED, "files": listed}))
    write_folder(tmp_path / "cache" / "weights" / "tiny", {"model.safetensors": b"12345"})
    with pytest.raises(CheckpointError, match="weights/tiny: damaged, not used"):
        resolve("tiny")


def test_named_weights_without_checksums_are_kept_as_the_hub_gave_them_first(empty_world, hub, tiny):
    commit = hub.put("some/tiny", {**tiny, "vocab.txt": b"[PAD]\n"})
    said = []
    first = resolve("tiny", said.append)
    assert said == [
        "fetching tiny from the HuggingFace hub some/tiny ...",
        "model.safetensors is not the one listed for tiny; the hub's is taken",
        f"fetched tiny at commit {commit}, every file as the hub states it, into {first.folder}",
        f"not pinned: main may move. Here this commit stays; hf:some/tiny@{commit} names it anywhere",
    ]
    hub.put("some/tiny", {**tiny, "vocab.txt": b"[UNK]\n"})
    hub.asked.clear()
    assert resolve("tiny") == first and hub.asked == []
    assert read_source(first)[1].read_bytes() == b"[PAD]\n"


def test_weights_of_no_known_program_are_refused_with_the_file(tmp_path):
    with pytest.raises(CheckpointError, match="model.safetensors: the weight names fit no known format"):
        resolve(model(tmp_path / "resnet", {"layer1.conv.weight": np.ones(2)}))
