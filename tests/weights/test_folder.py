import errno
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from tasklab.errors import CheckpointError
from tasklab.weights import atomic, folder
from tasklab.weights.folder import TensorFile, json_bytes, read_weights, verify_folder, write_folder
from tasklab.weights.owner import own_tag
from tasklab.weights.sums import verify_file

OLD = {"config.yaml": b"old", "trainer_state.json": b"{}"}
NEW = {"config.yaml": b"new!", "vocab.txt": b"[PAD]\n"}


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir() if file.name != "SHA256SUMS"}


def beside(path):
    return sorted(entry.name for entry in path.parent.iterdir() if entry != path)


def test_a_folder_holds_what_it_was_given(tmp_path):
    weights = {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}
    path = write_folder(tmp_path / "runs" / "one", {**OLD, "model.safetensors": TensorFile(weights)})
    assert verify_folder(path).keys() == {*OLD, "model.safetensors"}
    np.testing.assert_array_equal(read_weights(path)["w"], weights["w"])
    assert beside(path) == []


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sha256sum_reads_the_list(tmp_path):
    path = write_folder(tmp_path / "one", OLD)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=path, check=True, capture_output=True)


@pytest.mark.parametrize("swap", [True, False], ids=["one step", "two renames"])
def test_the_new_folder_replaces_the_old_one_whole(tmp_path, monkeypatch, swap):
    if not swap:
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    write_folder(tmp_path / "one", OLD)
    path = write_folder(tmp_path / "one", NEW)
    assert contents(path) == NEW
    assert beside(path) == []


# The child ends without any clean-up before the k-th thing it does to the file system below its folder.
CHILD = textwrap.dedent("""
    import os, sys
    sys.path[:0] = {path!r}
    from tasklab.weights import atomic
    step, swap, target = int(sys.argv[1]), sys.argv[2] == "swap", sys.argv[3]
    count = 0
    def before(*_):
        global count
        if count == step:
            os._exit(9)
        count += 1
    def audit(event, arguments):
        if event.startswith(("open", "os.", "shutil.")) and any(
            os.path.dirname(target) in os.fspath(a) for a in arguments if isinstance(a, (str, bytes, os.PathLike))
            and not isinstance(a, bytes)
        ):
            before()
    sync, exchange = os.fsync, atomic._exchange
    os.fsync = lambda handle: (before(), sync(handle))[1]
    atomic._exchange = lambda one, other: (before(), swap and exchange(one, other))[1]
    sys.addaudithook(audit)
    atomic.write_folder(target, {files!r})
    print(count)
""")


def killed_at(step, swap, target):
    code = CHILD.format(path=sys.path, files=NEW)
    return subprocess.run([sys.executable, "-c", code, str(step), swap, str(target)], capture_output=True, text=True)


@pytest.mark.parametrize("swap", ["swap", "renames"])
@pytest.mark.parametrize("before", [OLD, None], ids=["over an old folder", "first"])
def test_killed_at_any_step_the_folder_is_the_old_or_the_new_one(tmp_path, swap, before):
    seen = set()
    for step in range(200):
        target = tmp_path / str(step) / "one"
        if before:
            write_folder(target, before)
        child = killed_at(step, swap, target)
        if child.returncode == 0:
            break
        assert child.returncode == 9, child.stderr
        if before or target.exists():
            verify_folder(target)  # also after being killed between two renames
            assert contents(target) in ([before, NEW] if before else [NEW])
        seen.add(target.exists() and contents(target) == NEW)
        write_folder(target, NEW)  # the next write of the run
        assert contents(target) == NEW
        assert beside(target) == []
    assert 10 < step < 199, "the child was never killed, or always"
    assert seen == {False, True}  # killed both before and after the moment that counts


@pytest.mark.parametrize("where", ["fsync", "rename"])
def test_a_full_disk_leaves_the_old_folder_and_says_how_much_is_needed(tmp_path, monkeypatch, where):
    write_folder(tmp_path / "one", OLD)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_exchange", lambda one, other: False)
        patch.setattr(os, where, full)
        with pytest.raises(CheckpointError, match=r"one: no space left on the disk: \d+ bytes are free, 10 are needed"):
            write_folder(tmp_path / "one", NEW)
    assert contents(tmp_path / "one") == OLD
    assert beside(tmp_path / "one") == []


def test_a_folder_that_cannot_fit_is_not_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 95, 5))
    monkeypatch.setattr(atomic, "_fill", None)
    with pytest.raises(CheckpointError, match="5 bytes are free, 10 are needed"):
        write_folder(tmp_path / "one", NEW)


