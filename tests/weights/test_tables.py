import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights.tables import FORMATS, Format, Transform, detect, from_tasklab, to_tasklab, with_copies
from tasklab.weights.tables.huggingface import BERT as HUGGINGFACE
from tasklab.weights.tables.mindformers import MINDFORMERS

# names as transformers 4.57 saves BertForQuestionAnswering with one layer, sizes H=4, I=6
HF_QA = {
    "bert.embeddings.LayerNorm.bias": (4,),
    "bert.embeddings.LayerNorm.weight": (4,),
    "bert.embeddings.position_embeddings.weight": (8, 4),
    "bert.embeddings.token_type_embeddings.weight": (2, 4),
    "bert.embeddings.word_embeddings.weight": (10, 4),
    "bert.encoder.layer.0.attention.output.LayerNorm.bias": (4,),
    "bert.encoder.layer.0.attention.output.LayerNorm.weight": (4,),
    "bert.encoder.layer.0.attention.output.dense.bias": (4,),
    "bert.encoder.layer.0.attention.output.dense.weight": (4, 4),
    "bert.encoder.layer.0.attention.self.key.bias": (4,),
    "bert.encoder.layer.0.attention.self.key.weight": (4, 4),
    "bert.encoder.layer.0.attention.self.query.bias": (4,),
    "bert.encoder.layer.0.attention.self.query.weight": (4, 4),
    "bert.encoder.layer.0.attention.self.value.bias": (4,),
    "bert.encoder.layer.0.attention.self.value.weight": (4, 4),
    "bert.encoder.layer.0.intermediate.dense.bias": (6,),
    "bert.encoder.layer.0.intermediate.dense.weight": (6, 4),
    "bert.encoder.layer.0.output.LayerNorm.bias": (4,),
    "bert.encoder.layer.0.output.LayerNorm.weight": (4,),
    "bert.encoder.layer.0.output.dense.bias": (4,),
    "bert.encoder.layer.0.output.dense.weight": (4, 6),
    "qa_outputs.bias": (2,),
    "qa_outputs.weight": (2, 4),
}
# the names and shapes tasklab's network gives the same weights
OURS_QA = {
    "encoder.embeddings.word.weight": (10, 4),
    "encoder.embeddings.position.weight": (8, 4),
    "encoder.embeddings.token_type.weight": (2, 4),
    "encoder.embeddings.norm.weight": (4,),
    "encoder.embeddings.norm.bias": (4,),
    "encoder.layers.0.attention.query.weight": (4, 4),
    "encoder.layers.0.attention.query.bias": (4,),
    "encoder.layers.0.attention.key.weight": (4, 4),
    "encoder.layers.0.attention.key.bias": (4,),
    "encoder.layers.0.attention.value.weight": (4, 4),
    "encoder.layers.0.attention.value.bias": (4,),
    "encoder.layers.0.attention.output.weight": (4, 4),
    "encoder.layers.0.attention.output.bias": (4,),
    "encoder.layers.0.attention_norm.weight": (4,),
    "encoder.layers.0.attention_norm.bias": (4,),
    "encoder.layers.0.feed_forward.intermediate.weight": (6, 4),
    "encoder.layers.0.feed_forward.intermediate.bias": (6,),
    "encoder.layers.0.feed_forward.output.weight": (4, 6),
    "encoder.layers.0.feed_forward.output.bias": (4,),
    "encoder.layers.0.feed_forward_norm.weight": (4,),
    "encoder.layers.0.feed_forward_norm.bias": (4,),
    "head.output.weight": (2, 4),
    "head.output.bias": (2,),
}


def arrays(shapes):
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_huggingface_names_become_the_networks_names():
    mapped, unmatched = to_tasklab(arrays(HF_QA), HUGGINGFACE)
    assert unmatched == []
    assert {name: array.shape for name, array in mapped.items()} == OURS_QA


@pytest.mark.parametrize("table", [HUGGINGFACE, MINDFORMERS], ids=lambda table: table.name)
def test_every_weight_survives_the_way_out_and_back(table):
    ours = arrays(OURS_QA)
    theirs, lost = from_tasklab(ours, table)
    back, unmatched = to_tasklab(theirs, table)
    assert (lost, unmatched, len(theirs)) == ([], [], 23)
    same(back, ours)


def test_all_three_huggingface_spellings_mean_the_same():
    tensors = arrays(HF_QA)
    bare = {name.removeprefix("bert."): array for name, array in tensors.items()}
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): array
        for name, array in tensors.items()
    }
    expected, _ = to_tasklab(tensors, HUGGINGFACE)
    for spelling in (bare, old):
        mapped, unmatched = to_tasklab(spelling, HUGGINGFACE)
        assert unmatched == []
        same(mapped, expected)


def test_position_ids_are_not_a_weight():
    assert to_tasklab({"embeddings.position_ids": np.arange(8)}, HUGGINGFACE) == ({}, [])


def test_the_heads_of_pretraining_and_of_classifiers_have_names_of_their_own():
    names = ["cls.predictions.bias", "cls.predictions.transform.LayerNorm.gamma", "cls.seq_relationship.weight",
             "cls.predictions.decoder.weight", "bert.pooler.dense.weight", "classifier.bias"]  # fmt: skip
    mapped, unmatched = to_tasklab({name: np.ones(2) for name in names}, HUGGINGFACE)
    assert unmatched == []
    assert set(mapped) == {"head.mlm.bias", "head.mlm.norm.weight", "head.nsp.weight", "head.mlm.decoder.weight",
                           "encoder.pooler.weight", "head.classifier.bias"}  # fmt: skip


