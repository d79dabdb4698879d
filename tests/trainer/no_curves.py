"""Stands for the pictures of a run, which take longer than a run of two steps."""

from tasklab.engine.hooks import Callback


class NoCurves(Callback):
    @staticmethod
    def draw(loop):
        """Nothing."""
