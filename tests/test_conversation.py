"""A talk with a real decoder's loop over a table: answers that are drawn anew, and options that are set."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.engine.native_runner import NativeRunner
from tasklab.errors import ConfigError
from tasklab.session.chat import Conversation
from tasklab.tasks.text_generation import TextGeneration
from tasklab.text.speaking import Speaking
from tests.generation.table import Table


class Letters(Speaking):
    """a is 2, b is 3, ...; 0 begins a text and 1 ends it."""

    pad_id, unk_id, cls_id, sep_id, mask_id = None, None, 0, 1, None
    tokens = ["[CLS]", "[SEP]", *"abcdefgh"]

    def chat_template(self, messages, generation_prompt):
        return ["".join(message.content for message in messages)]

    def decode(self, ids):
        return "".join(self.tokens[i] for i in ids if i > 1)

    def encode_batch(self, texts):
        spans = [np.array([(i, i + 1) for i in range(len(text))], np.int32).reshape(-1, 2) for text in texts]
        return [(np.array([self.tokens.index(c) for c in t], np.int32), s) for t, s in zip(texts, spans, strict=True)]


@pytest.fixture
def begun(monkeypatch):
    """Begins a talk in which every letter is as likely as any other."""
    table = np.zeros((10, 10, 10))
    table[:, :, :2] = -50.0
    monkeypatch.setattr("tasklab.engine.native_runner.native_decoder", lambda *_: Table(table))

    def begin(**settings) -> Conversation:
        config = Config.create(TextGeneration.data_config, task="text_generation", name="letters")
        config.model.max_position_embeddings = 60
        for key, value in {"max_new_tokens": 12, "min_new_tokens": 12, **settings}.items():
            config.generation[key] = value
        task = TextGeneration(config, Letters())
        model, run = SimpleNamespace(task=task, config=config), NativeRunner(config, Letters(), {})
        return Conversation(SimpleNamespace(model=model, run=run))

    return begin


def test_a_retry_draws_anew_and_the_same_answers_come_in_the_same_order(begun):
    def answers(talk):
        return [talk.say("abc"), *(talk.say(talk.take_back()) for _ in range(4))]

    talk = begun(do_sample=True)
    found = answers(talk)
    assert len(set(found)) == 5 and answers(begun(do_sample=True)) == found
    talk.reset()
    assert answers(talk) == found


def test_a_retry_of_what_is_not_drawn_is_the_same_answer(begun):
    talk = begun()
    assert talk.say("abc") == talk.say(talk.take_back())


def test_options_are_set_together_and_undone_when_they_are_read_no_more(begun, caplog):
    talk = begun()
    talk.set("do_sample=true  generation.temperature = 0.7 prefix=a b")
    decoding = talk.ready.model.config.generation
    assert (decoding.do_sample, decoding.temperature, decoding.prefix) == (True, 0.7, "a b")
    talk.set("do_sample=false")
    decoding = talk.ready.model.config.generation
    assert (decoding.do_sample, decoding.temperature, decoding.prefix) == (False, 1.0, "a b")
    assert "generation.temperature is read no more, and back to its default" in caplog.text


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("temperature=0.7", "generation.temperature = 0.7 changes nothing with generation.do_sample = False"),
        ("do_sample=true num_beams=4", "generation.num_beams follows the likeliest; set generation.do_sample=false"),
        ("num_return_sequences=3", "generation.num_return_sequences 3 would be the same text"),
        ("max_new_tokens=9", "generation.min_new_tokens 12 is more than max_new_tokens 9"),
        ("do_sample=true temprature=1", "unknown key 'generation.temprature'; did you mean 'temperature'?"),
        ("do_sample=true temperature=-1", "generation.temperature is '-1'; expected"),
        ("do_sample", "generation.do_sample is ''; expected"),
    ],
)
def test_options_that_cannot_work_are_refused_and_nothing_is_changed(begun, setting, words):
    talk = begun()
    before = talk.ready.model.config.copy()
    with pytest.raises(ConfigError, match=re.escape(words)):
        talk.set(setting)
    assert talk.ready.model.config == before
