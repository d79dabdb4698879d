"""Plain text of any size, and words hidden in it."""
