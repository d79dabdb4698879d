"""Estimates against numbers from the literature and against measured runs."""

import pytest

from tasklab import kernels
from tasklab.config import DataConfig, ModelConfig, resolve
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.rows.sizes import RowSizes
from tasklab.tools.doctor import estimate, machine

QA = "question_answering"


@pytest.mark.parametrize(
    "model, millions", [("minilm_l6", 22.6), ("bert_base_uncased", 108.9), ("bert_large_uncased", 334.1)]
    + [("albert_base_v2", 11.1), ("albert_xxlarge_v2", 205.8), ("roberta_base", 124.1), ("roberta_large", 354.3)],
)
def test_parameters_are_those_of_the_published_models_without_pooler(model, millions):
    # 22.7, 109.5 and 335.1 million with it: Devlin et al. 2019, HuggingFace num_parameters(), as for the others
    assert estimate.parameters(resolve(QA, model).model)[0] / 1e6 == pytest.approx(millions, abs=0.06)


@pytest.mark.parametrize(
    "batch_size, planned, measured",  # bytes at the peak (ru_maxrss) of real runs on two cores, fused kernels
    [(1, (368,), 1.033e9), (12, (368,), 1.756e9), (24, (368,), 2.748e9), (12, (384,), 1.909e9)],
)
def test_memory_is_within_a_fifth_of_measured_runs(batch_size, planned, measured, monkeypatch):
    monkeypatch.setattr(kernels, "available", lambda: True)
    config = resolve(QA, "minilm_l6", [f"train.batch_size={batch_size}", "data.max_seq_length=384"])
    assert estimate.training_memory(config, planned) == pytest.approx(measured, rel=0.2)


def test_stock_operators_recompute_and_accumulation_change_the_memory_as_they_should(monkeypatch):
    monkeypatch.setattr(kernels, "available", lambda: True)

    def memory(*overrides):
        return estimate.training_memory(resolve(QA, "bert_base_uncased", ["train.batch_size=12", *overrides]), (384,))

    assert memory("kernels=off") > 3 * memory()  # attention probabilities are kept
    assert memory("recompute=true") < 0.6 * memory()
    copy = memory("train.gradient_accumulation_steps=2") - memory()
    assert copy == pytest.approx(4 * 108.9e6, rel=0.001)  # one float32 more per parameter


def test_a_row_of_several_sequences_takes_as_much_as_several_rows(monkeypatch):
    monkeypatch.setattr(kernels, "available", lambda: True)
    four, twelve = (resolve("multiple_choice", "minilm_l6", [f"train.batch_size={size}"]) for size in (3, 12))
    assert estimate.training_memory(four, (128,), sequences=4) == estimate.training_memory(twelve, (128,))
    sizes = [RowSizes(rows, parts, 1200, (), 0.0, (128,), 0.0) for rows, parts in ((3, 4), (12, 1))]
    assert estimate.seconds(four, sizes[0], True, 1e9) == estimate.seconds(four, sizes[1], True, 1e9)


def test_masked_words_are_scored_against_the_vocabulary(monkeypatch):
    monkeypatch.setattr(kernels, "available", lambda: True)
    plain, masks = (
        resolve("masked_language_modeling", "minilm_l6", ["train.batch_size=10"], data_class=data_class)
        for data_class in (DataConfig, MaskedWordsDataConfig)
    )
    more = estimate.training_memory(masks, (128,)) - estimate.training_memory(plain, (128,))
    assert more == pytest.approx(4 * 4 * 10 * 128 * 0.15 * 30522)  # bytes * tables * tokens * share * words
    more = estimate.operations(plain.model, 1000, 128, True, 0.15) - estimate.operations(plain.model, 1000, 128, True)
    assert more == pytest.approx(6 * 150 * 384 * 30522)


def test_operations_are_six_per_weight_and_token_plus_attention():
    model = resolve(QA, "bert_base_uncased").model
    layers = 12 * (4 * 768 * 768 + 2 * 768 * 3072)
    assert estimate.operations(model, 1000, 1, training=True) == pytest.approx(6000 * layers, rel=0.002)
    # scores and weighted values: 2 x 2 H S per token and layer forward, three times that with the backward pass
    attention = estimate.operations(model, 1000, 384, True) - estimate.operations(model, 1000, 0, True)
    assert attention == 1000 * 3 * 12 * 4 * 768 * 384
    assert estimate.operations(model, 1000, 384, False) * 3 == estimate.operations(model, 1000, 384, True)


def test_padding_costs_time_only_where_it_is_computed(monkeypatch):
    config = resolve(QA, "minilm_l6")
    monkeypatch.setattr(kernels, "available", lambda: True)
    sizes = [RowSizes(10, 1, 1000, (), 0.0, (128,), padding) for padding in (0.0, 0.5)]
    fast = [estimate.seconds(config, size, True, 1e9) for size in sizes]
    assert fast[0] == fast[1]
    monkeypatch.setattr(kernels, "available", lambda: False)
    slow = [estimate.seconds(config, size, True, 1e9) for size in sizes]
    assert slow[1] > 2 * slow[0] > 2 * fast[0]


def test_the_machine_has_a_speed_and_memory():
    assert 1e9 < machine.speed(0.1) < 1e15  # between a slow core and more than any machine has
    assert 2**28 < machine.memory() < 2**45


def test_what_is_no_transformer_has_no_estimate():
    lstm = ModelConfig(encoder="lstm", vocab_size=10, hidden_size=8, num_hidden_layers=1)
    bert = ModelConfig(vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    assert estimate.knows(bert) and not estimate.knows(lstm)
