"""Two vocabularies in one: the source's tokenizer in all that it does, and beside it the one of the target."""

import hashlib
from pathlib import Path

FOLDER = "decoder_tokenizer"
"""In the folder of a model: where the target's files lie."""


class PairedTokenizer:
    """Whatever is asked of it, `source` answers; `target` is the other tokenizer."""

    def __init__(self, source, target):
        self.source, self.target = source, target

    def __getattr__(self, name: str):
        return getattr(self.source, name)

    @property
    def fingerprint(self) -> str:
        """sha256 over both: equal fingerprints give equal ids."""
        return hashlib.sha256(f"{self.source.fingerprint} {self.target.fingerprint}".encode()).hexdigest()

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make both."""
        theirs = {f"{FOLDER}/{name}": content for name, content in self.target.files().items()}
        return self.source.files() | theirs


def target_beside(vocabulary) -> Path | None:
    """The target's file in the folder of a model, whose source has this one; None where there is none."""
    if vocabulary is None:
        return None
    path = Path(vocabulary)
    target = path.parent / FOLDER / path.name
    return target if target.is_file() else None
