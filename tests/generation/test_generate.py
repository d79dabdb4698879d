"""Generation by hand, and the promise: a text depends on its prompt, seed and sample, and on no neighbour."""

import numpy as np
import pytest

from tasklab.config.generation_section import GenerationConfig
from tasklab.errors import ConfigError
from tasklab.generation.beams import BeamSearch
from tasklab.generation.choices import _levels
from tasklab.generation.choosing import Choice, likeliest
from tasklab.generation.generate import generate
from tasklab.generation.protocol import LENGTH, STOP
from tasklab.generation.stops import StopTexts
from tasklab.text.streamed import Streamed
from tests.generation.table import Letters, Table

END = 7


def settings(**changes):
    found = GenerationConfig()
    for key, value in changes.items():
        found[key] = value
    return found


def _streamed(before=()):
    return Streamed(Letters(), before)


def run(decoder, prompts, emit=None, rows=16, choices=(), seed=1, sources=(), **changes):
    return generate(decoder, prompts, settings(**changes), [END], seed, _streamed, choices, emit, rows, sources)


@pytest.fixture
def counting():
    """The next letter, whatever stood before; behind f the end."""
    table = np.full((8, 8, 8), -5.0)
    for v in range(7):
        table[:, v, v + 1] = 5.0
    return Table(table)


def test_greedy_counts_on_and_stops_at_the_end(counting):
    ((found,), (other,)) = run(counting, [[1], [4, 5]])
    assert (found.text, found.ids, found.reason) == ("bcdef", (2, 3, 4, 5, 6), STOP)
    assert (other.text, other.reason) == ("f", STOP)
    # 5 against seven times -5: log(1 / (1 + 7 e^-10)), for the five letters and the end
    assert found.log_probabilities == pytest.approx([-np.log1p(7 * np.exp(-10))] * 6)
    assert found.score == pytest.approx(found.log_probabilities[0])


def test_an_answer_ends_at_its_allowed_length_and_where_the_slot_is_full(counting):
    assert run(counting, [[1]], max_new_tokens=2)[0][0].text == "bc"
    counting.max_length = 4
    ((found,),) = run(counting, [[1]])
    assert (found.text, found.reason) == ("bcd", LENGTH)


def test_a_stop_text_is_left_out_and_its_beginning_is_never_shown(counting):
    shown = []
    ((found,),) = run(counting, [[1]], stop=["de", "x"], emit=lambda i, text: shown.append(text))
    assert found.text == "bc" and found.reason == STOP
    assert "".join(shown) == "bc"


def test_nothing_ends_before_min_new_tokens_and_suppressed_tokens_never_come(counting):
    assert len(run(counting, [[6]], min_new_tokens=2)[0][0].ids) >= 2
    assert 2 not in run(counting, [[1]], suppress_tokens=[2], max_new_tokens=3)[0][0].ids


def test_no_stretch_comes_twice_where_that_is_asked():
    table = np.full((4, 4, 4), -5.0)
    table[:, 1, 2] = table[:, 2, 1] = 5.0  # abab...
    table[:, :, 3] = 0.0
    assert run(Table(table), [[1]], max_new_tokens=4)[0][0].text == "baba"
    assert run(Table(table), [[1]], max_new_tokens=4, no_repeat_ngram_size=2)[0][0].text.startswith("bac")


def test_where_every_token_is_forbidden_repetition_is_allowed_and_the_end_still_waits():
    # of 8 equal ones 2, 5 and 6 are suppressed and 7 is the end, so 0, 3 and 4 come once; then the first of all that
    # may come, 0, until the eighth; behind it the end is the only one that is no repetition
    asked = {"no_repeat_ngram_size": 1, "suppress_tokens": [2, 5, 6]}
    ((found,),) = run(Table(np.zeros((8, 8, 8))), [[1]], min_new_tokens=8, max_new_tokens=12, **asked)
    assert (found.ids, found.reason) == ((0, 3, 4, 0, 0, 0, 0, 0), STOP)


def test_an_end_comes_early_where_all_else_is_suppressed():
    # all but a and the end are suppressed, and an end is too early: a is left, then the end
    ((found,),) = run(Table(np.zeros((8, 8, 8))), [[1]], min_new_tokens=2, suppress_tokens=[0, 2, 3, 4, 5, 6])
    assert found.ids[:2] == (1, 1)
    # with a too the end comes early, as suppression is lifted last
    ((found,),) = run(Table(np.zeros((8, 8, 8))), [[1]], min_new_tokens=2, suppress_tokens=[0, 1, 2, 3, 4, 5, 6])
    assert (found.ids, found.reason) == ((), STOP)


