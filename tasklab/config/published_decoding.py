"""How a model that generates decodes where nobody says otherwise: generation_config.json beside published weights, or
the same words in an older config.json (transformers' GenerationConfig, 4.30 to 5.24)."""

import functools
import logging
from collections.abc import Mapping

from tasklab.config.entries import Entry
from tasklab.config.generation_section import GenerationConfig
from tasklab.errors import ConfigError, brief

logger = logging.getLogger("tasklab")

FILE = "generation_config.json"
SHARED = (
    "do_sample", "temperature", "top_k", "top_p", "min_p", "num_beams", "length_penalty", "early_stopping",
    "repetition_penalty", "no_repeat_ngram_size", "suppress_tokens",
)  # fmt: skip
"""Words that mean the same there."""
LENGTHS = {"max_new_tokens": "max_length", "min_new_tokens": "min_length"}
"""Ours, theirs too -> an older word of theirs, which counts what the decoder reads first as well."""
ENDS = "eos_token_id"
_NOT_TAKEN = (
    "num_beam_groups", "diversity_penalty", "penalty_alpha", "bad_words_ids", "force_words_ids", "sequence_bias",
    "encoder_no_repeat_ngram_size", "encoder_repetition_penalty", "exponential_decay_length_penalty",
    "begin_suppress_tokens", "typical_p",
)  # fmt: skip
_NOTHING = (None, False, 0, 1, [], {})
_NO_LENGTH = (20,)  # transformers' default of max_length, which older files repeat
_DRAWN_AMONG = 50  # of drawing where no top_k is said


def read(content: Mapping, place: str, begins: int | None = None, context: int | None = None) -> list[Entry]:
    """Settings of `generation`; a log tells, once, of words that mean something and are not taken over.

    begins: the token that every answer here begins with behind the decoder's first, as a BART's do; None without.
    context: of a decoder alone, how many tokens prompt and answer have at most.
    Raises: ConfigError for a value that cannot be.
    """
    settings = {key: content[key] for key in SHARED if content.get(key) is not None}
    left = [key for key in _NOT_TAKEN if content.get(key) not in _NOTHING]
    if content.get("forced_bos_token_id") not in (None, begins):
        left.append("forced_bos_token_id")
    if settings.get("early_stopping") == "never":
        left.append("early_stopping")
        del settings["early_stopping"]
    if settings.get("do_sample") is True:
        settings.setdefault("top_k", _DRAWN_AMONG)
    if isinstance(ends := content.get(ENDS), list) and len(ends) > 1:  # one is the tokenizer's own
        settings["stop_token_ids"] = ends
    before = 0 if begins is None else 1
    for key, older in LENGTHS.items():
        counts = [(content.get(key), before), (content.get(older), before + 1)]
        if context:
            _, (both, _) = counts
            left += [older] if both not in (*_NOTHING, *_NO_LENGTH, context) else []
            del counts[1]  # it counts the prompt too
        count, more = next((one for one in counts if one[0] is not None), (None, 0))
        if count is not None:
            settings[key] = max(count - more, 0) if type(count) is int else count
    section = GenerationConfig()
    for key, value in settings.items():
        try:
            section[key] = value
        except ConfigError as error:
            raise ConfigError(f"{place}: {error}") from None
    if wrong := [message for keys, message in section.problems() if "generation.do_sample" in keys]:
        raise ConfigError(f"{place}: {wrong[0]}")
    idle = {key for key, *_ in section.idle()}  # of beams, where it has none
    if left:
        _tell_left(place, ", ".join(left))
    return [Entry(f"generation.{key}", section[key], place) for key in settings if f"generation.{key}" not in idle]


@functools.cache
def _tell_left(place: str, left: str) -> None:
    logger.warning("%s: not taken over, as no setting does it: %s", place, left)


def note(values: Mapping, places: Mapping[str, str]) -> str:
    """What a log says of the settings that still stand as a file beside weights has them; '' where none does, or they
    are what holds anyway.

    places: key -> where its value was said.
    """
    changed = {f"generation.{key}" for key in values["generation"].stated()}
    taken = {key: place for key, place in places.items() if key in changed and place.endswith(".json")}
    if not taken:
        return ""
    shown = ", ".join(f"{key}={brief(values[key])}" for key in taken)
    return f"{next(iter(taken.values()))}: decoding as published, {shown}; say it yourself to decode otherwise"


def written(generation: GenerationConfig, tokens: Mapping, begins: int | None = None) -> dict:
    """The file for a network of ours; tokens: what its config.json says, or its tokenizer. Read back it is the same."""
    named = ("decoder_start_token_id", "pad_token_id", "bos_token_id", ENDS)
    content = {key: tokens[key] for key in named if tokens.get(key) is not None}
    if generation.stop_token_ids:
        own = [content[ENDS]] if ENDS in content else []
        content[ENDS] = list(dict.fromkeys(own + generation.stop_token_ids))
    if begins is not None:
        content["forced_bos_token_id"] = begins
    content |= {key: generation[key] for key in SHARED if generation.changed(key)}
    more = 0 if begins is None else 1
    return content | {key: generation[key] + more for key in LENGTHS if generation.changed(key)}
