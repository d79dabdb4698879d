"""Texts, what a schema asks about them, and the spans that answer."""
