"""What tasks have in common that read a text and answer with one: an encoder-decoder learns and answers.

Three numbers are told apart: the loss of every reference under the network, the score of what it generates for a part
of the examples, and the same score of simple rules.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasklab.config.model_section import PREFIX
from tasklab.data.text2text.input import pairs_from_input
from tasklab.data.text2text.pairs import LANGUAGE, BleuDataConfig, Pair
from tasklab.data.text2text.reading import read_pairs
from tasklab.data.text2text.rows import TARGET, Framing, pair_rows
from tasklab.errors import ConfigError, DataError
from tasklab.generation.protocol import Generated
from tasklab.task import UPDATES
from tasklab.written_answers import WrittenAnswers

logger = logging.getLogger("tasklab")


class Text2Text(WrittenAnswers):
    """A subclass says what is measured, of all answers or of each, and may check examples or pose them its own way."""

    head = "seq2seq"
    data_config = BleuDataConfig
    defaults = {
        "data": {"max_seq_length": 256}, "train": {"epochs": 3, "min_steps": UPDATES, "batch_size": 16},
        "optimizer": {"lr": 3e-4}, "generation": {"max_new_tokens": 64},
        "lora": {"modules_to_save": []},
    }  # fmt: skip
    generates = True
    reads_texts = False
    """Whether plain text is learned from too."""
    loss_settings = ("label_smoothing",)
    primer = '"a text"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.head = self.head_for(config.model)
        self.layout = "uer_text" if config.data.generate_seq2seq_output else "answers"

    @classmethod
    def head_for(cls, model):
        return "prefix" if model.mask == PREFIX else cls.head

    @property
    def unknown_ids(self):
        return super().unknown_ids | {"decoder_input_ids": self.target.unk_id}

    def settle(self, labels):
        """Says what the decoder begins with where the model does not: the token that begins a text, else padding.

        Raises: ConfigError for targets that may be longer than the decoder has positions for.
        """
        model, target, longest = self.config.model, self.target, self.config.data.max_target_length
        if longest > model.max_tokens:
            remedy = f"set it to at most {model.max_tokens}"
            message = f"data.max_target_length {longest} is more than the decoder has positions for; {remedy}"
            raise ConfigError(self.config.placed("data.max_target_length", message))
        if self._one_stack:  # the source's end is what it begins with
            return
        if target is not None:  # `doctor data` may have no vocabulary
            model.decoder_start_token_id = self._start(target)

    def read(self, path, training):
        examples, bad = read_pairs(path, self.config.data, training, special=self._special, texts=self.reads_texts)
        examples = self.checked(examples, bad, path)
        if self.config.data.on_bad_row == "error":
            bad.raise_if_fatal()
        if not examples:
            raise DataError(f"{path}: holds no usable pair{f'; {bad.summary()}' if bad else ''}")
        if self.config.data.get("bleu_tokenizer", LANGUAGE) != LANGUAGE:
            self.words_by([example.references for example in examples])  # one that cannot be is told before a training
        return examples, bad.summary()

    def checked(self, examples: list[Pair], bad, path) -> list[Pair]:
        """Those that the task can use; what is wrong with others goes to `bad`."""
        return examples

    def parse(self, input_data):
        return pairs_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        data = self.config.data
        return pair_rows(self.framing, self.posed(examples), data.max_seq_length, data.max_target_length)

    def loss(self):
        from tasklab.nn.losses.causal import causal_loss

        if self.config.loss.rdrop_alpha:
            raise ConfigError(f"loss.rdrop_alpha: {self.config.task} does not offer it; set it to 0")
        return causal_loss(self.config.loss.label_smoothing)

    def answer(self, examples, run, top_k=None, rows=None):
        """What answers the sources; of an evaluation's `rows` the losses too, and answers for data.generated of the
        examples."""
        if rows is None:
            self._tell_cut(examples)
            generated = zip(examples, self._generated(examples, run), strict=True)
            render = self._as_uer if self.config.data.generate_seq2seq_output else self.record
            return [[render(example, one) for one in several] for example, several in generated]
        answers, sample = self.decode(run(rows), rows, examples), self.sampled(len(examples))
        posed = self.posed(examples)
        for place, (best, *_) in zip(sample, self._generated([posed[i] for i in sample], run), strict=True):
            answers[place][0] |= Text2Text.record(self, examples[place], best)
        return answers

    def decode(self, outputs, rows, examples, top_k=None):
        """Per example what its references cost, of all their tokens together."""
        sums = np.zeros((len(examples), 2))
        lengths = rows.lengths[TARGET]
        for numbers, (log_probabilities, *_) in outputs:
            costs = log_probabilities.sum(axis=1, dtype=np.float64)
            np.add.at(sums, rows["example"][numbers], np.stack([costs, lengths[numbers]], axis=1))
        return [[{"log_probability": float(cost), "tokens": int(tokens)}] for cost, tokens in sums]

    @property
    def begun(self) -> str:
        """What every answer begins with."""
        return self.config.generation.prefix or ""

    def text_of(self, answer: Generated) -> str:
        """What an answer says."""
        return answer.text

    def record(self, example: Pair, answer: Generated) -> dict:
        """An answer as `predict` gives it."""
        return {"generated_text": self.text_of(answer), "finish_reason": answer.reason, "score": round(answer.score, 4)}

    def _as_uer(self, example: Pair, answer: Generated) -> dict:
        """Every token that the decoder read and said but the one that ends it."""
        tokens = self.target.tokens
        return {"prompt": example.source, "tokens": "".join(tokens[i] for i in (*self.framing.prompt, *answer.ids))}

    @property
    def target(self):
        """The tokenizer of targets, where they have one of their own."""
        return getattr(self.tokenizer, "target", self.tokenizer)

    @property
    def framing(self) -> Framing:
        """How sources and targets become ids."""
        return self.framed(self.tokenizer, self.target)

    def framed(self, tokenizer, target) -> Framing:
        """As the network reads texts of these tokenizers."""
        return Framing(tokenizer, target, tokenizer.eos_id if self._one_stack else self._start(target), self._one_stack)

    def _start(self, target) -> int:
        """The token that the decoder reads first: the model's own, else the one that begins a text, else padding."""
        own = self.config.model.decoder_start_token_id
        return own if own is not None else target.bos_id if target.adds_bos else target.pad_id

    @property
    def _one_stack(self) -> bool:
        return self.config.model.mask == PREFIX

    @property
    def _special(self) -> list[str]:
        return [] if self.tokenizer is None else [self.target.tokens[i] for i in self.target.special_ids]

    def _tell_cut(self, examples: Sequence[Pair]):
        most = self.config.data.max_seq_length
        _, cut = self.framing.sources([example.source for example in examples], most)
        if cut:
            logger.warning("inputs: %d cut sources, of which the rest is not read; data.max_seq_length %d", cut, most)

    def _generated(self, examples: Sequence[Pair], run) -> list[list[Generated]]:
        settings, framing = self.config.generation, self.framing
        sources, _ = framing.sources([example.source for example in examples], self.config.data.max_seq_length)
        read = [sources.row(i) for i in range(len(examples))]
        if self._one_stack:
            return run.generate(read, settings)
        begun = framing.target.encode_batch([self.begun])[0][0].tolist() if self.begun else []
        if len(prompt := [*framing.prompt, *begun]) >= (most := self.config.model.max_tokens):
            message = f"generation.prefix has {len(begun)} tokens, and the decoder reads {most} with its answer"
            raise ConfigError(self.config.placed("generation.prefix", f"{message}; shorten it"))
        generated = run.generate([np.array(prompt, np.int32)] * len(examples), settings, sources=read)
        return [
            [replace(one, text=self.begun + one.text, ids=(*begun, *one.ids)) for one in several]
            for several in generated
        ]
