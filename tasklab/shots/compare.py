"""The same few rows for every method: each training in a process and a folder of its own, resumable after any kill."""

import json
import logging
import re
import time
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

from tasklab.console import attach
from tasklab.content import from_home, read_json
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.reading import read_text_rows
from tasklab.errors import ConfigError, TasklabError, TrainingError
from tasklab.metrics.classification import score_classes
from tasklab.metrics.tfidf import tfidf_predictions
from tasklab.registry import unknown_name
from tasklab.replacing import replace_text
from tasklab.shots.methods import METHODS, WORDS_ALONE, configured, read_config, refuse_unread
from tasklab.shots.rows import classes_of, drawn, left_over, refuse_unlearned, write_rows
from tasklab.shots.table import SCORES, advice, summary
from tasklab.trials.folds import AT_THE_END
from tasklab.trials.trial import LOG, POLL, Trial

logger = logging.getLogger("tasklab")

SCORE_FILE, TABLE_FILE = "score.json", "table.json"
NEW_WORDS = re.compile(r"^weights .*new \d+: (?:(?! dropped \d).)*head\.mlm", re.MULTILINE)
RANDOM_HEAD = "its head for words starts random: the model was published without one"


def few_shot(
    data, shots: int = 8, seeds: int = 5, methods: Sequence[str] | None = None, model: str = "minilm_l6", *,
    start=None, eval_data=None, test_rows: int | None = None, overrides=(), output_dir=None,
) -> dict:  # fmt: skip
    """Learns from `shots` rows of each class by every method, `seeds` times with other rows, and compares the scores.

    Args:
        data: a table of labelled texts or pairs, as text classification takes it.
        methods: of METHODS, one or several; None: all.
        model: a backbone, or how names of recipes end: small_chinese.
        start: weights to start from in place of the model's own, a folder or a name.
        eval_data: what is tested on; None: the rows of `data` that are not learned from.
        test_rows: at most so many, each class in its share; None: all.
        overrides: "key=value" texts; each counts for the methods that have such a setting.
        output_dir: by default output/<model>-fewshot; the same call there goes on after a kill.
    Returns: {shots, seeds, classes, train_rows, test_rows, methods: {name: {accuracy, macro_f1, seconds: {mean,
    deviation, seeds}, note}}, take, sentence}. Written to <output_dir>/table.json as well.
    Raises: DataError for one class, too few rows of a class, or a column that is not there; UnknownName; TrainingError
    when no method runs.
    """
    attach()
    names, overrides = _named(methods), list(overrides)
    for number, least, what in ((shots, 1, "shots"), (seeds, 1, "seeds"), (test_rows or 1, 1, "test_rows")):
        if not isinstance(number, Integral) or number < least:
            raise ConfigError(f"{what} is {number!r}; expected a whole number, at least {least}")
    if eval_data is not None:
        overrides.append(f"data.eval={eval_data}")
    refuse_unread(overrides, names)
    config = read_config(model, [*overrides, f"data.train={data}"])
    examples = _read(config, config.data.train, True)
    classes = classes_of(examples, shots, 0 if config.data.eval_path else 1, data)
    tested = _read(config, config.data.eval_path, False) if config.data.eval_path else examples
    refuse_unlearned(tested, classes)
    folder = from_home(output_dir or f"output/{Path(model).name}-fewshot")
    scores: dict[str, list[dict]] = {name: [] for name in names}
    for seed in range(seeds):
        train = drawn(examples, classes, shots, seed)
        test = left_over(tested, train, test_rows)
        own = folder / f"seed-{seed}"
        files = write_rows(own / "train.jsonl", train), write_rows(own / "test.jsonl", test)
        for name in names:
            if name == WORDS_ALONE:
                run = _counted(train, test, classes)
            else:
                job = (name, model, start, classes, train[0].text_b is not None, overrides, seed)
                run = _trained(own / name, files, job)
            text = f"accuracy {run['accuracy']:.4f}" if "accuracy" in run else run["note"]
            logger.info("seed %d, %s: %s (%.1f s)", seed, METHODS[name].title, text, run["seconds"])
            scores[name].append(run)
    table = summary(scores)
    take, sentence = advice(table, titles(names))
    if take is None:
        raise TrainingError("no method ran: " + "; ".join(f"{n}: {about['note']}" for n, about in table.items()))
    result = {
        "data": str(data), "model": model, "shots": shots, "seeds": seeds, "classes": classes,
        "train_rows": len(train), "test_rows": len(test), "methods": table, "take": take, "sentence": sentence,
    }  # fmt: skip
    replace_text(folder / TABLE_FILE, json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    return result


def titles(names) -> dict[str, str]:
    """What the table calls the methods."""
    return {name: METHODS[name].title for name in names}


def _named(methods: Sequence[str] | None) -> list[str]:
    names = list(dict.fromkeys([methods] if isinstance(methods, str) else methods or METHODS))
    for name in names:
        if name not in METHODS:
            raise unknown_name("method", name, sorted(METHODS))
    return names


def _read(config, path, training: bool) -> list[TextExample]:
    examples, note = read_text_rows(path, config.data, "single_label_classification", (), training)
    if note:
        logger.warning("%s: %s", path, note)
    return examples[: config.data.limit] if config.data.limit else examples


def _counted(train: Sequence[TextExample], test: Sequence[TextExample], classes: Sequence[str]) -> dict:
    import sklearn.feature_extraction.text  # noqa: F401 - its import is no part of what is timed

    began = time.perf_counter()
    predicted = tfidf_predictions([e.text for e in train], [e.label for e in train], [e.text for e in test])
    scores = score_classes(predicted, [e.label for e in test], classes)
    return {key: scores[key] for key in SCORES} | {"seconds": time.perf_counter() - began}


def _trained(folder: Path, files: tuple[str, str], job: tuple) -> dict:
    """Scores of one training, which it does unless an earlier call did; a note of why where it cannot run."""
    try:
        config = configured(*job)
    except TasklabError as error:
        return {"note": str(error), "seconds": 0.0}
    config.data.train, config.data.eval = files
    config.train.eval_strategy, config.train.eval_steps = "steps", AT_THE_END
    trial, kept = Trial(folder), folder / SCORE_FILE
    if trial.planned and not trial.is_plan(config):
        raise ConfigError(f"{folder} was planned with other settings; repeat them, or choose another folder")
    if kept.is_file():
        return read_json(kept, TrainingError)
    trial.plan(config)
    began = time.perf_counter()
    try:
        trial.start()
        while (state := trial.poll()) in ("running", "killed"):
            if state == "killed":
                trial.start()
            time.sleep(POLL)
    finally:
        trial.stop()
    seconds = time.perf_counter() - began
    if state == "failed":
        return {"note": trial.reason().removeprefix("error: "), "seconds": seconds}
    scores = trial.evaluations()[-1]
    random = NEW_WORDS.search((folder / LOG).read_text(encoding="utf-8", errors="replace"))
    run = {key: scores[key] for key in SCORES} | {"seconds": seconds, "note": RANDOM_HEAD if random else ""}
    replace_text(kept, json.dumps(run, ensure_ascii=False) + "\n")
    trial.drop_checkpoints()
    return run
