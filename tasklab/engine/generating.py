"""What follows on prompts, by any decoder, in the words of a tokenizer."""

from collections.abc import Callable, Sequence

import numpy as np

from tasklab.config.generation_section import GenerationConfig
from tasklab.generation.generate import generate
from tasklab.generation.protocol import Decoder, Generated
from tasklab.text.streamed import Streamed


def generated(
    decoder: Decoder, tokenizer, seed: int, prompts: Sequence[np.ndarray], settings: GenerationConfig,
    emit: Callable[[int, str], object] | None = None, sources: Sequence[np.ndarray] = (),
) -> list[list[Generated]]:  # fmt: skip
    """Per prompt, ids [n], its answers, as `generation.generate` gives them; the tokenizer's own end ends them too.

    sources: see `runner.Generator`; of two vocabularies the tokenizer's `target` has the answers' one.
    """
    tokenizer = getattr(tokenizer, "target", tokenizer)
    choices = ()
    if settings.choices:
        begins = (sources or decoder.prefix) and not settings.prefix  # a target begins, an answer goes on
        encode = tokenizer.encode_batch if begins else tokenizer.encode_following
        choices = [ids for ids, _ in encode(settings.choices)]
    ends = {*settings.stop_token_ids} | ({tokenizer.eos_id} - {None})
    return generate(
        decoder, prompts, settings, sorted(ends), seed, lambda before: Streamed(tokenizer, before), choices, emit,
        sources=sources,
    )  # fmt: skip
