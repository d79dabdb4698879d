"""The next word of a target text, from what stands before it and from a source text."""

from tasklab.config import Config
from tasklab.encoders import build_encoder, fused_precision
from tasklab.errors import ConfigError
from tasklab.networks import head
from tasklab.networks.causal import next_words

READS = (
    "num_decoder_layers", "decoder_vocab_size", "decoder_start_token_id", "scale_decoder_outputs", "scale_embedding",
    "final_logits_bias",
)  # fmt: skip


BLOCKS = "bert"
"""The encoder whose blocks the decoder has."""
ENCODERS = (BLOCKS, "rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
"""Those whose states it reads."""


@head("seq2seq", task="text2text_generation", reads=READS, stack=BLOCKS)
def seq2seq(config: Config):
    """Raises: ConfigError for settings that are no encoder-decoder of ours."""
    from tasklab.encoders.decoder import decoder_of
    from tasklab.nn.heads.seq2seq import Seq2SeqNetwork

    model = config.model
    _refuse(config)
    encoder = build_encoder(config, beside=BLOCKS)
    shared = encoder.embeddings.word.weight if model.decoder_vocab_size is None else None
    decoder = decoder_of(model, shared, config.recompute, fused_precision(config))
    scale = model.hidden_size**-0.5 if model.scale_decoder_outputs else 1.0
    words = next_words(config, decoder.embeddings.word.weight, model.final_logits_bias, scale)
    return Seq2SeqNetwork(encoder, decoder, words)


def _refuse(config: Config):
    model = config.model
    for key, wrong, reason in (
        ("encoder", model.encoder not in ENCODERS, f"a decoder reads the states of one of: {', '.join(ENCODERS)}"),
        ("mask", model.causal, "every token of a source sees all others; set it to full"),
        ("dual", model.dual, "a source is one text; set it to null"),
    ):
        if wrong:
            raise ConfigError(config.placed(f"model.{key}", f"model.{key} is {model[key]}; {reason}"))