def test_repeated_tokens_become_less_likely():
    # a a: logits 2, b: 1.5; with the penalty 2 for a that was seen: 1 against 1.5
    table = np.tile(np.array([0.0, 2.0, 1.5, 0.0]), (4, 4, 1))
    assert run(Table(table), [[1]], max_new_tokens=1)[0][0].text == "a"
    assert run(Table(table), [[1]], max_new_tokens=1, repetition_penalty=2.0)[0][0].text == "b"


def test_of_choices_the_likeliest_whole_is_the_answer_with_its_log_probability():
    # behind a: b 0.6, c 0.4; behind b: d 0.5; behind c: d 0.9 -> "bd" 0.3, "cd" 0.36
    table = np.full((8, 8, 8), -50.0)
    table[:, 1, 2], table[:, 1, 3] = np.log(0.6), np.log(0.4)
    table[:, 2, 4], table[:, 2, 5] = np.log(0.5), np.log(0.5)
    table[:, 3, 4], table[:, 3, 5] = np.log(0.9), np.log(0.1)
    ((found,),) = run(Table(table), [[1]], choices=[[2, 4], [3, 4]])
    assert found.text == "cd" and np.exp(found.score) == pytest.approx(0.36)


class Sliced(tuple):
    """Ids that count how often a beginning of them is taken."""

    taken = 0

    def __getitem__(self, key):
        Sliced.taken += 1
        return super().__getitem__(key)


def test_choices_become_a_trie_by_taking_each_beginning_at_most_twice(rng):
    choices = [(1, 2, 3), (5,), (1, 2), (1, 4), (5,), (1, 2, 6)]
    assert _levels(choices) == [{(): [(1,), (5,)]}, {(1,): [(1, 2), (1, 4)]}, {(1, 2): [(1, 2, 3), (1, 2, 6)]}]
    many = [Sliced(map(int, ids)) for ids in rng.integers(0, 30_000, (300, 6))]
    _levels(many)
    assert Sliced.taken <= 2 * 300 * 6


def test_of_choices_a_common_beginning_is_read_once(rng):
    table = Table(rng.standard_normal((8, 8, 8)))
    choices = [[1, 2, 3], [1, 2, 4], [5], [1, 2, 3, 6]]
    ((*found,),) = run(table, [[3, 1]], choices=choices, num_return_sequences=4)
    # the prompt; then 1; then 1 2; then 1 2 3: what ends is not read
    assert [lengths for _, lengths in table.calls] == [[2], [1], [1], [1]]
    told = {one.text: one.score for one in found}
    logs = table.table - np.log(np.exp(table.table).sum(-1, keepdims=True))
    assert told["abd"] == pytest.approx(logs[3, 1, 1] + logs[1, 1, 2] + logs[1, 2, 4], rel=1e-5)
    assert told["e"] == pytest.approx(logs[3, 1, 5], rel=1e-5) and told["abcf"] < told["abc"]
    assert [one.score for one in found] == sorted(told.values(), reverse=True)
    assert not any(table.slots.values())


def test_settings_that_name_no_token_are_refused(counting):
    for changes in ({"stop_token_ids": [2, 8]}, {"suppress_tokens": [8]}):
        with pytest.raises(ConfigError, match=r"no token has the number 8; this model has 0 to 7"):
            run(counting, [[1]], **changes)
    with pytest.raises(ConfigError, match=r"generation.suppress_tokens = \[-1\]"):
        run(counting, [[1]], suppress_tokens=[-1])
    with pytest.raises(ConfigError, match=r"choices\[1\] holds no token"):
        run(counting, [[1]], choices=[[2], []])


def test_settings_that_contradict_each_other_are_told():
    for changes, words in (
        ({"choices": ["a", "b"], "do_sample": True}, "choices"),
        ({"choices": ["a", ""]}, "empty text"),
        ({"choices": ["a"], "num_return_sequences": 2}, "more than there are choices, 1"),
        ({"num_return_sequences": 2}, "would be the same text"),
        ({"do_sample": True, "num_beams": 2}, "follows the likeliest"),
        ({"temperature": 0.5}, "do_sample"),
    ):
        asked = settings(**changes)
        told = [message for _, message in asked.problems()] + [f"{key} {by} {do}" for key, by, do in asked.idle()]
        assert any(words in one for one in told), changes
    assert not [*settings(choices=["a", "b"], num_return_sequences=2).problems()]


