"""Settings of decoding that contradict each other, and names that other programs have for them."""

import pytest

from tasklab.config.generation_section import GenerationConfig
from tasklab.errors import ConfigError


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"num_beams": 2, "num_return_sequences": 3}, "would be the same text; set generation.do_sample=true, or"),
        ({"min_new_tokens": 9, "max_new_tokens": 4}, "generation.min_new_tokens 9 is more than max_new_tokens 4"),
        ({"do_sample": True, "num_beams": 2}, "set generation.do_sample=false, or num_beams=1"),
        ({"choices": ["a"], "num_return_sequences": 2}, "2 is more than there are choices, 1"),
        ({"stop": [""]}, "an empty text, which ends every answer; leave it out"),
    ],
)
def test_settings_that_contradict_each_other_are_told(settings, told):
    ((_, message),) = GenerationConfig(**settings).problems()
    assert told in message


@pytest.mark.parametrize("theirs, ours", [("max_length", "max_new_tokens"), ("min_length", "min_new_tokens")])
def test_lengths_that_count_the_prompt_are_told_ours(theirs, ours):
    told = f"unknown key 'generation.{theirs}'; did you mean '{ours}'\\? It counts the tokens of the answer alone"
    with pytest.raises(ConfigError, match=told):
        GenerationConfig()[theirs] = 5
