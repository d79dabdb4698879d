"""One question about one context: what readers make and windows, metrics and tasks take."""

from dataclasses import dataclass, field, replace

from tasklab.data.questions.documents import Document


@dataclass(frozen=True)
class Answer:
    """A reference answer. `start`: its first character in the context, -1 when the text is not there."""

    text: str
    start: int


@dataclass(frozen=True)
class QAExample:
    """A question with its context and reference answers (none when impossible, or when only predicting)."""

    id: str
    question: str
    context: str
    answers: tuple[Answer, ...] = ()
    is_impossible: bool = False
    place: str = ""
    """Where it comes from: "dev.json: data[3].paragraphs[0].qas[1]", or "input[4]"."""
    document: Document | None = field(default=None, compare=False, repr=False)
    """The file that the context is the text of; answers are places in it."""

    def near(self, passages: int | None) -> "QAExample":
        """The same, which of a document's text has no more than the passages nearest to the question; None: all."""
        document = self.document and self.document.read_for(self.question, passages)
        return self if document is self.document else replace(self, context=document.plain.text, document=document)

    @property
    def asked(self) -> dict:
        """What stands beside answers."""
        about = {"context": self.context} if self.document is None else {"file": self.document.file}
        return {"id": self.id, "question": self.question, **about}

    @property
    def truth(self) -> list[str]:
        """The right answers; none where the context has none."""
        return [answer.text for answer in self.answers]

    @property
    def text(self) -> str:
        """What questions about one text have in common."""
        return self.context

    @property
    def documents(self) -> tuple[str, str]:
        """The article, where the file tells of articles, and the paragraph."""
        article, paragraphs, _ = self.place.partition(".paragraphs[")
        return article if paragraphs else self.context, self.context
