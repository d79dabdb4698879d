"""What `doctor data` shows of files of prompts: kinds that are asked, and some texts with their answers marked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from tasklab.config import Config
from tasklab.data.extraction.example import PromptExample
from tasklab.data.extraction.reading import ExtractionDataConfig, read_prompts
from tasklab.data.files.sample import Sample
from tasklab.errors import DataError
from tasklab.tools.doctor import examples
from tasklab.tools.doctor.findings import Examined
from tasklab.tools.doctor.wording import shares

DATA, MODEL = (ExtractionDataConfig,), "ie_minilm_l6"
MARKED, AROUND = 5, 30
"""Lines that are shown, and characters before and behind an answer."""


def knows(sample: Sample) -> bool:
    columns = set(sample.columns)
    if sample.file.suffix == ".txt":  # what UIE's converter writes is JSON all the same
        columns = next((set(value) for value in sample.values if isinstance(value, dict)), columns)
    return {"content", "prompt", "result_list"} <= columns


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval as a training would."""
    base = examples.examine(config, tokenizer)
    return replace(base, shown=[*base.shown, *_notes(config)])


def _notes(config: Config) -> Iterator[str]:
    try:
        read, _ = read_prompts(config.data.train, config.data)
    except DataError:
        return  # told as what has to be fixed
    answered = [e for e in read if e.answers]
    spans = Counter(e.kind for e in answered for _ in e.answers)
    yield f"       {len(answered):,} have an answer; {spans.total():,} spans"
    yield from shares(dict(spans.most_common()), spans.total(), "kinds")
    step = max(1, len(answered) // MARKED)
    yield from (f"       {e.prompt}: {marked(e)}" for e in answered[::step][:MARKED])


def marked(example: PromptExample) -> str:
    """The text with its answers in brackets, what is far from them left out; of options the prompt."""
    text, back = (example.prompt, len(example.prompt) + 1) if example.options else (example.text, 0)
    spans = [(mention.start + back, mention.end + back) for mention in example.answers]
    opened, closed = Counter(start for start, _ in spans), Counter(end for _, end in spans)
    first, last = max(0, min(opened) - AROUND), min(len(text), max(closed) + AROUND)
    shown = "".join(
        "]" * closed[i] + "[" * opened[i] + (text[i] if i < last else "") for i in range(first, last + 1)
    )
    plain = " ".join(shown.split())
    return f"{'... ' if first else ''}{plain}{' ...' if last < len(text) else ''}"
