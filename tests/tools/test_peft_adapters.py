"""Adapters of peft become a folder that answers, and go back as they came."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tasklab import Trainer
from tasklab.errors import CheckpointError
from tasklab.tools.opened import open_model
from tasklab.tools.peft_adapters import adapter_from_peft, adapter_to_peft
from tasklab.weights.tables import find_format, to_tasklab

STORED = np.load(Path(__file__).parents[1] / "fixtures" / "peft_reference.npz")


def part(name) -> dict:
    return {key.removeprefix(f"bert/{name}/"): STORED[key] for key in STORED if key.startswith(f"bert/{name}/")}


@pytest.fixture
def folders(tmp_path):
    """(base, adapters) as transformers and peft saved them."""
    base, theirs = tmp_path / "base", tmp_path / "theirs"
    for folder, file, name, said in (
        (base, "model.safetensors", "base", "config.json"),
        (theirs, "adapter_model.safetensors", "adapter", "adapter_config.json"),
    ):
        folder.mkdir()
        save_file(part(name), folder / file)
        (folder / said).write_text(str(STORED[f"bert/{said}"]), encoding="utf-8")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmno"]
    (base / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return base, theirs


def test_adapters_of_peft_answer_and_go_back_as_they_came(folders, tmp_path):
    base, theirs = folders
    told = adapter_from_peft(str(theirs), base=str(base), task="text_classification", to=str(tmp_path / "mine"))
    assert (told.adapters, told.others, told.base) == (2, 2, str(base))
    expected = to_tasklab(part("merged"), find_format("huggingface", "bert"), "classes")[0]
    whole = open_model(tmp_path / "mine").tensors
    for name, tensor in expected.items():
        np.testing.assert_allclose(np.asarray(whole[name]), np.asarray(tensor), atol=1e-6, err_msg=name)
    (answer,) = Trainer(model=str(tmp_path / "mine")).predict(input_data="a b c")
    assert answer["label"] in ("LABEL_0", "LABEL_1", "LABEL_2")

    adapter_to_peft(str(tmp_path / "mine"), to=str(tmp_path / "back"), base="some/bert")
    again = load_file(tmp_path / "back" / "adapter_model.safetensors")
    assert again.keys() == part("adapter").keys()
    for name, tensor in part("adapter").items():
        np.testing.assert_array_equal(again[name], tensor, err_msg=name)
    said = json.loads((tmp_path / "back" / "adapter_config.json").read_text())
    assert (said["r"], said["lora_alpha"], said["base_model_name_or_path"]) == (2, 16, "some/bert")
    assert (said["task_type"], said["modules_to_save"]) == ("SEQ_CLS", ["classifier"])
    with pytest.raises(CheckpointError, match="base: holds no adapters for peft"):
        adapter_to_peft(str(base), to=str(tmp_path / "none"))


def test_a_task_without_their_head_is_refused(folders, tmp_path):
    base, theirs = folders
    with pytest.raises(CheckpointError, match="the network for question_answering has no head.classifier.bias"):
        adapter_from_peft(str(theirs), base=str(base), task="question_answering", to=str(tmp_path / "mine"))
    assert not (tmp_path / "mine").exists()
