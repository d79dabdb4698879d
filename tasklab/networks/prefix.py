"""The next word of a target text, from what stands before it and from a source text, in one stack."""

from tasklab.config import Config
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError
from tasklab.networks import head
from tasklab.networks.causal import next_words


@head("prefix", task="text2text_generation")
def prefix(config: Config):
    """Raises: ConfigError for an encoder that has no such mask, for words of another size than its states, and where
    source and answer are to have types, and there is one alone."""
    from tasklab.nn.heads.prefix import PrefixNetwork

    if "seg" in config.model.embeddings and config.model.type_vocab_size < 2:
        reason = "source and answer have a type each; set it to 2, or take seg out of model.embeddings"
        raise ConfigError(config.placed("model.type_vocab_size", f"model.type_vocab_size is 1; {reason}"))
    encoder = build_encoder(config, packed=True, prefix=True)
    return PrefixNetwork(encoder, next_words(config, encoder.embeddings.word.weight))
