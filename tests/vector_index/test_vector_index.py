"""An index of texts: built, searched, changed, saved; what it refuses, in words."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from tasklab import VectorIndex
from tasklab.errors import CheckpointError, ConfigError, DataError
from tasklab.kernels import build
from tasklab.vector_index import exact, folder, strings

TEXTS = ["the river", "the mill", "a mill", "the river", "old"]
VECTORS = np.array([[3, 4], [1, 0], [0, 2], [3, 4], [-1, 0]], np.float32)


def toy(**options) -> VectorIndex:
    return VectorIndex.build(TEXTS, VECTORS, ids=list("abcde"), **options)


def test_hits_are_ids_texts_and_cosines_best_first():
    # of (1, 0): with (3, 4) / 5 it is 0.6, with (1, 0) 1, with (0, 2) / 2 it is 0
    assert toy().search(np.array([2.0, 0.0]), 3) == [
        {"id": "b", "text": "the mill", "score": 1.0}, {"id": "a", "text": "the river", "score": 0.6},
        {"id": "d", "text": "the river", "score": 0.6},
    ]  # fmt: skip
    both = toy().search(np.array([[1, 0], [0, 1]]), 1)
    assert [hits[0]["id"] for hits in both] == ["b", "c"]


def test_dot_takes_vectors_as_they_are():
    assert [hit["score"] for hit in toy(similarity="dot").search(np.array([2.0, 0.0]), 3)] == [6.0, 6.0, 2.0]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_what_is_saved_is_found_again(precision, rng):
    vectors = rng.standard_normal((300, 20)).astype(np.float32)
    index = VectorIndex.build([f"text {i} ü" for i in range(300)], vectors, precision=precision)
    index.save("I")
    opened = VectorIndex.open("I", whole=True)
    assert isinstance(opened.vectors, np.memmap) and opened.texts[7] == "text 7 ü" and opened.ids[-1] == "299"
    wanted = np.argsort(-(vectors @ vectors[:9].T / np.linalg.norm(vectors, axis=1)[:, None]).T, kind="stable")[:, :5]
    hits = opened.search(vectors[:9], 5)
    assert [[int(hit["id"]) for hit in found] for found in hits] == wanted.tolist()
    assert hits == index.search(vectors[:9], 5)


def test_numpy_finds_the_same_without_a_kernel(monkeypatch, rng):
    vectors = rng.integers(-2, 3, (500, 6)).astype(np.float32)  # many equal scores
    queries = rng.integers(-2, 3, (8, 6)).astype(np.float32)
    products = queries @ vectors.T
    wanted = np.argsort(-products, axis=1, kind="stable")[:, :20]
    monkeypatch.setattr(build, "library", lambda: None)
    monkeypatch.setattr(exact, "BLOCK", 64)
    scores, rows = exact.nearest(vectors, queries, 20)
    np.testing.assert_array_equal(rows, wanted)
    np.testing.assert_array_equal(scores, np.take_along_axis(products, wanted, 1))


def test_opening_and_searching_leave_mindspore_out():
    toy().save("I")
    program = "import sys, numpy, tasklab; tasklab.VectorIndex.open('I').search(numpy.ones(2)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"mindspore", "scipy", "sklearn"} & set(done.stdout.split())


def test_texts_are_added_deleted_and_said_once():
    index = VectorIndex.build(TEXTS, VECTORS)
    index.add(["new"], [[0, 9]])
    assert index.ids[-1] == "5" and index.search(np.array([0, 1.0]), 2)[1]["id"] == "5"
    index.delete(["2", "4"])
    assert index.ids == ["0", "1", "3", "5"] and index.search(np.array([0, 1.0]), 1)[0]["text"] == "new"
    assert index.deduplicate() == 1 and index.ids == ["0", "1", "5"] and index.deduplicate() == 0
    index.save("I")
    assert list(VectorIndex.open("I").texts) == ["the river", "the mill", "new"]


def test_a_save_that_is_killed_leaves_the_old_index():
    index = toy()
    index.save("I")
    program = """
        import os, signal
        from tasklab import VectorIndex
        from tasklab.vector_index import strings
        def killed(self, path):
            os.kill(os.getpid(), signal.SIGKILL)
        index = VectorIndex.open("I")
        index.add(["more"], [[1, 1]])
        strings.ArrayFile.__call__ = killed
        index.save()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(os.listdir(".")) == 3  # what the dead process had begun, and its lock
    assert list(VectorIndex.open("I", whole=True).texts) == TEXTS
    index.add(["again"], [[1, 1]])
    index.save()
    assert os.listdir(".") == ["I"] and len(VectorIndex.open("I")) == 6


