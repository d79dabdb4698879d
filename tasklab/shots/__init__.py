"""Ways to learn from few examples, compared on the same rows."""