def test_the_second_of_two_renames_may_fail(tmp_path, monkeypatch):
    write_folder(tmp_path / "one", OLD)
    rename = os.rename

    def second_fails(source, target):
        if str(target).endswith("one") and ".tmp-" in str(source):
            raise OSError(errno.EIO, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    monkeypatch.setattr(os, "rename", second_fails)
    with pytest.raises(CheckpointError, match="cannot be written"):
        write_folder(tmp_path / "one", NEW)
    assert contents(tmp_path / "one") == OLD


def test_a_failing_content_leaves_nothing_behind(tmp_path):
    def broken(path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "one", {"model.safetensors": broken})
    assert list(tmp_path.iterdir()) == []


def test_the_left_overs_of_a_living_process_stay(tmp_path):
    code = "import os; from tasklab.weights.owner import own_tag; print(own_tag(), flush=True); os.read(0, 1)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        tag = process.stdout.readline().strip()
        living, other = tmp_path / f".one.tmp-{tag}", tmp_path / f".one.tmp-{own_tag()}.bak"
        living.mkdir(), other.mkdir()
        write_folder(tmp_path / "one", NEW)
        assert living.is_dir() and other.is_dir()
        process.communicate("x")
        write_folder(tmp_path / "one", NEW)
        assert not living.exists() and other.is_dir()


ELSEWHERE = {
    "another machine": lambda boot, namespace, pid, start: ("0" * 32, namespace, pid, start),
    "another container": lambda boot, namespace, pid, start: (boot, int(namespace) + 1, pid, start),
}


@pytest.mark.parametrize("change", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("kind", ["tmp", "old"])
def test_the_left_overs_of_another_machine_stay_although_no_such_process_runs_here(tmp_path, caplog, change, kind):
    nobody = 2**22 + 1  # above the most that Linux numbers
    boot, namespace, _, start = own_tag().split("-")
    foreign = tmp_path / f".one.{kind}-{'-'.join(map(str, change(boot, namespace, nobody, start)))}"
    gone = tmp_path / f".one.{kind}-{boot}-{namespace}-{nobody}-{start}"
    older = tmp_path / f".one.{kind}-{nobody}"  # as before these names told the machine
    for left in (foreign, gone, older):
        left.mkdir()
    write_folder(tmp_path / "one", NEW)
    assert foreign.is_dir() and older.is_dir() and not gone.exists()
    assert f"{foreign}: unfinished, of a process that still runs, or of another machine" in caplog.text


def test_a_later_process_with_the_same_number_does_not_keep_a_left_over(tmp_path):
    boot, namespace, pid, start = own_tag().split("-")
    left = tmp_path / f".one.tmp-{boot}-{namespace}-{pid}-{int(start) - 1}"
    left.mkdir()
    write_folder(tmp_path / "one", NEW)
    assert not left.exists()


def test_a_swap_of_another_machine_is_undone_only_when_it_has_stopped_halfway(tmp_path, monkeypatch):
    path = write_folder(tmp_path / "one", OLD)
    old = path.rename(tmp_path / f".one.old-{'0' * 32}-1-2-3")
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        verify_folder(path)
    assert old.is_dir()
    now = time.time()
    monkeypatch.setattr(atomic.time, "time", lambda: now + 3600)
    verify_folder(path)
    assert contents(path) == OLD


def damage(path, how):
    file = path / "vocab.txt"
    data = file.read_bytes()
    if how == "missing":
        file.unlink()
    elif how == "cut":
        file.write_bytes(data[:-1])
    else:
        file.write_bytes(bytes([data[0] ^ 1]) + data[1:])


@pytest.mark.parametrize("how, word", [("missing", "missing"), ("cut", "damaged"), ("flipped", "damaged")])
def test_the_first_bad_file_is_named(tmp_path, how, word):
    path = write_folder(tmp_path / "one", NEW)
    damage(path, how)
    with pytest.raises(CheckpointError, match=f"vocab.txt: {word}"):
        verify_folder(path)


def test_a_flipped_bit_in_the_weights_is_not_read(tmp_path):
    path = write_folder(tmp_path / "one", {"model.safetensors": TensorFile({"w": np.ones(100, np.float32)})})
    data = bytearray((path / "model.safetensors").read_bytes())
    data[-1] ^= 0x10
    (path / "model.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match="model.safetensors: damaged"):
        read_weights(path)


@pytest.mark.parametrize("text", ["", "abc\n", "0" * 64 + "  ../x\n", "0" * 64 + " x\n", "\xff"])
def test_a_bad_list_is_refused(tmp_path, text):
    path = write_folder(tmp_path / "one", NEW)
    (path / "SHA256SUMS").write_text(text, encoding="latin-1")
    with pytest.raises(CheckpointError):
        verify_folder(path)


def test_a_folder_without_a_list_is_no_checkpoint(tmp_path):
    assert not folder.is_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="holds no readable SHA256SUMS"):
        verify_folder(tmp_path)
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        verify_folder(tmp_path / "none")


@pytest.mark.parametrize("name", ["model.safetensors", "config.yaml", "vocab.txt", "trainer_state.json"])
def test_what_a_model_is_made_of_has_to_be_listed(tmp_path, name):
    path = write_folder(tmp_path / "one", {name: b"1", "metrics.json": b"{}"})
    (path / "notes.txt").touch()  # the user's
    verify_folder(path)
    sums = (path / "SHA256SUMS").read_text().splitlines(keepends=True)
    (path / "SHA256SUMS").write_text("".join(line for line in sums if name not in line))
    with pytest.raises(CheckpointError, match=f"{name}: not listed in SHA256SUMS"):
        verify_folder(path)


def test_one_file_that_is_neither_there_nor_listed_is_told(tmp_path):
    path = write_folder(tmp_path / "one", OLD)
    with pytest.raises(CheckpointError, match="vocab.txt: missing, and SHA256SUMS lists none"):
        verify_file(path / "vocab.txt")


@pytest.mark.parametrize(
    "name", ["../x", "a/b/c", "a/../b", "a/", "/a", "", ".", "..", "a\\b", "C:x", "a\nb", "/etc/x", "SHA256SUMS"]
)
def test_names_stay_inside_the_folder(tmp_path, name):
    with pytest.raises(CheckpointError):
        write_folder(tmp_path / "one", {name: b""})
    assert list(tmp_path.iterdir()) == []


def test_json_is_the_same_for_the_same_value_and_keeps_floats():
    value = {"b": np.float32(0.1), "a": [np.int64(3), 0.1 + 0.2, "中"]}
    assert json_bytes(value) == json_bytes(dict(reversed(value.items())))
    back = json.loads(json_bytes(value))
    assert back["a"] == [3, 0.1 + 0.2, "中"] and np.float32(back["b"]) == np.float32(0.1)
    for bad in (float("nan"), object()):
        with pytest.raises(CheckpointError, match="cannot be written as JSON"):
            json_bytes({"loss": bad})
