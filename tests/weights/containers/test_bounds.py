"""What a short file may cost: no value in it is shown, hashed or unpacked before its type and size are looked at."""

import json
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.pickled import MAX_STEPS, load_pickle
from tasklab.weights.files import TensorFile, read_header

FLOATS = b"ctorch\nFloatStorage\n"
NESTED = b")" + b"".join(b"q%ch%c\x86" % (n, n) for n in range(60))  # (t, t) of t 60 times: 2 ** 60 parts


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word


KEY = text(b"0")


def tensor(offset=b"K\x00", shape=b"K\x04", stride=b"K\x01", size=b"K\x04", kind=FLOATS, key=KEY):
    storage = b"(" + text(b"storage") + kind + key + text(b"cpu") + size + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + b"(" + shape + b"t(" + stride + b"t\x89)tR"


def saved(value=None):
    return b"\x80\x02}" + text(b"a") + (value or tensor()) + b"s."


def write_zip(path, code, how=zipfile.ZIP_STORED, **records):
    with zipfile.ZipFile(path, "w", how) as box:
        box.writestr("archive/data.pkl", code)
        for name, content in records.items():
            box.writestr(f"archive/{name}", content)
        box.writestr("archive/data/0", struct.pack("<4f", 1, 2, 3, 4), zipfile.ZIP_STORED)


def refused(path, match):
    start = time.process_time()
    with pytest.raises(CheckpointError, match=match) as error:
        open_weights(path)
    assert time.process_time() - start < 5 and len(str(error.value)) < 1000
    assert str(path) in str(error.value)


def test_the_same_file_without_the_trick_is_read(tmp_path):
    write_zip(tmp_path / "w.bin", saved())
    assert np.asarray(open_weights(tmp_path / "w.bin")[1]["a"]).tolist() == [1, 2, 3, 4]


