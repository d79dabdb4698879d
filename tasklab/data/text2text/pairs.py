"""What an encoder-decoder learns from and is asked: a text that is read, and the texts that answer it."""

from dataclasses import dataclass

from tasklab.config import TRUTH, DataConfig, setting
from tasklab.config.generation_section import stops_in_tokens
from tasklab.config.model_section import PREFIX
from tasklab.data.text2text.templates import Template

LANGUAGE = "language"
"""What data.bleu_tokenizer is where it follows the targets."""


@dataclass
class Text2TextDataConfig(DataConfig, path="data"):
    """Where sources and targets stand, and how long they may be."""

    columns: list[str] = setting([])  # names for a table without a header line
    source: str | None = None  # column of what is read, or ending of its files in a folder; null: a usual name
    target: str | None = setting(None, needs=TRUTH)  # the same of what answers it
    # the text that is read, columns in braces: "question: {question} context: {context}"; null: {source} alone
    template: str | None = setting(None, rows=True)
    max_target_length: int = setting(64, ge=3, rows=True)  # tokens of a target, special ones included
    # examples of an evaluation that are answered, spread over all; null: every one. The loss is of all of them
    generated: int | None = setting(500, ge=1, needs=TRUTH)
    quotes: bool | None = None  # cells may stand in double quotes; null: in .csv files only
    generate_seq2seq_output: bool = False  # predict: source and tokens, as UER-py's generate_seq2seq writes them

    def problems_beside(self, config):
        yield from super().problems_beside(config)
        if self.generate_seq2seq_output:
            yield from stops_in_tokens(config, "data.generate_seq2seq_output")
        model, together = config.model, self.max_seq_length + self.max_target_length
        if model.mask != PREFIX:
            return
        if together > model.max_tokens and self.max_seq_length <= model.max_tokens:
            message = f"in one row, which has at most {model.max_tokens}; set one of them to less"
            yield (
                ("data.max_target_length", "data.max_seq_length", "model.max_position_embeddings"),
                f"data.max_seq_length {self.max_seq_length} and data.max_target_length {self.max_target_length} stand "
                f"{message}",
            )
        if config.generation.prefix:
            message = "model.mask prefix reads all that stands before an answer as its source; leave it out"
            yield ("generation.prefix", "model.mask"), f"generation.prefix = {config.generation.prefix!r}: {message}"

    def problems(self):
        yield from super().problems()
        try:
            Template.of(self.template)
        except ValueError as error:
            yield ("data.template",), f"data.template = {self.template!r}: {error}"


@dataclass
class BleuDataConfig(Text2TextDataConfig, path="data"):
    """The same where words are counted as BLEU does."""

    # what cuts texts into words; language: zh for Chinese, char for Japanese and Korean, 13a for others
    bleu_tokenizer: str = setting(LANGUAGE, choices=(LANGUAGE, "13a", "zh", "char", "intl", "none"), needs=TRUTH)


@dataclass(frozen=True)
class Pair:
    """A text and its answers.

    cells: what the columns of the template hold, in its order; the last is what may be cut.
    references: every one is right; () where nobody says what is.
    """

    id: str
    source: str
    cells: tuple[str, ...]
    references: tuple[str, ...] = ()
    place: str = ""

    @property
    def text(self) -> str:
        """What nearly equal examples have in common."""
        return self.source

    @property
    def documents(self) -> tuple[str, ...]:
        """Of a text with something asked about it the text: it stays on one side when examples are held out."""
        return self.cells[1:][-1:]

    @property
    def truth(self) -> tuple[str, ...]:
        """What a function of the user's own compares answers with."""
        return self.references

    @property
    def asked(self) -> dict[str, str]:
        """What stands beside an answer in a table."""
        return {"id": self.id, "source": self.source}
