"""Every YAML that ships resolves, and its sizes are those its authors published."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasklab.config import DataConfig, find_model, list_models, resolve, setting
from tasklab.config.description import family_of
from tasklab.data.texts.settings import TextDataConfig
from tasklab.weights.catalogue import named_weights


@dataclass
class QAData(DataConfig):
    doc_stride: int = setting(128, ge=1)
    metric: str = setting("squad", choices=("squad", "cmrc"))


BACKBONES = [m["name"] for m in list_models() if m["task"] is None]
RECIPES = [m for m in list_models("question_answering") if m["task"]]

# layers, hidden, heads, feed-forward, vocabulary: google-research/bert README and the config.json of each model
SIZES = {
    "bert_tiny": (2, 128, 2, 512, 30522),
    "bert_mini": (4, 256, 4, 1024, 30522),
    "bert_small": (4, 512, 8, 2048, 30522),
    "bert_medium": (8, 512, 8, 2048, 30522),
    "bert_base_uncased": (12, 768, 12, 3072, 30522),
    "bert_base_cased": (12, 768, 12, 3072, 28996),
    "bert_base_chinese": (12, 768, 12, 3072, 21128),
    "bert_large_uncased": (24, 1024, 16, 4096, 30522),
    "minilm_l6": (6, 384, 12, 1536, 30522),
    # google-research/albert README, version 2; facebook's roberta; hfl/chinese-roberta-wwm-ext
    "albert_base_v2": (12, 768, 12, 3072, 30000),
    "albert_large_v2": (24, 1024, 16, 4096, 30000),
    "albert_xlarge_v2": (24, 2048, 16, 8192, 30000),
    "albert_xxlarge_v2": (12, 4096, 64, 16384, 30000),
    "albert_base_chinese": (12, 768, 12, 3072, 21128),
    "roberta_base": (12, 768, 12, 3072, 50265),
    "roberta_large": (24, 1024, 16, 4096, 50265),
    "roberta_wwm_ext_chinese": (12, 768, 12, 3072, 21128),
    "roberta_wwm_ext_large_chinese": (24, 1024, 16, 4096, 21128),
}
CASED = ("bert_base_cased", "roberta_base", "roberta_large")


@pytest.mark.parametrize("name", SIZES)
def test_a_backbone_has_its_published_sizes_and_names_its_weights(name):
    config = resolve("question_answering", name)
    m = config.model
    sizes = (m.num_hidden_layers, m.hidden_size, m.num_attention_heads, m.intermediate_size, m.vocab_size)
    assert sizes == SIZES[name] and m.max_tokens == 512
    assert config.checkpoint == name
    assert config.tokenizer.lowercase is (name not in CASED)


def test_every_backbone_is_checked_above():
    assert set(BACKBONES) >= set(SIZES)


DECODERS = {  # layers, hidden, heads, heads of keys, feed-forward, vocabulary, context: openai/gpt-2 and Radford et al.
    # 2019, table 2; Touvron et al. 2023, table 2, and 2023b; the config.json of HuggingFaceTB/SmolLM2-135M-Instruct
    "distilgpt2": (6, 768, 12, None, 3072, 50257, 1024),
    "gpt2": (12, 768, 12, None, 3072, 50257, 1024),
    "gpt2_medium": (24, 1024, 16, None, 4096, 50257, 1024),
    "gpt2_large": (36, 1280, 20, None, 5120, 50257, 1024),
    "gpt2_xl": (48, 1600, 25, None, 6400, 50257, 1024),
    "smollm2_135m_instruct": (30, 576, 9, 3, 1536, 49152, 8192),
    "llama_7b": (32, 4096, 32, None, 11008, 32000, 2048),
    "llama_65b": (80, 8192, 64, None, 22016, 32000, 2048),
    "llama2_13b": (40, 5120, 40, None, 13824, 32000, 4096),
    "llama2_70b": (80, 8192, 64, 8, 28672, 32000, 4096),
}


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_has_its_published_sizes_and_the_blocks_of_its_family(name):
    config = resolve("question_answering", name)
    m = config.model
    assert DECODERS[name] == (
        m.num_hidden_layers, m.hidden_size, m.num_attention_heads, m.num_key_value_heads, m.intermediate_size,
        m.vocab_size, m.max_tokens,
    )  # fmt: skip
    assert family_of(m) == ("gpt2" if "gpt2" in name else "llama")
    assert m.tie_word_embeddings is not name.startswith("llama")
    assert config.checkpoint == name or config.checkpoint.startswith("hf:")


ENCODER_DECODERS = {  # layers, hidden, heads, feed-forward, vocabulary: the config.json of each, and UER-py's models/t5
    "t5_small": (6, 512, 8, 2048, 32128),
    "t5_base": (12, 768, 12, 3072, 32128),
    "t5_large": (24, 1024, 16, 4096, 32128),
    "mt5_small": (8, 512, 6, 1024, 250112),
    "t5_small_chinese": (6, 512, 8, 2048, 21228),
    "t5_base_chinese": (12, 768, 12, 3072, 21228),
    "bart_base": (6, 768, 12, 3072, 50265),
    "bart_large": (12, 1024, 16, 4096, 50265),
}


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_an_encoder_decoder_has_its_published_sizes_and_the_blocks_of_its_family(name):
    config = resolve("text2text_generation", name)
    m = config.model
    sizes = (m.num_hidden_layers, m.hidden_size, m.num_attention_heads, m.intermediate_size, m.vocab_size)
    assert ENCODER_DECODERS[name] == sizes
    assert family_of(m) == ("bart" if "bart" in name else "t5")
    assert config.checkpoint == name and name in named_weights()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda m: m["name"])
def test_a_question_answering_recipe_resolves_and_says_what_to_expect(recipe):
    config = resolve(model=recipe["name"], data_class=QAData)
    assert config.task == recipe["task"] == Path(recipe["path"]).parent.name
    assert config.notes == []
    assert recipe["description"].startswith("Extractive QA")
    lines = Path(recipe["path"]).read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("#   tasklab ") and recipe["name"] in line for line in lines)
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("recipe", list_models("text_classification"), ids=lambda m: m["name"])
def test_a_classification_recipe_resolves_and_says_how_to_run_it(recipe):
    config = resolve("text_classification", recipe["name"], data_class=TextDataConfig)
    assert config.task == "text_classification" and config.notes == []
    if recipe["task"]:
        lines = Path(recipe["path"]).read_text(encoding="utf-8").splitlines()
        assert recipe["description"].startswith("Text classification") and max(map(len, lines)) <= 120
        assert any(line.startswith("#   ") and f"tasklab train {recipe['name']} " in line for line in lines) or any(
            line.startswith(f"#   tasklab evaluate {recipe['name']} ") for line in lines
        )


def test_every_glue_task_has_a_recipe_for_both_encoders():
    names = {m["name"] for m in list_models("text_classification")}
    for task in ("cola", "sst2", "mrpc", "qqp", "stsb", "mnli", "mnli_mm", "qnli", "rte", "wnli"):
        assert f"txtcls_minilm_l6_{task}" in names
        assert {f"txtcls_bert_base_uncased_{task}", f"txtcls_bert_base_uncased_glue_{task}"} & names


@pytest.mark.parametrize(
    "task, metric, labels",
    [  # the order of the classes and the metrics are those of transformers' GLUE data sets
        ("cola", "matthews_correlation", ["unacceptable", "acceptable"]), ("sst2", None, ["negative", "positive"]),
        ("mrpc", "f1", ["not_equivalent", "equivalent"]), ("qqp", "f1", ["not_duplicate", "duplicate"]),
        ("mnli", None, ["entailment", "neutral", "contradiction"]), ("qnli", None, ["entailment", "not_entailment"]),
        ("rte", None, ["entailment", "not_entailment"]), ("wnli", None, ["not_entailment", "entailment"]),
        ("stsb", None, []),
    ],
)  # fmt: skip
def test_glue_recipes_know_the_classes_and_the_metric(task, metric, labels):
    config = resolve(model=f"txtcls_minilm_l6_{task}", data_class=TextDataConfig)
    assert (config.model.labels or list(config.data.label_names.values())) == labels
    assert config.train.metric_for_best_model == metric
    assert (config.model.problem_type == "regression") is (task == "stsb")


def test_bert_base_trains_with_the_settings_of_the_published_score():
    config = resolve(model="qa_bert_base_uncased", data_class=QAData)
    assert (config.train.epochs, config.train.batch_size, config.optimizer.lr) == (2, 12, 3e-5)
    assert (config.data.max_seq_length, config.data.doc_stride, config.schedule.warmup_ratio) == (384, 128, 0.1)


def test_chinese_is_scored_by_cmrc_rules():
    assert resolve(model="qa_bert_base_chinese", data_class=QAData).data.metric == "cmrc"


@pytest.mark.parametrize(
    "theirs, ours",
    [
        ("bert_tiny_uncased", "bert_tiny"),
        ("bert_base_uncased", "bert_base_uncased"),
        ("qa_bert_base_uncased", "qa_bert_base_uncased"),
        ("qa_bert_base_uncased_squad", "qa_bert_base_uncased_squad"),
        ("mindspore/qa_bert_base_uncased", "qa_bert_base_uncased"),
        ("txtcls_bert_base_uncased", "txtcls_bert_base_uncased"),
        ("mindspore/txtcls_bert_base_uncased_mnli", "txtcls_bert_base_uncased_mnli"),
    ],
)
def test_names_of_mindformers_are_known(theirs, ours):
    assert find_model(theirs).name == ours


@pytest.mark.parametrize("name", ["qa_bert_base_uncased_squad", "txtcls_bert_base_uncased_mnli"])
def test_finished_models_are_pinned_to_a_commit_of_the_hub(name):
    data = QAData if name.startswith("qa") else TextDataConfig
    assert re.fullmatch(r"hf:[\w-]+/[\w-]+@[0-9a-f]{40}", resolve(model=name, data_class=data).checkpoint)


def test_classes_of_the_finished_mnli_model_are_in_the_order_of_its_outputs():
    # github.com/QData/TextAttack/issues/684: 0, 1, 2 of the model are 2, 0, 1 of GLUE
    labels = resolve(model="txtcls_bert_base_uncased_mnli", data_class=TextDataConfig).model.labels
    assert labels == ["contradiction", "entailment", "neutral"]


def test_the_finished_squad_model_differs_from_its_recipe_in_its_weights_only():
    recipe = resolve(model="qa_bert_base_uncased", data_class=QAData)
    finished = resolve(model="qa_bert_base_uncased_squad", data_class=QAData)
    assert finished.checkpoint.startswith("hf:csarron/bert-base-uncased-squad-v1@")
    finished.name, finished.checkpoint = recipe.name, recipe.checkpoint
    assert finished == recipe
