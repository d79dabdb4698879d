"""One stack that reads a source and goes on with what answers it, against what UER-py computed with its target
prefixlm (tests/fixtures/make_uer_stacks.py)."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.config.generation_section import GenerationConfig
from tasklab.convert import convert
from tasklab.convert.loaded import read_model
from tasklab.data.rows.features import FeatureTable
from tasklab.engine.graph_decoder import GraphDecoder
from tasklab.engine.native import PREFIX, native_decoder
from tasklab.engine.native_runner import NativeRunner
from tasklab.engine.step import CompileLog
from tasklab.errors import CheckpointError, ConfigError
from tasklab.generation.generate import generate
from tasklab.networks import NETWORKS
from tasklab.text.streamed import Streamed
from tasklab.weights.source import source_at, weights_in
from tests.generation.table import Letters
from tests.uer_stacks import folder, reference

CASES = pytest.mark.parametrize("case", ["prefix_bert", "prefix_gpt2"])
NATIVE = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
GRAPH = pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow)


def opened(path):
    return read_model(source_at(str(path), weights_in(path)))


def network_of(model, choice="off"):
    model.description.model.hidden_dropout_prob = model.description.model.attention_probs_dropout_prob = 0.0
    network = NETWORKS.get("prefix")(Config(model=model.description.model, kernels=choice))
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.ascontiguousarray(np.asarray(model.weights[name]), np.float32)))
    return network.set_train(False)


def sources_of(case):
    return [src[seg == 1] for src, seg in zip(reference()[f"{case}:src"], reference()[f"{case}:seg"], strict=True)]


def rows_of(case):
    """UER-py's rows as the network's columns: all that its seg has a 2 for is asked for, and the first word behind the
    source too, which its loss of targets leaves out."""
    src, seg, tgt = (reference()[f"{case}:{name}"] for name in ("src", "seg", "tgt"))
    sources, behind = (seg == 1).sum(1), (seg == 2).sum(1)
    S, T = sources.max(), behind.max() + 1
    sizes = {"input_ids": S, "decoder_input_ids": T}
    columns = {name: np.zeros((len(src), size), np.int32) for name, size in sizes.items()}
    columns |= {"target_ids": np.full((len(src), T), -1, np.int32)}
    for i, (n, m) in enumerate(zip(sources, behind, strict=True)):
        columns["input_ids"][i, :n] = src[i, :n]
        columns["decoder_input_ids"][i, : m + 1] = src[i, n - 1 : n + m]
        columns["target_ids"][i, : m + 1] = tgt[i, n - 1 : n + m]
    masks = (np.arange(size) < count[:, None] for size, count in ((S, sources), (T, behind + 1)))
    columns["attention_mask"], columns["target_attention_mask"] = (mask.astype(np.int32) for mask in masks)
    return columns


def expected(case):
    """Of each row the log-probabilities of its targets from the source's last token on, by UER-py's logits."""
    logits, seg, tgt = (reference()[f"{case}:{name}"] for name in ("logits", "seg", "tgt"))
    logs = logits - np.log(np.exp(logits.astype(np.float64)).sum(-1, keepdims=True))
    told = np.take_along_axis(logs, tgt[..., None], -1)[..., 0]
    return [row[(own == 1).sum() - 1 : (own > 0).sum()] for row, own in zip(told, seg, strict=True)]


@pytest.mark.parametrize("mode", [GRAPH, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
@pytest.mark.parametrize("choice", ["off", pytest.param("auto", marks=NATIVE)])
@CASES
def test_words_are_as_probable_as_in_uer(case, choice, mode, run, tmp_path):
    ms.set_context(mode=mode)
    network, columns = network_of(opened(folder(tmp_path / case, case)), choice), rows_of(case)
    (told,) = run(network, *(columns[name] for name in network.inputs))
    for row, want in zip(told, expected(case), strict=True):
        np.testing.assert_allclose(row[: len(want)], want, atol=2e-5)
        assert not row[len(want) :].any()
    # its loss is the mean where its seg is 2: the first word behind the source is not in it, padding behind the end is
    loss = -np.concatenate([row[1 : len(want)] for row, want in zip(told, expected(case), strict=True)]).mean()
    assert loss == pytest.approx(float(reference()[f"{case}:loss_of_targets"]), abs=1e-5)


@NATIVE
def test_gradients_are_those_of_stock_operators(tmp_path):
    columns, found = rows_of("prefix_bert"), {}
    for choice in ("off", "auto"):
        network = network_of(opened(folder(tmp_path / choice, "prefix_bert")), choice).set_train()  # nothing is dropped
        given = [Tensor(columns[name]) for name in network.inputs]
        parameters = network.trainable_params()
        grads = ms.value_and_grad(lambda *given, network=network: network(*given)[0].sum(), None, parameters)(*given)[1]
        found[choice] = {parameter.name: grad.asnumpy() for parameter, grad in zip(parameters, grads, strict=True)}
    for name, own in found["off"].items():
        np.testing.assert_allclose(found["auto"][name], own, atol=2e-4, err_msg=name)


def decoders(model, kind):
    if kind == "native":
        return native_decoder(model.description.model, model.weights, head=PREFIX)
    return GraphDecoder(network_of(model), model.description.model.max_tokens, CompileLog())


@pytest.mark.parametrize("kind", [pytest.param("native", marks=NATIVE), "graph"])
@CASES
def test_the_likeliest_words_are_those_of_uer(case, kind, tmp_path):
    """Read at once and then word by word, where UER-py's encoder reads everything again for each."""
    decoder = decoders(opened(folder(tmp_path / case, case)), kind)
    said, logs = reference()[f"{case}:said"], reference()[f"{case}:log_probabilities"]
    settings = GenerationConfig(max_new_tokens=said.shape[1])
    found = generate(decoder, sources_of(case), settings, [], 1, lambda before: Streamed(Letters(), before))
    assert [list(one.ids) for (one,) in found] == said.tolist()
    np.testing.assert_allclose([one.log_probabilities for (one,) in found], logs, atol=1e-4)


