"""The model section in the words of HuggingFace, Google, UER-py and MindFormers, and as a config.yaml of our own."""

from __future__ import annotations

import json

from tasklab.config import decoders, encoder_decoders, relatives, uer_seq2seq
from tasklab.config.dump import dump_sections
from tasklab.config.model_section import ModelConfig
from tasklab.config.sections import TokenizerConfig
from tasklab.config.uer import written
from tasklab.errors import ConfigError

ARCHITECTURES = {
    "spans": "ForQuestionAnswering", "classes": "ForSequenceClassification", "tags": "ForTokenClassification",
    "choices": "ForMultipleChoice", "pretraining": "ForPreTraining", "words": "ForMaskedLM",
}  # fmt: skip
"""Our head -> the end of transformers' name for its network."""
UIE = "UIE"
"""The network of two pointers in files of PaddleNLP's UIE that were converted to PyTorch."""

_FAMILY = {
    "bert": "Bert", "roberta": "Roberta", "albert": "Albert", "distilbert": "DistilBert", "electra": "Electra"
}  # fmt: skip
_SIZES = (
    "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings "
    "type_vocab_size hidden_act hidden_dropout_prob attention_probs_dropout_prob layer_norm_eps initializer_range"
).split()
_GOOGLE_ACTS = {"gelu": "gelu", "gelu_new": "gelu", "relu": "relu", "tanh": "tanh", "linear": "linear"}
"""Ours -> the word in Google's files."""
MINDFORMERS = {
    "spans": "BertForQuestionAnswering", "classes": "BertForMultipleChoice", "tags": "BertForTokenClassification",
    "pretraining": "BertForPreTraining",
}  # fmt: skip


MINDFORMERS_CONFIGS = {
    "bert": ("BertConfig", None), "gpt2": ("GPT2Config", "GPT2LMHeadModel"),
    "t5": ("T5Config", "T5ForConditionalGeneration"),
    **dict.fromkeys(("llama", "qwen2"), ("LlamaConfig", "LlamaForCausalLM")),
}  # fmt: skip
"""Family -> MindFormers' words for its configuration and its network."""


def huggingface(model: ModelConfig, family: str, head: str | None, outputs: int = 0) -> dict:
    """config.json. outputs: of a classifier or tagger; a configuration names them all."""
    if family in decoders.FIXED:
        return decoders.written(model, family, head)
    if family in encoder_decoders.FIXED:
        return encoder_decoders.written(model, family)
    described = {
        "architectures": [_FAMILY[family] + ARCHITECTURES.get(head, "Model")],
        "model_type": family,
        **sizes(model, family),
        "pad_token_id": model.position_offset - 1 if family == "roberta" else 0,
        "position_embedding_type": "absolute",
        "torch_dtype": "float32",
        "tie_word_embeddings": model.tie_word_embeddings,
    }
    if names := model.labels or [f"LABEL_{number}" for number in range(outputs)]:
        described["id2label"] = {str(number): name for number, name in enumerate(names)}
        described["label2id"] = {name: number for number, name in enumerate(names)}
    if names and head in ("classes", None):
        described["problem_type"] = model.problem_type
    return relatives.written(described, model, family)


def google(model: ModelConfig, family: str) -> dict:
    """bert_config.json, albert_config.json. Raises: ConfigError for an activation that their modeling.py refuses."""
    act = _GOOGLE_ACTS.get(model.hidden_act)
    if act is None:
        acts = ", ".join(_GOOGLE_ACTS)
        raise ConfigError(f"model.hidden_act is {model.hidden_act!r}; google-research's code has {acts}")
    return {**sizes(model, family), "hidden_act": act}


def as_google_computes(model: ModelConfig) -> ModelConfig:
    """What their modeling.py makes of the file: one epsilon, and gelu by tanh, are built in."""
    model = model.copy()
    model.layer_norm_eps, model.hidden_act = 1e-12, {"gelu": "gelu_new"}.get(model.hidden_act, model.hidden_act)
    return model


def uer(model: ModelConfig, family: str, head: str | None) -> dict:
    """The JSON that UER-py takes as --config_path, with transformers' words where these have the model too.

    Raises: ConfigError for an encoder-decoder that it does not have.
    """
    if model.has_decoder and (wrong := uer_seq2seq.why_not(model)):
        raise ConfigError(f"UER-py has no encoder-decoder with {wrong}")
    return written(model, huggingface(model, family, head) if family in _FAMILY else {})


def uie(model: ModelConfig) -> dict:
    """config.json of ERNIE 3.0 with two pointers, as PaddleNLP's UIE is converted to PyTorch."""
    task_ids = {"use_task_id": True, "task_type_vocab_size": 3, "pad_token_id": 0}
    return {"architectures": [UIE], "model_type": "ernie", **sizes(model, "bert"), **task_ids}


def mindformers(model: ModelConfig, family: str, head: str | None) -> dict:
    """The model section of MindFormers' YAML; family: one of MINDFORMERS_CONFIGS."""
    if family == "bert":
        config = {**sizes(model, "bert"), "post_layernorm_residual": True}
        network = MINDFORMERS.get(head, "BertModel")
    else:
        made = encoder_decoders.mindformers(model) if family == "t5" else decoders.mindformers(model, family)
        config, network = made, MINDFORMERS_CONFIGS[family][1]
    return {"model": {"model_config": {"type": MINDFORMERS_CONFIGS[family][0], **config}, "arch": {"type": network}}}


def tasklab(
    model: ModelConfig, tokenizer: TokenizerConfig, task: str | None, name: str, beside: dict[str, dict]
) -> str:
    """config.yaml of a model that was converted, not trained: what it is, and nothing of a run.

    beside: sections with what belongs to the model of its rows and its decoding, as far as that is known.
    """
    top = [f"# {name}: a converted model.", *([f"task: {task}"] if task else []), f"name: {json.dumps(name)}"]
    sections = {section: values for section, values in beside.items() if values}
    return "\n".join(top) + "\n" + dump_sections({**sections, "model": model, "tokenizer": tokenizer})


def sizes(model: ModelConfig, family: str) -> dict:
    """The keys that all of them share."""
    described = {key: model[key] for key in _SIZES}
    if family == "albert":
        described |= {"embedding_size": model.embedding_size or model.hidden_size}
        described |= {"num_hidden_groups": 1, "inner_group_num": 1}
    return described
