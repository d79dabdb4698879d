"""Texts that match or do not: pairs, triples, single texts, and candidates."""
