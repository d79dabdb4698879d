"""The next word of every token, from what stands before it in its document."""

from tasklab.config import Config
from tasklab.encoders import build_encoder, fused_precision
from tasklab.errors import ConfigError
from tasklab.networks import head


@head("causal", task="text_generation")
def causal(config: Config):
    """Raises: ConfigError for an encoder whose tokens see what follows, or words of another size than its states."""
    from tasklab.nn.heads.causal import CausalHead, CausalNetwork, WordScores

    model = config.model
    if model.embedding_size not in (None, model.hidden_size):
        raise ConfigError(
            config.placed("model.embedding_size", f"model.embedding_size is {model.embedding_size}; the next word is "
            f"told by vectors of hidden_size {model.hidden_size}; set it to null")
        )  # fmt: skip
    encoder = build_encoder(config, packed=True)
    mean = bool(config.loss.label_smoothing)
    words = encoder.embeddings.word.weight
    scores, fused = WordScores(mean), fused_precision(config)
    if fused:
        from tasklab.kernels.word_loss import WordLoss

        scores = WordLoss(fused == "bf16")
    return CausalNetwork(encoder, CausalHead(words, model.tie_word_embeddings, scores, mean))
