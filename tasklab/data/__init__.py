"""Readers, windows, features, buckets and their cache; numpy only, no MindSpore."""
