"""What tokenizers with a list of pieces have in common: one piece per line of a file, its id the number of the line."""

import hashlib
import json

from tasklab.content import read_content
from tasklab.errors import DataError
from tasklab.text.speaking import Speaking

VOCAB_FILE, OPTIONS_FILE = "vocab.txt", "tokenizer_config.json"
SPECIAL = ("[CLS]", "[SEP]", "[PAD]", "[UNK]")


class ListedVocabulary(Speaking):
    """A vocabulary of pieces; ids are line numbers of the vocabulary file, from 0.

    Args:
        vocab_path: one piece per line, UTF-8.
        lowercase: the text is lowered first.
    Raises: DataError naming the file when it is missing, not UTF-8, or lacks a special token.
    """

    name = title = ""  # in the registry; in messages
    identity: tuple = ()  # what else settles the ids
    pair_separators, second_type = 1, 1  # [CLS] first [SEP] second [SEP]
    _mark = None  # no piece has a sign for the blank before it, whatever it begins with

    def __init__(self, vocab_path, lowercase: bool = True):
        self.lowercase = bool(lowercase)
        self.tokens: list[str] = read_vocabulary(vocab_path)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        absent = [token for token in SPECIAL if token not in self._ids]
        if absent:
            raise DataError(
                f"{vocab_path}: lacks {', '.join(absent)}; a {self.title} vocabulary has one piece per line, "
                f"among them {' '.join(SPECIAL)}"
            )
        self.vocab_size = len(self.tokens)
        self.cls_id, self.sep_id, self.pad_id, self.unk_id = (self._ids[token] for token in SPECIAL)
        self.mask_id: int | None = self._ids.get("[MASK]")

    @property
    def fingerprint(self) -> str:
        """sha256 over the vocabulary and the options: equal fingerprints give equal ids."""
        content = json.dumps([self.name, self.lowercase, *self.identity, self.tokens])
        return hashlib.sha256(content.encode()).hexdigest()

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that a model's folder has of it."""
        options = {"name": self.name, "lowercase": self.lowercase, "do_lower_case": self.lowercase}
        return {
            VOCAB_FILE: "".join(token + "\n" for token in self.tokens).encode(),
            OPTIONS_FILE: (json.dumps(options, indent=1) + "\n").encode(),
        }


def read_vocabulary(path) -> list[str]:
    """Pieces by id. Lines end at \\n or \\r\\n only, because a piece may be a Unicode line separator."""
    try:
        text = read_content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; a vocabulary is a UTF-8 text file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read as a vocabulary ({error.strerror})") from None
    lines = text.split("\n")
    return [line.rstrip("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def lowered(text: str) -> str:
    """Character by character, so that offsets stay: one whose lower form is longer is left as it is."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