@pytest.mark.parametrize("kind", [pytest.param("native", marks=NATIVE), "graph"])
def test_distances_within_a_source_count_both_ways_when_it_is_decoded(kind, run, tmp_path):
    """What is said is as probable as under the network that learns, whose table of distances tells ahead from back."""
    model, rng = opened(folder(tmp_path / "a", "prefix_bert")), np.random.default_rng(3)
    model.description.model.relative_positions = True
    learns = NETWORKS.get("prefix")(Config(model=model.description.model, kernels="off"))
    for name, parameter in learns.parameters_and_names():
        model.weights.setdefault(name, rng.normal(0, 2, parameter.shape).astype(np.float32))
    sources, settings = [*sources_of("prefix_bert"), np.arange(3, 38)], GenerationConfig(max_new_tokens=5)
    decoder = decoders(model, kind)
    found = generate(decoder, sources, settings, [], 1, lambda before: Streamed(Letters(), before))
    answers = [one for (one,) in found]
    network = network_of(model)
    for source, answer in zip(sources, answers, strict=True):
        said = np.array([[source[-1], *answer.ids]], np.int32)
        rows = (source[None].astype(np.int32), said[:, :-1], said[:, 1:])
        (logs,) = run(network, rows[0], np.ones_like(rows[0]), rows[1], np.ones_like(rows[1]), rows[2])
        np.testing.assert_allclose(answer.log_probabilities, logs[0], atol=1e-4)


