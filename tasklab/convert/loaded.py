"""A model of any program under tasklab's names: its weights, and what describes them, held against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tasklab.config import decoders, encoder_decoders
from tasklab.config.description import PREFIXLM, Description, describe, family_of, place_of
from tasklab.config.huggingface import ALIKE, BERTS, sentence_settings
from tasklab.config.model_section import PREFIX, ModelConfig
from tasklab.config.relatives import FIXED
from tasklab.errors import CheckpointError
from tasklab.networks import NETWORKS
from tasklab.task import TASKS
from tasklab.weights.containers import open_weights
from tasklab.weights.outputs import PADDING, answered, numbered, rows_by_name
from tasklab.weights.sizes import embeddings_in, sizes_in
from tasklab.weights.source import WeightSource
from tasklab.weights.store import read_source
from tasklab.weights.tables import FIRST, FORMATS, SECOND, STREAM, Format


@dataclass
class LoadedModel:
    """A model under tasklab's names. known: name -> tensor; unknown: names that no table has, left out.

    head: a name in NETWORKS, and the task that it is for; None for an encoder alone.
    """

    weights: dict
    unknown: list[str]
    notes: list[str]
    description: Description
    head: str | None
    task: str | None
    family: str


def read_model(
    source: WeightSource, task: str | None = None, config=None, trusted: bool = False, labels: list[str] | None = None
) -> LoadedModel:
    """Weights and description, held against each other.

    labels: names of the outputs, where the user knows them. Raises: CheckpointError, ConfigError.
    """
    described = describe(source.folder, source.file.name, Path(config) if config else None)
    if not task or NETWORKS.get(TASKS.get(task).head).aside:
        described.take_sentences(sentence_settings(source.folder))
    task = task or described.task
    head = TASKS.get(task).head_for(described.model) if task else described.head
    if head == "pairs" and described.model.pair_encoding != "cosine":
        head = "classes"  # the very same network
    guessed = head is None and not labels and not described.model.labels and _answers_in_two_layers(source)
    head = "spans" if guessed else head
    tensors, _, notes = read_source(source, head, trusted)
    if guessed:
        notes.append(
            "two outputs behind two layers in names of 2020: taken for question answering; a classifier of two classes "
            "has the same names, and --task text_classification says so"
        )
    weights = {name: tensor for name, tensor in tensors.items() if name.startswith(("encoder.", "decoder.", "head."))}
    notes += _settle(described, weights, FORMATS.get(source.format), source.family)
    unknown = sorted(tensors.keys() - weights.keys())
    if head == "pretraining" and "head.mlm.bias" not in weights:  # Electra's is another one
        head = None
    head = head or _head_of(weights) or _tells_next_word(source)
    if head == "causal" and described.model.mask == PREFIX:
        head = "prefix"
    notes += _without_bias(weights, described.model)
    if head == "choices" and "pooler" not in described.stated:
        described.model.pooler = "encoder.pooler.weight" in weights  # UER-py's have none
    if head == "classes" and described.model.pooling is None and FORMATS.get(source.format).program == "uer":
        described.model.pooling = "first"  # what its scripts read, of a causal network too, where nobody says otherwise
    if "head.crf.transitions" in weights:
        described.model.head = "crf"
    if "head.output.transform.weight" in weights:
        described.model.span_layers = 2
    if labels:
        described.model.labels = labels
    weights, more = _named(described.model, weights, head, "problem_type" in described.stated)
    notes += more
    if head == "pretraining":
        task = None  # of its two heads; the folder is a backbone for any task, masked words among them
    else:
        task = task or (NETWORKS.get(head).task if head else None)
    for key, value in TASKS.get(task).defaults.get("model", {}).items() if task else ():
        if key not in described.stated and not described.model.changed(key):
            described.model[key] = value
    return LoadedModel(weights, unknown, notes, described, head, task, family_of(described.model))


def one_tower(model: LoadedModel) -> LoadedModel:
    """Of a model that reads two texts apart what makes the vector of one: its encoder and pooling."""
    described = model.description.model
    weights = {name: tensor for name, tensor in model.weights.items() if name.startswith("encoder.")}
    dropped = sorted(model.weights.keys() - weights.keys())
    notes = [f"what compares two vectors has no place there: {', '.join(dropped)}"] if dropped else []
    described.pair_encoding, described.projection_size, described.labels = "joint", None, []
    return replace(model, weights=weights, notes=[*model.notes, *notes], head="vectors", task="feature_extraction")


def _answers_in_two_layers(source: WeightSource) -> bool:
    """Whether a file may be of UER-py's question answering of 2020: two outputs, old names, a JSON without encoder."""
    if FORMATS.get(source.format).program != "uer" or "encoder" in (source.config or {"encoder": None}):
        return False
    tensors = open_weights(source.file)[1]
    scores = tensors.get("output_layer_2.weight")
    return "embedding.word_embedding.weight" in tensors and scores is not None and scores.shape[0] == 2


