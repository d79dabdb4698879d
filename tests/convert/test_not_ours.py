"""Models of networks that tasklab does not have: refused in one sentence, before a folder is written."""

import json

import numpy as np
import pytest

from tasklab.convert import convert
from tasklab.errors import CheckpointError, TasklabError
from tasklab.weights.atomic import write_folder
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at
from tasklab.weights.store import read_source

H = 4
BERT = {
    "model_type": "bert", "vocab_size": 8, "hidden_size": H, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": H, "max_position_embeddings": 8, "type_vocab_size": 2,
}  # fmt: skip
UER = {
    "emb_size": H, "hidden_size": H, "layers_num": 1, "heads_num": 2, "feedforward_size": H, "max_seq_length": 8,
    "encoder": "transformer", "mask": "fully_visible",
}  # fmt: skip


def bert(prefix="bert", **more):
    block = f"{prefix}.encoder.layer.0"
    shapes = {f"{prefix}.embeddings.{name}_embeddings.weight": (n, H) for name, n in
              (("word", 8), ("position", 8), ("token_type", 2))}  # fmt: skip
    dense = [f"attention.self.{name}" for name in ("query", "key", "value")]
    for name in (*dense, "attention.output.dense", "intermediate.dense", "output.dense"):
        shapes |= {f"{block}.{name}.weight": (H, H), f"{block}.{name}.bias": (H,)}
    norms = (f"{prefix}.embeddings.LayerNorm", f"{block}.attention.output.LayerNorm", f"{block}.output.LayerNorm")
    for name in norms:
        shapes |= {f"{name}.weight": (H,), f"{name}.bias": (H,)}
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(shape).astype("f4") for name, shape in (shapes | more).items()}


def folder(path, described, tensors):
    write_folder(path, {"model.safetensors": TensorFile(tensors), "config.json": json.dumps(described).encode()})
    return path


@pytest.mark.parametrize(
    "described, said",
    [
        ({**BERT, "model_type": "mpnet"}, "model_type is 'mpnet'; no network of tasklab"),
        ({**BERT, "model_type": "deberta-v2"}, "model_type is 'deberta-v2'"),
        ({**BERT, "is_decoder": True}, "is_decoder is true; only encoders"),
        ({**BERT, "position_embedding_type": "relative_key"}, "only 'absolute' is supported"),
        # TencentPretrain's layers/transformer.py; nothing in the names of the weights tells it
        ({**UER, "rotary_position_embedding": True}, "rotary_position_embedding is True; UER-py's Transf"),
        ({**UER, "attention_head_size": 3}, "attention_head_size is 3; only hidden_size / heads_num"),
        ({**UER, "factorized_embedding_parameterization": True}, "without parameter_sharing"),
        ({"stream_0": UER, "stream_1": UER, "encoder": "dual"}, "stream_0 names no embedding or encoder"),
    ],
)
def test_a_network_that_tasklab_lacks_is_refused_and_nothing_written(tmp_path, described, said):
    source = folder(tmp_path / "a", described, bert())
    with pytest.raises(TasklabError, match=said):
        convert(source, tmp_path / "b", "tasklab", say=lambda line: None)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("more, said", [
    ({"bert.encoder.layer.0.attention.self.distance_embedding.weight": (3, H)}, "belong to an encoder"),
    ({"bert.encoder.layer.1.output.LayerNorm.weight": (H,)}, "num_hidden_layers is 1, but the weights have 2"),
    ({"bert.encoder.layer.0.intermediate.dense.bias": (3,)}, "wrong shape  encoder.layers.0.feed_forward"),
])  # fmt: skip
def test_weights_that_do_not_fill_the_network_are_refused(tmp_path, more, said, verify):
    source = folder(tmp_path / "a", BERT, bert(**more))
    with pytest.raises(TasklabError, match=said):
        convert(source, tmp_path / "b", "tasklab", say=lambda line: None, verify=verify)
    assert not (tmp_path / "b").exists()


def test_an_unknown_weight_of_an_encoder_is_refused_by_every_reader(tmp_path):
    source = folder(tmp_path / "a", BERT, bert(**{"bert.embeddings.more.weight": (3, H)}))
    with pytest.raises(CheckpointError, match="bert.embeddings.more.weight belong to an encoder that tasklab"):
        read_source(source_at("a", source / "model.safetensors"))


def test_ernies_task_of_number_0_belongs_to_every_token(tmp_path):
    tensors = bert("ernie", **{"ernie.embeddings.task_type_embeddings.weight": (3, H)})
    described = {**BERT, "model_type": "ernie", "use_task_id": True, "task_type_vocab_size": 3}
    found = read_source(source_at("a", folder(tmp_path / "a", described, tensors) / "model.safetensors"))[0]
    types = tensors["ernie.embeddings.token_type_embeddings.weight"]
    tasks = tensors["ernie.embeddings.task_type_embeddings.weight"]
    np.testing.assert_array_equal(np.asarray(found["encoder.embeddings.token_type.weight"]), types + tasks[0])
