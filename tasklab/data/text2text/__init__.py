"""Texts that are answered by texts."""
