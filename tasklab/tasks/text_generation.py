"""Text generation with a causal model: texts go on, messages get answers; learned from plain text and from chats."""

import math
from dataclasses import replace

import numpy as np

from tasklab.data.generation.examples import GenerationDataConfig, Passage
from tasklab.data.generation.input import generation_examples_from_input
from tasklab.data.generation.packing import generation_rows
from tasklab.data.generation.reading import read_generation
from tasklab.data.generation.scores import COUNTS, asked_for, sums_by_example
from tasklab.data.generation.tokens import framing_of
from tasklab.errors import DataError
from tasklab.metrics.ngrams import Trigrams
from tasklab.metrics.perplexity import Foreseen, score_foreseen
from tasklab.task import LEARNED, TASKS, TRIVIAL, Task


@TASKS.register("text_generation")
class TextGeneration(Task):
    """What comes next, token by token. Metrics: perplexity per token, word and character, bits per byte."""

    head = "causal"
    data_config = GenerationDataConfig
    # packed rows are nearly all of one length: a second planned one would cost a compilation for little
    defaults = {
        "data": {"num_buckets": 1, "max_seq_length": 512},
        "train": {"epochs": 3, "batch_size": 8}, "optimizer": {"lr": 2e-5},
        "lora": {"modules_to_save": []},
    }  # fmt: skip
    generates = chats = answers_untrained = True
    metric, title = "token_probability", "Generation Metric"
    primer = '"Once upon a time"'

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self.layout = "uer_text" if config.data.generate_lm_output else "answers"

    def read(self, path, training):
        return read_generation(path, self.config.data, training, tokenizer=self.tokenizer)

    def parse(self, input_data):
        return generation_examples_from_input(input_data, self.config.data)

    def encode(self, examples, training):
        data = self.config.data
        encoded = framing_of(self.tokenizer, data).encode(examples)
        return generation_rows(examples, encoded, data.max_seq_length, data.packing)

    def loss(self):
        from tasklab.nn.losses.causal import CausalLoss

        return CausalLoss()

    def answer(self, examples, run, top_k=None, rows=None):
        """What comes next, or of `rows` that stand for a corpus how well they were foreseen."""
        if rows is not None:
            return self.decode(run(rows), rows, examples, top_k)
        return self._answered(examples, run)

    def stream(self, example, run, emit, retry: int = 0):
        """`emit` gets the parts of the answer to one example as they come. retry: see `runner.Generator`."""
        self._generated([example], run, lambda _, text: emit(text), retry)

    def fits(self, example) -> bool:
        """Whether prompt and answer have room in the context."""
        (prompt,) = framing_of(self.tokenizer, self.config.data).prompts([example])
        return len(prompt) + self.config.generation.max_new_tokens <= self.config.model.max_tokens

    def _answered(self, examples, run) -> list[list[dict]]:
        generated = self._generated(examples, run)
        return [[self._record(e, one) for one in several] for e, several in zip(examples, generated, strict=True)]

    def decode(self, outputs, rows, examples, top_k=None):
        """Per example what `score` adds up."""
        sums = sums_by_example(outputs, rows, len(examples))
        return [[{"log_probability": float(log_prob), **dict(zip(COUNTS, map(int, counts), strict=True))}]
                for log_prob, *counts in sums]  # fmt: skip

    def score(self, predictions, examples):
        sums = (answers[0] for answers in predictions)
        return score_foreseen(Foreseen(one["log_probability"], *(one[name] for name in COUNTS)) for one in sums)

    def baselines(self, examples, training=None):
        """All tokens alike; and trigrams of the training data."""
        size = len(self.tokenizer.tokens)
        rows = self.encode(examples, training=False)
        contexts, targets, at = asked_for(rows, size)
        scores = {TRIVIAL: self._scored(rows, examples, at, np.full(len(at), -math.log(size)))}
        if training is not None:
            trigrams = Trigrams(*asked_for(self.encode(training, training=True), size)[:2], size)
            scores[LEARNED] = self._scored(rows, examples, at, trigrams.log_probabilities(contexts, targets))
        return scores

    def _scored(self, rows, examples, at: np.ndarray, logs: np.ndarray):
        column = rows["input_ids"]
        every = np.zeros(len(column.values))
        every[at] = logs
        outputs = (([row], (column._replace(values=every).row(row)[None],)) for row in range(len(rows)))
        return self.score(self.decode(outputs, rows, examples), examples)

    def _generated(self, examples, run, emit=None, retry=0):
        """Per example its answers, generation.prefix before each."""
        settings = self.config.generation
        prompts = framing_of(self.tokenizer, self.config.data).prompts(examples)
        if prefix := settings.prefix:
            ((begun, _),) = self.tokenizer.encode_following([prefix])
            prompts = [np.concatenate([ids, begun]) for ids in prompts]
            if emit is not None:
                emit(0, prefix)
        self._refuse_long(examples, prompts)
        generated = run.generate(prompts, settings, emit, retry=retry)
        if not prefix:
            return generated
        begun = begun.tolist()
        return [[replace(one, text=prefix + one.text, ids=(*begun, *one.ids)) for one in several]
                for several in generated]  # fmt: skip

    def _refuse_long(self, examples, prompts):
        """Raises: DataError for a prompt that leaves no room for a token, or has none."""
        most = self.config.model.max_tokens
        for example, ids in zip(examples, prompts, strict=True):
            if not len(ids):
                raise DataError(f"{example.place}: the prompt has no token, so there is nothing to continue")
            if len(ids) >= most:
                message = f"the prompt has {len(ids)} tokens, and this model reads {most} with its answer"
                raise DataError(f"{example.place}: {message}; shorten it")

    def _record(self, example, answer) -> dict:
        data = self.config.data
        asked = example.text
        if data.mindformers_output:
            return {"text_generation_text": [(asked if isinstance(example, Passage) else "") + answer.text]}
        if data.generate_lm_output:
            (prompt,) = framing_of(self.tokenizer, data).prompts([example])
            return {"prompt": asked, "tokens": "".join(self.tokenizer.tokens[i] for i in (*prompt, *answer.ids))}
        return {"generated_text": answer.text, "finish_reason": answer.reason, "score": round(answer.score, 4)}
