"""What a model folder of any program says about its model: sizes, tokenizer, classes, task."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tasklab.config import decoders, encoder_decoders
from tasklab.config.entries import Entry, from_file
from tasklab.config.export import ARCHITECTURES, MINDFORMERS, UIE
from tasklab.config.generation_section import GenerationConfig
from tasklab.config.gguf import SUFFIX as GGUF
from tasklab.config.gguf import read_gguf_settings
from tasklab.config.huggingface import ALIKE, architectures, labels_beside, read_foreign, read_object, tokenizer_in
from tasklab.config.model_section import PREFIX, ModelConfig
from tasklab.config.models import chain
from tasklab.config.relatives import relative
from tasklab.config.section import Section
from tasklab.config.sections import TokenizerConfig
from tasklab.config.translate import translate
from tasklab.config.uer import is_uer
from tasklab.config.uer_seq2seq import is_seq2seq
from tasklab.config.values import setting
from tasklab.config.yaml_source import shown
from tasklab.errors import ConfigError

JSON_FILES = ("config.json", "bert_config.json", "albert_config.json")


PREFIXLM = "prefixlm"
"""UER-py's word for a Transformer that reads a source and goes on with what answers it."""


@dataclass
class VectorRows(Section, path="data"):
    """What belongs to a model for vectors beside its network; None where it is not said."""

    normalize: bool | None = None
    max_seq_length: int | None = setting(None, ge=1)

    def stated(self) -> dict:
        return {key: value for key, value in self.items() if value is not None}


@dataclass
class Description:
    """file: where it was found, None when nothing describes the model. stated: the keys of `model` that it sets.

    task: where the file names one of ours. head: where it names a network of transformers that has it.
    data: of a model for vectors, what it says of its rows and of them. generation: how it decodes.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    task: str | None = None
    head: str | None = None
    file: Path | None = None
    stated: set[str] = field(default_factory=set)
    data: VectorRows = field(default_factory=lambda: VectorRows())
    generation: GenerationConfig = field(default_factory=GenerationConfig)

    def take_sentences(self, entries: list[Entry]) -> None:
        """What the modules of a folder of sentence-transformers stand for, if any: vectors are then what it is for."""
        for entry in entries:
            _apply(self, entry)
            self.task, self.head = "feature_extraction", "vectors"


def describe(folder: Path, weights: str = "", file: Path | None = None) -> Description:
    """Reads config.yaml (tasklab), a JSON (HuggingFace, Google, UER-py) or the weights' own YAML (MindFormers).

    weights: the name of the weights' file. file: the description, where the user names one.
    Raises: ConfigError with the place of what cannot be.
    """
    beside = [*("config.yaml", *JSON_FILES), Path(weights).stem + ".yaml"]
    beside += [weights] if weights.endswith(GGUF) else []
    file = file or next((folder / name for name in beside if (folder / name).is_file()), None)
    description = Description(file=file)
    if file is not None and file.suffix == GGUF:
        entries, description.head = read_gguf_settings(file), "causal"
    elif file is None:
        named = tokenizer_in(folder)
        entries = [Entry("tokenizer.name", named[0], "")] if named else []
    elif file.suffix == ".json":
        entries = read_foreign(file.parent, file.name)
        description.head = _head_of(read_object(file))
    elif file.name == "config.yaml":
        entries = [entry for source in chain(file) for entry in source]
    else:
        keys = {f"{part}.{key}" for part, section in _sections(description).items() for key in section.keys()}
        source = from_file(file)
        entries = translate(source, keys | {"task"})[0] + labels_beside(folder)
        networks = {network: head for head, network in MINDFORMERS.items()}
        description.head = next((networks.get(entry.value) for entry in source if entry.key == "model.arch.type"), None)
    for entry in entries:
        _apply(description, entry)
    return description


def family_of(model: ModelConfig) -> str:
    """The name tables' word for the kind of model: RoBERTa is a BERT that counts its positions from another row."""
    if model.mask == PREFIX and model.encoder in ("bert", "gpt"):
        like = model.copy()
        like.encoder, like.mask = "gpt", None
        if not like.own_blocks:
            return PREFIXLM
    if kin := encoder_decoders.family_of(model) or relative(model) or decoders.family_of(model):
        return kin
    if model.dual and model.stream_norm == model.embedding_norm and model.pair_encoding == "siamese":
        return "siamese"  # UER-py's, of any kind of encoder
    if model.own_blocks:
        return f"{model.encoder} with {', '.join(f'{key}={model[key]}' for key in model.own_blocks)}"
    return "roberta" if model.encoder == "bert" and model.position_offset else model.encoder


def _sections(description: Description) -> dict:
    return {
        "model": description.model, "tokenizer": description.tokenizer, "data": description.data,
        "generation": description.generation,
    }  # fmt: skip


def _apply(description: Description, entry: Entry) -> None:
    section, _, key = entry.key.partition(".")
    if entry.key == "task":
        description.task = entry.value
    elif key in ("vocab", "decoder_vocab"):
        return  # the folder's own
    elif key and section in _sections(description) and key in _sections(description)[section]:
        try:
            _sections(description)[section][key] = entry.value
        except ConfigError as error:
            raise ConfigError(f"{entry.place}: {error}") from None
        if section == "model":
            description.stated.add(key)


def _head_of(described: dict) -> str | None:
    """The head that transformers' name of the network tells; UER-py and Google say nothing."""
    if described.get("model_type") in encoder_decoders.FIXED or (is_uer(described) and is_seq2seq(described)):
        return "seq2seq"
    if described.get("model_type") in decoders.FIXED:
        heads = [name.endswith(("LMHeadModel", "ForCausalLM")) for name in architectures(described)]
        return "causal" if any(heads) else None
    if described.get("model_type") in (None, *ALIKE):
        for name in architectures(described):
            for head, suffix in (*ARCHITECTURES.items(), ("spans", UIE)):
                if name.endswith(suffix):
                    return head
    return None


def place_of(description: Description) -> str:
    return shown(description.file) if description.file else "no configuration beside the weights"
