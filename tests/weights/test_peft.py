"""peft's files: their adapters give the weights that peft itself makes of them, and ours come back from theirs."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.adapters import FIRST, merged
from tasklab.weights.peft import BEFORE, A, B, Names, from_peft, to_peft
from tasklab.weights.tables import find_format, to_tasklab
from tasklab.weights.tensors import lazy

STORED = np.load(Path(__file__).parents[1] / "fixtures" / "peft_reference.npz")
FAMILIES = {"gpt2": ("gpt2", "causal"), "llama": ("llama", "causal"), "rslora": ("llama", "causal"),
            "bert": ("bert", "classes"), "t5": ("t5", "seq2seq"), "bart": ("bart", "seq2seq")}  # fmt: skip
EACH = pytest.mark.parametrize("case", FAMILIES)


def stored(case, part) -> dict:
    start = f"{case}/{part}/"
    return {name.removeprefix(start): STORED[name] for name in STORED if name.startswith(start)}


def opened(case):
    """(adapters, what peft says of them, names of their base)."""
    family, head = FAMILIES[case]
    table = find_format("huggingface", family)
    names = Names(to_tasklab(stored(case, "base"), table, head)[0], table, head)
    return stored(case, "adapter"), json.loads(str(STORED[f"{case}/adapter_config.json"])), names


@EACH
def test_adapters_of_peft_give_the_weights_that_it_makes_of_them(case):
    tensors, said, names = opened(case)
    own, scale = from_peft(tensors, said, names, "here")
    whole = merged(names.base, {name: lazy(tensor) for name, tensor in own.items()}, scale)
    expected = to_tasklab(stored(case, "merged"), names.table, names.head)[0]
    assert whole.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_allclose(np.asarray(whole[name]), np.asarray(tensor), atol=1e-6, err_msg=name)
    changed = [name for name in own if name.endswith(FIRST)]
    assert len(changed) == {"gpt2": 4, "llama": 7, "rslora": 2, "bert": 2, "t5": 13, "bart": 16}[case]


@EACH
def test_ours_in_their_files_come_back(case):
    tensors, said, names = opened(case)
    own, scale = from_peft(tensors, said, names, "here")
    theirs, written = to_peft(own, scale, names, "base")
    again, factor = from_peft(theirs, written, names, "there")
    one, other = (merged(names.base, {n: lazy(t) for n, t in a.items()}, s) for a, s in ((own, scale), (again, factor)))
    for name in one:
        np.testing.assert_allclose(np.asarray(other[name]), np.asarray(one[name]), atol=1e-6, err_msg=name)


def test_several_of_ours_in_one_of_theirs_are_blocks(rng):
    _, _, names = opened("gpt2")
    layer = "encoder.layers.0.attention"
    own = {
        f"{layer}.{dense}.lora.{matrix}": rng.standard_normal((2, 8) if matrix == "a" else (8, 2)).astype(np.float32)
        for dense in ("query", "value") for matrix in "ab"
    }  # fmt: skip
    theirs, said = to_peft(own, 3.0, names, "base")
    module = "transformer.h.0.attn.c_attn"
    assert set(theirs) == {BEFORE + module + A, BEFORE + module + B}
    assert said["target_modules"] == [module] and (said["r"], said["lora_alpha"]) == (4, 12.0)
    delta = 12 / 4 * theirs[BEFORE + module + B] @ theirs[BEFORE + module + A]  # [out, in], as peft computes it
    expected = [own.get(f"{layer}.{d}.lora.b", np.zeros((8, 2))) @ own.get(f"{layer}.{d}.lora.a", np.zeros((2, 8)))
                for d in ("query", "key", "value")]  # fmt: skip
    np.testing.assert_allclose(delta, 3 * np.concatenate(expected), atol=1e-5)


@pytest.mark.parametrize(
    "change, told",
    [
        ({"peft_type": "IA3"}, "here: peft_type is 'IA3'; only LORA is read"),
        ({"use_dora": True}, "here: use_dora is True; such adapters are not read"),
        ({"lora_alpha": "8"}, "here: lora_alpha is '8' and r 2; expected numbers above 0"),
    ],
)
def test_what_is_no_plain_lora_is_refused(change, told):
    tensors, said, names = opened("llama")
    with pytest.raises(CheckpointError, match=told):
        from_peft(tensors, {**said, **change}, names, "here")


def test_adapters_of_another_network_are_refused():
    tensors, said, _ = opened("llama")
    _, _, gpt2 = opened("gpt2")
    with pytest.raises(CheckpointError, match=r"lora_A.weight' belongs to no weight of the base"):
        from_peft(tensors, said, gpt2, "here")
    tensors, said, names = opened("bert")
    tensors["base_model.model.strange.weight"] = np.zeros(3, np.float32)
    with pytest.raises(CheckpointError, match="here: no weights of this network are strange.weight"):
        from_peft(tensors, said, names, "here")
    name = next(name for name in tensors if name.endswith(B))
    tensors[name] = tensors[name][:-1]
    with pytest.raises(CheckpointError, match=r"not fit the base, where encoder.layers.0.attention.query is \[8, 8]"):
        from_peft(tensors, said, names, "here")
