"""What `doctor data` shows of questions with choices, and what stands out in them."""

from collections.abc import Iterator
from pathlib import Path

from tasklab.config import Config
from tasklab.data.choices.inspect import ChoiceReport, context_of, inspect_choices, one_of_each_context, question_of
from tasklab.data.choices.layouts import offers_choices
from tasklab.data.choices.reading import ChoiceDataConfig
from tasklab.data.rows.findings import Finding, leaks
from tasklab.tools.doctor.findings import FIX, LOOK, Examined, Line, bad_rows, clashing, examined, leaking, repeating
from tasklab.tools.doctor.wording import counted, lengths, padded, places, shares

DATA, MODEL, knows = (ChoiceDataConfig,), "mulcho_minilm_l6", offers_choices
CUT = 0.05
"""Share of cut contexts from which a line is worth reading."""


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data = config.data
    train = inspect_choices(data.train, data, True, tokenizer)
    dev = inspect_choices(data.eval_path, data, False, tokenizer) if data.eval_path else None
    together = [*_of_training(train, config), *(_leaks(train, dev) if dev is not None else ())]
    return examined(config, train, dev, _shown, _findings, together)


def _shown(name: str, split: ChoiceReport, config: Config) -> Iterator[str]:
    questions, sizes = len(split.examples), split.sizes
    yield f"{name:6} {', '.join(file.bad.file for file in split.files)}"
    yield from (f"       {file.columns}" for file in split.files if file.columns)
    on = f" on {counted(split.contexts, 'context')}" if split.contexts else ""
    yield f"       {counted(questions, 'question')}{on}, of"
    yield from shares({f"{n} choices": split.choices[n] for n in sorted(split.choices)}, questions, "numbers")
    yield "       the right choice is"
    yield from shares({letter(place): split.places[place] for place in sorted(split.places)}, questions, "places")
    if sizes is None:
        return
    yield from lengths(split.lengths, sizes)
    cut = f"; {counted(split.cut_contexts, 'question')} with a cut context" if split.cut_contexts else ""
    sequences = f"{sizes.sequences} sequences of at most {config.data.max_seq_length} tokens"
    yield f"       {counted(sizes.rows, 'row')} of {sequences}{cut}"
    yield padded(sizes)


def _findings(name: str, split: ChoiceReport, config: Config) -> Iterator[Line]:
    for file in split.files:
        which = name if len(split.files) == 1 else f"{name}, {Path(file.bad.file).name}"
        yield from bad_rows(which, file.bad, config)
        if file.strange:
            yield Line(LOOK, f"{which}: {file.strange}")
    clash, again = split.contradictions, split.duplicates
    text = f"{name}: {counted(clash.count, 'question')} met before with another answer; keep the right one of each"
    yield from clashing(clash, len(split.examples), text, split.file)
    yield from repeating(again, name, "question", "met before with the same answer", split.file)
    if twice := [place for file in split.files for place in file.repeated]:
        text = f"{name}: {counted(len(twice), 'question')} with a choice listed twice; either copy counts as right"
        yield Line(LOOK, text, places(Finding(len(twice), twice), split.file))
    if split.no_room:
        yield Line(FIX, f"{name}: {split.no_room}")


def _of_training(train: ChoiceReport, config: Config) -> Iterator[Line]:
    if favoured := train.favoured:
        text = f"train: {letter(favoured.place)} is right in {favoured.share:.0%} of the questions"
        chance = f"by chance it would be in {favoured.chance:.0%}"
        yield Line(LOOK, f"{text}, {chance}; shuffle the choices, or a model learns the place")
    cut, limit = train.cut_contexts / max(1, len(train.examples)), config.data.max_seq_length
    if cut > CUT:
        needed = 4 + sum(numbers[-2] for numbers in train.lengths.values() if numbers)  # 99th percentiles
        needed = min(needed, config.model.max_tokens)
        remedy = f"{needed} would cut fewer" if needed > limit else "that is all the model takes"
        yield Line(LOOK, f"train: data.max_seq_length={limit} cuts the context of {cut:.0%} of the questions; {remedy}")


def _leaks(train: ChoiceReport, dev: ChoiceReport) -> Iterator[Line]:
    yield from leaking(leaks(train.examples, dev.examples, question_of), len(dev.examples), "question", dev.file)
    contexts = one_of_each_context(dev)
    shared = leaks((e for e in train.examples if e.context), contexts, context_of)
    yield from leaking(shared, len(contexts), "context", dev.file)


def letter(place: int) -> str:
    """A for the first place; numbers from the 27th on."""
    return chr(ord("A") + place) if place < 26 else f"choice {place + 1}"
