"""Tokens one after the other from anything that gives logits: greedy, beams, drawn, chosen from a set. NumPy alone."""