@NATIVE
def test_beams_go_on_behind_one_source_and_rows_do_not_meet(tmp_path):
    decoder = decoders(opened(folder(tmp_path / "a", "prefix_bert")), "native")
    settings = GenerationConfig(max_new_tokens=6, num_beams=3, num_return_sequences=3)
    sources = [*sources_of("prefix_bert"), np.arange(3, 38)]

    def told(sources):
        return generate(decoder, sources, settings, [2], 1, lambda before: Streamed(Letters(), before))

    assert told(sources) == [one for source in sources for one in told([source])]
    more = [np.random.default_rng(n).integers(3, 40, 50) for n in range(8)]  # more than one pass of 256 tokens
    assert told(more) == [one for source in more for one in told([source])]


@NATIVE
def test_rows_are_scored_without_mindspore_as_with_it(tmp_path):
    model, columns = opened(folder(tmp_path / "a", "prefix_bert")), rows_of("prefix_bert")
    axes = {"decoder_input_ids": "target", "target_ids": "target"}
    masks = {name: columns["attention_mask" if name == "input_ids" else "target_attention_mask"] for name in columns}
    names = ("input_ids", *axes)
    rows = [{name: columns[name][i][masks[name][i] > 0] for name in names} for i in range(3)]
    config = Config(model=model.description.model)
    found = NativeRunner(config, None, model.weights, PREFIX)(FeatureTable.from_rows(rows, axes))
    for (_, (told,)), want in zip(found, expected("prefix_bert"), strict=True):
        np.testing.assert_allclose(told[0], want, atol=1e-4)


@NATIVE
def test_a_target_without_a_token_costs_what_ends_it(tmp_path):
    model = opened(folder(tmp_path / "a", "prefix_bert"))
    whole = {"input_ids": [2, 5, 6, 3], "decoder_input_ids": [3, 7], "target_ids": [7, 3]}
    empty = {"input_ids": [2, 5, 6, 3], "decoder_input_ids": [3], "target_ids": [7]}  # the same first question
    axes = {"decoder_input_ids": "target", "target_ids": "target"}
    rows = FeatureTable.from_rows([{k: np.array(v) for k, v in row.items()} for row in (whole, empty)], axes)
    run = NativeRunner(Config(model=model.description.model), None, model.weights, PREFIX)
    (_, (first,)), (_, (alone,)) = run(rows)
    np.testing.assert_array_equal(alone[0], first[0, :1])


@CASES
def test_uers_files_come_back_as_they_were(case, tmp_path):
    source, silent = folder(tmp_path / case, case), {"say": lambda line: None}
    convert(source, tmp_path / "ours", "tasklab", **silent)
    assert "mask: prefix" in (tmp_path / "ours" / "config.yaml").read_text()
    convert(tmp_path / "ours", tmp_path / "back", "uer", **silent)
    first, again = opened(source), opened(tmp_path / "back")
    assert (again.head, again.task, again.family) == ("prefix", "text2text_generation", "prefixlm")
    kept = {key: value for key, value in first.description.model.items() if key != "pooling"}
    assert {key: again.description.model[key] for key in kept} == kept
    for name, tensor in first.weights.items():
        np.testing.assert_allclose(np.asarray(again.weights[name]), np.asarray(tensor), rtol=1e-6, err_msg=name)
    with pytest.raises(CheckpointError, match="huggingface has no prefixlm; it can be converted to uer, tasklab"):
        convert(source, tmp_path / "no", "huggingface", **silent)


def test_a_task_without_sources_takes_no_such_mask(tmp_path):
    model = opened(folder(tmp_path / "a", "prefix_bert")).description.model
    with pytest.raises(ConfigError, match="model.type_vocab_size is 1; source and answer have a type each"):
        one_type = ModelConfig(**{**dict(model.items()), "type_vocab_size": 1})
        NETWORKS.get("prefix")(Config(model=one_type, kernels="off"))
    for head in ("causal", "vectors"):
        with pytest.raises(ConfigError, match="model.mask = prefix tells a source from what answers it, and this task"):
            NETWORKS.get(head)(Config(model=model, kernels="off"))