PLACES = {
    "offset": saved(tensor(offset=NESTED)), "shape": saved(tensor(shape=NESTED)), "size": saved(tensor(size=NESTED)),
    "stride": saved(tensor(stride=NESTED)), "storage type": saved(tensor(kind=NESTED)),
    "storage key": saved(tensor(key=NESTED)), "name": b"\x80\x02}" + NESTED + tensor() + b"s.",
    "pair of an ordered dict": b"\x80\x02ccollections\nOrderedDict\n(](" + NESTED + b"K\x01\x86etR.",
    "module of a global": b"\x80\x04" + NESTED + text(b"x") + b"\x93.", "function": b"\x80\x02" + NESTED + b")R.",
    "identity": b"\x80\x02" + NESTED + b"Q.", "whole": b"\x80\x02" + NESTED + b".",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_tuple_of_itself_is_neither_shown_nor_hashed(place, tmp_path):
    write_zip(tmp_path / "w.bin", PLACES[place])
    refused(tmp_path / "w.bin", "not a whole, sound PyTorch file")


def test_nor_is_it_in_the_stream_of_older_files(tmp_path):
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    machine, numbers = pickle.dumps({"little_endian": True}, 2), struct.pack("<q4f", 4, 1, 2, 3, 4)
    keys = b"\x80\x02](" + NESTED + b"e."
    (tmp_path / "keys.pt").write_bytes(magic + pickle.dumps(1001, 2) + machine + saved() + keys + numbers)
    refused(tmp_path / "keys.pt", "a storage whose name is no text")
    version = b"\x80\x02" + NESTED + b"."
    (tmp_path / "version.pt").write_bytes(magic + version + machine + saved() + pickle.dumps(["0"], 2) + numbers)
    refused(tmp_path / "version.pt", "protocol")


@pytest.mark.parametrize("records", [{"byteorder": bytes(64 << 20)}, {}], ids=["byteorder", "data.pkl"])
def test_a_record_that_unpacks_to_more_is_not_unpacked(records, tmp_path):
    write_zip(tmp_path / "w.bin", saved(), zipfile.ZIP_DEFLATED, **records)
    refused(tmp_path / "w.bin", "is compressed, or longer")


def test_a_pickle_of_very_many_steps_ends(tmp_path):
    write_zip(tmp_path / "w.bin", b"\x80\x02" + b"}" * (MAX_STEPS + 1))
    refused(tmp_path / "w.bin", f"more than {MAX_STEPS} steps")


def test_an_ordered_dict_of_pairs_is_one():
    import io

    code = pickle.dumps([["a", 1], ["b", 2]], 2).removeprefix(b"\x80\x02").removesuffix(b".")
    code = b"\x80\x02ccollections\nOrderedDict\n" + code + b"\x85R."
    from tasklab.weights.containers.torch_file import _ALLOWED

    assert load_pickle(io.BytesIO(code), _ALLOWED, None) == {"a": 1, "b": 2}


def test_numbers_that_are_shown_over_and_over_are_refused(tmp_path):
    many = b"".join(text(b"%d" % n) + tensor() for n in range(100))
    write_zip(tmp_path / "w.bin", b"\x80\x02}(" + many + b"u.")
    refused(tmp_path / "w.bin", "show the 4 numbers in it more than 64 times")


def test_very_many_dimensions_are_refused_before_they_are_multiplied(tmp_path):
    write_zip(tmp_path / "w.bin", saved(tensor(shape=b"K\x01" * 200_000, stride=b"K\x01" * 200_000)))
    refused(tmp_path / "w.bin", "shape or strides are none")
    head = json.dumps({"a": {"dtype": "F32", "shape": [1] * 200_000, "data_offsets": [0, 4]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))
    refused(tmp_path / "w.safetensors", "header cannot be read")
    dims = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f" * 100_000  # TensorProto.dims
    inner = bytes_field(1, b"a") + bytes_field(2, dims + bytes_field(2, b"Float32") + bytes_field(3, bytes(4)))
    (tmp_path / "w.ckpt").write_bytes(bytes_field(1, inner))
    refused(tmp_path / "w.ckpt", "100000 dimensions")


def bytes_field(number, content):
    size, out = len(content), bytearray([number << 3 | 2])
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes((*out, size)) + content


@pytest.mark.parametrize("value", ["1e400", "-1", "1.5", '"4"', "9" * 400])
def test_a_place_in_the_file_is_a_whole_number(value, tmp_path):
    head = f'{{"a": {{"dtype": "F32", "shape": [1], "data_offsets": [0, {value}]}}}}'.encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))
    with pytest.raises(CheckpointError, match="header cannot be read"):
        read_header(tmp_path / "w.safetensors")


def test_a_list_of_files_that_names_itself_has_an_end(tmp_path):
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": index.name}}))
    refused(index, "is such a list itself")


def test_a_name_without_end_is_refused(tmp_path):
    TensorFile({"a" * 100_000: np.ones(1, np.float32)})(tmp_path / "w.safetensors")
    refused(tmp_path / "w.safetensors", "name of more than 1000 characters")


def test_a_pipe_among_the_files_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(CheckpointError, match="not a regular file"):
        open_weights(tmp_path / "pipe.safetensors")


def test_keys_that_share_their_beginnings_do_not_grow_beyond_the_file(tmp_path):
    header, text_kind = b"\0\0\x02\x08\x01", b"\x08\x07"  # one shard; DT_STRING
    first = b"\0\xa0\x1f\x02" + b"k" * 4000 + text_kind
    # each of these entries keeps 4000 bytes of the key before it and adds one
    others = b"".join(b"\xa0\x1f\x01\x02" + bytes([n % 256]) + text_kind for n in range(200_000))
    block = header + first + others
    (tmp_path / "w.index").write_bytes(table_of(block + struct.pack("<2I", 0, 1)))
    refused(tmp_path / "w.index", "keys that are much longer than the file")


def table_of(block):
    from tasklab.weights.containers.sstable import MAGIC, _append

    out = bytearray()
    data = _append(out, block)
    meta = _append(out, struct.pack("<2I", 0, 1))
    index = _append(out, b"\0\x01" + bytes([len(data)]) + b"z" + data + struct.pack("<2I", 0, 1))
    return bytes(out) + (meta + index).ljust(40, b"\0") + MAGIC
