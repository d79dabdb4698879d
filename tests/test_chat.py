"""The loop of `tasklab chat`: questions, commands, Ctrl-C and pipes, with a model that says what it is told to."""

import io
import json

import pytest

from tasklab.commands.chat import talk
from tasklab.data.generation.examples import Message
from tasklab.errors import ConfigError, DataError


class Parrot:
    """Says every question again, word by word."""

    def __init__(self):
        self.messages, self.done = [], []

    def say(self, question, emit):
        if question == "bad":
            raise DataError("input: too long")
        self.messages += [Message("user", question), Message("assistant", "")]
        for word in question.split():
            if word == "interrupt":
                raise KeyboardInterrupt
            emit(word + " ")

    def reset(self, system=None):
        self.done.append(("reset", system))

    def take_back(self):
        self.messages.pop()
        return self.messages.pop().content

    def set(self, setting):
        if "=" not in setting:
            raise ConfigError(f"{setting}: expected KEY=VALUE")
        self.done.append(("set", setting))


def said(*lines, strict=False):
    out, parrot = io.StringIO(), Parrot()
    status = talk(parrot, lines, out.write, strict)
    return out.getvalue(), parrot, status


def test_answers_come_word_by_word_and_end_with_a_line():
    assert said("one two", "", "three")[0] == "one two \nthree \n"


def test_commands_are_obeyed_and_exit_ends_the_talk():
    out, parrot, status = said("/set temperature=0.5", "/system Be brief.", "a", "/retry", "/reset", "/exit", "b")
    assert out == "a \na \n" and status == 0
    assert parrot.done == [("set", "temperature=0.5"), ("reset", "Be brief."), ("reset", None)]


def test_ctrl_c_stops_an_answer_and_the_talk_goes_on():
    assert said("one interrupt two", "three")[0] == "one  [stopped]\nthree \n"


def test_an_error_is_told_and_the_talk_goes_on(capsys):
    assert said("bad", "/set x", "a")[0] == "a \n"
    assert capsys.readouterr().err == "error: input: too long\nerror: x: expected KEY=VALUE\n"


def test_in_a_pipe_an_error_ends_it_and_slashes_are_questions():
    with pytest.raises(DataError):
        said("bad", "a", strict=True)
    assert said("/exit me", strict=True)[0] == "/exit me \n"


def test_turns_are_saved_as_training_data(capsys):
    said("a", "/save talk.json", "/save talk.txt")
    with open("talk.json") as file:
        turns = json.load(file)[0]["messages"]
    assert turns == [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]
    assert "name a file that ends in .json" in capsys.readouterr().err


def test_an_unknown_command_shows_the_known_ones(capsys):
    said("/what")
    assert "/reset" in capsys.readouterr().err
