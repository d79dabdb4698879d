"""What stands around training: checks of data and machine, the demonstration run, and the toolbox for models."""

from tasklab.registry import Registry

TOOLS = Registry("tool", package="tasklab.tools")
"""A function whose signature is its command line (see command.py) and whose result prints itself: `tasklab tools`."""
