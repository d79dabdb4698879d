"""tasklab's own names: every network is an encoder and a head."""

from tasklab.weights.tables import FORMATS, Format

TASKLAB = FORMATS.register("tasklab")(Format("tasklab", (("encoder.*", "encoder.*"), ("head.*", "head.*"))))
