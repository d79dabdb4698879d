"""Shapes of the learning rate by name (definitions: transformers' get_*_schedule_with_warmup, UER-py's --scheduler)."""
