"""Eight small real sets, cut from public ones, on the default recipes: what a newcomer's own data may come to.

python benchmarks/small_data.py cut DATA FOLDER                         # DATA: the public sets, one folder each
python benchmarks/small_data.py run FOLDER [--sets sst2 ...] [--seeds 1 2 3] [key=value ...] >> runs.jsonl
python benchmarks/small_data.py twin FOLDER [--torch-python PYTHON] [...] >> runs.jsonl   # PyTorch, from the same start
python benchmarks/small_data.py table runs.jsonl                        # Markdown: tasklab, PyTorch and the baselines

Every run is `tasklab train RECIPE` with nothing but its files, a seed, no checkpoint but the last one and, for Chinese,
BERT's vocabulary: there are no Chinese weights of this size, so these recipes begin at random. A set whose source is
not in DATA is left out, told.
"""

import argparse
import ast
import json
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tasklab.runs.history import read_baselines

CHINESE = "google_zh_vocab.txt"
SHORT = 300  # characters of a paragraph


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("cut", "run", "twin", "table"))
    parser.add_argument("places", nargs="+", type=Path, metavar="PLACE")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--torch-python", default=sys.executable, help="a Python that has torch and transformers")
    options = parser.parse_args()
    if options.verb == "cut":
        cut(*options.places)
    elif options.verb == "table":
        table(options.places)
    else:
        folder, *settings = map(str, options.places)
        for seed in options.seeds:
            for name in options.sets:
                if (Path(folder) / name).is_dir():
                    made = Run(name, Path(folder) / name, seed, settings)
                    told = made.twin(options.torch_python) if options.verb == "twin" else made.run()
                    print(json.dumps(told), flush=True)


def cut(source: Path, target: Path):
    """Writes <target>/<set>/{train,eval}.* of every set whose files there are."""
    for name, (_, files, rows, write) in SETS.items():
        paths = [source / file for file in files]
        if missing := [path for path in (*paths, source / "vocab" / CHINESE) if not path.exists()]:
            print(f"{name}: left out, there is no {missing[0]}", file=sys.stderr)
            continue
        (target / name).mkdir(parents=True, exist_ok=True)
        for part, path, count in zip(("train", "eval"), paths, rows, strict=True):
            write(path, target / name / part, count)
    if (vocabulary := source / "vocab" / CHINESE).exists():
        (target / CHINESE).write_bytes(vocabulary.read_bytes())