def test_an_index_that_somebody_else_changed_is_not_written_over():
    toy().save("I")
    one, other = VectorIndex.open("I"), VectorIndex.open("I")
    one.delete("a")
    one.save()
    other.delete("b")
    with pytest.raises(CheckpointError, match="was changed since this one was opened; open it anew"):
        other.save()
    with pytest.raises(CheckpointError, match="holds another index"):
        toy().save("I")
    os.mkdir("other")
    open("other/file", "w").close()
    with pytest.raises(CheckpointError, match="is there and no index"):
        toy().save("other")


def test_a_save_elsewhere_that_is_refused_leaves_the_own_folder_as_it_was():
    toy().save("I")
    toy().save("other")
    index = VectorIndex.open("I")
    index.delete("a")
    with pytest.raises(CheckpointError, match="^other: holds another index"):
        index.save("other")
    index.save()
    assert [len(VectorIndex.open(name)) for name in ("I", "other")] == [4, 5]


@pytest.mark.parametrize("spelling", ["./I/", "{}/I", "other/../I"])
def test_the_own_folder_is_known_by_any_name(spelling):
    toy().save("I")
    os.mkdir("other")
    index = VectorIndex.open("I")
    index.delete("a")
    index.save(spelling.format(os.getcwd()))
    index.delete("b")
    index.save("I")
    assert list(VectorIndex.open("I").ids) == list("cde")


def test_a_save_while_another_one_writes_waits_and_loses_nothing(monkeypatch):
    toy().save("I")
    one, other = VectorIndex.open("I"), VectorIndex.open("I")
    one.add(["one"], [[1, 1]], ids=["f"])
    other.add(["other"], [[1, 1]], ids=["g"])
    told, write, waiting = [], folder.write_folder, threading.Event()

    def save_other():
        waiting.set()
        try:
            other.save()
        except CheckpointError as error:
            told.append(str(error))

    second = threading.Thread(target=save_other)

    def slow(*given):
        monkeypatch.setattr(folder, "write_folder", write)
        second.start()
        waiting.wait()
        second.join(0.5)  # time enough for a save that does not wait
        return write(*given)

    monkeypatch.setattr(folder, "write_folder", slow)
    one.save()
    second.join()
    assert told == ["I: holds another index, or was changed since this one was opened; open it anew"]
    assert list(VectorIndex.open("I").ids) == list("abcdef") and os.listdir(".") == ["I"]


def test_a_link_to_an_index_stays_one():
    toy().save("I")
    os.symlink("I", "link")
    index = VectorIndex.open("link")
    index.delete("a")
    index.save()
    assert os.path.islink("link") and len(VectorIndex.open("I")) == 4 and sorted(os.listdir(".")) == ["I", "link"]


@pytest.mark.parametrize("at", ["ids", "texts"])
def test_an_index_that_is_exchanged_while_it_is_opened_is_read_as_one_version(monkeypatch, at):
    toy().save("I")

    def exchanged(place, name, count):
        if name == at:
            monkeypatch.setattr(folder, "mapped_strings", strings.mapped_strings)
            other = VectorIndex.open("I")
            other.delete("a")
            other.add(["new"], [[0, -1]], ids=["f"])  # as many as before
            other.save()
        return strings.mapped_strings(place, name, count)

    monkeypatch.setattr(folder, "mapped_strings", exchanged)
    opened = VectorIndex.open("I")
    assert list(opened.ids) == list("bcdef") and opened.texts[4] == "new"
    assert opened.search(np.array([0.0, -1.0]), 1) == [{"id": "f", "text": "new", "score": 1.0}]


def test_more_hits_than_there_are_texts_are_all_of_them(caplog):
    assert len(toy().search(np.array([1.0, 0.0]), 50)) == 5
    assert "50 are asked for, and the index holds 5; all are given" in caplog.text


