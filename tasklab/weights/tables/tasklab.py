"""tasklab's own names: every network is an encoder and a head."""

from tasklab.weights.tables import FORMATS, Format

_ROWS = (("encoder.*", "encoder.*"), ("head.*", "head.*"))
TASKLAB = FORMATS.register("tasklab")(Format("tasklab", _ROWS, program="tasklab", families=("any",), whole=True))
