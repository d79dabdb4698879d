"""Recurrent layers that read a row from its first token, from its last one, or both ways."""

from mindspore import nn, ops

from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.recurrence import KINDS, recurrence
from tasklab.nn.compat import dense


class RecurrentLayer(nn.Cell):
    """Reads from the first token on. Padding stands behind the real tokens, so that none of these has seen any.

    kind: rnn, lstm or gru. `hidden` is never called: the operator takes its weight and bias.
    Inputs:  x [B, S, in_size]; mask (not needed).   Returns: [B, S, hidden_size].
    """

    def __init__(self, kind: str, in_size: int, hidden_size: int):
        super().__init__()
        gates = KINDS[kind].gates * hidden_size
        self.input, self.hidden = dense(in_size, gates), dense(hidden_size, gates)  # x and h each give [.., G]
        self.recurrence = recurrence(kind)

    def construct(self, x, mask):
        return self.recurrence(self.input(x), self.hidden.matrix(), self.hidden.bias)  # [B, S, G] -> [B, S, H]


class BothWays(nn.Cell):
    """One cell reads each row as it is, another one its real tokens from the last to the first; both outputs together.

    Inputs:  x [B, S, E]; mask [B, S] int, 1 = real token.   Returns: [B, S, H], H the sum of both widths.
    """

    def __init__(self, ahead: nn.Cell, back: nn.Cell):
        super().__init__()
        self.ahead, self.back = ahead, back
        self.turn = ops.ReverseSequence(seq_dim=1, batch_dim=0)

    def construct(self, x, mask):
        lengths = mask.sum(axis=1)  # [B]; only the real tokens are turned, padding stays behind
        back = self.turn(self.back(self.turn(x, lengths), mask), lengths)
        return ops.concat((self.ahead(x, mask), back), axis=-1)


class Stack(nn.Cell):
    """Layers (x, mask) -> x one above the other, dropout behind each."""

    def __init__(self, layers: list, dropout: float):
        super().__init__()
        self.layers = nn.CellList(layers)
        self.dropouts = nn.CellList([Dropout(dropout) for _ in layers])

    def construct(self, x, mask):
        for i in range(len(self.layers)):
            x = self.dropouts[i](self.layers[i](x, mask))
        return x
