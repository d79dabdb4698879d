"""Pictures of runs and of their scores; matplotlib draws all of them, and is imported when one is wanted."""
