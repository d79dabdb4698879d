"""The decoder in C++ with an encoder, against a Transformer in NumPy with float64, and against itself."""

import dataclasses

import numpy as np
import pytest

from tasklab.kernels import build
from tasklab.kernels.decoder import DecoderShape, NativeDecoder
from tests.kernels.decoder_oracle import oracle

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())

# sizes that fill no panel of 32 and no vector; texts of more than one page of the cache
T5 = DecoderShape(
    71, 24, 2, 3, 3, 10, 50, 90, "relu", rms=True, learned_positions=False, eps=1e-6, score_scale=1.0, reach=20,
    output_scale=24**-0.5, encoder_layers=3,
)  # fmt: skip
BART = DecoderShape(61, 36, 3, 4, 4, 9, 33, 90, "gelu", norm_first=False, embedding_norm=True, encoder_layers=2)
PEGASUS = DecoderShape(45, 32, 1, 2, 2, 16, 40, 90, "relu", embedding_scale=32**0.5, encoder_layers=1)
MIXED = DecoderShape(
    40, 28, 2, 6, 2, 8, 66, 90, "silu", gated=True, rms=True, learned_positions=False, rotary=True, tied=False,
    reach=7, encoder_layers=2, source_vocab_size=53,
)  # fmt: skip
CASES = {"t5": T5, "bart": BART, "pegasus": PEGASUS, "mixed": MIXED}


