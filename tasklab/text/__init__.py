"""Text to ids with character offsets; one tokenizer per file, found by name."""

from pathlib import Path

from tasklab.config.registries import TOKENIZERS
from tasklab.errors import ConfigError
from tasklab.text.paired import PairedTokenizer, target_beside

__all__ = ["TOKENIZERS", "tokenizer_of"]


def tokenizer_of(settings, vocabulary):
    """The tokenizer that the section `tokenizer` names, of this file; with the target's beside it where there is one.

    Raises: ConfigError for a setting that it does not know, or a file that is not there; DataError for one that is none
    of its.
    """
    built = TOKENIZERS.get(settings.name)
    keys, plain = getattr(built, "settings", ()), type(settings)()
    for key in ("strip_accents", "tokenize_chinese_chars"):
        if key not in keys and settings[key] != plain[key]:
            raise ConfigError(f"tokenizer.{key} = {settings[key]}: tokenizer {settings.name!r} does not know it")
    for key, file in (("vocab", vocabulary), ("decoder_vocab", settings.decoder_vocab)):
        if file and not Path(file).exists():
            raise ConfigError(f"tokenizer.{key} = {file}: no such file; name a vocab.txt, spiece.model or merges.txt")
    options = {"lowercase": settings.lowercase, **{key: settings[key] for key in keys}}
    tokenizer, target = built(vocabulary, **options), settings.decoder_vocab or target_beside(vocabulary)
    return PairedTokenizer(tokenizer, built(target, **options)) if target else tokenizer
