"""Training, evaluation and prediction of any task: nothing here knows what the task is."""
