"""Answers to many prompts: rows come and go, and none of them can tell which others there are."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from tasklab.config.generation_section import GenerationConfig
from tasklab.errors import ConfigError
from tasklab.generation.beams import beam_search
from tasklab.generation.choices import chosen
from tasklab.generation.choosing import Choice
from tasklab.generation.protocol import LENGTH, STOP, Decoder, Generated
from tasklab.generation.stops import StopTexts

ROWS = 16
"""Texts that are worked on at a time."""


def generate(
    decoder: Decoder, prompts: Sequence[Sequence[int]], settings: GenerationConfig, ends: Sequence[int], seed: int,
    streamed: Callable[[], object], choices: Sequence[Sequence[int]] = (),
    emit: Callable[[int, str], object] | None = None, rows: int = ROWS,
) -> list[list[Generated]]:  # fmt: skip
    """Per prompt its answers, settings.num_return_sequences of them, best first where there are beams.

    Equal prompts get equal answers, wherever they stand; an answer ends where its slot is full.

    Args:
        ends: ids that end an answer.   streamed: makes what gives text for the ids of an answer.
        choices: ids of the texts of which one is the answer.
        emit: (prompt, new text) as answers of one come; of beams and choices the best, when it is known.
    Raises: ConfigError for settings that name tokens which this decoder has not, and for a choice of no token.
    """
    _refuse_unknown(decoder, settings, choices)
    if choices or settings.num_beams > 1:
        found = []
        for i, prompt in enumerate(prompts):
            if choices:
                found.append(chosen(decoder, prompt, choices, streamed, settings.num_return_sequences))
            else:
                found.append(beam_search(decoder, prompt, settings, ends, seed, streamed))
            if emit is not None:
                emit(i, found[-1][0].text)
        return found
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
    waiting = deque((i, sample) for i in order for sample in range(settings.num_return_sequences))
    free, active, found = list(range(rows, 0, -1)), [], {}
    shared = _shared(decoder, prompts)
    while waiting or active:
        entering = []
        while waiting and free:
            i, sample = waiting.popleft()
            text = _Text(prompts[i], settings, ends, seed, sample, StopTexts(streamed(), settings.stop))
            entering.append((free.pop(), i, sample, text))
        if entering:
            slots = [slot for slot, *_ in entering]
            if shared:
                decoder.copy([0] * len(slots), slots, [shared] * len(slots))
            logits = decoder.extend(slots, [prompts[i][shared:] for _, i, *_ in entering])
            active += _going_on(decoder, entering, logits, found, free, emit)
        if active:
            logits = decoder.extend([slot for slot, *_ in active], [[text.ids[-1]] for *_, text in active])
            active = _going_on(decoder, active, logits, found, free, emit)
    decoder.cut([0], [0])
    return [[found[i, sample] for sample in range(settings.num_return_sequences)] for i in range(len(prompts))]


def _refuse_unknown(decoder: Decoder, settings: GenerationConfig, choices):
    for key in ("stop_token_ids", "suppress_tokens"):
        unknown = [token for token in settings[key] if not 0 <= token < decoder.vocab_size]
        if unknown:
            told = f"no token has the number {unknown[0]}; this model has 0 to {decoder.vocab_size - 1}"
            raise ConfigError(f"generation.{key} = {settings[key]}: {told}")
    for k, ids in enumerate(choices):
        if not len(ids):
            raise ConfigError(f"generation.choices[{k}] holds no token of this model; leave it out")


def _going_on(decoder: Decoder, rows: list, logits: np.ndarray, found: dict, free: list[int], emit) -> list:
    """The rows that go on behind their next token; of the others the answer is in `found`."""
    left = []
    for row, scores in zip(rows, logits, strict=True):
        slot, i, sample, text = row
        shown = text.take(scores, decoder.max_length)
        if text.reason:
            shown += text.stops.rest()
            found[i, sample] = text.generated()
            decoder.cut([slot], [0])
            free.append(slot)
        else:
            left.append(row)
        if emit is not None and shown:
            emit(i, shown)
    return left


class _Text:
    """One answer while it grows."""

    def __init__(self, prompt, settings: GenerationConfig, ends, seed: int, sample: int, stops: StopTexts):
        self.choice, self.stops = Choice(settings, prompt, ends, seed, sample), stops
        self.settings, self.ends, self.size = settings, ends, len(prompt)
        self.ids: list[int] = []
        self.logs: list[float] = []
        self.reason = ""

    def take(self, logits: np.ndarray, max_length: int) -> str:
        """Chooses a token; the text that may be shown for it."""
        token, log = self.choice.next(logits)
        self.logs.append(log)
        if token in self.ends:
            self.reason = STOP
            return ""
        self.ids.append(token)
        shown = self.stops.push(token)
        if self.stops.met:
            self.reason = STOP
        elif len(self.ids) == self.settings.max_new_tokens or self.size + len(self.ids) >= max_length:
            self.reason = LENGTH
        return shown

    def generated(self) -> Generated:
        mean = sum(self.logs) / len(self.logs)
        return Generated(tuple(self.ids), tuple(self.logs), mean, self.reason, self.stops.text)


def _shared(decoder: Decoder, prompts) -> int:
    """Tokens that all prompts begin with, read into slot 0 once; at least one of each is left."""
    if len(prompts) < 2:
        return 0
    first, last = min(prompts, key=tuple), max(prompts, key=tuple)
    most = min(map(len, prompts)) - 1
    count = next((n for n in range(most) if first[n] != last[n]), most)
    if count > 0:
        decoder.extend([0], [first[:count]])
    return max(count, 0)
