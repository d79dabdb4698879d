"""PyTorch twins of lstm, gatedcnn, transformer and albert: same start, same batches, no dropout; both losses.

python benchmarks/torch_encoders.py txtcls_lstm_chinese DATA_DIR VOCABULARY [--steps 20] [key=value ...]
The twins are made of torch.nn's own layers (nn.LSTM, nn.Conv1d, nn.TransformerEncoderLayer) and take the weights that
tasklab starts from. Needs torch beside tasklab. The last line is the largest difference of two losses.
"""

import argparse
import tempfile

import numpy as np
import torch
from torch import nn

from tasklab.engine.hooks import Callback
from tasklab.engine.schedule import learning_rate

FIXED = {
    "data.limit": 2000, "data.max_seq_length": 96, "data.num_buckets": 1, "train.batch_size": 32,
    "train.logging_steps": 1, "train.eval_strategy": "no", "train.save_strategy": "no",
    "model.hidden_dropout_prob": 0.0,
}  # fmt: skip
NO_ATTENTION = ("lstm", "gatedcnn")


class Recorder(Callback):
    """The weights before the first step, the batches, and the loss of each step."""

    def __init__(self):
        self.losses = []

    def on_train_begin(self, loop):
        self.weights = {p.name: p.asnumpy().copy() for p in loop.network.get_parameters()}
        columns = loop.step.columns[:-1]
        steps = loop.order.steps(0)[: loop.state.total_steps]
        size = loop.config.train.batch_size
        self.batches = [loop.epochs.table.batch(b.rows, b.lengths, size, columns) for (b,) in steps]
        self.config, self.names = loop.config, columns

    def on_log(self, loop, record):
        self.losses.append(record["loss"])


class Twin(nn.Module):
    """Word vectors and what is added to them, an encoder, the mean of its outputs, Dense and tanh, classes."""

    def __init__(self, model, weights: dict):
        super().__init__()
        self.model, self.word = model, table(weights, "encoder.embeddings.word")
        self.encoder, self.bert = TWINS[model.encoder](model, weights), model.encoder not in NO_ATTENTION
        if self.bert:
            self.position = table(weights, "encoder.embeddings.position")
            self.segment = table(weights, "encoder.embeddings.token_type")
            self.norm = norm(weights, "encoder.embeddings.norm", model.layer_norm_eps)
            self.projection = dense(weights, "encoder.projection")
        self.pooler, self.classifier = dense(weights, "encoder.pooler"), dense(weights, "head.classifier")

    def forward(self, ids, mask, types):
        x = self.word(ids)
        if self.bert:
            x = x + self.position(torch.arange(ids.shape[1])) + self.segment(types)
            x = self.projection(self.norm(x))
        x = self.encoder(x, mask)
        real = mask[:, :, None].float()
        return self.classifier(torch.tanh(self.pooler((x * real).sum(1) / real.sum(1))))


class Recurrent(nn.Module):
    def __init__(self, model, weights):
        super().__init__()
        sizes = (model.embedding_size, model.hidden_size, model.num_hidden_layers)
        self.lstm = nn.LSTM(*sizes, batch_first=True)
        for k in range(model.num_hidden_layers):
            for theirs, ours in (("ih", "input"), ("hh", "hidden")):
                for part in ("weight", "bias"):
                    value = weights[f"encoder.layers.0.layers.{k}.{ours}.{part}"]
                    put(getattr(self.lstm, f"{part}_{theirs}_l{k}"), value)

    def forward(self, x, mask):
        return self.lstm(x)[0]


class Gated(nn.Module):
    def __init__(self, model, weights):
        super().__init__()
        self.kernel, self.block = model.kernel_size, model.block_size
        names = ["first", *(f"layers.{k}" for k in range(model.num_hidden_layers - 1))]
        self.values, self.gates = (
            nn.ModuleList(self.convolution(weights, f"encoder.layers.0.{name}.{part}") for name in names)
            for part in ("output", "gate")
        )

    def convolution(self, weights, name):
        weight = weights[f"{name}.weight"].reshape(len(weights[f"{name}.bias"]), self.kernel, -1).transpose(0, 2, 1)
        layer = nn.Conv1d(weight.shape[1], weight.shape[0], self.kernel)
        put(layer.weight, weight)
        put(layer.bias, weights[f"{name}.bias"])
        return layer

    def forward(self, x, mask):
        x, start = x.transpose(1, 2), None
        for k, (value, gate) in enumerate(zip(self.values, self.gates, strict=True)):
            padded = nn.functional.pad(x, (self.kernel - 1, 0))
            x = value(padded) * torch.sigmoid(gate(padded))
            if k % self.block == 0:
                x = start = x if start is None else x + start
        return x.transpose(1, 2)