def test_beams_find_what_greedy_misses():
    # greedy takes b (0.6) and then 0.5: 0.3; c (0.4) goes on with 0.9: 0.36
    table = np.full((8, 8, 8), -50.0)
    table[:, 1, 2], table[:, 1, 3] = np.log(0.6), np.log(0.4)
    table[:, 2, 4], table[:, 2, 5] = np.log(0.51), np.log(0.49)
    table[:, 3, 4], table[:, 3, 5] = np.log(0.9), np.log(0.1)
    table[:, 4, END] = table[:, 5, END] = 0.0
    assert run(Table(table), [[1]])[0][0].text == "bd"
    found = run(Table(table), [[1]], num_beams=2, num_return_sequences=2)[0]
    assert [one.text for one in found] == ["cd", "bd"]
    assert np.exp(sum(found[0].log_probabilities)) == pytest.approx(0.36)


def test_as_many_beams_go_on_as_asked_whatever_stops_end():
    # a goes on, b, c and d are stops, of which b alone is among the first two; then e goes on
    search = BeamSearch(Choice(settings(num_beams=2, stop=["b", "c", "d"]), [1], [END], 1, 0), 9, _streamed)
    logits = np.array([[0, 9, 8, 7, 6, 1, 0.5, -9]], np.float32)
    assert search.take(logits) == ([0, 0], [1, 5]) and [one.ids for one in search.finished] == [(2,)]


def test_each_beam_watches_its_own_text():
    # behind a comes c, then e with 0.6 or d with 0.4: "ce" is a stop, log(0.6) / 2 = -0.26, and "cd" goes on to the
    # end, log(0.4) / 3 = -0.31
    table = np.full((8, 8, 8), -50.0)
    table[:, 1, 3] = table[:, 4, END] = 0.0
    table[:, 3, 5], table[:, 3, 4] = np.log(0.6), np.log(0.4)
    found = run(Table(table), [[1]], num_beams=2, num_return_sequences=2, stop=["ce"])[0]
    assert [(one.text, one.ids, one.reason) for one in found] == [("", (3, 5), STOP), ("cd", (3, 4), STOP)]
    assert [one.score for one in found] == pytest.approx([np.log(0.6) / 2, np.log(0.4) / 3])


def test_beams_read_each_token_once_to_watch_for_stops(rng, monkeypatch):
    read, decode = [], Letters.decode
    monkeypatch.setattr(Letters, "decode", lambda self, ids: read.append(ids) or decode(self, ids))
    table = rng.standard_normal((8, 8, 8))

    def count(length):
        read.clear()
        run(Table(table), [[1]], num_beams=3, stop=["zz"], min_new_tokens=length, max_new_tokens=length)
        return len(read)

    assert count(50) < 2.2 * count(25)  # texts that are read anew for each token would make it four times as many


def test_one_beam_of_many_is_no_worse_than_greedy(rng):
    for _ in range(20):
        table = rng.standard_normal((8, 8, 8)) * 2
        greedy = run(Table(table), [[1, 2]], max_new_tokens=6)[0][0]
        beam = run(Table(table), [[1, 2]], max_new_tokens=6, num_beams=8, length_penalty=0.0)[0][0]
        assert sum(beam.log_probabilities) >= sum(greedy.log_probabilities) - 1e-9


SAMPLED = {"do_sample": True, "temperature": 1.3, "top_p": 0.95, "top_k": 6, "min_p": 0.01}


@pytest.mark.parametrize("changes", [{}, SAMPLED, {"num_beams": 3}], ids=["greedy", "sampled", "beams"])
def test_a_text_does_not_depend_on_its_batch(rng, changes):
    """100 prompts in 6 batchings: alone, few or many at a time, backwards, the half of them, with others' beginning."""
    table = rng.standard_normal((9, 9, 9)) * 2
    prompts = [[3, 4] * (n % 3) + list(map(int, rng.integers(0, 9, 1 + n % 5))) for n in range(100)]
    changes = {**changes, "max_new_tokens": 12}
    alone = [run(Table(table), [prompt], **changes)[0] for prompt in prompts]
    for rows in (1, 3, 16):
        assert run(Table(table), prompts, rows=rows, **changes) == alone
    assert run(Table(table), prompts[::-1], **changes) == alone[::-1]
    assert run(Table(table), prompts[::2], rows=5, **changes) == alone[::2]
    alike = [n for n, prompt in enumerate(prompts) if prompt[:2] == [3, 4]]
    assert run(Table(table), [prompts[n] for n in alike], **changes) == [alone[n] for n in alike]


