"""The files of a model folder as each program wants them: content for `write_folder`."""

from __future__ import annotations

from pathlib import Path

import yaml

from tasklab.config import TokenizerConfig, encoder_decoders, export, published_decoding, sentence_transformers
from tasklab.content import read_content, read_json
from tasklab.convert.loaded import LoadedModel
from tasklab.errors import CheckpointError
from tasklab.text import tokenizer_of
from tasklab.text.paired import FOLDER
from tasklab.weights.containers.mindspore_file import MindSporeFile
from tasklab.weights.containers.tensor_bundle import bundle_files
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.folder import CONFIG, LABELS, WEIGHTS, TensorFile, json_bytes
from tasklab.weights.source import WeightSource
from tasklab.weights.tables import FORMATS, Format, find_format

TARGETS = ("huggingface", "google", "uer", "uie", "mindspore", "tasklab")
TOKENIZER = (
    "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
    "generation_config.json",
)  # fmt: skip


def table_of(to: str, family: str) -> Format:
    """The names to write. Raises: CheckpointError when `to` has none for the family."""
    table = find_format(to, family)
    if table is None and to == "mindspore":  # MindFormers has no such model; MindSpore takes any names
        return find_format("tasklab", family)
    if table is None:
        others = [other for other in TARGETS if find_format(other, family)]
        raise CheckpointError(f"{to} has no {family}; it can be converted to {', '.join(others)}")
    return table


def weight_files(to: str, tensors: dict) -> dict:
    """The file that `to` keeps weights in; tensors: by its own names."""
    if to == "google":
        return bundle_files("bert_model.ckpt", tensors)
    if to == "uer":
        return {"pytorch_model.bin": TorchFile(tensors)}
    if to == "uie":
        return {"pytorch_model.bin": TorchFile(tensors)}
    if to == "mindspore":
        return {"model.ckpt": MindSporeFile(tensors)}
    return {WEIGHTS: TensorFile(tensors, {"format": "pt"} if to == "huggingface" else None)}


def description_files(
    to: str, loaded: LoadedModel, name: str, unbiased: bool = True, tokens: dict | None = None
) -> dict[str, bytes]:
    """The files that describe the model, with the names of its classes.

    unbiased: the norms of a UER-py model are as it computes them. tokens: as `tokens_of` gives them.
    """
    model, tokenizer, family = loaded.description.model, loaded.description.tokenizer, loaded.family
    files = {LABELS: json_bytes(model.labels)} if model.labels else {}
    if to == "huggingface":
        files |= _sentence_files(loaded) if loaded.head == "vectors" else {}
        scores = loaded.weights.get("head.classifier.weight") if loaded.head in ("classes", "tags") else None
        outputs = 0 if scores is None else scores.shape[0]
        described = export.huggingface(model, family, loaded.head, outputs)
        described |= (tokens or {}) if loaded.head == "seq2seq" else {}
        files["config.json"] = json_bytes(described)
        if loaded.head == "seq2seq":
            begins = encoder_decoders.begins(family, described)
            decoding = published_decoding.written(loaded.description.generation, described, begins)
            files[published_decoding.FILE] = json_bytes(decoding)
        if loaded.head == "causal":
            decoding = published_decoding.written(loaded.description.generation, tokens or {})
            files[published_decoding.FILE] = json_bytes(decoding)
        return files
    if to == "google":
        name = "albert_config.json" if family == "albert" else "bert_config.json"
        return files | {name: json_bytes(export.google(model, family))}
    if to == "uer":
        described = export.uer(model, family, loaded.head) | ({} if unbiased else {"unbiased_norm": False})
        return files | {"config.json": json_bytes(described)}
    if to == "uie":
        return files | {"config.json": json_bytes(export.uie(model))}
    if to == "mindspore" and family in export.MINDFORMERS_CONFIGS:
        return files | {"model.yaml": yaml.safe_dump(export.mindformers(model, family, loaded.head)).encode()}
    rows = loaded.description.data.stated() if loaded.head == "vectors" else {}
    decoding = loaded.description.generation.stated() if loaded.head in ("seq2seq", "causal", "prefix") else {}
    described = export.tasklab(model, tokenizer, loaded.task, name, {"data": rows, "generation": decoding})
    return files | {CONFIG: described.encode()}


def _sentence_files(loaded: LoadedModel) -> dict:
    """The modules of sentence-transformers that make vectors of the encoder's states."""
    description, weights = loaded.description, loaded.weights
    lowercase = description.tokenizer.lowercase
    modules = sentence_transformers.written(description.model, lowercase, description.data.stated())
    files = {name: json_bytes(content) for name, content in modules.items()}
    if description.model.dense_size:
        dense = {f"linear.{part}": weights[f"head.dense.{part}"] for part in ("weight", "bias")}
        files[f"{sentence_transformers.DENSE}/{WEIGHTS}"] = TensorFile(dense, {"format": "pt"})
    return files


