"""tasklab's own names: every network is an encoder, a head, and maybe a decoder between."""

from tasklab.weights.tables import FORMATS, Format

_ROWS = (("encoder.*", "encoder.*"), ("decoder.*", "decoder.*"), ("head.*", "head.*"))
TASKLAB = FORMATS.register("tasklab")(Format("tasklab", _ROWS, program="tasklab", families=("any",), whole=True))
