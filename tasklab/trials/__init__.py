"""Many trainings of one configuration: hyperparameter search and cross-validation, each training its own process."""
