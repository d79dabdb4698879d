"""The decoder in C++ against a Transformer written in NumPy with float64, and against itself in other company."""

import dataclasses
import subprocess
import sys
import threading

import numpy as np
import pytest

from tasklab.kernels import build
from tasklab.kernels.decoder import DecoderShape, NativeDecoder
from tests.kernels.decoder_oracle import oracle

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())

# sizes that fill no panel of 32 and no vector; positions enough for two pages of the cache and a part of one
GPT2 = DecoderShape(71, 24, 2, 3, 3, 8, 50, 80, "gelu_new")
LLAMA = DecoderShape(
    133, 40, 3, 6, 2, 10, 66, 300, "silu", gated=True, rms=True, learned_positions=False, rotary=True, eps=1e-6
)
GPT = DecoderShape(40, 36, 2, 4, 4, 9, 33, 80, "gelu", norm_first=False, embedding_norm=True, tied=False, eps=1e-12)
RELU = DecoderShape(35, 64, 1, 2, 1, 32, 96, 70, "relu", score_scale=1.0)
QWEN = dataclasses.replace(LLAMA, tied=False)  # biases in query, key and value alone
QWEN_BIASES = [f"attention.{name}.bias" for name in ("query", "key", "value")]
CASES = {"gpt2": GPT2, "llama": LLAMA, "gpt": GPT, "relu": RELU, "qwen": QWEN}


