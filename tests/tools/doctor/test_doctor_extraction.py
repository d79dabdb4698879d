"""Files of prompts under `doctor data`: what is asked, and lines with their answers in brackets."""

import json

import pytest

from tasklab.cli import main
from tasklab.data.extraction.example import Mention, PromptExample
from tasklab.tools.doctor.extraction import marked


def test_answers_stand_in_brackets():
    text = "x" * 40 + "Ann and Bob" + "y" * 40
    example = PromptExample("0", text, "person", (Mention(40, 43, "Ann"), Mention(48, 51, "Bob")))
    assert marked(example) == "... " + "x" * 30 + "[Ann] and [Bob]" + "y" * 30 + " ..."
    nested = PromptExample("0", "New York", "city", (Mention(0, 8, "New York"), Mention(4, 8, "York")))
    assert marked(nested) == "[New [York]]"
    options = PromptExample("0", "nice", "mood[good,bad]", (Mention(5 - 15, 9 - 15, "good"),), options=True)
    assert marked(options) == "mood[[good],bad]"


@pytest.mark.parametrize("name", ["train.jsonl", "train.txt"])
def test_a_file_is_known_by_its_keys_and_shown(tmp_path, capsys, name):
    rows = [{"content": "Ann is here", "prompt": "person", "result_list": [{"text": "Ann", "start": 0, "end": 3}]},
            {"content": "Ann is here", "prompt": "city", "result_list": []}]  # fmt: skip
    (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    main(["doctor", "data", str(tmp_path / name)])
    out = capsys.readouterr().out
    assert "1 have an answer; 1 spans" in out and "person: [Ann] is here" in out
    assert "tasklab train ie_minilm_l6" in out
