"""Spans out of probabilities, by hand."""

import numpy as np

from tasklab.metrics.pointed import pointed_spans

TEXT = "男 汉族。"
CHARACTERS = np.array([[0, 1], [2, 3], [3, 4], [4, 5]])
PROBABILITY = np.array([[0.1, 0.81, 0.2, 0.0], [0.0, 0.64, 0.9, 0.5]])


def test_a_span_has_the_words_of_its_characters_and_the_root_of_both_probabilities():
    # sqrt(0.81 * 0.64) = 0.72; the second end, 0.9, has no start of its own
    spans = pointed_spans(TEXT, "民族", PROBABILITY, CHARACTERS, 0.5)
    assert spans == [{"text": "汉", "start": 2, "end": 3, "probability": 0.72}]


def test_nested_spans_keep_each_end_that_is_sure_enough():
    spans = pointed_spans(TEXT, "民族", PROBABILITY, CHARACTERS, 0.5, nested=True)
    # sqrt(0.81 * 0.9) = 0.8538; 0.5 is not above the threshold
    assert [(s["text"], s["probability"]) for s in spans] == [("汉", 0.72), ("汉族", 0.8538)]


def test_options_are_read_out_of_the_prompt():
    prompt = "好[是,否]"  # 6 characters; 是 is at 2: 2 - 6 - 1 = -5
    spans = pointed_spans(TEXT, prompt, np.array([[0.9], [0.9]]), np.array([[-5, -4]]), 0.5)
    assert spans == [{"text": "是", "start": -5, "end": -4, "probability": 0.9}]