def test_beams_of_several_prompts_are_read_in_one_call(rng):
    table = Table(rng.standard_normal((9, 9, 9)))
    run(table, [[1, 2], [3], [4, 5]], num_beams=2, max_new_tokens=3, min_new_tokens=3, rows=5)
    assert table.calls == [  # two prompts have room beside each other, the third one follows them
        ([1, 3], [1, 2]), ([1, 2, 3, 4], [1] * 4), ([1, 2, 3, 4], [1] * 4),
        ([3], [2]), ([3, 4], [1] * 2), ([3, 4], [1] * 2),
    ]  # fmt: skip
    assert not any(table.slots.values())


def test_choices_of_several_prompts_are_those_of_each(rng):
    table, choices = rng.standard_normal((8, 8, 8)), [[1, 2, 3], [1, 2, 4], [5, 1, 1], [1, 2, 3, 6], [7, 5, 5]]
    prompts = [[n % 7, n % 3] for n in range(20)]
    sources = [[n] for n in range(20)]
    alone = [run(Table(table), [p], choices=choices, sources=[s])[0] for p, s in zip(prompts, sources, strict=True)]
    assert len({found[0].ids for found in alone}) > 2
    for rows in (1, 5, 16):
        decoder = Table(table)
        assert run(decoder, prompts, choices=choices, sources=sources, rows=rows) == alone
        assert decoder.reads == sources and not decoder.answered


def test_an_answer_follows_from_its_source(counting):
    # what follows on u is u + 1, moved on by the sum of the source: 0 -> 1 + 2 = 3 -> 3 + 1 + 2 = 6
    ((found,), (other,)) = run(counting, [[0], [0]], sources=[[1, 1], [3]], max_new_tokens=2)
    assert (found.ids, other.ids) == ((3, 6), (4, 0))


@pytest.mark.parametrize("changes", [{}, SAMPLED, {"num_beams": 3}], ids=["greedy", "sampled", "beams"])
def test_an_answer_to_a_source_does_not_depend_on_its_batch(rng, changes):
    table = rng.standard_normal((9, 9, 9)) * 2
    sources = [list(map(int, rng.integers(0, 9, 1 + n % 5))) for n in range(60)]
    prompts, changes = [[1, 2][: 1 + n % 2] for n in range(60)], {**changes, "max_new_tokens": 12}

    def answers(picked, rows=16):
        answered = [sources[n] for n in picked]
        return run(Table(table), [prompts[n] for n in picked], sources=answered, rows=rows, **changes)

    alone = [answers([n])[0] for n in range(60)]
    assert len({one[0].ids for one in alone}) > 10  # of 2 prompts and 9 sums
    for rows in (1, 4, 16):
        assert answers(range(60), rows) == alone
    assert answers(range(59, -1, -1), rows=7) == alone[::-1]


def test_a_source_is_read_once_however_many_samples_answer_it(rng):
    sampled = {**SAMPLED, "num_return_sequences": 5, "max_new_tokens": 9}
    table, sources = rng.standard_normal((9, 9, 9)), [[3], [1, 2], [4], [3]]
    decoder = Table(table)
    found = run(decoder, [[1]] * 4, sources=sources, rows=3, **sampled)
    assert sorted(decoder.reads) == sorted(sources) and not decoder.answered and not any(decoder.slots.values())
    assert found[0] == found[3] != found[1] and len({one.ids for one in found[0]}) > 1
    assert found == [run(Table(table), [[1]], sources=[source], **sampled)[0] for source in sources]
    beams = Table(table)
    run(beams, [[1], [2]], sources=sources[:2], num_beams=4)
    assert beams.reads == sources[:2]


def test_draws_for_one_prompt_differ_by_source():
    asked = settings(do_sample=True)
    logits = np.zeros(1000, np.float32)
    drawn = {Choice(asked, [1], [], 5, 0, source).next(logits)[0] for source in ([], [1], [2], [1, 2], [2, 1])}
    assert len(drawn) == 5


