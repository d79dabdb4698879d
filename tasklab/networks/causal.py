"""The next word of every token, from what stands before it in its document."""

from typing import TYPE_CHECKING

from tasklab.config import Config
from tasklab.encoders import build_encoder, fused_precision
from tasklab.errors import ConfigError
from tasklab.networks import head

if TYPE_CHECKING:
    from tasklab.nn.heads.causal import CausalHead


@head("causal", task="text_generation")
def causal(config: Config):
    """Raises: ConfigError for an encoder whose tokens see what follows, or words of another size than its states."""
    from tasklab.nn.heads.causal import CausalNetwork

    encoder = build_encoder(config, packed=True)
    return CausalNetwork(encoder, next_words(config, encoder.embeddings.word.weight))


def next_words(config: Config, words, bias: bool = False, scale: float = 1.0) -> "CausalHead":
    """What tells words by their table [V, H], in a kernel where there is one; bias and scale as `CausalHead`.

    Raises: ConfigError for words of another size than the states.
    """
    from tasklab.nn.heads.causal import CausalHead, WordScores

    model = config.model
    if model.embedding_size not in (None, model.hidden_size):
        reason = f"words are told by vectors of hidden_size {model.hidden_size}; set it to null"
        message = f"model.embedding_size is {model.embedding_size}; {reason}"
        raise ConfigError(config.placed("model.embedding_size", message))
    mean, fused = bool(config.loss.label_smoothing), fused_precision(config)
    scores = WordScores(mean)
    if fused:
        from tasklab.kernels.word_loss import WordLoss

        scores = WordLoss(fused == "bf16")
    return CausalHead(words, model.tie_word_embeddings, scores, mean, bias, scale)