def tensors_of(name, seed=0):
    random, shape = np.random.default_rng(seed), CASES[name]
    found = {}
    for pattern, (size, optional) in shape.tensors().items():
        if optional and name in ("llama", "qwen") and not (name == "qwen" and pattern[10:] in QWEN_BIASES):
            continue
        for layer in range(shape.num_hidden_layers if "{}" in pattern else 1):
            scale = size[-1] ** -0.5 if len(size) == 2 else 0.3
            found[pattern.format(layer)] = (scale * random.standard_normal(size)).astype(np.float32)
    found["embeddings.word.weight"] *= 3
    if shape.rotary:
        angles = np.outer(np.arange(shape.positions), 100.0 ** (-np.arange(shape.head_size // 2) / 5))
        found["cosines"], found["sines"] = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    return found


def ids_of(shape, count, seed=1):
    return np.random.default_rng(seed).integers(0, shape.vocab_size, count)


def row_of(name, precision="fp32"):
    return NativeDecoder(CASES[name], tensors_of(name), precision)


@pytest.mark.parametrize("name", CASES)
def test_logits_equal_float64_arithmetic(name):
    shape, ids = CASES[name], ids_of(CASES[name], 69)
    expected = oracle(shape, tensors_of(name), ids)
    np.testing.assert_allclose(row_of(name).scores([0], [ids])[0], expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("precision", "bound"), [("bf16", 0.03), ("int8", 0.03)])
def test_rounded_weights_keep_logits_near(name, precision, bound):
    shape, ids = CASES[name], ids_of(CASES[name], 40)
    expected = oracle(shape, tensors_of(name), ids)
    found = row_of(name, precision).scores([0], [ids])[0]
    error = np.sqrt(((found - expected) ** 2).mean() / (expected**2).mean())
    assert 1e-5 < error < bound


def test_bf16_weights_are_the_nearest_and_sums_are_float32():
    """The oracle with weights of 8 bits of mantissa gives the same logits."""
    tensors = tensors_of("llama")
    for key, value in tensors.items():
        if value.ndim == 2 and key not in ("cosines", "sines"):
            bits = value.view(np.uint32)
            tensors[key] = ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)
    ids = ids_of(LLAMA, 33)
    expected = oracle(LLAMA, tensors, ids)
    np.testing.assert_allclose(
        row_of("llama", "bf16").scores([0], [ids])[0], expected, atol=2e-5 * np.abs(expected).max()
    )


def test_int8_weights_are_steps_of_a_scale_per_output_and_32_inputs():
    """127 steps of the largest of 32, the step as a bfloat16 not below it; sums are float32."""
    tensors = tensors_of("llama")
    for key, value in tensors.items():
        if value.ndim == 2 and key not in ("cosines", "sines"):
            for block in np.split(value, range(32, value.shape[1], 32), axis=1):  # views into the tensor
                step = np.abs(block).max(axis=1, keepdims=True) / np.float32(127)
                bits = step.view(np.uint32) & 0xFFFF0000
                short = bits.view(np.float32) * np.float32(127) < np.abs(block).max(axis=1, keepdims=True)
                step = (bits + (short.astype(np.uint32) << 16)).astype(np.uint32).view(np.float32)
                block[:] = np.rint(block * (1 / step)) * step
    ids = ids_of(LLAMA, 33)
    expected = oracle(LLAMA, tensors, ids)
    np.testing.assert_allclose(
        row_of("llama", "int8").scores([0], [ids])[0], expected, atol=2e-5 * np.abs(expected).max()
    )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_row_has_the_same_bits_in_any_company_and_any_pieces(name, precision):
    shape, decoder, random = CASES[name], row_of(name, precision), np.random.default_rng(3)
    texts = [ids_of(shape, n, seed=n) for n in (69, 1, 33, 64, 17, 40, 2, 69, 32, 50, 31)]
    alone = []
    for text in texts:  # token by token, in one slot
        decoder.cut([0], [0])
        alone.append(np.stack([decoder.extend([0], [[token]])[0] for token in text]))
    for company in (1, 2, 3, 5, 8, 11):
        order = random.permutation(len(texts))
        for group in np.split(order, range(company, len(order), company)):
            slots = random.permutation(20)[: len(group)]
            decoder.cut(slots, np.zeros(len(slots)))
            for i, scores in zip(group, decoder.scores(slots, [texts[i] for i in group]), strict=True):
                assert np.array_equal(scores, alone[i])
    cut = random.integers(1, 69, 30)
    for at in cut:  # two pieces, the second beside another text
        decoder.cut([4, 9], [0, 0])
        decoder.extend([4], [texts[0][:at]])
        both = decoder.scores([9, 4], [texts[5], texts[0][at:]])
        assert np.array_equal(both[1], alone[0][at:]) and np.array_equal(both[0], alone[5])


def test_long_prompts_are_read_in_passes_with_the_same_bits():
    decoder, ids = row_of("llama"), ids_of(LLAMA, 300)
    whole = decoder.scores([0, 1, 2], [ids, ids[:299], ids[:7]])
    single = np.stack([decoder.extend([3], [[token]])[0] for token in ids])
    assert np.array_equal(whole[0], single) and np.array_equal(whole[1], single[:299])
    assert np.array_equal(whole[2], single[:7])
    decoder.cut([0, 1, 2], [0, 0, 0])
    assert np.array_equal(decoder.extend([0, 1, 2], [ids, ids[:299], ids[:7]]), single[[299, 298, 6]])


def test_the_number_of_threads_changes_no_bit():
    library, decoder, ids = build.library(), row_of("llama"), ids_of(LLAMA, 60)
    found = []
    for threads in (1, 2, 3, 7):
        library.tasklab_set_threads(threads)
        decoder.cut([0], [0])
        found.append(decoder.scores([0], [ids])[0])
    library.tasklab_set_threads(build.thread_count())
    assert all(np.array_equal(found[0], other) for other in found)


def test_copies_by_permutation_go_on_as_their_sources_did():
    decoder, texts = row_of("llama"), [ids_of(LLAMA, n, seed=n) for n in (70, 64, 33, 5)]
    after = ids_of(LLAMA, 40, seed=9)
    expected = []
    for text in texts:
        decoder.cut([9], [0])
        decoder.extend([9], [text])
        expected.append(decoder.scores([9], [after])[0])
    decoder.extend([0, 1, 2, 3], texts)
    decoder.copy([1, 2, 3, 0, 0], [0, 1, 2, 3, 4], [64, 33, 5, 70, 40])
    assert [decoder.length(slot) for slot in range(5)] == [64, 33, 5, 70, 40]
    for slot, source in ((0, 1), (1, 2), (2, 3), (3, 0)):
        assert np.array_equal(decoder.scores([slot], [after])[0], expected[source])
    again = decoder.scores([4], [np.concatenate([texts[0][40:], after])])[0]  # its pages were shared and cut
    assert np.array_equal(again[30:], expected[0])


def test_writers_on_shared_pages_do_not_meet():
    decoder, text = row_of("llama"), ids_of(LLAMA, 45)
    tails = [ids_of(LLAMA, 25, seed=seed) for seed in (5, 6, 7)]
    expected = []
    for tail in tails:
        decoder.cut([9], [0])
        expected.append(decoder.scores([9], [np.concatenate([text, tail])])[0][45:])
    decoder.extend([0], [text])
    decoder.copy([0, 0], [1, 2], [45, 45])
    together = [[], [], []]
    for step in range(25):
        for row, logits in zip(together, decoder.extend([0, 1, 2], [[tail[step]] for tail in tails]), strict=True):
            row.append(logits)
    assert all(np.array_equal(np.stack(row), other) for row, other in zip(together, expected, strict=True))


def test_cut_slots_give_their_memory_to_others():
    decoder = row_of("llama")
    for _ in range(5):
        decoder.extend([0, 1], [ids_of(LLAMA, 200), ids_of(LLAMA, 100)])
        held = decoder.nbytes
        decoder.cut([0, 1], [0, 0])
    decoder.extend([7], [ids_of(LLAMA, 250)])
    assert decoder.nbytes == held


def test_texts_that_repeat_a_prefix_share_its_memory():
    decoder = row_of("llama")
    decoder.extend([0], [ids_of(LLAMA, 256)])
    held = decoder.nbytes
    decoder.copy([0] * 50, list(range(1, 51)), [256] * 50)
    assert decoder.nbytes == held


@pytest.mark.parametrize(
    ("slots", "tokens", "words"),
    [
        ([0, 0], [[1], [2]], "name one twice"),
        ([0], [[]], "without tokens"),
        ([], [], "without tokens"),
        ([0], [[133]], "token ids go from 133 to 133; expected 0 to 132"),
        ([0], [[-1]], "token ids go from -1 to -1"),
        ([-1], [[1]], r"slots are \[-1\]"),
        ([65536], [[1]], "expected numbers from 0 to 65535"),
        ([0, 1], [[1]], "2 slots and 1 rows"),
        ([0], [[1] * 301], "slot 0 holds 0 tokens, 301 more are beyond max_length 300"),
    ],
)
def test_what_cannot_be_read_is_refused(slots, tokens, words):
    with pytest.raises(ValueError, match=words):
        row_of("llama").extend(slots, tokens)


def test_what_a_slot_does_not_hold_is_neither_copied_nor_cut():
    decoder = row_of("llama")
    decoder.extend([0], [[1, 2, 3]])
    for refused in (
        lambda: decoder.copy([0], [1], [4]),
        lambda: decoder.copy([5], [1], [1]),
        lambda: decoder.copy([0, 0], [1, 1], [1, 1]),
        lambda: decoder.copy([0], [1, 2], [1, 1]),
        lambda: decoder.cut([0], [-1]),
        lambda: decoder.cut([0], [4]),
        lambda: decoder.cut([0, 1], [1]),
    ):
        with pytest.raises(ValueError, match=r"holds|cannot copy|2 slots"):
            refused()
    assert decoder.length(0) == 3


def test_tensors_of_another_shape_or_none_are_named():
    tensors = tensors_of("llama")
    tensors["layers.1.feed_forward.gate.weight"] = np.zeros((66, 41), np.float32)
    with pytest.raises(ValueError, match=r"layers.1.feed_forward.gate.weight has the shape \(66, 41\); expected"):
        NativeDecoder(LLAMA, tensors)
    del tensors["layers.1.feed_forward.gate.weight"]
    with pytest.raises(KeyError, match=r"layers.1.feed_forward.gate.weight"):
        NativeDecoder(LLAMA, tensors)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_key_value_heads": 4}, "is not a multiple of num_key_value_heads 4"),
        ({"head_size": 9}, "head_size 9 is odd"),
        ({"hidden_act": "tanh"}, "hidden_act is 'tanh'; expected one of: gelu"),
        ({"vocab_size": 0}, "vocab_size is 0"),
    ],
)
def test_shapes_that_no_kernel_has_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(LLAMA, **change)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="precision is 'fp16'; expected one of: fp32, bf16, int8"):
        row_of("gpt2", "fp16")


