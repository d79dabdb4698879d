"""The model that makes an index' vectors, and what has to be the same for a query to be comparable with them."""

import logging
from collections.abc import Sequence

import numpy as np

from tasklab.content import from_home
from tasklab.digest import content_sha256
from tasklab.errors import CheckpointError, brief
from tasklab.saved import saved_config
from tasklab.weights.folder import is_checkpoint

logger = logging.getLogger("tasklab")

ENCODER = "feature_extraction"
"""The task whose network is the encoder of any model."""
PORTION = 8192
"""Texts that are encoded together."""
DIGESTS, ROWS = ("weights", "tokenizer"), ("data.max_seq_length", "data.normalize")
ASIDE = (
    "labels", "problem_type", "pair_encoding", "projection_size", "pooler", "head", "span_layers", "prompt_encoder",
    "tie_word_embeddings", "num_decoder_layers", "decoder_vocab_size", "decoder_start_token_id",
    "scale_decoder_outputs", "final_logits_bias", "initializer_range", "hidden_dropout_prob",
    "attention_probs_dropout_prob", "activation_dropout_prob", "final_dropout_prob",
)  # fmt: skip
"""Settings of the model that no vector follows from: of training, of decoders, of the outputs of other tasks. All
others change the vectors of equal weights and tokens."""


class TextEncoder:
    """Texts -> vectors [N, D] float32, by a model of vectors or the encoder of any other.

    Args:
        model: recipe, backbone, run or checkpoint folder.   settings: KEY=VALUE, such as model.pooling=first.
    """

    def __init__(self, model: str, settings: Sequence[str] = ()):
        from tasklab.session.ready import Ready
        from tasklab.trainer import Trainer

        path = from_home(model)
        self.name, self.settings = str(path.absolute() if path.exists() else model), list(settings)
        config = Trainer(task=ENCODER, model=self.name, overrides=self.settings).config
        self.settings = [*_as_trained(config.checkpoint, self.settings), *self.settings]
        config = Trainer(task=ENCODER, model=self.name, overrides=self.settings).config
        self._ready = Ready(config.checkpoint, config)

    @property
    def data(self):
        """The section of its configuration that says which columns of a file hold texts."""
        return self._ready.model.config.data

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Texts of any number and length; what the model cannot take whole is cut, with a word in the log."""
        from tasklab.data.texts.example import TextExample

        task, vectors = self._ready.model.task, None
        for first in range(0, len(texts), PORTION):
            examples = [TextExample(str(i), text) for i, text in enumerate(texts[first : first + PORTION], first)]
            answers = task.answer(examples, self._ready.run, 1)
            if vectors is None:
                vectors = np.empty((len(texts), len(answers[0][0])), np.float32)
            vectors[first : first + len(answers)] = [vector for (vector,) in answers]
            if len(texts) > PORTION:
                logger.info("%d of %d texts are encoded", first + len(answers), len(texts))
        return vectors

    def description(self) -> dict:
        """What an index keeps of it: its name, the settings, and digests of all that vectors follow from."""
        return {"name": self.name, "settings": self.settings, "identity": self.identity()}

    def identity(self) -> dict[str, object]:
        """Digests of weights and tokenizer, and each setting that shapes vectors, by its dotted key: JSON values."""
        model = self._ready.model
        weights = {name: parameter.asnumpy() for name, parameter in model.network.parameters_and_names()}
        shaping = {f"model.{key}": value for key, value in model.config.model.items() if key not in ASIDE}
        shaping |= {key: model.config[key] for key in ROWS}
        return {"weights": content_sha256(weights), "tokenizer": model.task.tokenizer.fingerprint, **shaping}


def _as_trained(folder, settings: Sequence[str]) -> list[str]:
    """Pooling and length of a model that was trained to read texts apart: its vectors are those; unless set anew."""
    if folder is None or not is_checkpoint(from_home(folder)):
        return []
    saved = saved_config(from_home(folder), ENCODER)
    given = [word.partition("=")[0] for word in settings]
    trained = saved.task != ENCODER and saved.model.pair_encoding != "joint"
    return [f"{key}={saved[key]}" for key in ("model.pooling", "data.max_seq_length") if trained and key not in given]


def same_model(encoder: TextEncoder, info: dict, place):
    """Raises: CheckpointError that says what differs when `encoder` is not the model that an index was made with."""
    own, theirs = encoder.identity(), info["identity"]
    others = [key for key in own if key in theirs and own[key] != theirs[key]]  # other releases know other settings
    digests = [f"other {key}" for key in others if key in DIGESTS]
    settings = [f"{key} {brief(theirs[key])}, not {brief(own[key])}" for key in others if key not in DIGESTS]
    if differing := [*digests, *settings]:
        raise CheckpointError(
            f"{place}: holds vectors of {info['name']}, and {encoder.name} makes others ({'; '.join(differing)}): they "
            "cannot be compared. Query with the model that it was built with, or build it anew"
        )


def check_told(info: dict, place):
    """Raises: CheckpointError for what no `description` gives."""
    name, settings, identity = (info.get(key) for key in ("name", "settings", "identity"))
    words = isinstance(settings, list) and all(isinstance(word, str) for word in settings)
    digests = isinstance(identity, dict) and all(isinstance(identity.get(key), str) for key in DIGESTS)
    if not (isinstance(name, str) and words and digests):
        raise CheckpointError(f"{place}: damaged: model is {brief(info)}; build the index anew")
