"""PaddleNLP's UIE in PyTorch's names, with numbers of transformers from tests/fixtures/make_uie_reference.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab import Trainer
from tasklab.convert import convert
from tasklab.model import prepare_ready
from tasklab.weights.atomic import write_folder
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.tables import detect, find_format, from_tasklab, to_tasklab

FIXTURE = Path(__file__).parents[1] / "fixtures" / "uie_reference.npz"
DESCRIBED = {
    "architectures": ["UIE"], "model_type": "ernie", "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 20, "type_vocab_size": 4,
    "task_type_vocab_size": 3, "use_task_id": True, "layer_norm_eps": 1e-5,
}  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


@pytest.fixture(scope="module")
def theirs(reference):
    start = "weight:"
    return {n.removeprefix(start): a.astype(np.float32) for n, a in reference.items() if n.startswith(start)}


@pytest.fixture
def folder(theirs, tmp_path):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"piece{n}" for n in range(55))]
    write_folder(tmp_path / "uie", {
        "pytorch_model.bin": TorchFile(theirs), "config.json": json.dumps(DESCRIBED).encode(),
        "vocab.txt": "\n".join(words).encode(),
    })  # fmt: skip
    return tmp_path / "uie"


def arrays(tensors):
    return {name: np.asarray(tensor) for name, tensor in tensors.items()}


@pytest.mark.parametrize("prefix", ["encoder.", "ernie.", "module.ernie."])
def test_its_names_are_known_with_each_prefix_and_come_back(theirs, prefix):
    spelled = {name.replace("encoder.", prefix, 1) if name[:2] == "en" else name: a for name, a in theirs.items()}
    table = detect(spelled)
    ours, unknown = to_tasklab(spelled, table)
    assert (table.name, unknown) == ("uie", []) and np.asarray(ours["head.output.weight"]).shape == (2, 32)
    np.testing.assert_array_equal(ours["head.output.bias"], [*theirs["linear_start.bias"], *theirs["linear_end.bias"]])
    back, lost = from_tasklab(ours, find_format("uie", "bert"), "spans")
    assert lost == [] and back.keys() == theirs.keys()
    kinds = "encoder.embeddings.token_type_embeddings.weight", "encoder.embeddings.task_type_embeddings.weight"
    for name in theirs.keys() - set(kinds):
        np.testing.assert_array_equal(back[name], theirs[name], err_msg=name)
    # one table holds both: the task of number 0 stands beside every token
    total = sum(theirs[name][:1] if "task" in name else theirs[name] for name in kinds)
    np.testing.assert_array_equal(np.asarray(back[kinds[0]]) + np.asarray(back[kinds[1]])[:1], total)


def test_logits_are_those_of_transformers(reference, folder, run):
    trainer = Trainer(task="information_extraction", model=str(folder))
    network = prepare_ready(trainer.config, str(folder)).load().network.set_train(False)
    given = {"input_ids": "ids", "attention_mask": "mask", "token_type_ids": "types"}
    found = run(network, *(reference[given[name]].astype(np.int32) for name in network.inputs))
    real = reference["mask"] == 1
    for logits, name in zip(found, ("start_logits", "end_logits"), strict=True):
        np.testing.assert_allclose(logits[real], reference[name][real], atol=1e-4)


def test_a_model_of_ours_goes_there_and_comes_back(folder, tmp_path, theirs):
    convert(folder, tmp_path / "ours", "tasklab", say=str)
    convert(tmp_path / "ours", tmp_path / "again", "uie", say=str)
    again, _ = to_tasklab(open_weights(tmp_path / "again/pytorch_model.bin")[1], find_format("uie", "bert"))
    before, _ = to_tasklab(theirs, find_format("uie", "bert"))
    for name, array in arrays(before).items():
        np.testing.assert_array_equal(array, np.asarray(again[name]), err_msg=name)
    described = json.loads((tmp_path / "again/config.json").read_text())
    assert described["use_task_id"] and described["architectures"] == ["UIE"] and described["type_vocab_size"] == 4