def test_threads_of_python_take_turns():
    decoder, texts = row_of("llama"), [ids_of(LLAMA, 200, seed=seed) for seed in range(6)]
    expected = [decoder.scores([0], [text])[0][-1] for text in texts if decoder.cut([0], [0]) is None]
    decoder.cut([0], [0])
    found = [None] * 6

    def read(i):
        for token in texts[i]:
            found[i] = decoder.extend([i], [[token]])[0]

    threads = [threading.Thread(target=read, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_no_mindspore_is_imported():
    code = "import tasklab.kernels.decoder, sys; sys.exit('mindspore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tensors_may_be_computed_a_few_rows_at_a_time(monkeypatch):
    class Lazy:
        def __init__(self, values):
            self.values, self.shape = values, values.shape

        def __getitem__(self, rows):
            taken.append(rows)
            return self.values[rows]

    taken, ids = [], ids_of(LLAMA, 20)
    expected = row_of("llama").scores([0], [ids])[0]
    monkeypatch.setattr("tasklab.kernels.decoder.BLOCK", 40 * 7)
    lazy = NativeDecoder(LLAMA, {name: Lazy(values) for name, values in tensors_of("llama").items()})
    assert np.array_equal(lazy.scores([0], [ids])[0], expected)
    assert slice(126, 133) in taken  # the table of 133 words, seven at a time


def test_float32_weights_that_bfloat16_holds_take_its_memory_and_give_the_same_bits(monkeypatch):
    tensors, ids = tensors_of("llama"), np.arange(40)
    full = NativeDecoder(LLAMA, tensors).nbytes
    for key, value in tensors.items():
        if value.ndim == 2 and key not in ("cosines", "sines"):
            tensors[key] = (value.view(np.uint32) & 0xFFFF0000).view(np.float32)
    exact, halves = NativeDecoder(LLAMA, tensors), NativeDecoder(LLAMA, tensors, "bf16")
    assert exact.nbytes == halves.nbytes == full / 2
    # the last word, which is not read, makes the table one of float32 after most of it lies there
    monkeypatch.setattr("tasklab.kernels.decoder.BLOCK", 40 * 7)
    tensors["embeddings.word.weight"][-1, -1] = 1 + 2.0**-20
    mixed = NativeDecoder(LLAMA, tensors)
    assert mixed.nbytes == exact.nbytes + 160 * 40 * 2  # 133 words fill five panels of 32
    expected = exact.scores([0], [ids])[0]
    assert np.array_equal(expected, halves.scores([0], [ids])[0])
    assert np.array_equal(expected[:, :-1], mixed.scores([0], [ids])[0][:, :-1])
