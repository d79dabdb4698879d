"""What tokenizers of the library `tokenizers` have in common."""

from collections.abc import Sequence

import numpy as np

from tasklab.text.surrogates import refuse_surrogates


def encoded(model, texts: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32, characters of the text, end exclusive.

    Raises: DataError when a text holds half a surrogate pair, at which the library would fall over.
    """
    refuse_surrogates(texts)
    return [
        (np.array(encoding.ids, np.int32), np.array(encoding.offsets, np.int32).reshape(-1, 2))
        for encoding in model.encode_batch(texts, add_special_tokens=False)
    ]
