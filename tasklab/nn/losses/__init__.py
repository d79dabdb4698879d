"""Losses as (sum over rows, sum of weights), so that accumulated micro-batches equal one large batch."""
