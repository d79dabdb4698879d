"""Losses as (sum over rows, sum of weights), so that accumulated micro-batches equal one large batch.

construct(*outputs, *labels, sample_weight); a loss's `labels` names the columns of a batch that it takes.
"""
