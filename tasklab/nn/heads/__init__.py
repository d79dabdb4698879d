"""From hidden states to the outputs of a task."""
