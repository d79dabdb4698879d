"""A tokenizer whose token is a letter, so that rows are walked by hand."""

import numpy as np


class Letters:
    """a is 1, b is 2, ...; every other character is 99. A chat's special tokens are 101 to 104."""

    begins_anew = False

    def encode_batch(self, texts):
        return [
            (
                np.array([ord(c) - 96 if "a" <= c <= "z" else 99 for c in text], np.int32),
                np.array([(i, i + 1) for i in range(len(text))], np.int32).reshape(-1, 2),
            )
            for text in texts
        ]

    encode_following = encode_batch


SYSTEM, USER, ASSISTANT, END = 101, 102, 103, 104


def template(messages, generation_prompt):
    """<role>content<end>, and a blank behind the end, as many templates write a line end."""
    ids = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
    pieces = [piece for m in messages for piece in (ids[m.role], m.content, END, " ")]
    return [*pieces, ASSISTANT] if generation_prompt else pieces
