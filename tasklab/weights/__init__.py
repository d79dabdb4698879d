"""Weights: named store, checkpoint folders, load ledger, one name table per foreign format."""
