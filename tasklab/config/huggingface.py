"""Settings from a model folder of HuggingFace, google-research/bert or UER-py: its JSON, and what lies beside it."""

from pathlib import Path

from tasklab.config import decoders, encoder_decoders, published_decoding, relatives, uer
from tasklab.config.entries import Entry
from tasklab.config.gguf import TOKENIZER
from tasklab.config.model_section import ModelConfig
from tasklab.config.sentence_transformers import MODULES, modules_in
from tasklab.config.yaml_source import shown
from tasklab.content import read_json
from tasklab.errors import ConfigError, brief

LARGEST = 10**9
SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "embedding_size",
    "max_position_embeddings", "type_vocab_size", "pad_token_id", "emb_size", "layers_num", "heads_num",
    "feedforward_size", "attention_head_size", "kernel_size", "block_size", "dim", "hidden_dim", "n_layers", "n_heads",
    "n_embd", "n_layer", "n_head", "n_inner", "n_positions", "num_key_value_heads", "head_dim", "d_model", "d_ff",
    "d_kv", "num_layers", "num_heads", "num_decoder_layers", "encoder_layers", "decoder_layers", "encoder_ffn_dim",
    "encoder_attention_heads", "decoder_start_token_id",
)  # fmt: skip
"""Keys of whole numbers in HuggingFace's and UER-py's files."""
ROBERTA = ("roberta", "xlm-roberta", "camembert")
BERTS = ("bert", *ROBERTA, "ernie", *relatives.FIXED)
ALIKE = (*BERTS, "albert")
"""Values of model_type whose networks are ours, and those of them that are a BERT in other settings or names."""
PIECES = {"t5": "t5", "mt5": "t5", "pegasus": "pegasus"}
"""model_type -> the tokenizer of its spiece.model, where that is no ALBERT's."""
ALBERT = "albert_config.json"
TOKENIZER_FILES = (
    ("wordpiece", "vocab.txt"), ("sentencepiece", "spiece.model"), ("bpe", "merges.txt"),
    ("tokenizer_json", "tokenizer.json"), ("llama", "tokenizer.model"), ("gguf", TOKENIZER),
)  # fmt: skip
"""The tokenizer that a file beside the weights belongs to, first match first."""
ROBERTAS_TOKENS = (b'"<s>"', b'"</s>"', b'"<pad>"', b'"<unk>"')


def tokenizer_in(folder: Path) -> tuple[str, Path] | None:
    """The name of the tokenizer in a folder, and its file; None where there is none.

    The pairs of SmolLM2 or Qwen2 lie beside a tokenizer.json, which alone says how words are cut and what was added.
    """
    named = next(((name, folder / file) for name, file in TOKENIZER_FILES if (folder / file).is_file()), None)
    whole, pieces = folder / "tokenizer.json", folder / "vocab.json"
    if named and named[0] == "bpe" and whole.is_file():
        content = pieces.read_bytes() if pieces.is_file() else b""
        if not all(token in content for token in ROBERTAS_TOKENS):
            return "tokenizer_json", whole
    return named


def read_foreign(folder: Path, name: str) -> list[Entry]:
    """The model section from config.json, whose keys are ours, and the casing from tokenizer_config.json."""
    place, content = shown(folder / name), read_object(folder / name)
    _refuse_sizes(content, place)
    decoding, content = _decoding(folder, content, place)
    described = uer.read(content, place) if uer.is_uer(content) else _ours(content, place)
    keys = [key for key in ModelConfig().keys() if described.get(key) is not None and key != "labels"]
    if name == ALBERT and described.get("hidden_act") == "gelu":  # google-research/albert has it by tanh alone
        described = {**described, "hidden_act": "gelu_new"}
    entries = [Entry(f"model.{key}", described[key], place) for key in keys]
    if _has_class_names(described):
        entries.append(Entry("model.labels", _class_names(described["id2label"], place), place))
    else:
        entries += labels_beside(folder)
    family = described.get("model_type", "bert")
    if "model_type" in described:
        entries.append(Entry("model.encoder", "bert" if family in BERTS else family, place))
    if family in ROBERTA:  # it numbers real tokens behind the row of the padding
        padding = described.get("pad_token_id", 1)
        if padding is None:
            raise ConfigError(f"{place}: pad_token_id is null; expected the row of the padding, such as 1")
        entries.append(Entry("model.position_offset", padding + 1, place))
    for key in ("num_hidden_groups", "inner_group_num"):
        if described.get(key, 1) != 1:
            raise ConfigError(f"{place}: {key} is {brief(described[key])}; only 1, one shared layer, is supported")
    positions = described.get("position_embedding_type", "absolute")
    if positions != "absolute":
        raise ConfigError(f"{place}: position_embedding_type is {brief(positions)}; only 'absolute' is supported")
    tokenizer = folder / "tokenizer_config.json"
    options = read_object(tokenizer) if tokenizer.is_file() else {}
    if named := tokenizer_in(folder):
        name, file = named
        if name == "sentencepiece":
            name = PIECES.get(content.get("model_type"), name)
        entries.append(Entry("tokenizer.name", name, shown(file)))
        # take letters as they are, whatever is said
        if name in ("bpe", "llama", *PIECES.values()) or (name == "sentencepiece" and uer.is_uer(content)):
            options |= {"do_lower_case": False}
    for key, ours in _TOKENIZER.items():
        if options.get(key) is not None:
            entries.append(Entry(f"tokenizer.{ours}", options[key], shown(tokenizer)))
    if options.get("do_basic_tokenize") is False:
        raise ConfigError(f"{shown(tokenizer)}: do_basic_tokenize is false; words are cut as BERT does alone")
    return entries + decoding


