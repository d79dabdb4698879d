"""A talk with a model: turns that are kept, and answers as they come."""

import logging
from collections.abc import Callable

from tasklab.data.generation.examples import ASSISTANT, SYSTEM, USER, Chat, Message
from tasklab.errors import DataError
from tasklab.session.ready import Ready

logger = logging.getLogger("tasklab")


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

    def set(self, setting: str):
        """Changes an option of decoding, `temperature=0.7`. Raises: ConfigError for one that is not known."""
        key, _, value = setting.partition("=")
        self.ready.model.config.generation[key.strip().removeprefix("generation.")] = value.strip()

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
