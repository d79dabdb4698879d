"""A model of any program as a folder of another one: weights, configuration, vocabulary and labels, then verified."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasklab.config import ModelConfig
from tasklab.convert.files import (
    TARGETS,
    description_files,
    read_labels,
    settle_tokenizer,
    table_of,
    tokenizer_files,
    tokens_of,
    weight_files,
)
from tasklab.convert.loaded import LoadedModel, one_tower, read_model
from tasklab.convert.verified import verified
from tasklab.convert.words import unscaled, with_copies, with_table
from tasklab.errors import CheckpointError
from tasklab.runs.source import find_source
from tasklab.weights.folder import write_folder
from tasklab.weights.ledger import by_module
from tasklab.weights.norms import to_unbiased
from tasklab.weights.source import WeightSource, source_at
from tasklab.weights.tables import Format, from_tasklab


@dataclass(frozen=True)
class Conversion:
    """path: the folder that was written. lines: the ledger, notes, and what the verification found."""

    path: Path
    lines: tuple[str, ...]

    def __str__(self):
        return "\n".join(self.lines)


def convert(
    source, target, to: str, *, task: str | None = None, family: str | None = None, config=None, vocab=None,
    decoder_vocab=None, labels=None, norm: str | None = None, tokenizer: str | None = None, verify: bool = True,
    say: Callable[[str], None] = print,
) -> Conversion:  # fmt: skip
    """Writes the model `source` into the new folder `target`, as `to` has it, and compares it with the source.

    Args:
        source: a folder, a file of weights, or a name; what it is, its content tells.
        to: one of TARGETS.
        task: of the head, where neither the configuration nor the names of the weights tell it.
        family: bert, roberta, albert, gpt2 and so on, where they do not tell it (UER-py files).
        config, vocab: files, where none lies beside the weights.
        decoder_vocab: likewise, of an encoder-decoder whose target has words of its own.
        labels: a file with the names of the outputs: one a line, a JSON list, or an object name: number.
        norm: of a UER-py file that is read or written: "unbiased", as it computes, or "usual"; see weights/norms.py.
        tokenizer: how texts are cut, where nothing beside the weights says it: a name in TOKENIZERS, or UER-py's
            "bert"; tasklab's folder alone keeps it.
        verify: False leaves out the comparison of logits; the bits of all weights are compared in any case.
        say: gets each line.
    Raises: CheckpointError when a file is damaged, `to` has no names for the model or some of its weights, `target`
        exists, or the result differs. Then nothing is left in `target`.
    """
    target, vocab = Path(target), Path(vocab) if vocab else None
    if to not in TARGETS:
        raise CheckpointError(f"--to {to}: expected one of {', '.join(TARGETS)}")
    decoder_vocab = Path(decoder_vocab) if decoder_vocab else None
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CheckpointError(f"{target}: exists already; name a new folder")
    if tokenizer and to != "tasklab":
        raise CheckpointError(f"--tokenizer {tokenizer}: a folder of {to} does not say it; leave it out")
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        say(line)

    checkpoint = find_source(source)
    if family or norm:
        checkpoint = source_at(checkpoint.name, checkpoint.file, checkpoint.notes, family or checkpoint.family, norm)
    model = read_model(checkpoint, task, config, labels=read_labels(labels) if labels else None)
    apart = model.description.model.pair_encoding != "joint"
    if to == "huggingface" and apart and not model.description.model.dual:
        model = one_tower(model)
    streams = to == "uer" and model.family == "siamese"
    if to != "tasklab" and model.description.model.pair_encoding != "joint" and not streams:
        but = ", but for siamese ones with model.dual and model.stream_norm" if to == "uer" else ""
        raise CheckpointError(f"{source} reads two texts apart (model.pair_encoding): {to} has no such network{but}")
    has_none = model.head in ("causal", "prefix") or (to, model.head) == ("uer", "choices") or streams
    if not model.description.model.pooler and to != "tasklab" and not has_none:
        raise CheckpointError(f"{source} has no pooler before its outputs (model.pooler): {to} has no such network")
    table = table_of(to, model.family)
    fits(model.description.model, model.weights, checkpoint.name)
    if decoder_vocab and not model.description.model.decoder_vocab_size:
        raise CheckpointError(f"--decoder-vocab {decoder_vocab}: the words of {source} are those of its encoder")
    if to == "uer":
        model.notes += unscaled(model)
    unbiased = to == "uer" and norm != "usual"
    tensors, note = to_unbiased(model.weights) if unbiased else (model.weights, "")
    if to == "huggingface":
        tensors = with_table(tensors, model)
    theirs, lost = from_tasklab(tensors, table, model.head)
    theirs = with_copies(theirs, model) if to == "huggingface" else theirs
    if to == "huggingface" and model.head == "vectors":
        lost = [name for name in lost if not name.startswith("head.dense.")]  # a module of its own
    if lost:
        raise CheckpointError(f"{to} has no names for {by_module(lost)}; nothing was written")
    settle_tokenizer(model.description.tokenizer, checkpoint, vocab, tokenizer)
    tokens = tokens_of(model, vocab or checkpoint.vocabulary) if to == "huggingface" else {}
    files = weight_files(to, theirs) | description_files(to, model, target.name, unbiased, tokens)
    files |= tokenizer_files(checkpoint, model.description.tokenizer, vocab, to, decoder_vocab)
    for line in (*_ledger(checkpoint, model, table), *([f"  {note}"] if note else [])):
        tell(line)
    write_folder(target, files)
    try:
        for line in verified(model, target, to, verify):
            tell(line)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)  # made by us: it did not exist, or was empty
        raise
    tell(f"wrote {target} ({sum(file.stat().st_size for file in target.iterdir()) / 1e6:.1f} MB)")
    return Conversion(target, tuple(lines))


def fits(model: ModelConfig, tensors: dict, source: str) -> None:
    """Raises: CheckpointError, ConfigError when they are not exactly the weights of the network that is described."""
    try:
        from tasklab.convert.probe import check
    except ImportError:  # a conversion needs no MindSpore
        return
    check(model, tensors, source)


def _ledger(source: WeightSource, model: LoadedModel, table: Format) -> Iterator[str]:
    names = f"{source.format} names -> {table.name} names"
    yield f"{source.name}: {len(model.weights)} weights of a {model.family}, {names}"
    yield f"  task {model.task or 'none'}; {by_module(sorted(model.weights))}"
    if model.head == "vectors" and table.program not in ("tasklab", "huggingface"):
        yield f"  how states become a vector (model.pooling: {model.description.model.pooled}) has no place there"
    pooled = model.description.model.pooled
    if model.head == "classes" and table.program == "huggingface" and pooled not in ("first", "last"):
        reason = "transformers' classifier reads one token, so scores differ"
        yield f"  model.pooling: {pooled} has no place there: {reason}"
    if model.unknown:
        yield f"  left out, no weight that tasklab knows: {', '.join(model.unknown)}"
    for note in model.notes:
        yield f"  {note}"
    if table.program == "uer" and (epsilon := model.description.model.layer_norm_eps) > 1e-6:
        yield f"  UER-py's norms add 1e-6 to the deviation, these {epsilon:g} to its square: small values differ there"
    if model.family == "roberta" and table.program == "uer":
        yield "  the two position rows that no token uses have no place in UER-py and become zeros"
