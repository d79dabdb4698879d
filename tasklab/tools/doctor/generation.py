"""What `doctor data` shows of texts to continue and chats to answer, and what stands out in them."""

from collections.abc import Iterator

from tasklab.config import Config
from tasklab.data.generation.examples import GenerationDataConfig
from tasklab.data.generation.inspect import GenerationReport, asked_of, inspect_generation, looks_like_chats
from tasklab.data.generation.tokens import framing_of
from tasklab.data.rows.findings import leaks
from tasklab.tools.doctor.findings import FIX, LOOK, Examined, Line, bad_rows, clashing, examined, leaking, repeating
from tasklab.tools.doctor.wording import counted, lengths, padded, shares

DATA, MODEL, knows = (GenerationDataConfig,), "textgen_smollm2_135m_instruct", looks_like_chats
CUT = 0.05
"""Share of cut chats from which a line is worth reading."""


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data = config.data
    framing = None if tokenizer is None else framing_of(tokenizer, data)
    train = inspect_generation(data.train, data, True, tokenizer, framing)
    dev = inspect_generation(data.eval_path, data, False, tokenizer, framing) if data.eval_path else None
    leak = leaking(leaks(train.examples, dev.examples, asked_of), len(dev.examples), "example", dev.file) if dev else ()
    return examined(config, train, dev, _shown, _findings, [*_of_training(train, config), *leak])


def _shown(name: str, split: GenerationReport, config: Config) -> Iterator[str]:
    sizes, chats = split.sizes, sum(split.turns.values())
    yield f"{name:6} {split.file}"
    if passages := split.passages:
        characters = sum(len(passage.text) for passage in passages)
        yield f"       {counted(len(passages), 'text')} to continue, {counted(characters, 'character')}"
    if chats:
        yield f"       {counted(chats, 'chat')} to answer, of"
        yield from shares({counted(n, "answer"): split.turns[n] for n in sorted(split.turns)}, chats, "lengths")
    if sizes is None:
        return
    yield from lengths(split.lengths, sizes)
    cut = f"; {counted(split.cut_chats, 'chat')} cut" if split.cut_chats else ""
    yield f"       {split.learned:.0%} of the tokens are learned, the others only read"
    yield f"       {counted(sizes.rows, 'row')} of at most {config.data.max_seq_length} tokens{cut}"
    yield padded(sizes)


def _findings(name: str, split: GenerationReport, config: Config) -> Iterator[Line]:
    yield from bad_rows(name, split.bad, config)
    clash, again = split.contradictions, split.duplicates
    text = f"{name}: {counted(clash.count, 'prompt')} met before with another answer; a model learns both"
    yield from clashing(clash, len(split.examples), text, split.file) if clash.count else ()
    yield from repeating(again, name, "example", "met before", split.file)
    if split.no_room:
        yield Line(FIX, f"{name}: {split.no_room}")


def _of_training(train: GenerationReport, config: Config) -> Iterator[Line]:
    limit, chats = config.data.max_seq_length, max(1, sum(train.turns.values()))
    if train.cut_chats / chats > CUT:
        needed = min(train.lengths["example"][-2], config.model.max_tokens)  # the 99th percentile
        remedy = f"{needed} would cut fewer" if needed > limit else "that is all the model takes"
        share = train.cut_chats / chats
        yield Line(LOOK, f"train: data.max_seq_length={limit} cuts the end of {share:.0%} of the chats; {remedy}")