class Run:
    """One training in a folder of its own, and what its log says."""

    def __init__(self, name: str, folder: Path, seed: int, settings: list[str]):
        self.recipe, self.place = SETS[name][0], folder / f"run-{seed}-{time.time():.0f}"
        self.words = [f"data.{part}={next(folder.glob(f'{part}.*'))}" for part in ("train", "eval")]
        self.words += [f"seed={seed}", *settings]
        self.words += [f"tokenizer.vocab={folder.parent / CHINESE}"] if "chinese" in self.recipe else []
        self.told = {"set": name, "recipe": self.recipe, "seed": seed, "settings": settings}

    def run(self) -> dict:
        began = time.perf_counter()
        done = self.tasklab("train", self.recipe, *self.words, f"output_dir={self.place}", "train.save_strategy=no")
        seconds = round(time.perf_counter() - began)
        told = self.told | {"rc": done.returncode, "seconds": seconds} | read_log(done.stdout + done.stderr)
        baselines = read_baselines(self.place).values()
        return told | {"baseline": max((scores.get(told["metric"], 0) for scores in baselines), default=None)}

    def twin(self, python: str) -> dict:
        """PyTorch's training from the weights that `run` starts from, its head included: those behind a step of 0."""
        start, weights = self.place / "start", self.place / "weights"
        still = ("train.max_steps=1", "optimizer.lr=1.0e-30", "train.eval_strategy=no", f"output_dir={start}")
        finished(self.tasklab("train", self.recipe, *self.words, *still))
        if "bilstm" in self.recipe:
            weights = start / "checkpoint-1"
        else:
            finished(self.tasklab("convert", str(start), str(weights), "--to", "huggingface"))
        script = TWINS[self.recipe.partition("_")[0]]
        began = time.perf_counter()
        command = [python, str(Path(__file__).with_name(script)), self.recipe, str(weights), *self.words]
        command += ["--seed", str(self.told["seed"])]
        command += ["--crf", str(weights)] if "bilstm" in self.recipe else []
        said = finished(subprocess.run(command, capture_output=True, text=True))
        best = ast.literal_eval(said.rpartition("best: ")[2])
        return self.told | {"side": "PyTorch", "seconds": round(time.perf_counter() - began), "scores": best}

    def tasklab(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-m", "tasklab.cli", *words], capture_output=True, text=True)


def finished(done: subprocess.CompletedProcess) -> str:
    """What it printed. Raises SystemExit where it failed."""
    if done.returncode:
        raise SystemExit(f"{' '.join(done.args)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def read_log(log: str) -> dict:
    """Steps, the best score with its metric, and whether the run was warned of."""
    found = {"warned": "below the baseline" in log, "weighted": "classes are uneven" in log}
    if steps := re.search(r": (\d+) steps \((\d+) per epoch\)", log):
        found |= {"steps": int(steps[1]), "steps_per_epoch": int(steps[2])}
    best = re.findall(r"best (\S+) performance (?:has been updated: \S+ -->|is) ([\d.]+)", log)
    metric = {"F1": "f1"}.get(best[-1][0], best[-1][0]) if best else None
    return found | {"metric": metric, "best": float(best[-1][1]) if best else None}


def table(files: list[Path]):
    """Means over seeds of the best scores; the settings that a line was run with stand behind its name."""
    runs = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    print("| set | recipe | rows | steps | metric | tasklab | PyTorch | baseline | below: warned |")
    print("|---|---|---|---|---|---|---|---|---|")
    for key in dict.fromkeys((r["set"], " ".join(r["settings"])) for r in runs):
        both = [r for r in runs if (r["set"], " ".join(r["settings"])) == key]
        own = sorted((r for r in both if r.get("best") is not None), key=lambda r: r["seed"])
        if not own:
            continue
        first = own[0]
        metric, baseline = first["metric"], first["baseline"]
        theirs = sorted((r for r in both if "scores" in r), key=lambda r: r["seed"])
        below = [r["seed"] for r in own if r["best"] < baseline]
        warned = f"{sum(r['warned'] for r in own)} of {len(below)}" if below else ""
        name, rows = f"{key[0]} {key[1]}".strip(), SETS[first["set"]][2][0]
        scores = spread([r["best"] for r in own]), spread([r["scores"][metric] for r in theirs])
        cells = (name, f"`{first['recipe']}`", rows, first["steps"], metric, *scores, f"{baseline:.3f}", warned)
        print("|", " | ".join(map(str, cells)), "|")


def spread(scores: list[float]) -> str:
    """Mean, standard deviation, and each."""
    each = ", ".join(f"{score:.3f}" for score in scores)
    return f"{statistics.mean(scores):.3f} ± {statistics.stdev(scores):.3f} ({each})" if len(scores) > 1 else each


def drawn(rows: list, count: int) -> list:
    """The same rows every time."""
    return random.Random(0).sample(rows, min(count, len(rows)))


def texts(columns: dict[str, int | str], header: bool = True, halves: bool = False):
    """A writer of (label, text_a[, text_b]) out of a file of tab-separated columns, by number, or of JSON lines.

    halves: one file is for both, every second line each.
    """

    def write(source: Path, target: Path, count: int):
        lines = source.read_text(encoding="utf-8-sig").splitlines()
        if source.suffix == ".json":
            rows = [json.loads(line) for line in lines]
        else:
            rows = [line.split("\t") for line in lines[header:]]
            rows = [row for row in rows if len(row) > max(columns.values())]  # QQP's first line lacks a tab
        kept = ["\t".join(" ".join(str(row[place]).split()) for place in columns.values()) for row in rows]
        kept = list(dict.fromkeys(kept))
        kept = kept[target.name == "eval" :: 2] if halves else kept
        text = "\n".join(["\t".join(columns), *drawn(kept, count)])
        target.with_suffix(".tsv").write_text(text + "\n", encoding="utf-8")

    return write


def sentences(source: Path, target: Path, count: int):
    """CoNLL: sentences that hold an entity."""
    lines = source.read_text(encoding="utf-8").splitlines()
    blocks = "\n".join(line.replace(" ", "\t") if line.strip() else "" for line in lines).split("\n\n")
    blocks = [block.strip("\n") for block in blocks if re.search(r"\t[BS]-", block)]
    target.with_suffix(".conll").write_text("\n\n".join(drawn(blocks, count)) + "\n", encoding="utf-8")


def questions(source: Path, target: Path, count: int):
    """SQuAD: so many questions on short paragraphs, each with those of its own."""
    articles = json.loads(source.read_text(encoding="utf-8"))["data"]
    paragraphs = [p for article in articles for p in article["paragraphs"] if len(p["context"]) <= SHORT]
    chosen = set(drawn(sorted(qa["id"] for p in paragraphs for qa in p["qas"]), count))
    kept = [{**p, "qas": [qa for qa in p["qas"] if qa["id"] in chosen]} for p in paragraphs]
    content = {"version": "1.1", "data": [{"title": "part", "paragraphs": [p for p in kept if p["qas"]]}]}
    target.with_suffix(".json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


ONE = texts({"label": 0, "text_a": 1})
PAIR = texts({"label": "label", "text_a": "sentence1", "text_b": "sentence2"})
SETS = {
    "sst2": ("txtcls_minilm_l6", ("glue/SST-2/train.tsv", "glue/SST-2/dev.tsv"), (240, 300),
             texts({"label": 1, "text_a": 0})),
    "qqp": ("txtcls_minilm_l6", ("glue/QQP/part.tsv", "glue/QQP/part.tsv"), (300, 300),
            texts({"label": 5, "text_a": 3, "text_b": 4}, header=False, halves=True)),
    "wnut17": ("tokcls_minilm_l6", ("wnut17/wnut17train.conll", "wnut17/emerging.dev.conll"), (300, 200), sentences),
    "squad": ("qa_minilm_l6", ("squad_v1.1/train.json", "squad_v1.1/dev.json"), (300, 60), questions),
    "chnsenticorp": ("txtcls_small_chinese", ("chnsenticorp/train_part.tsv", "chnsenticorp/dev.tsv"), (400, 300), ONE),
    "comments": ("txtcls_small_chinese",
                 ("comment_classify/classification/train.txt", "comment_classify/classification/dev.txt"), (402, 63),
                 texts({"label": 0, "text_a": 1}, header=False)),
    "bustm": ("txtcls_small_chinese", ("bustm/train_few_all.json", "bustm/dev_few_all.json"), (160, 160), PAIR),
    "resume": ("tokcls_bilstm_chinese", ("resume_ner/train_part.char.bmes", "resume_ner/dev.char.bmes"), (100, 100),
               sentences),
}  # fmt: skip
"""Name -> recipe, files for training and evaluation, rows of each, and what writes them."""
TWINS = {"txtcls": "torch_classification.py", "tokcls": "torch_tagging.py", "qa": "torch_qa.py"}
"""How a recipe's name begins -> its twin."""


if __name__ == "__main__":
    main()
