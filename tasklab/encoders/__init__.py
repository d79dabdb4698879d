"""Encoders: networks from token ids to hidden states, by name."""

from tasklab.registry import Registry

ENCODERS = Registry("encoder", package="tasklab.encoders")
"""Builder(model: ModelConfig, recompute: bool = False) -> Cell:
(input_ids, attention_mask, token_type_ids) [B, S] int32 -> hidden [B, S, H]."""
