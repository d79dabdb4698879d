"""What has to hold for every encoder: padding changes nothing, every weight learns, settings it does not know fail."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor
from small_encoders import LENGTHS, batch, built, model

from tasklab.config import Config, resolve
from tasklab.encoders import ENCODERS, build_encoder, encoder
from tasklab.errors import ConfigError

EVERY_ENCODER = pytest.mark.parametrize("name", ENCODERS.names())


@EVERY_ENCODER
def test_a_row_gives_the_same_alone_and_in_a_padded_batch(rng, run, name):
    network, inputs = built(name), batch(rng)
    together = run(network, *inputs)
    assert together.shape == (len(LENGTHS), 6, 8) and np.isfinite(together).all()
    for row, n in enumerate(LENGTHS):
        alone = run(network, *(a[row : row + 1, :n] for a in inputs))
        np.testing.assert_allclose(together[row, :n], alone[0], atol=1e-5)


@pytest.mark.parametrize("name, more", [("bilstm", {}), ("gatedcnn", {"dual": "tied"})])  # the others: test_recipes.py
def test_a_graph_computes_what_pynative_does(rng, run, name, more):
    network, inputs = built(name, **more), batch(rng)
    expected = run(network, *inputs)
    ms.set_context(mode=ms.GRAPH_MODE)
    np.testing.assert_allclose(run(network, *inputs), expected, atol=1e-6)


@EVERY_ENCODER
def test_every_weight_has_a_gradient_and_a_name(rng, name):
    network, inputs = built(name), [Tensor(a) for a in batch(rng)]
    shape = (len(LENGTHS), 6, 8)
    real = Tensor(inputs[1].asnumpy()[:, :, None].repeat(8, 2).astype(np.float32) * rng.random(shape, np.float32))

    def summed(*inputs):
        hidden = network(*inputs)
        return (hidden * real).sum() + network.pool(hidden).sum()

    weights = network.trainable_params()
    grads = ms.grad(summed, None, ParameterTuple(weights))(*inputs)
    assert len({weight.name for weight in weights}) == len(weights)
    weights_and_grads = [pair for pair in zip(weights, grads, strict=True) if not pair[0].name.endswith("key.bias")]
    unmoved = [w.name for w, g in weights_and_grads if not np.abs(g.asnumpy()).max()]  # a key's bias moves no softmax
    assert unmoved == []


@EVERY_ENCODER
def test_word_vectors_may_have_a_size_of_their_own(rng, run, name):
    network = built(name, embedding_size=6)
    assert network.embeddings.word.weight.shape == (11, 6)
    assert run(network, *batch(rng)).shape == (len(LENGTHS), 6, 8)


@EVERY_ENCODER
def test_a_setting_that_would_change_nothing_is_refused(name):
    unknown = {"bidirectional": True, "hidden_act": "relu", "num_attention_heads": 4, "intermediate_size": 4}
    for key, value in unknown.items():
        if key not in ENCODERS.get(name).settings:
            with pytest.raises(ConfigError, match=f"^model.{key} = {value}: encoder '{name}' does not know it; remove"):
                built(name, **{key: value})


def test_a_setting_that_is_needed_is_asked_for():
    with pytest.raises(ConfigError) as caught:
        built("bert", num_attention_heads=None, intermediate_size=None, bidirectional=True)
    assert str(caught.value).splitlines() == [
        "model.num_attention_heads has no value; encoder 'bert' needs it",
        "model.intermediate_size has no value; encoder 'bert' needs it",
        "model.bidirectional = True: encoder 'bert' does not know it; remove it, or name an encoder that does: "
        "gru, lstm, rnn",
    ]


def test_a_setting_that_is_refused_is_told_with_its_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "task: text_classification\nmodel:\n  encoder: lstm\n  vocab_size: 11\n  hidden_size: 8\n"
        "  num_hidden_layers: 1\n  hidden_act: relu\n"
    )
    with pytest.raises(ConfigError) as caught:
        build_encoder(resolve(model=str(path), overrides=["model.intermediate_size=4"]))
    assert [line.partition(", or")[0] for line in str(caught.value).splitlines()] == [
        "override 'model.intermediate_size=4': model.intermediate_size = 4: encoder 'lstm' does not know it; remove it",
        "mine.yaml:7: model.hidden_act = relu: encoder 'lstm' does not know it; remove it",
    ]


def test_recomputing_is_refused_where_it_would_do_nothing():
    with pytest.raises(ConfigError, match="recompute = true: encoder 'lstm' does not know it; set it to false"):
        build_encoder(Config(model=model("lstm"), recompute=True))


def test_one_builder_may_have_several_names_each_once():
    assert ENCODERS.get("lstm") is ENCODERS.get("gru")
    with pytest.raises(Exception, match="encoder 'gru' is registered twice"):
        encoder("gru")(lambda model: None)