class Attentive(nn.Module):
    def __init__(self, model, weights):
        super().__init__()
        shared = model.encoder == "albert"
        names = ["encoder.layer"] if shared else [f"encoder.layers.{k}" for k in range(model.num_hidden_layers)]
        self.layers = nn.ModuleList(self.layer(model, weights, name) for name in names)
        self.repeats = model.num_hidden_layers if shared else 1

    def layer(self, model, weights, name):
        layer = nn.TransformerEncoderLayer(
            model.hidden_size, model.num_attention_heads, model.intermediate_size, 0.0, nn.functional.gelu,
            model.layer_norm_eps, batch_first=True,
        )  # fmt: skip
        for part in ("weight", "bias"):
            three = [weights[f"{name}.attention.{each}.{part}"] for each in ("query", "key", "value")]
            put(getattr(layer.self_attn, f"in_proj_{part}"), np.concatenate(three))
            for cell, ours in (
                (layer.self_attn.out_proj, "attention.output"), (layer.norm1, "attention_norm"),
                (layer.linear1, "feed_forward.intermediate"), (layer.linear2, "feed_forward.output"),
                (layer.norm2, "feed_forward_norm"),
            ):  # fmt: skip
                put(getattr(cell, part), weights[f"{name}.{ours}.{part}"])
        return layer

    def forward(self, x, mask):
        for _ in range(self.repeats):
            for layer in self.layers:
                x = layer(x, src_key_padding_mask=mask == 0)
        return x


TWINS = {"lstm": Recurrent, "gatedcnn": Gated, "bert": Attentive, "albert": Attentive}


def put(parameter, value):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def table(weights, name):
    return nn.Embedding.from_pretrained(torch.from_numpy(weights[f"{name}.weight"].copy()), freeze=False)


def dense(weights, name):
    layer = nn.Linear(*reversed(weights[f"{name}.weight"].shape))
    put(layer.weight, weights[f"{name}.weight"])
    put(layer.bias, weights[f"{name}.bias"])
    return layer


def norm(weights, name, eps):
    layer = nn.LayerNorm(len(weights[f"{name}.weight"]), eps)
    put(layer.weight, weights[f"{name}.weight"])
    put(layer.bias, weights[f"{name}.bias"])
    return layer


def torch_losses(recorder: Recorder):
    """The loss of each step, before it."""
    config = recorder.config
    network, total = Twin(config.model, recorder.weights), len(recorder.batches)
    parameters, settings = list(network.parameters()), config.optimizer
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=tuple(settings.betas), eps=settings.eps)
    for step, batch in enumerate(recorder.batches):
        ids, mask, types, labels = (torch.from_numpy(np.asarray(batch[name])).long() for name in recorder.names)
        loss = nn.functional.cross_entropy(network(ids, mask, types), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, config.train.max_grad_norm)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, settings.lr, config.schedule, total)
        optimizer.step()
        yield loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("data")
    parser.add_argument("vocabulary")
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_intermixed_args()
    from tasklab import Trainer  # not at the top: torch_recurrent's Python need not have MindSpore

    recorder, settings = Recorder(), {**FIXED, "train.max_steps": options.steps}
    settings |= {"tokenizer.vocab": options.vocabulary, "data.train": options.data}
    settings |= dict(pair.split("=", 1) for pair in options.overrides)
    if Trainer(model=options.recipe).config.model.encoder not in NO_ATTENTION:
        settings["model.attention_probs_dropout_prob"] = 0.0
    with tempfile.TemporaryDirectory() as folder:
        Trainer(settings, "text_classification", options.recipe, output_dir=folder, callbacks=[recorder]).train()
    theirs = list(torch_losses(recorder))
    print("| step | tasklab | PyTorch | difference |\n|---|---|---|---|")
    for step, (a, b) in enumerate(zip(recorder.losses, theirs, strict=True), start=1):
        print(f"| {step} | {a:.6f} | {b:.6f} | {abs(a - b):.1e} |")
    print(f"{options.recipe}: largest difference {np.abs(np.subtract(recorder.losses, theirs)).max():.1e}")


if __name__ == "__main__":
    main()
