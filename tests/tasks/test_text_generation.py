"""The task without a network: what is scored, what is generated, and in what shape answers come."""

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.generation.examples import Chat, Message, Passage
from tasklab.engine.native_runner import NativeRunner
from tasklab.errors import ConfigError, DataError
from tasklab.tasks.text_generation import TextGeneration
from tasklab.text.speaking import Speaking
from tests.generation.table import Table


class Letters(Speaking):
    """a is 4, b is 5, ...; 0 to 3 are special, 2 begins a text and 3 ends it."""

    pad_id, unk_id, cls_id, sep_id, mask_id = 0, 1, 2, 3, None
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefgh", "\n"]

    def decode(self, ids):
        return "".join(self.tokens[i] for i in ids if i > 3)

    def encode_batch(self, texts):
        spans = [np.array([(i, i + 1) for i in range(len(text))], np.int32).reshape(-1, 2) for text in texts]
        return [(np.array([self.tokens.index(c) for c in t], np.int32), s) for t, s in zip(texts, spans, strict=True)]


TOKENS = Letters()
SIZE = len(TOKENS.tokens)


@pytest.fixture
def made(monkeypatch):
    """(task, runner): behind every letter comes the next one with probability 1/2, all others share the rest."""
    table = np.full((SIZE, SIZE, SIZE), np.log(0.5 / (SIZE - 1)))
    for v in range(SIZE):
        table[:, v, v + 1 if 4 <= v < 11 else 3] = np.log(0.5)
    monkeypatch.setattr("tasklab.engine.native_runner.native_decoder", lambda *_: Table(table))

    def make(**settings):
        config = Config.create(TextGeneration.data_config, task="text_generation", name="letters")
        config.model.max_position_embeddings = 40
        for key, value in settings.items():
            config[key.replace("__", ".")] = value
        return TextGeneration(config, TOKENS), NativeRunner(config, TOKENS, {})

    return make


def test_a_corpus_is_scored_over_all_of_its_tokens(made):
    # <cls> a b c <sep>: a behind <cls> and <sep> behind c share the rest of 1/2 among 12, b and c have 1/2
    task, run = made()
    examples = [Passage("0", "abc"), Passage("1", "ab")]
    rows = task.encode(examples, training=False)
    scores = task.score(task.answer(examples, run, rows=rows), examples)
    rest = np.log(0.5 / (SIZE - 1))
    loss = -(2 * (2 * rest) + 3 * np.log(0.5)) / 7
    assert scores["loss"] == pytest.approx(loss) and scores["tokens"] == 7
    assert scores["bits_per_byte"] == pytest.approx(loss * 7 / 5 / np.log(2))


def test_answers_do_not_depend_on_how_rows_are_cut_for_scoring(made, monkeypatch):
    task, run = made()
    examples = [Passage("0", "abcdefgh" * 3)]
    rows = task.encode(examples, training=False)
    whole = task.answer(examples, run, rows=rows)
    monkeypatch.setattr("tasklab.engine.native_runner.READ", 5)
    assert task.answer(examples, run, rows=rows)[0][0] == pytest.approx(whole[0][0])


def test_a_text_goes_on_and_a_prompt_is_answered(made):
    task, run = made(generation__max_new_tokens=5)
    ((text,), (answer,)) = task.answer(task.parse(["ab", {"prompt": "d"}]), run)
    assert (text["generated_text"], text["finish_reason"]) == ("cdefg", "length")
    assert answer["generated_text"] == "" and answer["finish_reason"] == "stop"  # behind a line end comes the end
    assert text["score"] == pytest.approx(np.log(0.5), abs=1e-4)


def test_an_answer_begins_with_the_prefix_and_ends_at_a_stop(made):
    task, run = made(generation__prefix="cd", generation__stop=["g"])
    (((found,)),) = task.answer([Passage("0", "a", "input[0]")], run)
    assert found["generated_text"] == "cdef"


def test_of_choices_the_likeliest_is_the_answer(made):
    task, run = made(generation__choices=["cb", "bc"])
    ((found,),) = task.answer([Passage("0", "a", "input[0]")], run)
    assert found["generated_text"] == "bc" and found["score"] == pytest.approx(2 * np.log(0.5), abs=1e-4)


def test_mindformers_and_uers_shapes(made):
    task, run = made(data__mindformers_output=True, generation__max_new_tokens=2)
    assert task.answer(task.parse("ab"), run) == [[{"text_generation_text": ["abcd"]}]]
    task, run = made(data__generate_lm_output=True, generation__max_new_tokens=2)
    assert task.layout == "uer_text"
    assert task.answer(task.parse("ab"), run) == [[{"prompt": "ab", "tokens": "[CLS]abcd"}]]
    task, run = made(data__generate_lm_output=True, generation__max_new_tokens=2, generation__prefix="cd")
    assert task.answer(task.parse("ab"), run) == [[{"prompt": "ab", "tokens": "[CLS]abcdef"}]]
    with pytest.raises(ConfigError, match="data.generate_lm_output writes tokens, .* generation.stop_token_ids"):
        made(data__generate_lm_output=True, generation__stop=["c"])[0].config.validate()


def test_a_prompt_that_fills_the_context_is_refused_with_its_place(made):
    task, run = made()
    with pytest.raises(DataError, match=r"input\[1\]: the prompt has 41 tokens, and this model reads 40"):
        task.answer(task.parse(["a", "a" * 40]), run)
    assert not task.fits(Passage("0", "a")) and made(generation__max_new_tokens=9)[0].fits(Passage("0", "a"))


def test_the_answer_is_streamed_in_parts(made):
    task, run = made(generation__max_new_tokens=3)
    parts = []
    task.stream(Passage("0", "a", "input[0]"), run, parts.append)
    assert parts == ["b", "c", "d"]


def test_trigrams_foresee_better_than_no_knowledge(made):
    task, _ = made()
    known = [Passage(str(i), "abcd") for i in range(20)] + [Passage("x", "dcba")]
    scores = task.baselines([Passage("0", "abcd")], known)
    assert scores["trivial baseline"]["perplexity"] == pytest.approx(SIZE)
    assert scores["simple baseline that learns"]["perplexity"] < 1.5


def test_a_chat_without_a_template_is_refused_in_words(made):
    task, run = made()
    with pytest.raises(DataError, match="turns with roles need a chat template"):
        task.answer([Chat("0", (Message("user", "a"),), place="input[0]")], run)