def read_labels(file) -> list[str]:
    """The names of the outputs in their order: one a line, a JSON list, name: number, or number: name.

    Raises: CheckpointError with the file.
    """
    path = Path(file)
    if path.suffix != ".json":
        try:
            lines = read_content(path).decode("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointError(f"{path}: cannot be read as names of classes ({error})") from None
        return [line.strip() for line in lines if line.strip()]
    labels = read_json(path, CheckpointError)
    try:
        if isinstance(labels, dict):
            values_count = sorted(labels.values(), key=str) == sorted(range(len(labels)), key=str)
            by_number = {number: name for name, number in labels.items()} if values_count else labels
            numbered = {int(number): name for number, name in by_number.items()}
            labels = [numbered[n] for n in range(len(numbered))]
        return [str(name) for name in labels]
    except (ValueError, TypeError, KeyError, OverflowError):
        raise CheckpointError(f"{path}: expected a JSON list of names, or an object of name: number from 0") from None


def tokenizer_files(
    source: WeightSource, settings: TokenizerConfig, vocab: Path | None, to: str, decoder_vocab: Path | None = None
) -> dict[str, bytes]:
    """What lies beside the weights, as it is, and the vocabularies that the user names; of a GGUF file what is inside.

    Raises: CheckpointError; ConfigError and DataError when the file holds no tokenizer that is read.
    """
    beside = [*TOKENIZER, *(f"{FOLDER}/{name}" for name in TOKENIZER)]
    files = {name: (source.folder / name).read_bytes() for name in beside if (source.folder / name).is_file()}
    if decoder_vocab is not None:
        files |= {f"{FOLDER}/{name}": content for name, content in _named(decoder_vocab).items()}
    if vocab is None and settings.name == "gguf":
        tokens = tokenizer_of(settings, source.vocabulary)
        return tokens.huggingface_files() if to == "huggingface" else tokens.files()
    if vocab is None:
        return files
    return files | _named(vocab)


def tokens_of(loaded: LoadedModel, vocabulary: Path | None) -> dict:
    """The ids by which a decoder's texts begin and end, of an encoder-decoder padding and end, in transformers' words;
    {} without a vocabulary."""
    if loaded.head not in ("causal", "seq2seq") or vocabulary is None:
        return {}
    tokenizer = tokenizer_of(loaded.description.tokenizer, vocabulary)
    key, other = ("bos_token_id", "bos_id") if loaded.head == "causal" else ("pad_token_id", "pad_id")
    tokens = {key: getattr(tokenizer, other, None), published_decoding.ENDS: tokenizer.eos_id}
    return {key: number for key, number in tokens.items() if number is not None}


def _named(vocab: Path) -> dict[str, bytes]:
    """A vocabulary that the user names, as it is called in a folder."""
    if not vocab.is_file():
        raise CheckpointError(f"{vocab}: no such vocabulary file")
    return {_kind_of(vocab)[0]: vocab.read_bytes()}


def settle_tokenizer(settings: TokenizerConfig, source: WeightSource, vocab: Path | None, named: str | None) -> None:
    """Sets the name that goes with a vocabulary that the user gives, or the one that the user says.

    Raises: CheckpointError, UnknownName; ConfigError and DataError when the vocabulary is none of this tokenizer.
    """
    if not vocab and not named:
        return
    readers = _kind_of(vocab)[1] if vocab else (settings.name,)
    settings.name = _UER.get(named, named) or (settings.name if settings.name in readers else readers[0])
    if settings.name != "wordpiece" and FORMATS.get(source.format).program == "uer":
        settings.lowercase = False  # there its BertTokenizer alone lowers, and only without a SentencePiece model
    if named and not (vocab or source.vocabulary):
        raise CheckpointError(f"--tokenizer {named}: no vocabulary lies beside the weights; name it with --vocab")
    if named:
        tokenizer_of(settings, vocab or source.vocabulary)


def _kind_of(vocab: Path) -> tuple[str, tuple[str, ...]]:
    return _VOCABULARIES.get(vocab.name) or _VOCABULARIES.get(vocab.suffix, _LISTED)


_LISTED = ("vocab.txt", ("wordpiece", "char", "space"))
_VOCABULARIES = {
    "tokenizer.model": ("tokenizer.model", ("llama",)), ".model": ("spiece.model", ("sentencepiece",)),
    ".json": ("tokenizer.json", ("tokenizer_json",)),
}  # fmt: skip
"""Name or suffix of a vocabulary -> its name in a folder, and the tokenizers that read it, the usual one first."""
_UER = {"bert": "wordpiece"}
"""UER-py's --tokenizer -> ours, where it is another word."""
