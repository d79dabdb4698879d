"""The files in tests/fixtures/containers were written by torch, TensorFlow and MindSpore (make_weight_files.py)."""

import json
import os
import pickle
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tasklab.errors import CheckpointError
from tasklab.weights.atomic import write_folder
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.mindspore_file import MindSporeFile
from tasklab.weights.containers.tensor_bundle import bundle_files
from tasklab.weights.containers.torch_file import read_zip
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.files import TensorFile
from tasklab.weights.tensors import LazyTensor, cast_notes, check_finite

FIXTURES = Path(__file__).parents[2] / "fixtures" / "containers"
A = np.arange(6, dtype=np.float32).reshape(2, 3) / 4
COMMON = {"a": A, "half": A.astype(np.float16), "double": A.astype(np.float64), "step": np.array(7)}
TENSORS = {
    "torch_zip.bin": {**COMMON, "brain": A, "turned": A.T, "part": A[1:], "empty": np.zeros((0, 3), np.float32)},
    "mindspore.ckpt": {**COMMON, "brain": A, "epoch_num": np.array(3)},
    "mindspore_crc.ckpt": {**COMMON, "brain": A},
    "bundle.index": {**COMMON, "brain": A, **{f"deep/layer_{n}/kernel": A for n in range(3)}},
}
TENSORS["torch_legacy.bin"] = TENSORS["torch_zip.bin"]
WRITERS = {
    "model.safetensors": lambda tensors: {"model.safetensors": TensorFile(tensors)},
    "model.bin": lambda tensors: {"model.bin": TorchFile(tensors)},
    "model.ckpt": lambda tensors: {"model.ckpt": MindSporeFile(tensors)},
    "model.index": lambda tensors: bundle_files("model", tensors),
}


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        left, right = np.asarray(one[name]), np.asarray(other[name])
        assert (left.dtype, left.shape) == (right.dtype, right.shape), name
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", TENSORS)
def test_files_of_the_programs_themselves_are_read_bit_for_bit(name):
    same(open_weights(FIXTURES / name)[1], TENSORS[name])


@pytest.mark.parametrize("name", TENSORS)
def test_the_kind_is_told_by_content_not_by_name(name, tmp_path):
    if name == "bundle.index":  # its data file is found by its name
        return
    (tmp_path / "renamed.safetensors").write_bytes((FIXTURES / name).read_bytes())
    assert open_weights(tmp_path / "renamed.safetensors")[0] == open_weights(FIXTURES / name)[0]


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read_back_bit_for_bit(name, tmp_path, rng):
    tensors = {**COMMON, "turned": A.T, "empty": np.zeros((0, 3), np.float32), "flag": np.array([True, False])}
    tensors["noise"] = rng.standard_normal((70, 9)).astype(np.float32)
    tensors["names/with.dots and blanks é"] = A
    write_folder(tmp_path / "model", WRITERS[name](tensors))
    same(open_weights(tmp_path / "model" / name)[1], tensors)


@pytest.mark.parametrize("name", WRITERS)
def test_the_bytes_depend_on_the_tensors_only(name, tmp_path):
    for folder in ("one", "two"):
        write_folder(tmp_path / folder, WRITERS[name](COMMON))
        time.sleep(0.01)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_mindspore_reads_the_checkpoint(tmp_path):
    import mindspore as ms

    MindSporeFile(COMMON)(tmp_path / "x.ckpt")
    loaded = ms.load_checkpoint(str(tmp_path / "x.ckpt"))
    same({name: value.asnumpy() for name, value in loaded.items()}, COMMON)


def test_a_tensor_longer_than_a_slice_is_joined(tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.weights.containers.mindspore_file._SLICE", 16)
    MindSporeFile({"a": A})(tmp_path / "x.ckpt")  # 24 bytes: two slices
    assert (tmp_path / "x.ckpt").read_bytes().count(b"Float32") == 2
    same(open_weights(tmp_path / "x.ckpt")[1], {"a": A})


def test_shards_of_any_kind_are_joined(tmp_path):
    save_file({"a": A}, tmp_path / "one.safetensors")
    TorchFile({"b": A})(tmp_path / "two.bin")
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.bin"}}))
    same(open_weights(index)[1], {"a": A, "b": A})
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "c": "two.bin"}}))
    with pytest.raises(CheckpointError, match="1 tensors that its files do not hold: c"):
        open_weights(index)


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"weight_map": 3}', '{"weight_map": {"a": "../m"}}', '{"weight_map": {"a": 5}}']
)
def test_a_bad_index_is_refused(text, tmp_path):
    (tmp_path / "model.index.json").write_text(text)
    with pytest.raises(CheckpointError, match="model.index.json"):
        open_weights(tmp_path / "model.index.json")


class Trap:
    def __reduce__(self):
        return os.system, ("touch trapped",)


def torch_zip(path, pickled: bytes, records=()):
    with zipfile.ZipFile(path, "w") as box:
        box.writestr("archive/data.pkl", pickled)
        for name, content in records:
            box.writestr(name, content)
    return path


