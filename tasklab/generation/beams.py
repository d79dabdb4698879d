"""Beam search of one text (behaviour: transformers' generate with num_beams; Wu et al. 2016 for the length penalty)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasklab.config.generation_section import GenerationConfig
from tasklab.generation.choosing import NEVER, Choice, likeliest, log_softmax
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
        for rank, (total, row, token, log) in enumerate(_candidates(beams, logits, width, len(ends))):
            beam = beams[row]
            ids, logs = [*beam.ids, token], [*beam.logs, log]
            stops = _stops(streamed, settings, ids)
            if token in ends or stops.met or step == room:
                if rank < width:  # those behind only see to it that enough go on
                    finished.append(_told(ids, logs, total, ends, stops, settings, streamed))
            elif len(going) < width:
                going.append(_Beam(beam.choice.followed_by(token), ids, logs, total))
                sources.append(row + 1)
        beams = going
        finished = sorted(finished, key=lambda one: -one.score)[:width]
        if not beams or _settled(finished, beams[0].total, step, settings):
            break
        slots = list(range(1, len(beams) + 1))
        decoder.copy(sources, slots, [len(prompt) + step - 1] * len(slots))
        logits = decoder.extend(slots, [[beam.ids[-1]] for beam in beams])
    decoder.cut(list(range(1, width + 1)), [0] * width)
    return finished[: settings.num_return_sequences]


def _candidates(beams: list[_Beam], logits, width: int, ends: int) -> list[tuple[float, int, int, float]]:
    """(total, row, token, log-probability) of the best continuations, best first: so many that `width` go on whatever
    ends."""
    found, count = [], max(2, 1 + ends) * width
    for row, (beam, scores) in enumerate(zip(beams, logits, strict=True)):
        plain = log_softmax(scores)
        told = beam.choice.allowed(plain)
        best = likeliest(told, count)
        found += [(beam.total + float(told[t]), row, int(t), float(plain[t])) for t in best if told[t] > NEVER]
    return sorted(found, key=lambda one: (-one[0], one[1], one[2]))[:count]


def _stops(streamed, settings: GenerationConfig, ids: list[int]) -> StopTexts:
    found = StopTexts(streamed(), settings.stop)
    if settings.stop:
        for token in ids:
            found.push(token)
    return found


def _told(ids, logs, total: float, ends, stops: StopTexts, settings: GenerationConfig, streamed) -> Generated:
    reason = STOP if ids[-1] in ends or stops.met else LENGTH
    ids, text = ids[:-1] if ids[-1] in ends else ids, stops.text
    if not stops.met:
        stream = streamed()
        text = (stream.push(ids) if ids else "") + stream.rest()
    return Generated(tuple(ids), tuple(logs), total / len(logs) ** settings.length_penalty, reason, text)


def _settled(finished: list[Generated], best: float, step: int, settings: GenerationConfig) -> bool:
    """Whether there are enough, and what goes on is, as it stands, no better than the worst of them."""
    if len(finished) < settings.num_beams:
        return False
    return settings.early_stopping or finished[-1].score >= best / step**settings.length_penalty
