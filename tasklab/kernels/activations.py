"""Activations that the kernels compute, by the names that model.hidden_act has for them."""

ACTIVATIONS = {"gelu": 0, "gelu_new": 1, "gelu_pytorch_tanh": 1, "relu": 2, "silu": 3, "swish": 3}
"""Name -> number in src/activation.h."""
