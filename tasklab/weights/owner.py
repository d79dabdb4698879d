"""Whose an unfinished folder is, and whether that process has provably ended: on a shared volume a number is no proof.

Two machines, or two containers of one, count their processes apart; only within one boot of one kernel and one PID
namespace does a number name a process, and there its start tells it from a later one of the same number.
"""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
TAG = re.compile(r"([0-9a-f]{32})-(\d+)-(\d+)-(\d+)")
_NO_BOOT = uuid.uuid4().hex  # where the system does not tell: nobody else's, so that nothing is ever proved


def own_tag() -> str:
    """This process among those of all machines: <boot>-<PID namespace>-<number>-<start>."""
    try:
        boot, namespace = BOOT.read_text().strip().replace("-", ""), os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        boot, namespace = _NO_BOOT, 0
    return f"{boot}-{namespace}-{os.getpid()}-{_start(os.getpid()) or 0}"


def has_ended(tag: str) -> bool:
    """Whether the process of `tag` is this one or provably gone; False where that cannot be known from here."""
    own = own_tag()
    if tag == own:
        return True
    theirs, here = TAG.fullmatch(tag), TAG.fullmatch(own)
    if not theirs or theirs.groups()[:2] != here.groups()[:2]:
        return False
    pid = int(theirs[3])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # another user's
    start = _start(pid)
    return start is not None and start != int(theirs[4])


def _start(pid: int) -> int | None:
    """Clock ticks from boot to the start of a process; 0: dead, but not waited for yet; None: not told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # a program's name may hold blanks
    except OSError:
        return None
    return 0 if fields[0] in "ZX" else int(fields[19])  # fields 3 and 22 of proc(5)
