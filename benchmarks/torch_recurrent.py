"""torch.nn's twin of `bilstm` under tags: it starts from a tasklab checkpoint."""

import torch
from safetensors.torch import load_file
from torch import nn
from torch_encoders import dense, put, table
from transformers.modeling_outputs import TokenClassifierOutput


class TwoStacks(nn.Module):
    """One stack of LSTMs from the first token on and one from the last, which never mix; dropout behind every layer.

    model: tasklab's section of that name; folder: a checkpoint with its head.
    """

    def __init__(self, model, folder: str):
        super().__init__()
        weights = {name: value.numpy() for name, value in load_file(f"{folder}/model.safetensors").items()}
        self.word = table(weights, "encoder.embeddings.word")
        self.ahead, self.back = (stack(model, weights, f"encoder.layers.0.{way}") for way in ("ahead", "back"))
        self.dropout = nn.Dropout(model.hidden_dropout_prob)
        self.classifier = dense(weights, "head.classifier")

    def forward(self, input_ids, attention_mask, token_type_ids):
        x = self.dropout(self.word(input_ids))
        place, length = torch.arange(x.shape[1]), attention_mask.sum(1, keepdim=True)
        turned = torch.where(place < length, length - 1 - place, place)  # [B, S]; padding stays behind
        back = turn(self.climb(self.back, turn(x, turned)), turned)
        hidden = torch.cat((self.climb(self.ahead, x), back), dim=-1)  # [B, S, H]
        return TokenClassifierOutput(logits=self.classifier(self.dropout(hidden)))

    def climb(self, layers, x):
        for layer in layers:
            x = self.dropout(layer(x)[0])
        return x


def turn(x, places):
    return x.gather(1, places[:, :, None].expand_as(x))


def stack(model, weights: dict, name: str) -> nn.ModuleList:
    layers, size = nn.ModuleList(), model.embedding_size
    for k in range(model.num_hidden_layers):
        layer, size = nn.LSTM(size, model.hidden_size // 2, batch_first=True), model.hidden_size // 2
        for theirs, ours in (("ih", "input"), ("hh", "hidden")):
            for part in ("weight", "bias"):
                put(getattr(layer, f"{part}_{theirs}_l0"), weights[f"{name}.layers.{k}.{ours}.{part}"])
        layers.append(layer)
    return layers
