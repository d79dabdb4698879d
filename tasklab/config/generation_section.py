"""How a model that generates chooses its tokens; names and meanings are those of transformers' GenerationConfig."""

from collections.abc import Iterator
from dataclasses import dataclass

from tasklab.config.section import Section
from tasklab.config.values import setting
from tasklab.errors import ConfigError

OF_CHOICES = ("choices", "prefix", "num_return_sequences")
"""What counts where one of given texts is the answer."""
_OF_ANSWERS = {"max_length": "max_new_tokens", "min_length": "min_new_tokens"}
"""transformers' names for lengths that count what a decoder reads first, and ours."""


@dataclass
class GenerationConfig(Section, path="generation", needs=""):
    """Counts of tokens are of the answer alone, prompts aside."""

    max_new_tokens: int = setting(128, ge=1)
    min_new_tokens: int = setting(0, ge=0)  # before them no answer ends
    do_sample: bool = False  # draw; else the likeliest token, or num_beams
    temperature: float = setting(1.0, gt=0)  # of drawing: below 1 bolder, above 1 wilder
    top_k: int | None = setting(None, ge=1)  # draw among so many; null: no bound
    top_p: float = setting(1.0, gt=0, le=1)  # draw among the likeliest that have this probability together
    min_p: float = setting(0.0, ge=0, lt=1)  # draw among those that have this share of the likeliest one's probability
    num_beams: int = setting(1, ge=1, le=64)  # candidates that are followed at once
    num_return_sequences: int = setting(1, ge=1, le=64)  # answers per prompt
    length_penalty: float = 1.0  # of beams: scores are divided by length to this power
    early_stopping: bool = False  # of beams: end with num_beams finished ones
    repetition_penalty: float = setting(1.0, gt=0)  # above 1: tokens of prompt and answer become less likely
    no_repeat_ngram_size: int = setting(0, ge=0)  # stretches of so many tokens come once
    stop: list[str] = setting([])  # texts at which an answer ends, left out of it
    stop_token_ids: list[int] = setting([])  # tokens at which it ends, beside the tokenizer's own
    suppress_tokens: list[int] = setting([])  # ids that are never chosen
    prefix: str | None = None  # text that the answer begins with
    choices: list[str] = setting([])  # texts, of which the likeliest one is the answer

    def unknown_key(self, name, rest=""):
        if name not in _OF_ANSWERS:
            return super().unknown_key(name, rest)
        hint = f"did you mean {_OF_ANSWERS[name]!r}? It counts the tokens of the answer alone"
        return ConfigError(f"unknown key {self.key_of(name)!r}; {hint}")

    def stated(self) -> dict:
        """What is no default."""
        return {key: value for key, value in self.items() if self.changed(key)}

    def unknown_tokens(self, words: int) -> Iterator[tuple[str, str]]:
        """(key, what is wrong) where one names a token that a model of so many words lacks."""
        for key in ("stop_token_ids", "suppress_tokens"):
            for token in [token for token in self[key] if not 0 <= token < words][:1]:
                yield key, f"no token has the number {token}; this model has 0 to {words - 1}"

    def idle(self):
        yield from super().idle()
        for key in self.keys() if self.choices else ():
            if key not in OF_CHOICES and self.changed(key):
                yield f"generation.{key}", "generation.choices", "leave choices out"
        for key in ("temperature", "top_k", "top_p", "min_p"):
            if not self.do_sample and self.changed(key):
                yield f"generation.{key}", "generation.do_sample", "set that to true"
        for key in ("length_penalty", "early_stopping"):
            if self.num_beams == 1 and self.changed(key):
                yield f"generation.{key}", "generation.num_beams", "set that to more than 1"

    def problems(self):
        yield from super().problems()
        if self.do_sample and self.num_beams > 1:
            keys = ("generation.do_sample", "generation.num_beams")
            yield keys, "generation.num_beams follows the likeliest; set generation.do_sample=false, or num_beams=1"
        several = self.num_return_sequences
        if self.choices and several > len(self.choices):
            keys = ("generation.num_return_sequences", "generation.choices")
            yield keys, f"generation.num_return_sequences {several} is more than there are choices, {len(self.choices)}"
        if several > 1 and not self.choices and not self.do_sample and self.num_beams < several:
            keys = ("generation.num_return_sequences", "generation.num_beams")
            message = f"generation.num_return_sequences {several} would be the same text; "
            yield keys, message + f"set generation.do_sample=true, or num_beams={several}"
        if self.min_new_tokens > self.max_new_tokens:
            keys = ("generation.min_new_tokens", "generation.max_new_tokens")
            least, most = self.min_new_tokens, self.max_new_tokens
            yield keys, f"generation.min_new_tokens {least} is more than max_new_tokens {most}"
        if "" in self.stop:
            yield ("generation.stop",), "generation.stop holds an empty text, which ends every answer; leave it out"
        if "" in self.choices:
            yield ("generation.choices",), "generation.choices holds an empty text, which is no answer; leave it out"


def two_shapes(data: Section, *shapes: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The problem of answers that are asked for in more than one shape; shapes: settings of `data`, on or off."""
    if len(asked := [f"data.{name}" for name in shapes if data[name]]) > 1:
        yield tuple(asked), f"{' and '.join(asked)}: an answer has one shape; set one of them to false"


def stops_in_tokens(config: Section, writes: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The problem of a text that ends answers where the setting `writes` has all their tokens written."""
    if stop := config.generation.stop:
        message = f"{writes} writes tokens, which a text does not cut; name tokens with generation.stop_token_ids"
        yield (writes, "generation.stop"), f"generation.stop = {stop}: {message}"
