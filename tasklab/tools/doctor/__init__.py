"""`tasklab doctor`: what is wrong with data or with this machine, before training."""
