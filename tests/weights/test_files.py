import json
import struct
import time

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tasklab.errors import CheckpointError
from tasklab.weights.files import TensorFile, read_safetensors


def tensors():
    rng = np.random.default_rng(1)
    return {
        "b": rng.standard_normal((3, 4)).astype(np.float32),
        "a": rng.standard_normal((2, 5)).astype(np.float16),
        "step": np.array(7, np.int64),
        "empty": np.zeros((0, 3), np.float32),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "flag": np.array([True, False, True]),
    }


def write(path, header: dict, body: bytes = b""):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def test_the_safetensors_library_reads_what_tensor_file_writes(tmp_path):
    file = TensorFile(tensors())
    file(tmp_path / "x.safetensors")
    loaded = load_file(tmp_path / "x.safetensors")
    assert loaded.keys() == tensors().keys()
    for name, array in tensors().items():
        assert loaded[name].dtype == array.dtype and loaded[name].shape == array.shape
        np.testing.assert_array_equal(loaded[name], array)
    assert (tmp_path / "x.safetensors").stat().st_size == file.nbytes


def test_the_bytes_depend_on_the_tensors_only(tmp_path):
    TensorFile(tensors())(tmp_path / "x")
    TensorFile(dict(reversed(tensors().items())))(tmp_path / "y")
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_a_file_of_the_safetensors_library_is_read_whole(tmp_path):
    saved = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in tensors().items()}
    save_file(saved, tmp_path / "x.safetensors", metadata={"format": "np"})  # it would mix up what is not contiguous
    loaded = read_safetensors(tmp_path / "x.safetensors")
    assert loaded.keys() == saved.keys()
    for name, array in saved.items():
        np.testing.assert_array_equal(loaded[name], array)


def test_bfloat16_becomes_the_float32_of_the_same_value(tmp_path):
    # 1.5 = 0x3FC0, -2.0 = 0xC000 in bfloat16
    header = {"w": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [0, 4]}}
    loaded = read_safetensors(write(tmp_path / "x", header, struct.pack("<HH", 0x3FC0, 0xC000)))
    assert loaded["w"].dtype == np.float32 and loaded["w"].tolist() == [[1.5, -2.0]]


def whole(tmp_path):
    save_file({"w": np.ones((8, 8), np.float32)}, tmp_path / "x.safetensors")
    return (tmp_path / "x.safetensors").read_bytes()


BAD = {
    "empty": (lambda data: b"", "0 bytes long: empty or cut short"),
    "cut in the header": (lambda data: data[:20], "not a safetensors file, or cut short"),
    "cut in the data": (lambda data: data[:-10], "its header describes"),
    "something after it": (lambda data: data + b"x", "its header describes"),
    "no magic": (lambda data: b"\xff" * 64, "not a safetensors file"),
    "header of 2^62 bytes": (lambda data: struct.pack("<Q", 1 << 62) + data[8:], "header of 4611686018427387904 bytes"),
    "header no JSON": (lambda data: data[:8] + b"x" * (len(data) - 8), "header cannot be read"),
    "a zip": (lambda data: b"PK\x03\x04" + b"\xff" * 60, "a PyTorch pickle"),
    "a pickle": (lambda data: b"\x80\x02\xff\xff\xff\xff\xff\xff" + data, "a PyTorch pickle"),
    "git lfs": (lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_named_at_once(case, tmp_path):
    change, message = BAD[case]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(change(whole(tmp_path)))
    start = time.process_time()
    with pytest.raises(CheckpointError, match=message) as error:
        read_safetensors(path)
    assert str(path) in str(error.value)
    assert time.process_time() - start < 1.0


ROW = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
HEADERS = {
    "wrong shape": {"w": {**ROW, "shape": [3]}},
    "negative shape": {"w": {**ROW, "shape": [-2]}},
    "huge shape": {"w": {**ROW, "shape": [1 << 40, 1 << 40]}},
    "offsets turned": {"w": {**ROW, "data_offsets": [8, 0]}, "v": ROW},
    "overlap": {"w": ROW, "v": ROW},
    "no dtype": {"w": {"shape": [2], "data_offsets": [0, 8]}},
    "unknown dtype": {"w": {**ROW, "dtype": "F31"}},
    "row no object": {"w": 3},
    "not an object": [1, 2],
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_lies_is_refused(case, tmp_path):
    path = write(tmp_path / "bad.safetensors", HEADERS[case], b"\0" * 8)
    with pytest.raises(CheckpointError, match="bad.safetensors"):
        read_safetensors(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="x.safetensors: no such file"):
        read_safetensors(tmp_path / "x.safetensors")


def test_nan_and_infinity_are_counted_by_tensor(tmp_path):
    array = np.ones((2, 3), np.float32)
    array[0, 0], array[1] = np.nan, np.inf
    save_file({"fine": np.ones(2), "broken": array}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match=r"1 tensors hold .*: broken \(1 NaN, 3 infinite of 6\)"):
        read_safetensors(tmp_path / "x.safetensors")
    assert np.isnan(read_safetensors(tmp_path / "x.safetensors", finite=False)["broken"]).sum() == 1


def test_a_type_without_a_place_in_the_file_is_refused():
    with pytest.raises(CheckpointError, match="'w': type complex64"):
        TensorFile({"w": np.ones(2, np.complex64)})
