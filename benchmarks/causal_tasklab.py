"""tasklab's side of causal_training.py: a network of the fused cells on the weights of transformers; one JSON line."""

import json
import sys
import time
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops
from safetensors.numpy import load_file
from work_batches import of_steps

from tasklab.config import OptimizerConfig
from tasklab.engine.optim import optimizer_for
from tasklab.kernels.decoder_layer import PARAMETERS, FusedDecoderLayer
from tasklab.kernels.word_loss import WordLoss
from tasklab.nn.blocks.norm import LayerNorm, RMSNorm

LLAMA = {
    "query": "self_attn.q_proj", "key": "self_attn.k_proj", "value": "self_attn.v_proj", "output": "self_attn.o_proj",
    "attention_norm": "input_layernorm", "intermediate": "mlp.up_proj", "gate": "mlp.gate_proj",
    "down": "mlp.down_proj", "norm": "post_attention_layernorm",
}  # fmt: skip
GPT2 = {
    "output": "attn.c_proj", "attention_norm": "ln_1", "intermediate": "mlp.c_fc", "down": "mlp.c_proj", "norm": "ln_2",
}  # fmt: skip


class Layer(nn.Cell):
    def __init__(self, weights: dict, fused: nn.Cell, number: int):
        super().__init__()
        self.fused = fused
        for name in PARAMETERS:
            value = weights.get(name)
            setattr(self, name, None if value is None else Parameter(Tensor(value), name=f"{number}.{name}"))

    def construct(self, x, documents, cos, sin):
        return self.fused(
            x, documents, cos, sin, self.query, self.query_bias, self.key, self.key_bias, self.value, self.value_bias,
            self.output, self.output_bias, self.attention_norm, self.attention_norm_bias, self.intermediate,
            self.intermediate_bias, self.gate, self.gate_bias, self.down, self.down_bias, self.norm, self.norm_bias,
        )  # fmt: skip


class Network(nn.Cell):
    """tokens [B, S] -> mean loss of the next token; transformers' names in `weights`."""

    def __init__(self, config: dict, weights: dict, precision: str):
        super().__init__()
        self.cos = self.sin = self.position = None
        bfloat16, gpt2 = precision == "bf16", config["model_type"] == "gpt2"
        if gpt2:
            word, size, layers = "transformer.wte.weight", 768, _gpt2_layers(weights)
            self.position = Parameter(Tensor(weights["transformer.wpe.weight"]), name="position")
            shape = dict(num_heads=12, num_key_value_heads=12, head_size=64, act="gelu_new")
            self.final = _norm(LayerNorm(size, 1e-5), weights, "transformer.ln_f")
        else:
            word, size, layers = "model.embed_tokens.weight", config["hidden_size"], _llama_layers(weights)
            heads = config["num_attention_heads"]
            shape = dict(
                num_heads=heads, num_key_value_heads=config["num_key_value_heads"], head_size=size // heads, act="silu",
                gated=True, norm="rms",
            )  # fmt: skip
            self.final = _norm(RMSNorm(size, config["rms_norm_eps"]), weights, "model.norm")
            rates = config["rope_theta"] ** -(np.arange(0, size // heads, 2) / (size // heads))
            angles = np.outer(np.arange(1024), rates)
            self.cos, self.sin = (Tensor(f(angles).astype(np.float32)) for f in (np.cos, np.sin))
        self.word = Parameter(Tensor(weights[word]), name="word")
        self.layers = nn.CellList([
            Layer(each, FusedDecoderLayer(**shape, dropout=0.0, attention_dropout=0.0, bfloat16=bfloat16), number)
            for number, each in enumerate(layers)
        ])  # fmt: skip
        self.loss, self.size = WordLoss(bfloat16), size

    def construct(self, tokens, documents, targets):
        x = ops.gather(self.word, tokens, 0)
        if self.position is not None:
            x = x + ops.tile(self.position[: tokens.shape[1]].expand_dims(0), (tokens.shape[0], 1, 1))
        for layer in self.layers:
            x = layer(x, documents, self.cos, self.sin)
        hidden = self.final(x).reshape((-1, self.size))
        found, _ = self.loss(hidden, self.word, targets.reshape((-1,)))
        return -found.sum()


def _norm(cell, weights: dict, name: str):
    cell.weight.set_data(Tensor(weights[f"{name}.weight"]))
    if f"{name}.bias" in weights:
        cell.bias.set_data(Tensor(weights[f"{name}.bias"]))
    return cell


def _gpt2_layers(weights: dict):
    """transformers' Conv1D weights are [in, out], query, key and value side by side."""
    for number in range(12):
        place, found = f"transformer.h.{number}", {}
        for part in ("weight", "bias"):
            end = "" if part == "weight" else "_bias"
            thirds = np.split(weights[f"{place}.attn.c_attn.{part}"], 3, -1)
            found |= {name + end: third.T.copy() for name, third in zip(("query", "key", "value"), thirds, strict=True)}
            found |= {name + end: weights[f"{place}.{its}.{part}"].T.copy() for name, its in GPT2.items()}
        yield found


def _llama_layers(weights: dict):
    number = 0
    while f"model.layers.{number}.input_layernorm.weight" in weights:
        yield {name: weights[f"model.layers.{number}.{its}.weight"] for name, its in LLAMA.items()}
        number += 1


def main(folder: Path, precision: str):
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    config = json.loads((folder / "config.json").read_text())
    network = Network(config, load_file(folder / "weights" / "model.safetensors"), precision).set_train()
    parameters = ParameterTuple(network.trainable_params())
    gradient = ms.value_and_grad(network, None, parameters)
    optimizer = optimizer_for(parameters, OptimizerConfig(weight_decay=0.0, eps=1e-8), max_grad_norm=1.0)
    step = ms.jit(gradient)
    times, losses = [(time.perf_counter(), time.process_time())], []
    for tokens in np.load(folder / "tokens.npy"):
        targets = np.full_like(tokens, -1)
        targets[:, :-1] = tokens[:, 1:]
        loss, grads = step(*(Tensor(each) for each in (tokens, np.ones_like(tokens), targets)))
        count = int((targets >= 0).sum())
        losses.append(float(loss.asnumpy()) / count)
        optimizer.accumulate(grads)
        optimizer.step(5e-5, 1.0 / count)
        times.append((time.perf_counter(), time.process_time()))
    print(json.dumps(of_steps(times, losses)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
