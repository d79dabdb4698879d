"""UER-py's recurrent encoders. Their weights are torch.nn's, whose gates stand in our order."""

from tasklab.weights.tables.uer import embeddings, register

_PARAMETERS = {
    "input.weight": "weight_ih_l{}", "input.bias": "bias_ih_l{}",
    "hidden.weight": "weight_hh_l{}", "hidden.bias": "bias_hh_l{}",
}  # fmt: skip


def stack(ours: str, theirs: str) -> list[tuple]:
    """Layers that read one way."""
    return [(f"{ours}.layers.{{}}.{our}", f"{theirs}.{their}") for our, their in _PARAMETERS.items()]


def both_ways(ours: str, theirs: str) -> list[tuple]:
    """Layers that read both ways. One row for the two: alone, the first would be that of a layer that reads one way."""
    return [
        (
            (f"{ours}.layers.{{}}.ahead.{our}", f"{ours}.layers.{{}}.back.{our}"),
            (f"{theirs}.{their}", f"{theirs}.{their}_reverse"),
        )
        for our, their in _PARAMETERS.items()
    ]


LAYERS = (
    *both_ways("encoder.layers.0", "encoder.rnn"),
    *stack("encoder.layers.0", "encoder.rnn"),
    *stack("encoder.layers.0.ahead", "encoder.rnn_forward"),
    *stack("encoder.layers.0.back", "encoder.rnn_backward"),
)
register("uer_recurrent", ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru"), (*embeddings(), *LAYERS))
