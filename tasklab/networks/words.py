"""Words of the vocabulary at masked places; beside them, for pre-training, how two texts stand to each other."""

from tasklab.config import Config
from tasklab.data.texts.prompts.wording import patterns_of
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError
from tasklab.networks import head


@head("words", task="masked_language_modeling")
def words(config: Config):
    from tasklab.nn.heads.pretraining import LanguageModelHead, MaskedWordNetwork

    encoder = build_encoder(config)
    return MaskedWordNetwork(encoder, LanguageModelHead(_words(config, encoder)), pairs=False)


@head("pretraining", task="masked_language_modeling", reads=("pooler_act",))
def pretraining(config: Config):
    from tasklab.nn.heads.pretraining import MaskedWordNetwork, PretrainingHead

    encoder = build_encoder(config, pooler=True)
    return MaskedWordNetwork(
        encoder, PretrainingHead(_words(config, encoder), config.model.hidden_size), pairs=True
    )


@head("soft_words", task="prompt_classification", reads=("prompt_encoder",))
def soft_words(config: Config):
    """Masked words of a pattern that holds learned vectors, as many as the data section says."""
    from tasklab.nn.heads.pretraining import LanguageModelHead
    from tasklab.nn.heads.soft_prompts import PromptEncoder, SoftPromptNetwork

    encoder, count = build_encoder(config), config.data.soft_tokens * sum(p.soft for p in patterns_of(config.data))
    size = encoder.embeddings.word.weight.shape[1]
    prompt = PromptEncoder(config.model.prompt_encoder, count, size)
    return SoftPromptNetwork(encoder, LanguageModelHead(_words(config, encoder)), prompt)


def _words(config: Config, encoder):
    """Scores of all words by the encoder's own table. Raises: ConfigError for an encoder that has no one table."""
    from tasklab.nn.heads.pretraining import MaskedWords

    model, table = config.model, getattr(getattr(encoder, "embeddings", None), "word", None)
    if table is None:
        apart = f" with model.dual={model.dual}" if model.dual else ""
        raise ConfigError(f"encoder {model.encoder!r}{apart} has no one table of words to tell them by; take bert")
    return MaskedWords(
        model.hidden_size, table.weight, model.hidden_act, model.layer_norm_eps, model.tie_word_embeddings
    )
