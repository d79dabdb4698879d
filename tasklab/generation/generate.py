"""Answers to many prompts: rows come and go, and none of them can tell which others there are."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from tasklab.config.generation_section import GenerationConfig
from tasklab.generation.beams import beam_search
from tasklab.generation.choosing import Choice, log_softmax
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
        choices: ids of the texts of which one is the answer.   emit: (prompt, new text) as answers of one come.
    """
    if choices:
        return [_chosen(decoder, prompt, choices, streamed, settings.num_return_sequences) for prompt in prompts]
    if settings.num_beams > 1:
        return [beam_search(decoder, prompt, settings, ends, seed, streamed) for prompt in prompts]
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
        elif len(self.ids) == self.settings.max_new_tokens or self.size + len(self.ids) == max_length:
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


def _chosen(decoder: Decoder, prompt, choices, streamed, several: int) -> list[Generated]:
    """The likeliest of the given answers, by the sum over all of its tokens."""
    slots = list(range(1, len(choices) + 1))
    first = log_softmax(decoder.extend([0], [prompt]))[0]
    decoder.copy([0] * len(slots), slots, [len(prompt)] * len(slots))
    longer = [k for k, ids in enumerate(choices) if len(ids) > 1]
    behind = decoder.scores([slots[k] for k in longer], [choices[k][:-1] for k in longer]) if longer else []
    logs = [[float(first[ids[0]])] for ids in choices]
    for k, logits in zip(longer, behind, strict=True):
        told = log_softmax(logits)
        logs[k] += [float(told[n, token]) for n, token in enumerate(choices[k][1:])]
    decoder.cut([0, *slots], [0] * (len(slots) + 1))
    best = sorted(range(len(choices)), key=lambda k: -sum(logs[k]))[:several]
    found = []
    for k in best:
        stream = streamed()
        text = stream.push(choices[k]) + stream.rest()
        found.append(Generated(tuple(map(int, choices[k])), tuple(logs[k]), sum(logs[k]), STOP, text))
    return found