def _tells_next_word(source: WeightSource) -> str | None:
    """The head of a decoder whose words are told by their own table: it has no weights left to be known by."""
    table = FORMATS.get(source.format)
    copies = ("lm_head.weight", "target.lm.output_layer.weight")
    stored = any(table.spell(name) in copies for name in open_weights(source.file)[1])
    return "causal" if stored else table.head


def _without_bias(weights: dict, model: ModelConfig) -> list[str]:
    """Takes out a bias of the next word's scores, where it is zeros. Raises: CheckpointError where it is not, and the
    model is no encoder-decoder."""
    bias = weights.get("head.bias", weights.get("head.decoder.bias"))
    model.final_logits_bias = "head.bias" in weights and bool(np.any(np.asarray(bias)))
    if bias is None or model.final_logits_bias:
        return []
    weights.pop("head.bias", None)
    if np.any(np.asarray(weights.pop("head.decoder.bias", 0))):
        raise CheckpointError(
            "the scores of the next word have a bias (has_lmtarget_bias), which no network of tasklab has; train the "
            "model without it"
        )
    return ["the bias of the next word's scores is zeros, and left out"]


def _settle(described: Description, weights: dict, table: Format, asked: str | None) -> list[str]:
    """Fills in what only the weights and their names tell. Returns notes. Raises: CheckpointError when they differ from
    the description."""
    model, shown = described.model, sizes_in(weights)
    for key, value in shown.items():
        if key in described.stated and model[key] not in (None, value):
            raise CheckpointError(
                f"{place_of(described)}: {key} is {model[key]}, but the weights have {value}; "
                "name the configuration that belongs to them with --config"
            )
        model[key] = value
    if "any" in table.families:
        return []  # tasklab's own, described by its own file
    if "siamese" in table.families:
        model.encoder, model.pair_encoding, model.pooler = shown.get("encoder") or "bert", "siamese", False
        model.dual = "apart" if any(name.startswith(SECOND) and STREAM not in name for name in weights) else "tied"
        model.stream_norm = any(STREAM in name for name in weights)
        for key, value in embeddings_in(weights).items():
            model[key] = value
        return [f"{place_of(described)}: {guess}" for guess in _guessed(described, weights, shown)]
    named = (shown.get("encoder"), asked, model.encoder, *table.families)
    family = next(name for name in named if name in table.families)
    alike = (*BERTS, *encoder_decoders.FIXED, "seq2seq")
    model.encoder = "bert" if family in alike else "gpt" if family in (*decoders.FIXED, PREFIXLM) else family
    if family == "seq2seq":  # the decoder's; what it reads may be no Transformer
        model.encoder = shown.get("encoder") or model.encoder
    if family == PREFIXLM:
        model.mask = PREFIX
    own = {**FIXED.get(family, {}), **decoders.alone(family), **encoder_decoders.FIXED.get(family, {})}
    for key, value in own.items():
        if key in model and key not in described.stated and key not in shown:
            model[key] = value
    model.tie_word_embeddings = not {"head.mlm.decoder.weight", "head.decoder.weight"} & weights.keys()
    if table.program == "mindspore" and model.norm == "layer":  # whatever its description says: both are built into
        model.hidden_act = {"gelu": "gelu_new"}.get(model.hidden_act, model.hidden_act)  # MindFormers' networks
        model.layer_norm_eps = 1e-5
    if family in ("gpt", PREFIXLM) and "norm_position" not in described.stated:
        model.norm_position = "pre" if "encoder.norm.weight" in weights else "post"
    if family == "roberta" and "position_offset" not in described.stated:
        model.position_offset = 2
    for key, value in embeddings_in(weights).items() if family not in ALIKE else ():
        if key not in described.stated:
            model[key] = value
    guesses = list(_guessed(described, weights, shown))
    if family == "rcnn" and "encoder" not in described.stated and asked != family:
        guesses.append("rcnn assumed; a crnn has the same names, and --family crnn says so")
    return [f"{place_of(described)}: {guess}" for guess in guesses]


