"""Optimizers by name, one file each: the form for host memory here, that for devices in `device`."""