def tensors_of(name):
    random, shape, found = np.random.default_rng(0), CASES[name], {}
    for pattern, (size, optional) in shape.tensors().items():
        if optional and name in ("t5", "mixed"):
            continue
        for layer in range(shape.layers_of(pattern) if "{}" in pattern else 1):
            scale = size[-1] ** -0.5 if len(size) == 2 else 0.3
            found[pattern.format(layer)] = (scale * random.standard_normal(size)).astype(np.float32)
    for word in ("embeddings.word.weight", "encoder.embeddings.word.weight"):
        if word in found:
            found[word] *= 3
    stacks = ("", "encoder.") if shape.encoder_layers else ("",)
    for prefix in stacks if shape.rotary else ():
        angles = np.outer(np.arange(shape.positions), 100.0 ** (-np.arange(shape.head_size // 2) / 5))
        found |= {f"{prefix}cosines": np.cos(angles).astype(np.float32)}
        found |= {f"{prefix}sines": np.sin(angles).astype(np.float32)}
    for prefix in stacks if shape.reach else ():
        found[f"{prefix}distances"] *= 5
    return found


def decoder_of(name, precision="fp32"):
    return NativeDecoder(CASES[name], tensors_of(name), precision)


def ids_of(size, count, seed):
    return np.random.default_rng(seed).integers(0, size, count)


def pair_of(name, source, target, seed=1):
    shape = CASES[name]
    words = shape.source_vocab_size or shape.vocab_size
    return ids_of(words, source, seed), ids_of(shape.vocab_size, target, seed + 1000)


@pytest.mark.parametrize("name", CASES)
def test_logits_equal_float64_arithmetic(name):
    decoder, tensors = decoder_of(name), tensors_of(name)
    for slot, (source, target) in enumerate([(1, 3), (40, 69), (75, 33)]):
        source, target = pair_of(name, source, target)
        expected = oracle(CASES[name], tensors, target, source)
        decoder.read([slot], [source])
        found = decoder.scores([slot], [target])[0]
        np.testing.assert_allclose(found, expected, atol=3e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_rounded_weights_keep_logits_near(name, precision):
    decoder, (source, target) = decoder_of(name, precision), pair_of(name, 30, 40)
    expected = oracle(CASES[name], tensors_of(name), target, source)
    decoder.read([0], [source])
    error = np.sqrt(((decoder.scores([0], [target])[0] - expected) ** 2).mean() / (expected**2).mean())
    assert 1e-5 < error < 0.05


@pytest.mark.parametrize("name", ["t5", "bart", "mixed"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_row_has_the_same_bits_in_any_company_and_any_pieces(name, precision):
    decoder, random = decoder_of(name, precision), np.random.default_rng(3)
    pairs = [pair_of(name, s, n, seed=s) for s, n in ((69, 30), (1, 33), (33, 1), (64, 40), (17, 17), (2, 64), (80, 5))]
    alone = []
    for source, target in pairs:  # token by token, in one slot
        decoder.read([0], [source])
        alone.append(np.stack([decoder.extend([0], [[token]])[0] for token in target]))
        decoder.cut([0], [0])
    for company in (2, 3, 7):
        order = random.permutation(len(pairs))
        for group in np.split(order, range(company, len(order), company)):
            slots = random.permutation(20)[: len(group)]
            decoder.read(slots, [pairs[i][0] for i in group])
            for i, scores in zip(group, decoder.scores(slots, [pairs[i][1] for i in group]), strict=True):
                assert np.array_equal(scores, alone[i])
            decoder.cut(slots, np.zeros(len(slots)))


def test_copies_answer_the_same_source_side_by_side_and_apart():
    decoder, (source, text) = decoder_of("t5"), pair_of("t5", 50, 20)
    other, _ = pair_of("t5", 31, 1, seed=7)
    tails = [ids_of(71, 30, seed) for seed in (5, 6, 7, 8)]
    expected = []
    for tail in tails:
        decoder.read([9], [source])
        expected.append(decoder.scores([9], [np.concatenate([text, tail])])[0][20:])
        decoder.cut([9], [0])
    decoder.read([0, 4], [source, other])
    decoder.extend([0, 4], [text, text])
    decoder.copy([0, 0, 0], [1, 2, 7], [20, 20, 20])
    decoder.cut([0], [20])
    found = decoder.scores([0, 1, 4, 2, 7], [tails[0], tails[1], tails[0], tails[2], tails[3]])
    for k, tail in ((0, 0), (1, 1), (3, 2), (4, 3)):
        assert np.array_equal(found[k], expected[tail])
    assert not np.allclose(found[2], expected[0])
    # a copy of no tokens is a text that is not begun, of the same source
    decoder.copy([0], [3], [0])
    assert decoder.length(3) == 0
    assert np.array_equal(decoder.scores([3], [np.concatenate([text, tails[0]])])[0][20:], expected[0])


def test_a_source_lies_in_memory_once_and_is_given_back():
    decoder, (source, _) = decoder_of("bart"), pair_of("bart", 80, 4)
    decoder.read([0], [source])
    held = decoder.nbytes
    decoder.copy([0] * 50, list(range(1, 51)), [0] * 50)
    assert decoder.nbytes == held
    decoder.cut(list(range(51)), [0] * 51)
    decoder.read([3], [source])
    assert decoder.nbytes == held


def test_more_sources_than_a_pass_holds_are_read_as_alone():
    decoder, pairs = decoder_of("t5"), [pair_of("t5", 85, 3, seed) for seed in range(8)]
    expected = []
    for source, target in pairs:
        decoder.read([0], [source])
        expected.append(decoder.extend([0], [target])[0])
        decoder.cut([0], [0])
    decoder.read(range(8), [source for source, _ in pairs])
    assert np.array_equal(decoder.extend(range(8), [target for _, target in pairs]), np.stack(expected))


def test_what_cannot_be_read_is_refused():
    decoder = decoder_of("mixed")
    with pytest.raises(ValueError, match="slot 2 has read no source"):
        decoder.extend([2], [[1]])
    with pytest.raises(ValueError, match="token ids go from 53 to 53; expected 0 to 52"):
        decoder.read([0], [[53]])
    with pytest.raises(ValueError, match="a source has 91 tokens; expected at most 90"):
        decoder.read([0], [[1] * 91])
    with pytest.raises(ValueError, match="without tokens"):
        decoder.read([0], [[]])
    decoder.read([0], [[1]])
    decoder.read([0], [[2, 3]])  # it may have second thoughts until its first token
    decoder.extend([0], [[1]])
    with pytest.raises(ValueError, match="slot 0 holds 1 tokens; cut it to 0"):
        decoder.read([0], [[1]])
    decoder.cut([0], [0])
    with pytest.raises(ValueError, match="slot 0 has read no source"):
        decoder.extend([0], [[1]])


def test_a_decoder_without_an_encoder_reads_no_source():
    shape = dataclasses.replace(PEGASUS, encoder_layers=None)
    decoder = NativeDecoder(shape, tensors_of("pegasus"))
    with pytest.raises(ValueError, match="has no encoder"):
        decoder.read([0], [[1]])
    with pytest.raises(ValueError, match="encoder_layers is 0; expected at least 1"):
        dataclasses.replace(PEGASUS, encoder_layers=0)


SEEN = dataclasses.replace(MIXED, encoder_layers=None, source_vocab_size=None, prefix=True, token_types=True)
"""One stack that reads a source and goes on with what answers it."""


def test_a_source_at_the_beginning_of_a_text_is_seen_by_all_of_it(monkeypatch):
    monkeypatch.setitem(CASES, "seen", SEEN)
    for seed, count in enumerate((1, 40, 3, 33)):
        source, answer = ids_of(SEEN.vocab_size, count, seed), ids_of(SEEN.vocab_size, 36, 9)
        decoder = decoder_of("seen")
        first = decoder.extend([2], [source])
        behind = np.concatenate([*decoder.scores([2], [answer[:1]]), *decoder.scores([2], [answer[1:]])])
        expected = oracle(SEEN, tensors_of("seen"), np.concatenate([source, answer]), prefix=count)
        np.testing.assert_allclose(np.concatenate([first, behind]), expected[count - 1 :], atol=2e-4)


def test_sources_longer_than_a_pass_are_read_whole(monkeypatch):
    monkeypatch.setitem(CASES, "seen", dataclasses.replace(SEEN, positions=400))
    sources = [ids_of(SEEN.vocab_size, count, count) for count in (200, 300, 5)]
    together = decoder_of("seen").extend([0, 1, 2], sources)
    for source, logits in zip(sources, together, strict=True):
        np.testing.assert_array_equal(decoder_of("seen").extend([7], [source])[0], logits)
    expected = oracle(CASES["seen"], tensors_of("seen"), sources[1], prefix=300)
    np.testing.assert_allclose(together[1], expected[-1], atol=2e-4)
