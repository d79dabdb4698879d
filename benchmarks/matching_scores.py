"""MiniLM fine-tuned on pairs with dropout: what dev says during training, tasklab or sentence-transformers.

    python benchmarks/matching_scores.py tasklab WEIGHTS_DIR STS-B cosent --seeds 1 2 3 --steps 60 [--lr 2e-5]
    python benchmarks/matching_scores.py sentence_transformers WEIGHTS_DIR STS-B cosent --seeds 1 2 3 --steps 60

WEIGHTS_DIR holds all-MiniLM-L6-v2 as HuggingFace stores it, or what matching_start.py made of the --recipe; the third
word is a folder of SETS. Each seed is a training from WEIGHTS_DIR and gives both sides the same 32 rows in every step,
of at most 128 tokens; each side draws its dropout on its own. The last lines are the mean and the deviation of the last
scores. AdamW without decay, clip 1.0, fp32, a rate that rises for a share of the steps and falls to 0.
sentence-transformers' side is its model and its loss in a plain loop. Of a single file each fifth pair is dev.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np

ROWS, LENGTH = 32, 128
SETS = {
    "STS-B": (("train.tsv", "dev.tsv"), 1, (7, 8, 9), 5), "MRPC": (("train.tsv", "dev.tsv"), 1, (3, 4, 0), 1),
    "QQP": (("part.tsv",), 0, (3, 4, 5), 1), "lcqmc": (("dev.tsv",), 0, (0, 1, 2), 1),
    "matching": (("train.txt", "dev.txt"), 0, (0, 1, 2), 1),
}  # fmt: skip
"""Folder -> its files, lines of their header, columns of text a, text b and label, and what the label runs up to."""


def pairs(folder: Path) -> tuple[list, list]:
    """(training, dev): [text a, text b, label from 0 to 1] each."""
    files, header, columns, most = SETS[folder.name]
    sets = [
        [(row[columns[0]], row[columns[1]], float(row[columns[2]]) / most) for row in rows if len(row) > max(columns)]
        for rows in (_rows(folder / file)[header:] for file in files)
    ]
    if len(files) == 2:
        return tuple(sets)
    return [row for i, row in enumerate(sets[0]) if i % 5], sets[0][::5]


def _rows(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8-sig") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def scores(cosines: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """In percent: Spearman, and where labels are classes average precision and the accuracy of the best threshold."""
    from scipy.stats import spearmanr

    measured = {"spearman": spearmanr(cosines, labels).statistic}
    if set(labels.tolist()) <= {0.0, 1.0}:
        hits = labels[np.argsort(-cosines, kind="stable")].cumsum()  # matches among the first so many
        count = np.arange(1, len(labels) + 1)
        measured["ap"] = (hits / count)[np.diff(hits, prepend=0) > 0].mean()
        measured["accuracy"] = ((hits + (len(labels) - count) - (hits[-1] - hits)) / len(labels)).max()
    return {name: round(100 * float(value), 2) for name, value in measured.items()}


class Tasklab:
    def __init__(self, options, seed: int, train: list):
        from tasklab import Trainer
        from tasklab.config import OptimizerConfig
        from tasklab.data.matching.examples import MatchingExample
        from tasklab.data.rows.buckets import plan_axes
        from tasklab.engine.optim import optimizer_for
        from tasklab.engine.runner import NetworkRunner, planned
        from tasklab.engine.step import CompileLog, GradientStep, dropout_seed
        from tasklab.model import prepare_start
        from tasklab.session.refusals import prepare_device

        still = [] if options.dropout else ["model.hidden_dropout_prob=0", "model.attention_probs_dropout_prob=0"]
        graded = [f"loss.matching={options.loss}", "data.score_range=[0,1]", "from_scratch=false", *still]
        config = Trainer(model=options.recipe, overrides=graded).config
        prepare_device(config, training=True)
        prepared = prepare_start(config, options.weights)
        self.task, network = prepared.task, prepared.load().network
        self.example = lambda i, row: MatchingExample(str(i), row[:2], row[2])
        self.table = self.task.encode([self.example(i, row) for i, row in enumerate(train)], True)
        self.plan = plan_axes(self.table.lengths, config.data.num_buckets, config.data.max_length)["input"]
        self.gradient = GradientStep(network, self.task.loss(), CompileLog())
        self.optimizer = optimizer_for(self.gradient.parameters, OptimizerConfig(weight_decay=0.0), max_grad_norm=1.0)
        self.run = NetworkRunner(network, config, CompileLog(), planned, self.task.tokenizer)
        self.seed = lambda number: dropout_seed(seed, number, 0)

    def step(self, number: int, rows: np.ndarray, lr: float) -> float:
        own = self.table.lengths["input"][rows].max()
        length = {"input": self.plan[int(np.searchsorted(self.plan, own))]}
        batch = self.table.batch(rows, length, len(rows), self.gradient.columns[:-1])
        loss, weight, grads = self.gradient.run(batch, self.seed(number))
        self.optimizer.accumulate(grads)
        self.optimizer.step(lr, 1 / weight)
        return loss / weight

    def cosines(self, dev: list) -> np.ndarray:
        examples = [self.example(i, row) for i, row in enumerate(dev)]
        return np.array([own[0]["score"] for own in self.task.answer(examples, self.run)])


class SentenceTransformers:
    def __init__(self, options, seed: int, train: list):
        import torch
        from sentence_transformers import SentenceTransformer, losses, models

        torch.manual_seed(seed)
        encoder = models.Transformer(options.weights, max_seq_length=LENGTH)
        pooling = models.Pooling(encoder.get_word_embedding_dimension(), "mean")
        self.model = SentenceTransformer(modules=[encoder, pooling], device="cpu")
        if not options.dropout:
            for module in self.model.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = 0.0
                if hasattr(module, "dropout_prob"):
                    module.dropout_prob = 0.0
        loss = {"cosent": losses.CoSENTLoss, "in_batch": losses.MultipleNegativesRankingLoss,
                "cosine_mse": losses.CosineSimilarityLoss, "angle": losses.AnglELoss,
                "contrastive": losses.ContrastiveLoss}  # fmt: skip
        self.loss, self.train = loss[options.loss](self.model), train
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.0, weight_decay=0.0)

    def step(self, number: int, rows: np.ndarray, lr: float) -> float:
        import torch

        self.model.train()
        first, second, labels = zip(*(self.train[i] for i in rows.tolist()), strict=True)
        features = [self.model.tokenize(list(texts)) for texts in (first, second)]
        value = self.loss(features, torch.tensor(labels))
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.param_groups[0]["lr"] = lr
        self.optimizer.step()
        self.optimizer.zero_grad()
        return value.item()

    def cosines(self, dev: list) -> np.ndarray:
        self.model.eval()
        vectors = [self.model.encode([row[i] for row in dev], normalize_embeddings=True) for i in (0, 1)]
        return (vectors[0].astype(np.float64) * vectors[1]).sum(axis=1)


SIDES = {"tasklab": Tasklab, "sentence_transformers": SentenceTransformers}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("weights")
    parser.add_argument("data", type=Path)
    parser.add_argument("loss", choices=("cosent", "in_batch", "cosine_mse", "angle", "contrastive"))
    parser.add_argument("--recipe", default="matching_dssm_minilm_l6", help="of the sizes in WEIGHTS_DIR")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--steps", type=int, default=180)
    parser.add_argument("--every", type=int, default=60, help="steps between two looks at dev")
    parser.add_argument("--lr", type=float, default=2e-5)
    parser.add_argument("--warmup", type=float, default=0.1)
    parser.add_argument("--dropout", type=int, default=1)
    options = parser.parse_args()
    train, dev = pairs(options.data)
    if options.loss == "in_batch":
        train = [row for row in train if row[2] >= 0.5]
    print(json.dumps(vars(options) | {"data": options.data.name, "weights": ""}), flush=True)
    ends = []
    for seed in options.seeds:
        for record in training(options, seed, train, dev):
            print(json.dumps({"seed": seed} | record), flush=True)
        ends.append(record)
    for name in [name for name in ends[0] if name not in ("step", "loss")]:
        values = [end[name] for end in ends]
        print(f"{name} {np.mean(values):.2f}, deviation {np.std(values, ddof=len(values) > 1):.2f}")


def training(options, seed: int, train: list, dev: list):
    """Yields what dev says of the start, once, behind each `options.every` steps and at the end."""
    labels = np.array([row[2] for row in dev])
    rng, order = np.random.default_rng(seed), []
    while len(order) < options.steps:  # whole epochs, less what fills no batch
        order += rng.permutation(len(train))[: len(train) // ROWS * ROWS].reshape(-1, ROWS).tolist()
    side = SIDES[options.side](options, seed, train)
    rising, losses = max(1, round(options.warmup * options.steps)), []
    if seed == options.seeds[0]:  # the start is that of every seed
        yield {"step": 0} | scores(side.cosines(dev), labels)
    for number in range(options.steps):
        share = min((number + 1) / rising, (options.steps - number) / max(1, options.steps - rising))
        losses.append(side.step(number, np.array(order[number]), options.lr * min(1.0, share)))
        if (number + 1) % options.every == 0 or number + 1 == options.steps:
            record = {"step": number + 1, "loss": round(float(np.mean(losses[-options.every :])), 4)}
            yield record | scores(side.cosines(dev), labels)


if __name__ == "__main__":
    main()
