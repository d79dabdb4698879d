"""A talk with a model: turns that are kept, and answers as they come."""

import logging
import re
from collections.abc import Callable

from tasklab.data.generation.examples import ASSISTANT, SYSTEM, USER, Chat, Message
from tasklab.errors import ConfigError, DataError
from tasklab.session.ready import Ready

logger = logging.getLogger("tasklab")

BETWEEN = re.compile(r"\s+(?=[\w.]+\s*=)")
"""Of two settings in a line; a value may have blanks."""


class Conversation:
    """Turns with a model that generates text.

    Args:
        ready: the network and its task.
        system: what the model is told first; None leaves it to its template.
    """

    def __init__(self, ready: Ready, system: str | None = None):
        self.ready, self.begun = ready, []
        self.reset(system)

    def reset(self, system: str | None = None):
        """Forgets all turns; with a text that becomes what the model is told first, else that stays."""
        if system is not None:
            self.begun = [Message(SYSTEM, system)] if system else []
        self.messages: list[Message] = list(self.begun)
        self.retries = 0

    def say(self, text: str, emit: Callable[[str], object] = lambda part: None) -> str:
        """The answer, whose parts `emit` gets as they come. What was said before an interrupt is kept.

        Raises: DataError for a text that leaves no room for an answer, or a model without a chat template.
        """
        self.messages.append(Message(USER, text))
        chunks: list[str] = []

        def heard(part: str):
            chunks.append(part)
            emit(part)

        try:
            self._forget()
            self.ready.model.task.stream(self._asked(), self.ready.run, heard, self.retries)
        finally:
            if chunks:
                self.messages.append(Message(ASSISTANT, "".join(chunks)))
            else:
                self.messages.pop()  # the question: nothing was said to it
        return "".join(chunks)

    def take_back(self) -> str:
        """The last question, which is forgotten with its answer; what is said next is drawn anew.

        Raises: DataError where there is none.
        """
        questions = [place for place, message in enumerate(self.messages) if message.role == USER]
        if not questions:
            raise DataError("nothing was asked yet")
        question = self.messages[questions[-1]].content
        del self.messages[questions[-1] :]
        self.retries += 1
        return question

    def set(self, settings: str):
        """Changes options of decoding, `do_sample=true temperature=0.7`, all of them or none. What was set before and
        is read no more goes back to its default.

        Raises: ConfigError for one that is not known, that nothing would read, or that contradicts others.
        """
        asked, named = self.ready.model.config.copy(), []
        for setting in BETWEEN.split(settings):
            key, _, value = setting.partition("=")
            named.append("generation." + key.strip().removeprefix("generation."))
            asked[named[-1]] = value.strip()
        for key in [key for key, *_ in asked.generation.idle() if key not in named]:
            asked.reset(key)
            logger.warning("%s is read no more, and back to its default", key)
        if wrong := [message for keys, message in asked.problems() if not set(named).isdisjoint(keys)]:
            raise ConfigError("\n".join(wrong))
        self.ready.model.config.generation = asked.generation

    def _asked(self) -> Chat:
        return Chat("0", tuple(self.messages), place="chat")

    def _forget(self):
        """Lets the oldest turns go while prompt and answer do not fit."""
        kept, forgotten = len(self.begun), 0
        while len(self.messages) > kept + 2 and not self.ready.model.task.fits(self._asked()):
            del self.messages[kept : kept + 2]
            forgotten += 1
        if forgotten:
            logger.warning("the oldest turns (%d) are forgotten: the context is full", forgotten)
