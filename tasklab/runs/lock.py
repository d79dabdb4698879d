"""The lock of a run's folder: one process trains in it, and a training that begins nothing leaves nothing behind."""

import contextlib
import os
from pathlib import Path

from tasklab.data.files.kept import KEPT
from tasklab.errors import ConfigError
from tasklab.replacing import clear_asides
from tasklab.runs.data_file import DATA_FILE
from tasklab.runs.held_out import HELD_OUT
from tasklab.system import AS_IT_IS, UNLINKED, is_in_place, lock, why_unwritten

LOCK = ".lock"


class RunLock:
    """Held by one process from `acquire` to `release`, or until it ends."""

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / LOCK
        self._file = None
        self._before: set[str] = set()  # what the folder held
        self._made: list[Path] = []  # the folder and those above it, as far as they are the run's

    def acquire(self):
        """Makes the folder and locks it for this process. Raises ConfigError when another run holds it."""
        while self._file is None:
            file = self._open()
            if file is None:
                continue
            if not lock(file, wait=False):
                file.close()
                raise ConfigError(
                    f"output_dir {self.folder} is in use by another run; wait for it, or choose another output_dir"
                )
            if is_in_place(file, self.path):
                self._file = file
                clear_asides(self.folder)
            else:
                file.close()

    def release(self):
        """Gives the lock back, and takes away what this process made when nothing of a training has come into it."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # others have made something there, or taken it away
            self._tidy()
        self._file.close()
        self._file = None

    def _tidy(self):
        if LOCK in self._before and self._before != {LOCK}:
            return  # a run's folder from before
        came = set(os.listdir(self.folder)) - self._before - {LOCK}
        if all(name in (DATA_FILE, HELD_OUT) or KEPT.fullmatch(name) for name in came):
            for name in (*came, LOCK):
                (self.folder / name).unlink()
            for folder in self._made:
                folder.rmdir()

    def _open(self):
        self._made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._before = set(os.listdir(self.folder))
            if self._before == {LOCK}:
                self._made = [self.folder]  # of a run that was killed before it began
            # a link is not followed and nothing is emptied: the folder may come from somebody else
            return os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | AS_IT_IS | UNLINKED, 0o666), "rb", buffering=0)
        except OSError as error:
            if self.path.is_symlink():
                raise ConfigError(f"{self.path}: a link, which no run makes; look at it and remove it") from None
            if isinstance(error, FileNotFoundError) and error.filename == str(self.path):
                return None  # its holder has just taken the folder away
            why = why_unwritten(error, self.path)
            raise ConfigError(f"output_dir {self.folder}: {why}; choose a folder you may write to") from None
