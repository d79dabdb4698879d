"""Scores and the decoding they need: plain Python and numpy, no MindSpore."""
