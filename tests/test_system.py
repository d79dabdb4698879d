"""What only some systems have, and a whole job without it."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tasklab import system

BARE = """
import mindspore, mindspore.nn, os, signal, sys
for name in ("fcntl", "msvcrt", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
for module, names in {
    os: ("sched_getaffinity", "fchmod", "O_NOFOLLOW", "O_NONBLOCK"), signal: ("pthread_kill", "SIGKILL"),
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
import platform
from pathlib import Path
platform.system = lambda: "Windows"
from tasklab.weights import owner
owner.BOOT = Path("no/such/file")
"""
"""A process that looks to tasklab as one where nothing of Linux is."""

JOB = """
from tasklab import Trainer
trainer = Trainer(
    task="text_classification", model="bert_tiny", train_dataset="t.tsv", eval_dataset="t.tsv", output_dir="run",
    args={
        "from_scratch": True, "tokenizer.vocab": "vocab.txt", "model.vocab_size": 7, "model.hidden_size": 8,
        "model.num_hidden_layers": 1, "model.num_attention_heads": 2, "model.intermediate_size": 16,
        "data.max_seq_length": 8, "train.batch_size": 4, "train.max_steps": 40, "optimizer.lr": 0.02,
    },
)
trainer.train()
print([answer["label"] for answer in Trainer(model="run").predict(input_data=["bad", "good"])])
"""


@pytest.mark.slow
def test_a_job_runs_where_nothing_of_linux_is():
    Path("vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"]))
    Path("t.tsv").write_text("text\tlabel\n" + "good\tyes\nbad\tno\n" * 4)
    done = subprocess.run([sys.executable, "-c", BARE + JOB], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['no', 'yes']"
    assert "MindSpore takes operators from outside on Linux only, and this is Windows" in done.stderr


def test_a_second_lock_waits_or_says_no(tmp_path):
    one, other = (open(tmp_path / "lock", "w") for _ in range(2))
    assert system.lock(one, wait=False)
    assert not system.lock(other, wait=False)
    one.close()
    assert system.lock(other, wait=True)
    other.close()


def test_without_locks_all_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(system, "fcntl", None)
    monkeypatch.setattr(system, "msvcrt", None)
    with open(tmp_path / "lock", "w") as one, open(tmp_path / "lock", "w") as other:
        assert system.lock(one, wait=False) and system.lock(other, wait=False)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux has it")
def test_usable_cores_are_those_of_this_process():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert system.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_a_tied_process_ends_with_its_parent(tmp_path):
    inner = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    outer = (
        "import os, pathlib, subprocess, sys, time; from tasklab.system import tied_to_parent\n"
        f"subprocess.Popen([sys.executable, '-c', {inner!r}], **tied_to_parent())\n"
        "while not pathlib.Path('pid').exists() or not pathlib.Path('pid').read_text(): time.sleep(0.05)\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", outer], check=True, timeout=60)
    pid = int(Path("pid").read_text())
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            break
        if state in "ZX":
            break
        signal.sigtimedwait([], 0.05)
    else:
        pytest.fail("still runs")


def test_a_new_file_has_the_mode_of_any_other(tmp_path):
    mask = os.umask(0o027)
    try:
        handle, name = tempfile.mkstemp(dir=tmp_path)
        system.make_readable(handle)
        os.close(handle)
        assert os.stat(name).st_mode & 0o777 == 0o640
    finally:
        os.umask(mask)


def test_a_disk_that_does_not_tell_is_taken_to_have_room(monkeypatch, tmp_path):
    assert system.keeps_more_files(tmp_path)
    assert not system.keeps_more_files(tmp_path, 1 << 62) or os.statvfs(tmp_path).f_files == 0
    monkeypatch.delattr(os, "statvfs")
    assert system.keeps_more_files(tmp_path)


def test_a_disk_that_keeps_no_more_files_is_not_called_full(tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    assert system.why_unwritten(full, tmp_path / "not/there.json") == "No space left on device"
    monkeypatch.setattr(system, "keeps_more_files", lambda path, count: path != tmp_path)
    assert system.why_unwritten(full, tmp_path / "not/there.json").startswith("no inodes left on the disk")
    denied = OSError(errno.EACCES, "Permission denied")
    assert system.why_unwritten(denied, tmp_path / "not/there.json") == "Permission denied"