def test_a_pickle_that_would_run_a_command_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in (2, 4):
        path = torch_zip(tmp_path / "x.bin", pickle.dumps({"a": Trap()}, protocol))
        with pytest.raises(CheckpointError, match="it asks for (posix|os).system, which no file of tensors needs"):
            open_weights(path)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    "pickled, message",
    [
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v3\n.", "torch._utils._rebuild_tensor_v3"),
        (b"(iposix\nsystem\n.", "opcode INST"),
        (b"(cposix\nsystem\no.", "posix.system"),
        (b"\x82\x01.", "opcode EXT1"),
        (b"\x80\x02ctorch.serialization\n_get_layout\n.", "torch.serialization._get_layout"),
        (b"\x80\x02}\x81.", "opcode NEWOBJ"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "not a whole"),
        (b"\x80\x02}.", "no dict of named tensors"),
        (b"\x80\x02]" + b"]a" * 10 + b".", "no dict of named tensors"),
        (b"\x80\x02r\xff\xff\xff\xff.", "not a whole"),  # a memo index that makes the stock unpickler take 32 GB
        (b"\x80\x02\x8a\xff" + b"\xff" * 255 + b".", "no dict of named tensors"),
    ],
)
def test_every_other_opcode_and_global_is_refused_by_name(pickled, message, tmp_path):
    with pytest.raises(CheckpointError, match=message):
        open_weights(torch_zip(tmp_path / "x.bin", pickled))


def test_a_tensor_cannot_reach_beyond_its_storage(tmp_path):
    TorchFile({"a": A})(tmp_path / "x.bin")
    with zipfile.ZipFile(tmp_path / "x.bin") as box:
        pickled = box.read("archive/data.pkl")
    data = [("archive/data/0", A.tobytes())]
    shape = b"J\x02\0\0\0J\x03\0\0\0t"
    assert pickled.count(shape) == 1
    for lie in (b"J\x03\0\0\0J\x03\0\0\0t", b"J\x02\0\0\0J\x04\0\0\0t", b"J\x02\0\0\0J\xff\xff\xff\xfft"):
        with pytest.raises(CheckpointError, match="a tensor of shape|is no size"):
            open_weights(torch_zip(tmp_path / "y.bin", pickled.replace(shape, lie), data))
    with pytest.raises(CheckpointError, match="not 24 bytes long"):
        open_weights(torch_zip(tmp_path / "y.bin", pickled, [("archive/data/0", b"1234")]))


def test_a_flipped_bit_is_seen_where_the_format_has_checksums(tmp_path):
    for name in ("model.bin", "model.index"):
        write_folder(tmp_path / name, WRITERS[name]({"a": A}))
        file = next(f for f in (tmp_path / name).iterdir() if A.tobytes() in f.read_bytes())
        data = bytearray(file.read_bytes())
        data[data.index(A.tobytes()) + 5] ^= 4
        file.write_bytes(data)
        with pytest.raises(CheckpointError, match=file.name):
            np.asarray(open_weights(tmp_path / name / name)[1]["a"])
    data = bytearray((FIXTURES / "mindspore_crc.ckpt").read_bytes())
    data[40] ^= 4
    (tmp_path / "x.ckpt").write_bytes(data)
    with pytest.raises(CheckpointError, match="its CRC-32 is not the one at its end"):
        open_weights(tmp_path / "x.ckpt")


FOREIGN = {
    "version https://git-lfs.github.com/spec/v1\noid sha256:0\n": "a Git LFS pointer",
    "\x89HDF\r\n\x1a\n" + "x" * 60: "an HDF5 file",
    "\x80\x04\x95" + "x" * 60: "a pickle that torch.save did not write",
    "": "0 bytes long",
    "what a fine day" * 9: "no known kind of weight file",
}


@pytest.mark.parametrize("text", FOREIGN, ids=FOREIGN.values())
def test_other_files_are_called_by_their_name(text, tmp_path):
    (tmp_path / "x.bin").write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointError, match=f"x.bin: {FOREIGN[text]}"):
        open_weights(tmp_path / "x.bin")


def test_a_missing_file_or_data_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="nothing.bin: cannot be read"):
        open_weights(tmp_path / "nothing.bin")
    (tmp_path / "bundle.index").write_bytes((FIXTURES / "bundle.index").read_bytes())
    with pytest.raises(CheckpointError, match="bundle.data-00000-of-00001: missing or cut short"):
        open_weights(tmp_path / "bundle.index")


def test_a_safetensors_header_may_not_claim_more_than_the_file(tmp_path):
    (tmp_path / "x").write_bytes(struct.pack("<Q", 1 << 40) + b"{" + b" " * 100)
    with pytest.raises(CheckpointError, match="header of 1099511627776 bytes announced"):
        open_weights(tmp_path / "x")


def test_values_are_read_one_tensor_at_a_time(tmp_path):
    TorchFile({"a": A, "b": A})(tmp_path / "x.bin")
    tensors = read_zip(tmp_path / "x.bin")
    assert all(isinstance(tensor, LazyTensor) for tensor in tensors.values())
    turned = tensors["a"].map(np.transpose)
    assert turned.shape == (3, 2)
    np.testing.assert_array_equal(turned, A.T)


def test_casts_are_told_and_values_that_are_no_numbers_are_counted():
    tensors = open_weights(FIXTURES / "torch_zip.bin")[1]
    kinds = ("bfloat16", "float16", "float64")
    assert cast_notes(tensors) == tuple(f"cast 1 tensors from {kind} to float32" for kind in kinds)
    assert tensors["half"].as_float32().read().dtype == np.float32
    with pytest.raises(CheckpointError, match=r"here: 1 tensors .*: w \(1 NaN, 0 infinite of 2\)"):
        check_finite("here", {"w": np.array([1.0, np.nan]), "v": np.ones(2)})


def test_a_type_without_a_place_in_the_file_is_refused():
    for writer in (TorchFile, MindSporeFile, TensorFile, lambda tensors: bundle_files("x", tensors)):
        with pytest.raises(CheckpointError, match="'w': type complex64"):
            writer({"w": np.ones(2, np.complex64)})
