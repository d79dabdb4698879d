"""ALBERT's SentencePiece (Kudo & Richardson 2018) with character offsets, on the `sentencepiece` library.

Text is cleaned as in google-research/albert tokenization.py: blanks joined, `` and '' become ", accents dropped.
Text that spells a special token, such as "[SEP]", stays text.
"""

import hashlib
import json
import unicodedata

import numpy as np

from tasklab.content import read_content
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.speaking import Speaking
from tasklab.text.surrogates import refuse_surrogates

MODEL_FILE, OPTIONS_FILE = "spiece.model", "tokenizer_config.json"
SPECIAL = (("[CLS]",), ("[SEP]",), ("<pad>", "[PAD]"), ("<unk>", "[UNK]"))
"""Names of the special pieces: ALBERT's, then UER-py's where they are other ones."""
SPACE = "\u2581"  # how a piece spells the blank in front of it


class Pieces(Speaking):
    """What tokenizers on a SentencePiece model share; a subclass has `_ids` by piece, and `_encode` for one text."""

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32.

        Offsets are characters of the text as passed, end exclusive, without the blank in front.
        Raises: DataError when a text holds half a surrogate pair.
        """
        return self._encode_all(texts, self._encode)

    def _encode_all(self, texts, encode) -> list[tuple[np.ndarray, np.ndarray]]:
        texts = list(texts)
        refuse_surrogates(texts)
        return [encode(text) for text in texts]

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)


@TOKENIZERS.register("sentencepiece")
class SentencePiece(Pieces):
    """Pieces of a SentencePiece model; ids are the model's own.

    Args:
        vocab_path: the .model file.
        lowercase: lowers the text first, as ALBERT does.
    Raises: DataError naming the file when it is missing, damaged, or lacks a special token.
    """

    pair_separators, second_type = 1, 1  # [CLS] first [SEP] second [SEP]

    def __init__(self, vocab_path, lowercase: bool = True):
        self.lowercase = bool(lowercase)
        self._content, self._model = opened(vocab_path)
        self.vocab_size = self._model.get_piece_size()
        self.tokens: list[str] = [self._model.id_to_piece(i) for i in range(self.vocab_size)]
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        special = [next((name for name in names if name in self._ids), None) for names in SPECIAL]
        if absent := [names[0] for names, name in zip(SPECIAL, special, strict=True) if name is None]:
            required = " ".join(names[0] for names in SPECIAL)
            raise DataError(
                f"{vocab_path}: lacks {', '.join(absent)}; ALBERT's models hold {required}, UER-py's [PAD] and [UNK]"
            )
        self.cls_id, self.sep_id, self.pad_id, self.unk_id = (self._ids[name] for name in special)
        self.mask_id: int | None = self._ids.get("[MASK]")

    @property
    def fingerprint(self) -> str:
        """sha256 over the model and the options: equal fingerprints give equal ids."""
        return digest_of("sentencepiece", [self.lowercase], self._content)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        options = {"name": "sentencepiece", "lowercase": self.lowercase, "do_lower_case": self.lowercase}
        return {MODEL_FILE: self._content, OPTIONS_FILE: (json.dumps(options, indent=1) + "\n").encode()}

    def _encode(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        clean, origin = cleaned(text, self.lowercase)
        encoding = self._model.encode(clean, return_type="offset_mapping")
        pieces = zip(encoding["pieces"], encoding["ids"], encoding["offsets"], strict=True)
        rows = [row for piece, number, span in pieces for row in self._split_comma(piece, number, *span)]
        table = np.array(rows, np.int32).reshape(-1, 3)
        begin, end = table[:, 1], table[:, 2]
        begin = np.minimum(begin + (np.array([*clean, ""])[begin] == " "), end)  # the blank in front
        first, last = origin[begin], origin[np.maximum(end - 1, 0)] + 1
        return table[:, 0], np.stack([first, np.where(begin < end, last, first)], axis=1).astype(np.int32)

    def _split_comma(self, piece: str, number: int, begin: int, end: int):
        """A number with a comma behind it is cut before the comma: `9,` is not one piece (google-research/albert)."""
        if not (len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit()):
            return [(number, begin, end)]
        pieces = self._model.encode(piece[:-1].replace(SPACE, ""), out_type=str)
        if piece[0] != SPACE and pieces[0][0] == SPACE:
            pieces = pieces[1:] if len(pieces[0]) == 1 else [pieces[0][1:], *pieces[1:]]
        rows, at = [], end - len(piece.replace(SPACE, ""))
        for part in (*pieces, ","):
            after = at + len(part.replace(SPACE, ""))
            rows.append((self._model.piece_to_id(part), max(at, begin), min(after, end)))
            at = after
        return rows


def opened(path) -> tuple:
    """(content, model) of a file. Raises: DataError naming it when it is missing or damaged."""
    try:
        content = read_content(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read as a vocabulary ({error.strerror})") from None
    return content, model_from(content, path)


def model_from(content: bytes, path):
    """The library's model of a file's content. Raises: DataError naming the file when it is none."""
    import sentencepiece

    try:
        model = sentencepiece.SentencePieceProcessor(model_proto=content)
        for number in range(model.get_piece_size()):
            model.id_to_piece(number)
        return model
    except (RuntimeError, UnicodeDecodeError):  # the latter for a damaged piece, or a message that shows one
        raise DataError(f"{path}: not a SentencePiece model; copy or fetch it again") from None


def digest_of(name: str, options: list, content: bytes) -> str:
    """sha256 over a tokenizer's model and options."""
    return hashlib.sha256(json.dumps([name, *options]).encode() + content).hexdigest()


def cleaned(text: str, lowercase: bool) -> tuple[str, np.ndarray]:
    """The text as the model reads it, and for each of its characters, and the end, the character it came from."""
    characters, origin, start = [], [], 0
    for word in text.split():
        at = text.index(word, start)
        if characters:
            characters.append(" ")
            origin.append(start)
        i = 0
        while i < len(word):
            quote = word[i : i + 2] in ("``", "''")
            for part in '"' if quote else unicodedata.normalize("NFKD", word[i]):
                if not unicodedata.combining(part):
                    characters.append(part)
                    origin += [at + i] * (len(part.lower()) if lowercase else 1)
            i += 1 + quote
        start = at + len(word)
    clean = "".join(characters)  # lowered as a whole, because a last sigma is another letter than one within a word
    return clean.lower() if lowercase else clean, np.array([*origin, len(text)], np.int64)
