"""Encoded rows in columns, whatever the task: batches, padded lengths, windows, caches, draws and weights."""
