"""The files are written by llama.cpp's library, or by hand byte for byte."""

import struct
import time

import gguf
import numpy as np
import pytest
from gguf_files import llama_tensors, write_gguf

from tasklab.errors import CheckpointError
from tasklab.gguf import is_gguf, nbytes, read_gguf


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def header(*parts: bytes, keys=0, tensors=0, version=3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + b"".join(parts)


def one_tensor(kind: int, shape, content: bytes, offset=0) -> bytes:
    """A file of one tensor; shape as the file has it, columns first."""
    row = text("x") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    whole = header(row, tensors=1)
    return whole + bytes(-len(whole) % 32) + content


def values(path, data: bytes):
    path.write_bytes(data)
    return read_gguf(path).tensors["x"].read()


def test_metadata_is_what_the_writer_put_in(tmp_path):
    found = read_gguf(write_gguf(tmp_path / "a")).metadata
    assert found["general.architecture"] == "llama" and found["llama.attention.head_count_kv"] == 2
    tokens = found["tokenizer.ggml.tokens"]
    assert tokens[:3] == ["a", "b", "c"] and len(tokens) == 96
    assert found["tokenizer.ggml.token_type"] == [1] * 5 + [3] + [1] * 90
    assert found["tokenizer.ggml.add_bos_token"] is False
    assert found["llama.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-5)


@pytest.mark.parametrize("kind, error", [("F32", 0), ("F16", 1e-3), ("BF16", 4e-3), ("Q8_0", 5e-3), ("Q5_1", 0.03),
                                         ("Q5_0", 0.05), ("Q4_1", 0.06), ("Q4_0", 0.09)])  # fmt: skip
def test_every_kind_gives_the_values_back_as_near_as_it_holds_them(kind, error, tmp_path):
    ours = llama_tensors()["model.embed_tokens.weight"]
    found = read_gguf(write_gguf(tmp_path / "a", kind=kind)).tensors["token_embd.weight"]
    assert found.shape == (96, 64) and found.kind == kind and found.read().dtype == np.float32
    assert np.abs(found.read() - ours).max() <= error
    for rows in (slice(0, 7), slice(90, 200)):
        assert np.array_equal(found.read(rows), found.read()[rows])


def test_a_block_of_q8_0_by_hand(tmp_path):
    # scale 0.5 in float16, then 32 bytes: value = scale * byte
    block = struct.pack("<e32b", 0.5, *range(-16, 16))
    np.testing.assert_array_equal(values(tmp_path / "a", one_tensor(8, [32], block)), np.arange(-16, 16) / 2)


def test_a_block_of_q4_1_by_hand(tmp_path):
    # scale 0.5, least value -1, then 16 bytes: the low halves are values 0 to 15, the high ones 16 to 31
    block = struct.pack("<ee16B", 0.5, -1, *[0x20 + number for number in range(16)])
    expected = [number / 2 - 1 for number in range(16)] + [2 / 2 - 1] * 16
    np.testing.assert_array_equal(values(tmp_path / "a", one_tensor(3, [32], block)), expected)


def test_a_block_of_q4_k_by_hand(tmp_path):
    # d 2, dmin 1; scales of the first four groups 1, their least values 3, those of the last four 0;
    # 64 values share 32 bytes: the low halves first
    scales = [1, 1, 1, 1, 3, 3, 3, 3, 0, 0, 0, 0]
    block = struct.pack("<ee12B128B", 2, 1, *scales, *[0x51] * 128)
    expected = ([2 * 1 * 1 - 3] * 32 + [2 * 1 * 5 - 3] * 32) * 2 + [0] * 128
    np.testing.assert_array_equal(values(tmp_path / "a", one_tensor(12, [256], block)), expected)


def test_a_block_of_q6_k_by_hand(tmp_path):
    # low four bits 1, high two bits 0: 1 - 32, times scales of 1 and 2 for 16 values each, times d 0.5
    block = struct.pack("<128B64B16be", *[0x11] * 128, *[0] * 64, *[1, 2] * 8, 0.5)
    expected = ([-31 / 2] * 16 + [-31] * 16) * 8
    np.testing.assert_array_equal(values(tmp_path / "a", one_tensor(14, [256], block)), expected)


@pytest.mark.parametrize(
    "data, said",
    [
        (b"GGUF", "ends too early"),
        (b"GGML" + bytes(40), "begins with b'GGML', expected b'GGUF'"),
        (header(version=1), "version 1; known are 2 and 3"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (header(keys=1 << 60), "keys are announced, expected at most"),
        (header(tensors=1 << 60), "tensors are announced, expected at most"),
        (header(struct.pack("<Q", 1 << 62), keys=1), "bytes of a text are announced"),
        (header(text("k"), struct.pack("<IIQ", 9, 0, 1 << 40), keys=1), "items of arrays are announced"),
        (header(text("k"), struct.pack("<IIQ", 9, 0, 1 << 20), keys=1), "ends too early: 1048576 bytes"),
        (header(text("k"), struct.pack("<I", 9), struct.pack("<IQ", 9, 1) * 6, keys=1), "more than 4 deep"),
        (header(text("k"), struct.pack("<I", 13), keys=1), "a value of kind 13"),
        (header((text("k") + struct.pack("<IB", 0, 1)) * 2, keys=2), "the key 'k' is there twice"),
        (header(text("general.alignment") + struct.pack("<II", 4, 0), keys=1), "general.alignment is 0"),
        (header(text("x") + struct.pack("<I", 9), tensors=1), "9 dimensions of a tensor"),
        (one_tensor(0, [1 << 40, 1 << 40], b""), "tensor 'x' needs"),
        (one_tensor(0, [4], bytes(12)), "tensor 'x' needs"),
        (one_tensor(0, [4], bytes(16), offset=1 << 63), "tensor 'x' needs"),
        (one_tensor(8, [33], bytes(64)), "Q8_0 has blocks of 32 values"),
        (one_tensor(16, [256], bytes(66)), "has the quantisation IQ2_XXS; read are F32"),
        (one_tensor(99, [256], bytes(66)), "number 99, which nobody here knows; read are F32"),
    ],
)
def test_what_is_no_sound_file_is_refused_with_its_name_and_a_remedy(data, said, tmp_path):
    (tmp_path / "bad.gguf").write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_gguf(tmp_path / "bad.gguf")
    told = str(caught.value)
    assert said in told and "bad.gguf" in told and len(told) < 500
    assert any(remedy in told for remedy in ("copy or fetch it again", "convert it", "llama-quantize"))


def test_tensors_in_one_place_are_refused_so_that_a_small_file_stays_small(tmp_path):
    rows = b"".join(text(f"x{n}") + struct.pack("<IQIQ", 1, 8, 0, 0) for n in range(1000))
    (tmp_path / "a").write_bytes(header(rows, tensors=1000) + bytes(64))
    with pytest.raises(CheckpointError, match="lies in the place of another one"):
        read_gguf(tmp_path / "a")


def test_counts_that_lie_cost_neither_time_nor_memory(tmp_path):
    many = text("k") + struct.pack("<IIQ", 9, 8, 1 << 20) + bytes(8 << 20)
    (tmp_path / "a").write_bytes(header(many, text("l"), struct.pack("<IIQ", 9, 8, 1 << 21), keys=2))
    start = time.process_time()
    with pytest.raises(CheckpointError, match="items of arrays are announced"):
        read_gguf(tmp_path / "a")
    assert time.process_time() - start < 5


def test_a_vocabulary_of_fifty_thousand_opens_in_less_than_half_a_second(tmp_path):
    tokens = b"".join(text(f"token{number}") for number in range(50_000))
    arrays = [text(key) + struct.pack("<IIQ", 9, 8, 50_000) + tokens for key in ("a", "b")]
    (tmp_path / "a").write_bytes(header(*arrays, keys=2))
    start = time.process_time()
    assert read_gguf(tmp_path / "a").metadata["b"][-1] == "token49999"
    assert time.process_time() - start < 0.5


def test_kinds_and_sizes_are_those_of_the_library():
    for kind in ("Q4_1", "Q2_K", "Q6_K"):
        block, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
        assert nbytes((3, 2 * block), kind) == 6 * size


def test_a_file_is_told_by_its_start(tmp_path):
    (tmp_path / "other").write_bytes(b"PK")
    assert is_gguf(write_gguf(tmp_path / "a")) and not is_gguf(tmp_path / "other") and not is_gguf(tmp_path / "none")
    assert not is_gguf(tmp_path)
