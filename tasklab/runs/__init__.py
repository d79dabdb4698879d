"""The idea of a run: its folder `output/<name>/`, its checkpoints and their state, how it is named and found again."""
