"""The promise with a real network: 100 prompts in 6 batchings, with and without a cache, give the same bits."""

from unittest.mock import Mock

import numpy as np
import pytest

from tasklab.config.generation_section import GenerationConfig
from tasklab.generation.generate import ROWS, generate
from tasklab.kernels import build
from tasklab.kernels.decoder import DecoderShape, NativeDecoder
from tasklab.text.streamed import Streamed
from tests.generation.table import Letters

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())

END = 96
SHAPE = DecoderShape(
    97, 40, 2, 6, 2, 10, 66, 96, "silu", gated=True, rms=True, learned_positions=False, rotary=True, eps=1e-6
)
WAYS = {
    "greedy": {},
    "sampled": {"do_sample": True, "temperature": 1.2, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.1},
    "beams": {"num_beams": 3, "num_return_sequences": 2},
}


class Uncached:
    """Reads every text anew from its beginning for each token."""

    def __init__(self, decoder: NativeDecoder):
        self.decoder, self.prefix = decoder, decoder.prefix
        self.vocab_size, self.max_length = decoder.vocab_size, decoder.max_length
        self.texts: dict[int, list[int]] = {}

    def extend(self, slots, tokens):
        for slot, row in zip(slots, tokens, strict=True):
            self.texts[slot] = [*self.texts.get(slot, []), *map(int, row)]
        logits = self.decoder.extend(slots, [self.texts[slot] for slot in slots])
        self.decoder.cut(slots, [0] * len(slots))
        return logits

    def copy(self, sources, targets, lengths):
        taken = [self.texts[source][:length] for source, length in zip(sources, lengths, strict=True)]
        self.texts |= dict(zip(targets, taken, strict=True))

    def cut(self, slots, lengths):
        for slot, length in zip(slots, lengths, strict=True):
            self.texts[slot] = self.texts.get(slot, [])[:length]


@pytest.fixture(scope="module", params=["fp32", pytest.param("bf16", marks=pytest.mark.slow), "int8"])
def decoder(request):
    random, tensors = np.random.default_rng(3), {}
    for pattern, (size, _) in SHAPE.tensors().items():
        for layer in range(SHAPE.num_hidden_layers if "{}" in pattern else 1):
            scale = 3 * size[-1] ** -0.5 if len(size) == 2 else 0.3
            tensors[pattern.format(layer)] = (scale * random.standard_normal(size)).astype(np.float32)
    angles = np.outer(np.arange(SHAPE.positions), 100.0 ** (-np.arange(SHAPE.head_size // 2) / 5))
    tensors |= {"cosines": np.cos(angles).astype(np.float32), "sines": np.sin(angles).astype(np.float32)}
    return NativeDecoder(SHAPE, tensors, request.param)


@pytest.mark.parametrize("changes", [{"num_return_sequences": 2, "do_sample": True}, {"num_beams": 3}, {}], ids=str)
def test_an_interrupted_answer_leaves_nothing_behind(decoder, changes):
    settings = GenerationConfig()
    for key, value in {"max_new_tokens": 20, **changes}.items():
        settings[key] = value

    def answers(emit=None):
        return generate(decoder, [[5, 6, 7]], settings, [END], 7, lambda _: Streamed(Letters()), emit=emit)

    def stopped(number, text):
        raise KeyboardInterrupt

    before = answers()
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            answers(stopped)
        assert not any(decoder.length(slot) for slot in range(1 + ROWS))
    assert answers() == before


def test_choices_that_are_interrupted_leave_nothing_behind(decoder, monkeypatch):
    def answers():
        stream, choices = lambda _: Streamed(Letters()), [[1, 2, 3], [1, 4], [2, 2]]
        return generate(decoder, [[5], [6, 7]], GenerationConfig(), [END], 7, stream, choices)

    before = answers()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("tasklab.generation.choices.log_softmax", Mock(side_effect=KeyboardInterrupt))
        answers()
    assert not any(decoder.length(slot) for slot in range(1 + ROWS)) and answers() == before


@pytest.mark.parametrize("way", ["greedy", "sampled", pytest.param("beams", marks=pytest.mark.slow)])
def test_a_text_does_not_depend_on_its_batch(decoder, way):
    random, settings = np.random.default_rng(1), GenerationConfig()
    for key, value in {"max_new_tokens": 20, **WAYS[way]}.items():
        settings[key] = value
    prompts = [[5, 6, 7] * (n % 2) + list(map(int, random.integers(0, END, 1 + n % 37))) for n in range(100)]

    def texts(prompts, decoder=decoder, rows=16):
        return generate(decoder, prompts, settings, [END], 7, lambda _: Streamed(Letters()), rows=rows)

    alone = [texts([prompt])[0] for prompt in prompts]  # 1: each by itself
    assert len({one[0].ids for one in alone}) > 50
    for rows in (2, 16, 100):  # 2 to 4: few, many and all at a time, shorter and longer ones together
        assert texts(prompts, rows=rows) == alone
    assert texts(prompts[::-1], rows=7) == alone[::-1]  # 5: from the other end
    assert texts(prompts[1::2]) == alone[1::2]  # 6: those that begin alike, so that this is read once
    assert texts(prompts[:20], Uncached(decoder)) == alone[:20]