def _named(model: ModelConfig, weights: dict, head: str | None, has_type: bool) -> tuple[dict, list[str]]:
    """(weights, notes) with a name for each output of a classifier or tagger. Raises: CheckpointError."""
    scores = weights.get("head.classifier.weight")
    if scores is None or head not in ("classes", "tags"):
        return weights, []
    count = scores.shape[0]
    if not model.labels and head == "classes":
        if count == 1 and not has_type:
            model.problem_type = "regression"
        if model.problem_type != "regression":
            model.labels = numbered(count)
            return weights, [f"no names of classes beside the weights: {model.labels[0]} to {model.labels[-1]}"]
    if model.labels and len(model.labels) != count:
        raise CheckpointError(f"model.labels names {len(model.labels)} outputs, but the weights have {count}")
    if PADDING not in model.labels:
        return weights, []
    named, model.labels = model.labels, answered(model.labels)
    return rows_by_name(weights, named, model.labels), [f"the output {PADDING} is left out: it is never an answer"]


def _guessed(described: Description, weights: dict, shown: dict) -> Iterator[str]:
    """Sets what nothing tells, and says so."""
    model = described.model
    if "num_attention_heads" not in described.stated and any(name.endswith("query.weight") for name in weights):
        model.num_attention_heads = max(1, model.hidden_size // 64)
        yield f"{model.num_attention_heads} attention heads assumed, one per 64 of hidden_size"
    keys = weights.get("encoder.layers.0.attention.key.weight")
    grouped = keys is not None and keys.shape[0] < model.hidden_size
    if grouped and "num_key_value_heads" not in described.stated:
        size = model.head_size or model.hidden_size // model.num_attention_heads
        model.num_key_value_heads = max(1, keys.shape[0] // size)
    if "num_hidden_layers" not in described.stated and "num_hidden_layers" not in shown:
        model.num_hidden_layers = 12
        yield "12 layers assumed; the weights are those of one"
    if "block_size" not in described.stated and model.encoder == "gatedcnn":
        yield f"block_size {model.block_size} assumed: weights do not show where the sums stand"


def _head_of(weights: dict) -> str | None:
    """As far as its weights tell it."""
    if "head.mlm.bias" in weights:
        return "pretraining" if "head.nsp.weight" in weights else "words"
    if any(name.startswith("decoder.") for name in weights):
        return "seq2seq"
    if "head.decoder.weight" in weights:
        return "causal"
    if "head.classifier.weight" in weights:
        if "encoder.pooler.weight" in weights or any(name.startswith(FIRST) for name in weights):
            return "classes"
        return "choices" if weights["head.classifier.weight"].shape[0] == 1 else "tags"
    return "spans" if "head.output.weight" in weights else None
