"""Beam search of one text (behaviour: transformers' generate with num_beams; Wu et al. 2016 for the length penalty)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasklab.config.generation_section import GenerationConfig
from tasklab.generation.choosing import Choice, log_softmax
from tasklab.generation.protocol import LENGTH, STOP, Decoder, Generated
from tasklab.generation.stops import StopTexts


@dataclass
class _Beam:
    """A candidate. total: the sum of its log-probabilities, penalties included, by which it is compared."""

    choice: Choice
    ids: list[int]
    logs: list[float]
    total: float


def beam_search(
    decoder: Decoder, prompt: Sequence[int], settings: GenerationConfig, ends: Sequence[int], seed: int, streamed
) -> list[Generated]:
    """The best settings.num_return_sequences answers, best first. Arguments as of `generate`."""
    width = settings.num_beams
    beams = [_Beam(Choice(settings, prompt, ends, seed, 0), [], [], 0.0)]
    logits = decoder.extend([1], [prompt])
    finished: list[Generated] = []
    room = min(settings.max_new_tokens, decoder.max_length - len(prompt))
    for step in range(1, room + 1):
        going, sources = [], []
        for total, row, token, log in _candidates(beams, logits, width):
            beam = beams[row]
            logs = [*beam.logs, log]
            stops = _stops(streamed, settings, [*beam.ids, token])
            if token in ends or stops.met:
                ids = beam.ids if token in ends else [*beam.ids, token]
                finished.append(_told(ids, logs, total, STOP, stops.text if stops.met else None, settings, streamed))
            elif len(going) < width:
                going.append(_Beam(beam.choice.followed_by(token), [*beam.ids, token], logs, total))
                sources.append(row + 1)
        beams = going
        finished = sorted(finished, key=lambda one: -one.score)[:width]
        if not beams or _settled(finished, beams[0].total, step, room, settings):
            beams = []
            break
        if step == room:
            break
        slots = list(range(1, len(beams) + 1))
        decoder.copy(sources, slots, [len(prompt) + step - 1] * len(slots))
        logits = decoder.extend(slots, [[beam.ids[-1]] for beam in beams])
    finished += [_told(b.ids, b.logs, b.total, LENGTH, None, settings, streamed) for b in beams]
    decoder.cut(list(range(1, width + 1)), [0] * width)
    return sorted(finished, key=lambda one: -one.score)[: settings.num_return_sequences]


def _candidates(beams: list[_Beam], logits: np.ndarray, width: int) -> list[tuple[float, int, int, float]]:
    """(total, row, token, log-probability) of the 2 * width best continuations, best first: half may end."""
    found = []
    for row, (beam, scores) in enumerate(zip(beams, logits, strict=True)):
        plain = log_softmax(scores)
        allowed = beam.choice.allowed(scores)
        told = plain if np.array_equal(allowed, scores) else log_softmax(allowed)
        best = np.argsort(-told, kind="stable")[: 2 * width]
        found += [(beam.total + float(told[t]), row, int(t), float(plain[t])) for t in best if told[t] > -np.inf]
    return sorted(found, key=lambda one: (-one[0], one[1], one[2]))[: 2 * width]


def _stops(streamed, settings: GenerationConfig, ids: list[int]) -> StopTexts:
    found = StopTexts(streamed(), settings.stop)
    if settings.stop:
        for token in ids:
            found.push(token)
    return found


def _told(ids, logs, total: float, reason: str, text: str | None, settings: GenerationConfig, streamed) -> Generated:
    if text is None:
        stream = streamed()
        text = (stream.push(ids) if ids else "") + stream.rest()
    return Generated(tuple(ids), tuple(logs), total / len(logs) ** settings.length_penalty, reason, text)


def _settled(finished: list[Generated], best: float, step: int, room: int, settings: GenerationConfig) -> bool:
    """Whether nothing that goes on can be better than the finished ones."""
    if len(finished) < settings.num_beams:
        return False
    if settings.early_stopping:
        return True
    longest = room if settings.length_penalty > 0 else step
    return finished[-1].score >= best / longest**settings.length_penalty