def test_equal_prompts_get_equal_texts_and_samples_of_one_differ(rng):
    table = Table(rng.standard_normal((9, 9, 9)))
    found = run(table, [[1, 2], [1, 2]], num_return_sequences=4, max_new_tokens=12, **SAMPLED)
    assert found[0] == found[1] and len({one.text for one in found[0]}) > 1
    assert run(table, [[1, 2]], seed=2, num_return_sequences=4, max_new_tokens=12, **SAMPLED)[0] != found[0]


def test_a_shared_beginning_is_read_once(counting):
    run(counting, [[1, 2, 3], [1, 2, 4], [1, 2, 3, 4]], max_new_tokens=1)
    assert counting.calls == [([0], [2]), ([1, 2, 3], [1, 1, 2])]
    counting.calls.clear()
    run(counting, [[1, 2, 3]], max_new_tokens=1, do_sample=True, num_return_sequences=3)
    assert counting.calls == [([0], [2]), ([1, 2, 3], [1, 1, 1])]


def test_the_likeliest_are_those_of_sorting(rng):
    for size, count in ((1, 3), (40, 5), (100, 3), (777, 24), (777, 25), (2000, 12)):
        values = np.round(rng.standard_normal(size) * 2)  # many are equal
        values[rng.random(size) < 0.3] = -np.inf
        assert np.array_equal(likeliest(values, count), np.argsort(-values, kind="stable")[:count])


def test_draws_follow_the_probabilities(rng):
    # top_k leaves 3 of 4, whose shares are e^2, e^1, e^0
    logits = np.array([2.0, 1.0, 0.0, -1.0], np.float32)
    asked = settings(do_sample=True, top_k=3)
    drawn = [Choice(asked, [i], [], 5, 0).next(logits)[0] for i in range(6000)]
    shares = np.bincount(drawn, minlength=4) / 6000
    assert shares == pytest.approx([0.665, 0.245, 0.09, 0.0], abs=0.02)


def test_top_p_and_min_p_keep_the_likeliest():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))

    def kept(**changes):
        asked = settings(do_sample=True, **changes)
        return {Choice(asked, [i], [], 5, 0).next(logits)[0] for i in range(300)}

    assert kept(top_p=0.7) == {0, 1} and kept(min_p=0.25) == {0, 1, 2} and kept(top_k=1) == {0}
    assert kept(temperature=0.01) == {0}


def test_answers_come_in_parts_that_add_up(counting):
    shown = {0: "", 1: ""}

    def emit(i, text):
        shown[i] += text

    run(counting, [[1], [3]], emit=emit)
    assert shown == {0: "bcdef", 1: "def"}
    shown = {0: "", 1: ""}
    run(counting, [[1], [3]], emit=emit, num_beams=2)  # at the end, as no beam is certain before
    assert shown == {0: "bcdef", 1: "def"}


def test_of_several_samples_the_first_is_shown(rng):
    shown, table = [], rng.standard_normal((9, 9, 9))
    changes = {"max_new_tokens": 6, "min_new_tokens": 6, **SAMPLED}
    run(Table(table), [[1, 2]], emit=lambda i, text: shown.append(text), num_return_sequences=3, **changes)
    alone = run(Table(table), [[1, 2]], **changes)
    assert "".join(shown) == alone[0][0].text


class Bytes:
    """A token is a byte."""

    special_ids = frozenset()

    def decode(self, ids):
        return bytes(ids).decode("utf-8", "replace")


def test_half_a_character_waits_for_its_other_half():
    stream = Streamed(Bytes())
    parts = [stream.push([byte]) for byte in "aé漢🙂".encode()] + [stream.rest()]
    assert "".join(parts) == "aé漢🙂" and "\ufffd" not in "".join(parts)
    broken = Streamed(Bytes())
    assert [broken.push([0xE6]), broken.push([0xBC]), broken.rest()] == ["", "", "\ufffd"]


def test_a_copy_that_watches_a_text_goes_on_by_itself():
    watched = StopTexts(Streamed(Bytes()), ["x"])
    watched.push(0xC3)  # of é or ö
    other = watched.copy()
    for one, byte in ((watched, 0xA9), (other, 0xB6)):
        one.push(byte)
        one.rest()
    assert (watched.text, other.text) == ("é", "ö")


def test_a_stop_over_several_parts_is_met():
    watched = StopTexts(Streamed(Bytes()), ["\n\nQ"])
    shown = "".join(watched.push(byte) for byte in b"yes\n\nno\n\nQ: more")
    assert (shown + watched.rest(), watched.text, watched.met) == ("yes\n\nno", "yes\n\nno", True)
