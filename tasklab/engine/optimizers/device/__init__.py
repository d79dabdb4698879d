"""The optimizers as graphs, for devices whose memory the host cannot reach."""