def test_unknown_names_are_listed_not_guessed():
    tensors = {"bert.pooler.dense.bias": np.ones(4), "lstm.weight": np.ones(2), "bert.encoder.layer.x.bias": np.ones(1)}
    mapped, unmatched = to_tasklab(tensors, HUGGINGFACE)
    assert list(mapped) == ["encoder.pooler.bias"]
    assert unmatched == ["bert.encoder.layer.x.bias", "lstm.weight"]


def test_one_weight_under_two_names_must_agree():
    equal = {"cls.predictions.bias": np.ones(3), "cls.predictions.decoder.bias": np.ones(3)}
    assert to_tasklab(equal, HUGGINGFACE)[0].keys() == {"head.mlm.bias"}
    with pytest.raises(CheckpointError, match="'pooler.dense.bias' both name the weight 'encoder.pooler.bias'"):
        to_tasklab({"bert.pooler.dense.bias": np.ones(3), "pooler.dense.bias": np.zeros(3)}, HUGGINGFACE)


def test_mindformers_stores_three_weights_of_a_block_transposed():
    # specs of MindFormers 1.0: projection and mapping are [in, out]; dense1 is the query; layernorm2 follows attention
    block = "bert.bert_encoder.encoder.blocks.11"
    theirs = {
        f"{block}.attention.projection.weight": np.arange(12.0).reshape(3, 4),
        f"{block}.output.mapping.weight": np.arange(24.0).reshape(4, 6),
        f"{block}.output.projection.weight": np.arange(24.0).reshape(6, 4),
        f"{block}.attention.dense1.weight": np.arange(12.0).reshape(3, 4),
        f"{block}.layernorm2.gamma": np.ones(4),
        f"adam_m.{block}.layernorm2.gamma": np.ones(4),
        "global_step": np.ones(()),
    }
    mapped, unmatched = to_tasklab(theirs, MINDFORMERS)
    layer = "encoder.layers.11"
    assert unmatched == []
    assert {name: array.shape for name, array in mapped.items()} == {
        f"{layer}.attention.output.weight": (4, 3),
        f"{layer}.feed_forward.intermediate.weight": (6, 4),
        f"{layer}.feed_forward.output.weight": (4, 6),
        f"{layer}.attention.query.weight": (3, 4),
        f"{layer}.attention_norm.weight": (4,),
    }
    assert np.asarray(mapped[f"{layer}.attention.output.weight"])[3, 1] == 7.0  # row 1, column 3 of the file


@pytest.mark.parametrize(
    "names, expected",
    [
        (HF_QA, "huggingface"),
        ([name.removeprefix("bert.") for name in HF_QA], "huggingface"),
        (OURS_QA, "tasklab"),
        (["encoder.lstm.weight_ih_l0", "head.output.bias"], "tasklab"),
        (["bert.word_embedding.embedding_table", "bert.dense.weight", "adam_m.bert.dense.weight"], "mindformers"),
    ],
)
def test_the_format_is_found_from_the_names(names, expected):
    assert detect(names).name == expected


def test_names_of_no_format_are_refused_and_shown():
    with pytest.raises(CheckpointError, match=r"fit no known format \(gguf, google, huggingface, .*\).*visual.conv"):
        detect(["visual.conv.weight"])


def test_a_row_may_reshape_both_ways():
    # as a token-type table with an extra first row needs it
    cut = Transform(lambda table: table[1:], lambda table: np.concatenate([np.zeros_like(table[:1]), table]))
    table = Format("extra_row", (("encoder.embeddings.token_type.weight", "seg.weight", cut),))
    theirs = {"seg.weight": np.array([[0.0], [1.0], [2.0]])}
    ours, _ = to_tasklab(theirs, table)
    assert np.asarray(ours["encoder.embeddings.token_type.weight"]).tolist() == [[1.0], [2.0]]
    same(from_tasklab(ours, table)[0], theirs)


def test_the_formats_are_registered():
    assert {"huggingface", "mindformers", "tasklab"} <= set(FORMATS.names())


def test_words_that_were_left_out_as_copies_come_back_for_a_network_that_ties_none():
    words = np.arange(6, dtype=np.float32).reshape(3, 2)
    file = {"shared.weight": words, "lm_head.weight": words.copy()}
    mapped, _ = to_tasklab(file, FORMATS.get("huggingface_t5"))
    assert mapped.keys() == {"encoder.embeddings.word.weight"}
    back = with_copies(mapped, {"encoder.embeddings.word.weight", "head.decoder.weight"})
    np.testing.assert_array_equal(np.asarray(back["head.decoder.weight"]), words)
    assert with_copies(mapped, {"encoder.embeddings.word.weight", "head.mlm.decoder.weight"}).keys() == mapped.keys()


def test_a_plain_encoder_fills_both_of_two():
    file = {"encoder.embeddings.word.weight": np.ones((3, 2), np.float32), "head.classifier.bias": np.ones(2)}
    names = {f"encoder.{which}.embeddings.word.weight" for which in ("first", "second")}
    both = with_copies(file, {*names, "encoder.first.embeddings.stream_norm.weight", "head.classifier.bias"})
    assert both.keys() == {*names, "head.classifier.bias"}
    assert all(both[name] is file["encoder.embeddings.word.weight"] for name in names)
    assert with_copies(both, names).keys() == both.keys()  # streams of their own stay
    assert with_copies(file, file.keys()) == file
