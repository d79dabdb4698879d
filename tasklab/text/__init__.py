"""Text to ids with character offsets; one tokenizer per file, found by name."""

from tasklab.config.registries import TOKENIZERS

__all__ = ["TOKENIZERS"]
