import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.ledger import FINETUNE, STRICT, by_module, plan, settle

NETWORK = {
    "encoder.embeddings.word.weight": (10, 4),
    "encoder.layers.0.attention.query.weight": (4, 4),
    "encoder.layers.0.attention.query.bias": (4,),
    "encoder.layers.1.attention.query.weight": (4, 4),
    "encoder.layers.1.attention.query.bias": (4,),
    "head.output.weight": (2, 4),
    "head.output.bias": (2,),
}


def file(**changes):
    """A file that fits NETWORK, with `changes` to shapes; None removes."""
    shapes = {**NETWORK, **{name.replace("__", "."): shape for name, shape in changes.items()}}
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if shape is not None}


def headless(**changes):
    return file(head__output__weight=None, head__output__bias=None, **changes)


def test_a_new_head_and_an_unused_pooler_read_as_one_line():
    tensors = headless(encoder__pooler__weight=(4, 4), encoder__pooler__bias=(4,))
    ledger = settle(plan(NETWORK, tensors), FINETUNE, "minilm_l6")
    assert ledger.render("minilm_l6") == (
        "weights minilm_l6: loaded 5 of 7 (100.0 % of encoder), new 2: head.output (weight, bias), "
        "dropped 2: encoder.pooler (weight, bias)"
    )


def test_a_complete_load_says_so():
    ledger = settle(plan(NETWORK, file()), STRICT, "checkpoints/qa-1")
    assert ledger.render("checkpoints/qa-1") == "weights checkpoints/qa-1: loaded 7 of 7 (100.0 % of encoder)"


def test_the_share_of_the_encoder_is_never_rounded_up():
    # 2999 of 3000 = 99.966 %
    shapes = {f"encoder.embeddings.t{i}.weight": (1,) for i in range(3000)}
    tensors = {name: np.zeros(1) for name in list(shapes)[1:]}
    assert "(99.9 % of encoder)" in plan(shapes, tensors).render("x")


def test_strict_refuses_a_missing_head_and_names_it():
    with pytest.raises(CheckpointError) as refused:
        settle(plan(NETWORK, headless()), STRICT, "checkpoints/qa-1")
    assert str(refused.value) == (
        "weights checkpoints/qa-1 do not fit the network (5 of 7 do; every weight must fit):\n"
        "  not in file  head.output.bias\n"
        "  not in file  head.output.weight\n"
        "  use the configuration the weights were saved with, or start a new run from them with --from"
    )


def test_strict_refuses_weights_that_would_be_left_out():
    # a file with a third layer is another model, although every weight of the network is in it
    deeper = file(encoder__layers__2__attention__query__bias=(4,))
    with pytest.raises(CheckpointError, match="not used     encoder.layers.2.attention.query.bias"):
        settle(plan(NETWORK, deeper), STRICT, "x")


def test_strict_leaves_the_head_for_next_sentences_alone():
    ledger = settle(plan(NETWORK, file(head__nsp__weight=(2, 4))), STRICT, "x")
    assert ledger.dropped == ("head.nsp.weight",)


def test_strict_leaves_an_unused_pooler_alone():
    ledger = settle(plan(NETWORK, file(encoder__pooler__bias=(4,))), STRICT, "x")
    assert ledger.dropped == ("encoder.pooler.bias",)


@pytest.mark.parametrize("policy", [STRICT, FINETUNE])
def test_a_shape_that_differs_in_the_encoder_is_refused_with_both_shapes(policy):
    tensors = file(encoder__embeddings__word__weight=(12, 4))
    with pytest.raises(
        CheckpointError, match=r"wrong shape  encoder.embeddings.word.weight: file \[12, 4\], network \[10, 4\]"
    ):
        settle(plan(NETWORK, tensors), policy, "x")


def test_finetune_refuses_a_hole_in_the_encoder_and_lists_all_of_it():
    tensors = headless(encoder__layers__1__attention__query__bias=None, encoder__embeddings__word__weight=None)
    with pytest.raises(CheckpointError) as refused:
        settle(plan(NETWORK, tensors), FINETUNE, "x")
    lines = str(refused.value).splitlines()
    assert lines[0] == "weights x do not fit the network (3 of 7 do; only the head may be new):"
    assert lines[1:3] == [
        "  not in file  encoder.embeddings.word.weight",
        "  not in file  encoder.layers.1.attention.query.bias",
    ]
    assert not any("head" in line for line in lines[1:3])


def test_a_head_of_another_shape_starts_new_with_a_note():
    tensors = file(head__output__weight=(3, 4))
    ledger = settle(plan(NETWORK, tensors), FINETUNE, "x")
    assert ledger.new == ("head.output.weight",) and ledger.misfit == ()
    assert ledger.render("x").splitlines() == [
        "weights x: loaded 6 of 7 (100.0 % of encoder), new 1: head.output (weight)",
        "  head.output.weight: file [3, 4], network [2, 4]: starts new",
    ]


def test_many_layers_are_told_in_a_few_words():
    names = [f"encoder.layers.{i}.{part}.weight" for i in (6, 7, 8, 11) for part in ("attention.key", "attention_norm")]
    assert by_module(names) == "encoder.layers.6-8+11 (8 tensors)"
    assert by_module([f"encoder.layers.{i}.attention.key.bias" for i in range(3)]) == (
        "encoder.layers.0-2.attention.key (bias)"
    )


def test_an_unknown_policy_is_a_programming_error():
    with pytest.raises(ValueError, match="known: strict, finetune"):
        settle(plan(NETWORK, file()), "lenient", "x")


def test_strict_leaves_out_what_it_is_told_to_and_nothing_else():
    tensors = file(encoder__layers__2__attention__query__weight=(4, 4), head__mlm__bias=(10,))
    left = ("head.", "encoder.layers.2.")
    ledger = settle(plan(NETWORK, tensors), STRICT, "x", left)
    assert ledger.dropped == ("encoder.layers.2.attention.query.weight", "head.mlm.bias")
    with pytest.raises(CheckpointError, match=r"not used     encoder.layers.2.attention.query.weight"):
        settle(plan(NETWORK, tensors), STRICT, "x", ("head.",))


def test_weights_of_two_streams_are_told_as_such():
    tensors = {name.replace("encoder.", "encoder.first."): array for name, array in file().items()}
    with pytest.raises(CheckpointError, match="reads two texts apart: set model.dual to tied or apart, .*to siamese$"):
        settle(plan(NETWORK, tensors), FINETUNE, "x")
