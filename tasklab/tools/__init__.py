"""What stands around training: checks of data and machine, the demonstration run."""
