"""Answers to many prompts: rows come and go, and none of them can tell which others there are."""

import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tasklab.config.generation_section import GenerationConfig
from tasklab.errors import ConfigError
from tasklab.generation.beams import BeamSearch
from tasklab.generation.choices import chosen
from tasklab.generation.choosing import Choice
from tasklab.generation.protocol import Decoder, Generated, Growing
from tasklab.generation.slots import lent
from tasklab.generation.stops import StopTexts
from tasklab.generation.text import Text

ROWS = 32
"""Texts that are worked on at a time, each beam counted."""


def generate(
    decoder: Decoder, prompts: Sequence[Sequence[int]], settings: GenerationConfig, ends: Sequence[int], seed: int,
    streamed: Callable[[Sequence[int]], object], choices: Sequence[Sequence[int]] = (),
    emit: Callable[[int, str], object] | None = None, rows: int = ROWS, sources: Sequence[Sequence[int]] = (),
) -> list[list[Generated]]:  # fmt: skip
    """Per prompt its answers, settings.num_return_sequences of them, best first where there are beams.

    Equal prompts get equal answers, wherever they stand; an answer ends where its slot is full.

    Args:
        ends: ids that end an answer.
        streamed: of the ids that a text goes on makes what gives text for the ids of an answer.
        choices: ids of the texts of which one is the answer.
        emit: (prompt, new text) as its first answer comes; of beams and choices the best, when it is known.
        sources: for an encoder-decoder the ids that each prompt answers; the prompt is how the answer begins.
    Raises: ConfigError for settings that name tokens which this decoder has not, and for a choice of no token.
    """
    _refuse_unknown(decoder, settings, choices)
    if choices:
        generated = []
        for answers in chosen(decoder, prompts, choices, streamed, settings.num_return_sequences, rows, sources):
            generated.append(answers)
            if emit is not None:
                emit(len(generated) - 1, answers[0].text)
        return generated
    answering = sources if len(sources) else [()] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda i: (len(answering[i]), len(prompts[i]), i))
    samples = settings.num_return_sequences if settings.num_beams == 1 else 1
    waiting = deque((i, sample) for i in order for sample in range(samples))
    free, active, generated = _blocks(settings.num_beams, rows), [], {}
    with lent(decoder, range(1 + settings.num_beams * len(free))):
        begun = _Begun(decoder, prompts, sources, samples)
        while waiting or active:
            entering = []
            while waiting and free:
                i, sample = waiting.popleft()
                choice = Choice(settings, prompts[i], ends, seed, sample, answering[i])
                behind = functools.partial(streamed, prompts[i])
                growing = _growing(choice, decoder.max_length - len(prompts[i]), behind)
                entering.append(_Row(i, sample, growing, free.pop()))
            begun.enter(entering)
            active += entering
            reading = [pair for row in active for pair in zip(row.slots, row.tokens, strict=False)]
            logits = decoder.extend(*zip(*reading, strict=True))
            active = _going_on(decoder, active, logits, generated, free, emit)
    return [[one for sample in range(samples) for one in generated[i, sample]] for i in range(len(prompts))]


@dataclass
class _Row:
    """What is found for a prompt, and its slots. tokens: what the first of them read next; held: tokens in each."""

    prompt: int
    sample: int
    growing: Growing
    slots: list[int]
    tokens: list[Sequence[int]] = field(default_factory=list)
    held: int = 0


class _Begun:
    """What rows begin with is read into slot 0 once: the tokens that all have, or the source that several answer."""

    def __init__(self, decoder: Decoder, prompts, sources, samples: int):
        self.decoder, self.prompts, self.sources, self.samples = decoder, prompts, sources, samples
        self.shared = 0 if len(sources) else _shared(decoder, prompts, samples)

    def enter(self, rows: list[_Row]):
        if not rows:
            return
        for row in rows:
            row.tokens, row.held = [self.prompts[row.prompt][self.shared :]], self.shared
        if self.shared:
            self.decoder.copy([0] * len(rows), [row.slots[0] for row in rows], [self.shared] * len(rows))
        elif len(self.sources):
            self._answer(rows)

    def _answer(self, rows: list[_Row]):
        read = {row.prompt: row.slots[0] for row in rows if row.sample == 0}
        if read:
            self.decoder.read(list(read.values()), [self.sources[i] for i in read])
        if others := [row for row in rows if row.sample]:
            at = [read.get(row.prompt, 0) for row in others]
            self.decoder.copy(at, [row.slots[0] for row in others], [0] * len(others))
        if rows[-1].sample + 1 < self.samples:  # the next rows answer it too
            self.decoder.copy([rows[-1].slots[0]], [0], [0])


def _shared(decoder: Decoder, prompts, samples: int) -> int:
    """Tokens that all prompts begin with, read into slot 0; at least one of each is left."""
    if len(prompts) * samples < 2 or decoder.prefix:
        return 0
    first, last = min(prompts, key=tuple), max(prompts, key=tuple)
    most = min(map(len, prompts)) - 1
    count = next((n for n in range(most) if first[n] != last[n]), most)
    if count > 0:
        decoder.extend([0], [first[:count]])
    return max(count, 0)


def _blocks(width: int, rows: int) -> list[list[int]]:
    """Slots from 1 on, `width` together, the first ones last."""
    return [list(range(1 + n * width, 1 + (n + 1) * width)) for n in reversed(range(max(1, rows // width)))]


def _growing(choice: Choice, room: int, streamed: Callable[[], object]) -> Growing:
    settings = choice.settings
    room = min(settings.max_new_tokens, room)
    if settings.num_beams > 1:
        return BeamSearch(choice, room, streamed)
    return Text(choice, room, StopTexts(streamed(), settings.stop))


def _going_on(decoder: Decoder, rows: list[_Row], logits: np.ndarray, generated: dict, free: list, emit) -> list[_Row]:
    """The rows that go on behind their next token; of the others the answers are in `generated`."""
    left, moves, at = [], [], 0
    for row in rows:
        count = len(row.tokens)
        going, tokens = row.growing.take(logits[at : at + count])
        at, row.held = at + count, row.held + len(row.tokens[0])
        moves += [(row.slots[k], row.slots[n], row.held) for n, k in enumerate(going) if n != k]
        row.tokens = [[token] for token in tokens]
        if emit is not None and row.sample == 0 and (shown := row.growing.shown()):
            emit(row.prompt, shown)
        if tokens:
            left.append(row)
        else:
            generated[row.prompt, row.sample] = row.growing.answers()
            decoder.cut(row.slots, [0] * len(row.slots))
            free.append(row.slots)
    if moves:
        decoder.copy(*zip(*moves, strict=True))
    return left


def _refuse_unknown(decoder: Decoder, settings: GenerationConfig, choices):
    for key, message in settings.unknown_tokens(decoder.vocab_size):
        raise ConfigError(f"generation.{key} = {settings[key]}: {message}")
    for k, ids in enumerate(choices):
        if not len(ids):
            raise ConfigError(f"generation.choices[{k}] holds no token of this model; leave it out")
