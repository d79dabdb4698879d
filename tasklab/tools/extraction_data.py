"""Makes files for information_extraction of what doccano, Label Studio and brat export."""

import json
import random
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Literal

from tasklab.data.extraction.annotated import AnnotatedText
from tasklab.data.extraction.negatives import ALL, with_negatives
from tasklab.data.extraction.prompts import Wording, class_prompts, line_of, unknown_classes
from tasklab.data.extraction.schema import wording_problem
from tasklab.data.rows.groups import groups_of
from tasklab.errors import DataError
from tasklab.tools import TOOLS
from tasklab.tools.annotations import read_annotated, read_classified
from tasklab.tools.opened import refuse_existing
from tasklab.weights.atomic import write_folder

INDEX = "sample_index.json"
NAMES = ("train", "dev", "test")
SHOWN = 10
"""Classes that are named in one message."""


@dataclass(frozen=True)
class Converted:
    folder: Path
    counts: dict[str, tuple[int, int]]
    notes: tuple[str, ...]
    seconds: float

    def __str__(self):
        lines = [
            f"Save {total} examples to {self.folder / name}.txt. ({answered} of them have an answer)"
            for name, (total, answered) in self.counts.items()
        ]
        return "\n".join([*self.notes, *lines, f"Finished! It takes {self.seconds:.2f} seconds"])


@TOOLS.register("extraction-data")
def extraction_data(
    annotations: str, *, to: str, task_type: Literal["ext", "cls"] = "ext", negative_ratio: int = 5,
    splits: list[float] | None = None, options: list[str] | None = None, prompt_prefix: str = "情感倾向",
    separator: str = "##", wording: str = "{subject}的{predicate}", shuffle: bool = False, seed: int = 1000,
    skip_bad: bool = False,
) -> Converted:  # fmt: skip
    """Make training files for information_extraction of annotated texts.

    Each line is a text, a prompt and its answers; a text gets a prompt for every type that it has and for every subject
    and predicate, and prompts that nothing answers: types that it has not; and of relations their reverse, other
    entities, and types as predicates, none of which is known to be answered. Dev and test get all of them, of
    the types and predicates of the training too.

    Args:
        annotations: a .json or .jsonl file of doccano or Label Studio, or a folder of brat.
        to: a new folder for train.txt, dev.txt, test.txt and sample_index.json, which says what texts are in which.
        task_type: ext for spans, cls for texts with labels.
        negative_ratio: prompts without an answer for one with, -1 for all there are. A text without entities is asked
            for every type there is, at 0 too.
        splits: shares of the texts for train, dev and test, which add up to 1; default: all to train. Texts that are
            equal, or nearly, are in one of them.
        options: every class of classifications, of whole texts or of entities whose type is "TYPE##CLASS"; default
            正向 负向.
        prompt_prefix: what a classification is asked.
        separator: what parts a type from its class.
        wording: of prompts about relations, for English "{predicate} of {subject}".
        shuffle: put the texts into another order before they are split.
        seed: of all that is drawn.
        skip_bad: leave texts out that have something wrong with them.
    """
    start, shares = time.perf_counter(), splits or [1.0]
    if len(shares) > 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise DataError(f"--splits {' '.join(map(str, shares))}: expected up to three shares that add up to 1")
    if wrong := wording_problem(wording):
        raise DataError(f"--wording {wrong}")
    if negative_ratio < ALL:
        raise DataError(f"--negative-ratio {negative_ratio}: expected 0 or more, or -1 for all")
    refuse_existing(to)
    texts, notes = _read(annotations, task_type, skip_bad)
    rng, words = random.Random(seed), Wording(wording, tuple(options or ("正向", "负向")), prompt_prefix, separator)
    _refuse_unknown(texts, words)
    order = list(range(len(texts)))
    if shuffle:
        rng.shuffle(order)
    files, counts, index = {}, {}, {}
    for name, members in zip(NAMES, _split(texts, order, shares), strict=False):
        index[f"{name}_ids"] = members
        asked_of = () if name == "train" else [texts[i] for i in index["train_ids"]]
        lines, answered = _lines([texts[i] for i in members], words, negative_ratio, name == "train", rng, asked_of)
        files[f"{name}.txt"] = "".join(f"{line}\n" for line in lines).encode()
        counts[name] = len(lines), answered
    files[INDEX] = json.dumps(index).encode()
    write_folder(Path(to), files)
    return Converted(Path(to), counts, tuple(notes), time.perf_counter() - start)


def _read(path, task_type: str, skip_bad: bool) -> tuple[list[AnnotatedText], list[str]]:
    remarks = {}
    if task_type == "cls":
        texts, bad = read_classified(path)
    else:
        texts, bad, remarks = read_annotated(path)
    if not skip_bad:
        bad.raise_if_fatal("give --skip-bad")
    if not texts:
        raise DataError(f"{path}: holds no usable text{f'; {bad.summary()}' if bad else ''}")
    return texts, [f"{what}: {count}" for what, count in remarks.items()] + ([bad.summary()] if bad else [])


def _split(texts: Sequence[AnnotatedText], order: Sequence[int], shares: Sequence[float]) -> list[list[int]]:
    """Numbers of the texts of each share, in order; equal and nearly equal ones are in one.

    Raises: DataError where more texts are equal than the largest share has.
    """
    count = len(texts)
    groups = groups_of(texts, lambda sizes: count - sizes.max() >= round((1 - max(shares)) * count))
    if groups is None:
        raise DataError(f"--splits: most of {count} texts are equal; leave repeated ones out, or take other shares")
    members = defaultdict(list)
    for i in order:
        members[groups[i]].append(i)
    ends, done, part = [round(share * count) for share in accumulate(shares)], 0, {}
    for group in members.values():
        part |= dict.fromkeys(group, bisect_right(ends, done + (len(group) - 1) / 2))  # where the middle one falls
        done += len(group)
    return [[i for i in order if part[i] == number] for number in range(len(shares))]


def _refuse_unknown(texts: Sequence[AnnotatedText], wording: Wording):
    """Raises: DataError for classes that are none of the options: their prompts would teach that nothing answers."""
    if unknown := unknown_classes(texts, wording):
        named = ", ".join(f"{name!r} ({place})" for name, place in list(unknown.items())[:SHOWN])
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise DataError(f"--options {' '.join(wording.options)}: lacks {named}{more}; name all classes there are")


def _lines(
    texts, wording: Wording, ratio: int, training: bool, rng: random.Random, asked_of
) -> tuple[list[str], int]:  # fmt: skip
    """The lines of a file, and how many of them have an answer."""
    positives, negatives = with_negatives(texts, wording, ratio, training, rng, asked_of)
    positives += [example for text in texts for example in class_prompts(text, wording, rng)]
    if training:
        rng.shuffle(negatives)
    return [line_of(example) for example in (*positives, *negatives)], sum(bool(e.answers) for e in positives)