@pytest.mark.parametrize(
    "call, told",
    [
        (lambda: VectorIndex.build([], VECTORS[:0]), "there are no texts"),
        (lambda: VectorIndex.build(["a", " "], VECTORS[:2]), r"texts\[1\]: is empty; expected a text"),
        (lambda: VectorIndex.build(["a", 3], VECTORS[:2]), r"texts\[1\]: is 3; expected a text"),
        (lambda: VectorIndex.build("a", VECTORS[:1]), "expected a list of texts"),
        (lambda: VectorIndex.build(["a", "b"], VECTORS), "there are 5 vectors for 2 texts"),
        (lambda: VectorIndex.build(TEXTS, VECTORS, ids=list("vwxyx")), r"ids\[4\]: the id 'x' is taken, by ids\[2\]"),
        (lambda: VectorIndex.build(["a"], VECTORS[:1], ids=["x", "y"]), "there are 2 ids for 1 texts"),
        (lambda: VectorIndex.build(["a"], VECTORS[:1], ids=[""]), r"ids\[0\]: the id is ''"),
        (lambda: VectorIndex.build(["a"], [[1, np.nan]]), r"vectors\[0\]: holds NaN or an infinite number"),
        (lambda: VectorIndex.build(["a"], [["x"]]), "are no array of numbers"),
        (lambda: VectorIndex.build(["a"], "vectors.npy"), "expected an array, such as np.load gives"),
        (lambda: toy().add(["f"], [[1, 2, 3]]), r"vectors have the shape \(1, 3\); expected \[N, 2\]"),
        (lambda: toy().add(["f"], [[1, 2]], ids=["a"]), r"ids\[0\]: the id 'a' is taken, by the index"),
        (lambda: toy().search(np.ones((1, 3))), r"queries have the shape \(1, 3\); expected \[N, 2\]"),
        (lambda: toy().search(np.full(2, np.inf)), r"queries\[0\]: holds NaN"),
        (lambda: toy().search(np.ones(2), 0), "top_k is 0; expected at least 1"),
        (lambda: toy().delete(["a", "z"]), "holds no id 'z'; nothing was deleted"),
        (lambda: toy().delete(list("abcde")), "nothing would stay in the index"),
    ],
)
def test_what_cannot_be_is_told(call, told):
    with pytest.raises(DataError, match=told):
        call()


def test_settings_and_texts_without_a_model_are_told():
    with pytest.raises(ConfigError, match="similarity is 'l2'; expected one of: cosine, dot"):
        toy(similarity="l2")
    with pytest.raises(ConfigError, match="needs vectors, or the model"):
        VectorIndex.build(["a"])
    with pytest.raises(CheckpointError, match="was built from vectors, and names no model"):
        toy().search("a text")


def damage(name, change):
    path = f"I/{name}"
    content = open(path, "rb").read()
    with open(path, "wb") as file:
        file.write(change(content))


@pytest.mark.parametrize("name", ["index.json", "ids.txt", "ids_ends.npy", "texts.txt", "texts_ends.npy"])
def test_a_damaged_file_is_named(name):
    toy().save("I")
    damage(name, lambda content: content[:-1] + b"\xff")
    with pytest.raises(CheckpointError, match=rf"{name}: damaged .*Copy it again, or use another folder$"):
        VectorIndex.open("I")


def test_vectors_that_are_cut_or_changed_are_told():
    toy().save("I")
    damage("vectors.npy", lambda content: content[:-4] + np.float32(np.nan).tobytes())
    with pytest.raises(CheckpointError, match="vectors.npy: damaged"):
        VectorIndex.open("I", whole=True)
    with pytest.raises(CheckpointError, match="vectors are damaged: scores are no numbers"):
        VectorIndex.open("I").search(np.ones(2), 5)
    damage("vectors.npy", lambda content: content[:-4])
    with pytest.raises(CheckpointError, match="vectors.npy: damaged or missing"):
        VectorIndex.open("I")
    os.remove("I/vectors.npy")
    with pytest.raises(CheckpointError, match="vectors.npy: damaged or missing"):
        VectorIndex.open("I")


def test_a_folder_that_is_none_is_told_how_to_make_one():
    with pytest.raises(CheckpointError, match="no such folder; `tasklab index MODEL texts.tsv --out I` makes one"):
        VectorIndex.open("I")
    os.mkdir("I")
    with pytest.raises(CheckpointError, match="holds no index.json, so it is no index"):
        VectorIndex.open("I")
