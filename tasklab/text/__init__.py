"""Text to ids with character offsets; one tokenizer per file, found by name."""

from tasklab.registry import Registry

TOKENIZERS = Registry("tokenizer", package="tasklab.text")
"""Tokenizer(vocab_path, lowercase): encode_batch(texts) -> list of (ids [n], character offsets [n, 2]).

What else one offers is in `wordpiece.WordPiece`: the ids of special tokens, and how two texts are put into one row:
`pair_separators` stand between them, and the second has the token type `second_type`.
"""
