"""Questions about a context, whose answers are spans of it."""
