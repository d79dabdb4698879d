"""One file per task; a task never imports another task."""
