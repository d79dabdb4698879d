"""Every model in every program's names: weights of transformers from tests/fixtures/make_families_reference.py."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.weights.tables import detect, find_format, from_tasklab, to_tasklab
from tasklab.weights.tables.rows import TRANSPOSE, fused, row
from tasklab.weights.tensors import lazy

FIXTURE = Path(__file__).parents[1] / "fixtures" / "families_reference.npz"
OURS = {
    "pretraining": "pretraining", "question_answering": "spans", "tagging": "tags", "classification": "classes",
    "multiple_choice": "choices",
}  # fmt: skip
HEADS = {
    "pretraining": {"mlm.transform.weight", "mlm.transform.bias", "mlm.norm.weight", "mlm.norm.bias", "mlm.bias",
                    "nsp.weight", "nsp.bias"},
    "question_answering": {"output.weight", "output.bias"},
    "tagging": {"classifier.weight", "classifier.bias"},
    "classification": {"classifier.weight", "classifier.bias"},
    "multiple_choice": {"classifier.weight", "classifier.bias"},
}  # fmt: skip
FAMILIES = ("bert", "roberta", "albert")


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return {name: array.astype(np.float32) for name, array in file.items() if ":weight:" in name}


def saved(reference, family, head):
    """What transformers saves for this model: encoder and head, the pooler where the model has one."""
    tensors = {}
    for key, array in reference.items():
        known, _, name = key.split(":", 2)
        if known == family and name.startswith((f"{family}.", f"{head}:")):
            tensors[name.removeprefix(f"{head}:")] = array
    if head in ("question_answering", "tagging") or (family, head) == ("roberta", "classification"):
        tensors = {name: array for name, array in tensors.items() if not name.startswith(f"{family}.pooler")}
    return tensors


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(np.asarray(one[name]), np.asarray(other[name]), err_msg=name)


CASES = pytest.mark.parametrize("family, head", [(family, head) for family in FAMILIES for head in OURS])

WORD_BIASES = {"cls.predictions.bias", "lm_head.bias", "predictions.bias"}


@CASES
@pytest.mark.parametrize("told", [True, False], ids=["task told", "task found"])
def test_names_of_transformers_are_known_and_come_back(reference, family, head, told):
    tensors, task = saved(reference, family, head), OURS[head] if told else None
    table = detect(tensors)
    assert (table.program, table.families) == ("huggingface", (family,))
    ours, unmatched = to_tasklab(tensors, table, task)
    assert unmatched == []
    expected = HEADS[head] - ({"nsp.weight", "nsp.bias"} if family == "roberta" else set())
    assert {name.removeprefix("head.") for name in ours if name.startswith("head.")} == expected
    if (family, head, told) != ("roberta", "multiple_choice", False):  # ours look like a sentence classifier's
        twice = {name.replace(".bias", ".decoder.bias"): tensors[name] for name in WORD_BIASES & tensors.keys()}
        same(from_tasklab(ours, table, task)[0], tensors | twice)  # both names: each release of theirs reads another


@CASES
@pytest.mark.parametrize("program", ["uer", "google", "mindspore", "tasklab"])
def test_every_weight_goes_through_every_programs_names_bit_for_bit(reference, family, head, program):
    table = find_format(program, family)
    if table is None:
        assert (program, family) in {("google", "roberta"), ("mindspore", "roberta"), ("mindspore", "albert")}
        return
    ours, _ = to_tasklab(saved(reference, family, head), find_format("huggingface", family), OURS[head])
    theirs, lost = from_tasklab(ours, table, OURS[head])
    assert lost == []
    if (program, family) != ("uer", "roberta"):
        assert detect(theirs).name == table.name
    back, unmatched = to_tasklab(theirs, table, OURS[head])
    assert unmatched == []
    if (program, family) == ("uer", "roberta"):  # has no place for the two rows of positions that no token uses
        position = "encoder.embeddings.position.weight"
        np.testing.assert_array_equal(np.asarray(back[position])[:2], 0)
        ours[position], back[position] = ours[position].map(lambda a: a[2:]), back[position].map(lambda a: a[2:])
    same(back, ours)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_chain_of_tags_has_uer_s_names(reference, family):
    source = saved(reference, family, "tagging")
    ours, _ = to_tasklab(source, find_format("huggingface", family), "tags")
    parts = {"transitions": (3, 3), "start_transitions": (3,), "end_transitions": (3,)}
    values = {name: np.full(shape, number, np.float32) for number, (name, shape) in enumerate(parts.items(), start=1)}
    ours |= {f"head.crf.{name}": lazy(array) for name, array in values.items()}
    table = find_format("uer", family)
    theirs, lost = from_tasklab(ours, table, "tags")
    assert lost == []
    for name, array in values.items():
        np.testing.assert_array_equal(np.asarray(theirs[f"crf.{name}"]), array)
    back, unmatched = to_tasklab(theirs, table)
    assert unmatched == []
    for name, array in values.items():
        np.testing.assert_array_equal(np.asarray(back[f"head.crf.{name}"]), array)


H, F, P, V = 4, 6, 8, 10
BLOCK = {
    **{f"self_attn.linear_layers.{n}.weight": (H, H) for n in range(3)},
    **{f"self_attn.linear_layers.{n}.bias": (H,) for n in range(3)},
    "self_attn.final_linear.weight": (H, H), "self_attn.final_linear.bias": (H,),
    "layer_norm_1.gamma": (H,), "layer_norm_1.beta": (H,), "layer_norm_2.gamma": (H,), "layer_norm_2.beta": (H,),
    "feed_forward.linear_1.weight": (F, H), "feed_forward.linear_1.bias": (F,),
    "feed_forward.linear_2.weight": (H, F), "feed_forward.linear_2.bias": (H,),
}  # fmt: skip
UER_NEW = {  # a BERT of one layer, names and shapes as UER-py documents them
    "embedding.word.embedding.weight": (V, H), "embedding.pos.embedding.weight": (P, H),
    "embedding.seg.embedding.weight": (3, H), "embedding.layer_norm.gamma": (H,), "embedding.layer_norm.beta": (H,),
    **{f"encoder.transformer.0.{name}": shape for name, shape in BLOCK.items()},
    "target.mlm.linear_1.weight": (H, H), "target.mlm.linear_1.bias": (H,),
    "target.mlm.layer_norm.gamma": (H,), "target.mlm.layer_norm.beta": (H,),
    "target.mlm.linear_2.weight": (V, H), "target.mlm.linear_2.bias": (V,),
    "target.sp.linear_1.weight": (H, H), "target.sp.linear_1.bias": (H,),
    "target.sp.linear_2.weight": (2, H), "target.sp.linear_2.bias": (2,),
}  # fmt: skip
OLD_WORDS = {
    "embedding.word.embedding": "embedding.word_embedding", "embedding.pos.embedding": "embedding.position_embedding",
    "embedding.seg.embedding": "embedding.segment_embedding", "target.mlm.linear": "target.mlm_linear",
    "target.mlm.layer_norm": "target.layer_norm", "target.sp.linear": "target.nsp_linear",
}  # fmt: skip


def uer_pretrained():
    rng = np.random.default_rng(3)
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in UER_NEW.items()}
    tensors["target.mlm.linear_2.weight"] = tensors["embedding.word.embedding.weight"]  # tied
    tensors["embedding.seg.embedding.weight"][0] = 0
    return tensors


def old(name):
    for new, before in OLD_WORDS.items():
        name = name.replace(new, before)
    return name


def test_both_generations_of_uer_names_mean_the_same():
    tensors = uer_pretrained()
    table = detect(tensors)
    ours, unmatched = to_tasklab(tensors, table)
    assert (table.program, table.families, unmatched) == ("uer", ("bert", "gpt", "gpt2", "prefixlm"), [])
    assert "head.mlm.decoder.weight" not in ours  # it is the word table
    np.testing.assert_array_equal(
        np.asarray(ours["encoder.embeddings.token_type.weight"]), tensors["embedding.seg.embedding.weight"][1:]
    )
    np.testing.assert_array_equal(
        np.asarray(ours["encoder.layers.0.attention.key.weight"]),
        tensors["encoder.transformer.0.self_attn.linear_layers.1.weight"],
    )
    np.testing.assert_array_equal(np.asarray(ours["encoder.pooler.weight"]), tensors["target.sp.linear_1.weight"])
    for prefix in ("", "module."):
        before = {prefix + old(name): tensor for name, tensor in tensors.items()}
        assert detect(before).name == "uer"
        same(to_tasklab(before, table)[0], ours)
    same(from_tasklab(ours, table)[0], tensors)


def test_heads_of_uer_are_told_by_their_names_and_sizes():
    def ours(tensors, head=None):
        return set(to_tasklab({name: np.ones(shape) for name, shape in tensors.items()}, detect(tensors), head)[0])

    layer = {"output_layer.weight": (2, H), "output_layer.bias": (2,)}
    assert ours(layer) == {"head.output.weight", "head.output.bias"}
    assert ours(layer, "tags") == {"head.classifier.weight", "head.classifier.bias"}
    layer = {"output_layer.weight": (5, H), "output_layer.bias": (5,)}
    assert ours(layer) == {"head.classifier.weight", "head.classifier.bias"}
    layers = {f"output_layer_{n}.{leaf}": (H, H) for n in (1, 2) for leaf in ("weight", "bias")}
    modules = ("encoder.pooler", "head.classifier")
    assert ours(layers) == {f"{module}.{leaf}" for module in modules for leaf in ("weight", "bias")}


def test_google_stores_kernels_turned_and_heads_as_they_are():
    theirs = {
        "bert/encoder/layer_3/intermediate/dense/kernel": np.arange(24.0).reshape(4, 6),
        "bert/encoder/layer_3/intermediate/dense/kernel/adam_m": np.ones((4, 6)),
        "cls/squad/output_weights": np.arange(8.0).reshape(2, 4),
        "cls/predictions/output_bias": np.ones(3),
        "global_step": np.array(5),
    }
    ours, unmatched = to_tasklab(theirs, detect(theirs))
    assert unmatched == []
    same(ours, {
        "encoder.layers.3.feed_forward.intermediate.weight": np.arange(24.0).reshape(4, 6).T,
        "head.output.weight": np.arange(8.0).reshape(2, 4),
        "head.mlm.bias": np.ones(3),
    })  # fmt: skip


def test_a_row_may_join_several_of_ours_in_one_of_theirs():
    # GPT-2: one matrix [H, 3H] = query, key and value side by side, each [in, out]
    parts = tuple(f"encoder.layers.{{}}.attention.{part}.weight" for part in ("query", "key", "value"))
    line = row(parts, "h.{}.attn.c_attn.weight", fused(3, axis=1, then=TRANSPOSE))
    theirs = np.arange(12.0).reshape(2, 6)
    name = "h.7.attn.c_attn.weight"
    ours, read = line.load(name, {name: lazy(theirs)})
    assert read == [name]
    assert np.asarray(ours["encoder.layers.7.attention.key.weight"]).tolist() == [[2.0, 8.0], [3.0, 9.0]]
    back, used = line.save("encoder.layers.7.attention.value.weight", ours)
    assert (list(back), back[name].shape, sorted(used)) == ([name], (2, 6), sorted(ours))
    np.testing.assert_array_equal(np.asarray(back[name]), theirs)
    assert line.save("encoder.layers.7.attention.value.weight", dict(list(ours.items())[1:])) is None
