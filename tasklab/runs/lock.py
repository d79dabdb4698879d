"""The lock of a run's folder: one process trains in it, and a training that begins nothing leaves nothing behind."""

import fcntl
import os
from pathlib import Path

from tasklab.errors import ConfigError
from tasklab.runs.data_file import DATA_FILE

LOCK = ".lock"


class RunLock:
    """Held by one process from `acquire` to `release`, or until it ends."""

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / LOCK
        self._file, self._made = None, []

    def acquire(self):
        """Makes the folder and locks it for this process. Raises ConfigError when another run holds it."""
        self._made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        if self.path.exists():  # of a run that was killed before it began
            self._made = [self.folder]
        while self._file is None:
            file = self._open()
            if file is None:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                raise ConfigError(
                    f"output_dir {self.folder} is in use by another run; wait for it, or choose another output_dir"
                ) from None
            if self._is_in_place(file):
                self._file = file
            else:
                file.close()

    def release(self):
        """Gives the lock back, and takes away the folder when nothing of a training has come into it."""
        if self._file is None:
            return
        if not self._begun():
            for name in self.folder.iterdir():
                name.unlink()
            for folder in self._made:
                try:
                    folder.rmdir()
                except OSError:  # others have made something there
                    break
        self._file.close()
        self._file = None

    def _open(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return open(self.path, "w")
        except OSError as error:
            if isinstance(error, FileNotFoundError) and error.filename == str(self.path):
                return None  # its holder has just taken the folder away
            raise ConfigError(f"output_dir {self.folder}: {error.strerror}; choose a folder you may write to") from None

    def _is_in_place(self, file) -> bool:
        """Whether the file that was locked is still the one in the folder, which its last holder may have removed."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _begun(self) -> bool:
        """Whether there is more than the lock, where the data lies, and files that nothing was written to."""
        others = (entry for entry in self.folder.iterdir() if entry.name not in (LOCK, DATA_FILE))
        return any(entry.is_dir() or entry.stat().st_size for entry in others)
