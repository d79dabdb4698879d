"""What trainings save beside their tensors: passed over where it is harmless, named where it is code."""

import argparse
import io
import pickle

import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.pickled import ForeignObject, Inert, load_pickle
from tasklab.weights.tables import FORMATS, detect, to_tasklab


class Odd:
    pass


def read(value, protocol=2):
    return load_pickle(io.BytesIO(pickle.dumps(value, protocol)), {}, None)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_the_settings_of_a_training_are_passed_over_and_never_made(protocol):
    found = read({"model": {"a": 1}, "args": argparse.Namespace(lr=1e-5, names=["x"]), "epoch": 3}, protocol)
    assert (found["model"], found["epoch"]) == ({"a": 1}, 3)
    assert isinstance(found["args"], Inert) and not hasattr(found["args"], "lr")


def test_an_object_that_needs_code_is_refused():
    with pytest.raises(ForeignObject, match="test_objects_beside.Odd, which no file of tensors needs; nothing was run"):
        read({"model": Odd()})


def test_the_message_says_how_to_save_the_tensors_alone(tmp_path):
    file = tmp_path / "pytorch_model.bin"
    protocol_2 = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    file.write_bytes(b"".join(protocol_2) + pickle.dumps(Odd(), 2))
    with pytest.raises(CheckpointError, match=r"besides tensors \(.*save the tensors alone: torch.save\(model.state"):
        open_weights(file)


@pytest.mark.parametrize("prefix", ["module.", "model.", "0.auto_model.", "module.model."])
def test_names_of_wrapped_networks_are_understood(prefix, rng):
    tensors = {f"{prefix}{'' if 'auto' in prefix else 'bert.'}embeddings.word_embeddings.weight": rng.random((3, 2))}
    assert detect(tensors).name == "huggingface"
    assert list(to_tasklab(tensors, FORMATS.get("huggingface"))[0]) == ["encoder.embeddings.word.weight"]
