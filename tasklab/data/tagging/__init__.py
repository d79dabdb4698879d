"""Sentences whose tokens carry tags."""