_TOKENIZER = {
    "do_lower_case": "lowercase", "strip_accents": "strip_accents", "tokenize_chinese_chars": "tokenize_chinese_chars"
}  # fmt: skip
"""Keys of tokenizer_config.json that change ids -> ours."""


def _decoding(folder: Path, described: dict, place: str) -> tuple[list[Entry], dict]:
    """How a model that generates decodes, as a file of its own says or else config.json, which follows with the start
    that the file names."""
    family = described.get("model_type")
    if family not in encoder_decoders.FIXED and family not in decoders.FIXED:
        return [], described
    content, file = described, folder / published_decoding.FILE
    if file.is_file():
        content, place = read_object(file), shown(file)
        _refuse_sizes(content, place)
        if (start := content.get("decoder_start_token_id")) is not None:
            described = {**described, "decoder_start_token_id": start}
    if family in decoders.FIXED:
        return published_decoding.read(content, place, context=decoders.context(described)), described
    return published_decoding.read(content, place, encoder_decoders.begins(family, described)), described


def _ours(described: dict, place: str) -> dict:
    """What the file says. Raises: ConfigError for a network that is none of ours."""
    family = described.get("model_type", "bert")
    if family in decoders.FIXED:
        return decoders.read(described, place)
    if family in encoder_decoders.FIXED:
        return encoder_decoders.read(described, place)
    if family not in ALIKE:
        families = ", ".join((*ALIKE, *decoders.FIXED, *encoder_decoders.FIXED))
        raise ConfigError(f"{place}: model_type is {brief(family)}; no network of tasklab; read are {families}")
    for key in ("is_decoder", "is_encoder_decoder", "add_cross_attention"):
        if described.get(key):
            raise ConfigError(f"{place}: {key} is true; only encoders, whose tokens see the whole row, are read")
    return relatives.read(described, place)


def labels_beside(folder: Path) -> list[Entry]:
    """The names of the classes from the labels.json that tasklab writes for programs without a place for them."""
    file = folder / "labels.json"
    if not file.is_file():
        return []
    return [Entry("model.labels", _json(file), shown(file))]


def _has_class_names(described: dict) -> bool:
    """Whether the file is one of a classifier: every configuration may carry the default names LABEL_0 and LABEL_1."""
    return bool(described.get("id2label")) and any("Classification" in name for name in architectures(described))


def _class_names(id2label, place: str) -> list[str]:
    try:
        numbered = {int(number): name for number, name in id2label.items() if isinstance(name, str | int | float)}
        return [str(numbered[i]) for i in range(len(id2label))]
    except (AttributeError, ValueError, KeyError):
        raise ConfigError(f"{place}: id2label is {brief(id2label)}; expected a name for each number from 0") from None


def sentence_settings(folder: Path) -> list[Entry]:
    """What a folder of sentence-transformers makes of the encoder's states; nothing, where it is none."""
    return modules_in(folder, lambda path: _json(path) if path.name == MODULES else read_object(path))


def architectures(described: dict) -> list[str]:
    """transformers' names of the network, where it tells any."""
    named = described.get("architectures")
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


def _refuse_sizes(described: dict, place: str) -> None:
    """Raises: ConfigError for a size that no network has, before anything is computed from it."""
    for key in SIZES:
        value = described.get(key)
        if value is not None and not (type(value) is int and 0 <= value <= LARGEST):
            raise ConfigError(f"{place}: {key} is {brief(value)}; expected a whole number from 0 to {LARGEST}")


def _json(path: Path):
    return read_json(shown(path), ConfigError)


def read_object(path: Path) -> dict:
    """The one object in a small JSON file. Raises: ConfigError."""
    content = _json(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{shown(path)}: expected one object {{...}}")
    return content
