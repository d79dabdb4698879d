"""Two names run a job: Trainer(task, model) resolves them and joins task and engine."""

import logging
import os
import shlex
from numbers import Integral
from pathlib import Path

from tasklab import console
from tasklab.config import Arguments, Config, default_model, find_task, resolve, settings_of
from tasklab.content import from_home
from tasklab.engine.hooks import Callback, listening
from tasklab.errors import CheckpointError, ConfigError, UnknownName
from tasklab.networks import NETWORKS
from tasklab.runs.folder import RunFolder
from tasklab.runs.naming import find_run, named_run
from tasklab.runs.source import names_weights
from tasklab.saved import defaults_with, task_class
from tasklab.session.data_paths import data_path, input_path
from tasklab.task import TASKS
from tasklab.trials.verbs import TrialVerbs
from tasklab.views import TrainerViews
from tasklab.weights.folder import CONFIG, is_checkpoint
from tasklab.weights.hub import hub_folder, is_hub_name
from tasklab.weights.sums import verify_file

logger = logging.getLogger("tasklab")


class Trainer(TrainerViews, TrialVerbs):
    """One job: its configuration, its run folder, and the three verbs train, evaluate and predict.

    `trainer("a text")` predicts; `print(trainer)` says where it stands.

    Args:
        args: a YAML file or a dict (nested or dotted; HuggingFace and MindFormers names are accepted), or None.
        task: a name of `list_tasks()`; a recipe knows its own.
        model: a recipe, a backbone, a YAML file, or the folder of a run, a checkpoint, or a HuggingFace model, or
            hf:owner/name[@revision]; without it and `args` the task's default.
        train_dataset, eval_dataset: file or folder; the same as data.train and data.eval. Or a table in memory: a
            DataFrame of pandas or polars, a datasets.Dataset, a pyarrow Table, a dict of columns, or dicts, one per
            row, which may be the objects of the task's JSON files. Its columns are those that a file would have. It is
            kept in the cache and with the run, so that a resume needs no table. eval_dataset may be a share of
            train_dataset to hold out (0.2), or "no"; without it a tenth is, where that is enough to score.
        callbacks: `Callback` objects that listen to training.
        output_dir: the folder of the run; by default output/<model name>, numbered when that one is taken.
        overrides: "section.key=value" strings; they win over everything else.
        model_init: in place of `model`: a function that returns a model's name, or a Trainer's configuration, over
            which `args` count.
        compute_metrics: a function of (predictions, label_ids), see `EvalPrediction`, that returns names and numbers;
            they are among the metrics of every evaluation, their sum as `objective`. Or its name, MODULE:NAME or
            FILE.py:NAME.
    Raises: ConfigError that lists every wrong key and value, UnknownName with the nearest names.
    """

    def __init__(
        self, args=None, task: str | None = None, model: str | None = None, train_dataset=None, eval_dataset=None,
        *, callbacks=(), output_dir=None, overrides=(), model_init=None, compute_metrics=None,
    ):  # fmt: skip
        from tasklab.trials.functions import function_of
        from tasklab.trials.model_init import model_of

        console.attach()
        self.compute_metrics = compute_metrics and function_of(compute_metrics)
        if model_init is not None:
            if model is not None:
                raise ConfigError("give either model or model_init, not both")
            model = model_of(model_init)
            if isinstance(model, Config):
                model, args, overrides = None, model, [settings_of(args), *overrides]
        self._ready = None  # the network of the last evaluate or predict
        self._example: str | None = None
        self.callbacks = listening(callbacks)
        if is_hub_name(model):
            model = hub_folder(model, logger.info)
        model = model if model is None else os.path.expanduser(model)
        self._run: RunFolder | None = None if model is None else named_run(model)
        paths = {
            "data.train": data_path(train_dataset, "train_dataset"),
            "data.eval": data_path(eval_dataset, "eval_dataset"),
            "output_dir": output_dir,
        }
        overrides = [*overrides, {k: str(v) for k, v in paths.items() if v is not None}]
        if self._run is None:
            if model is not None and is_checkpoint(from_home(model)):
                verify_file(from_home(model) / CONFIG)  # before what it says is taken for a fault of its own
            self.config = _configuration(args, task, model, overrides)
        else:
            config = self._run.read(lambda folder: _configuration(args, task, folder, overrides), True, logger.warning)
            if config is None:
                raise CheckpointError(f"{model}: every checkpoint in it is damaged; copy it again, or train anew")
            self.config = config
        for note in self.config.notes:
            logger.warning(note)

    @property
    def args(self) -> Arguments:
        """The configuration under the names that HuggingFace's Trainer.args has, to read and to set."""
        return Arguments(self.config)

    def train(
        self, resume_or_finetune_from_checkpoint=False, initial_epoch: int = 0, do_eval: bool | None = None,
        do_finetune: bool = False, *, train_checkpoint=None, resume_training=None,
    ) -> dict:  # fmt: skip
        """Trains, and returns global_step, loss, best metric, the checkpoints and the run's folder.

        Without arguments it starts from the weights that the model's name stands for.

        Args:
            resume_or_finetune_from_checkpoint: a folder, a name, or True for the last checkpoint of this run. It is
                resumed exactly, or with do_finetune its weights start a new run.
            train_checkpoint, resume_training: the later spelling of the same; a checkpoint in `resume_training` is
                resumed, and True there resumes `train_checkpoint`.
            do_eval: False switches evaluation during training off; True insists on an evaluation data set.
        Raises: CheckpointError, DataError, ConfigError before training; Interrupted after saving.
        """
        from tasklab.session.held_out import USUAL
        from tasklab.session.start import last_checkpoint, new_start, resumed_start
        from tasklab.session.training import train

        self._refuse_untrained()
        checkpoint, resume = resume_or_finetune_from_checkpoint or False, not do_finetune
        if train_checkpoint or resume_training:
            if checkpoint:
                raise ConfigError("give either resume_or_finetune_from_checkpoint or train_checkpoint, not both")
            checkpoint, resume = train_checkpoint or resume_training, bool(resume_training)
            if isinstance(resume_training, (str, Path)):
                checkpoint = resume_training
        if initial_epoch:
            raise ConfigError("initial_epoch is not needed: resume continues at the very step; leave it out")
        if do_eval and self.config.data.eval_off:
            raise ConfigError("do_eval=True needs an evaluation set: pass eval_dataset=... or set data.eval")
        self._ready = None
        if checkpoint is True:
            checkpoint = last_checkpoint(self.config, self._run)
        start = resumed_start(self.config, checkpoint) if checkpoint and resume else new_start(self.config, checkpoint)
        if do_eval and start.config.data.eval is None:
            start.config.data.eval = str(USUAL)  # however few they are
        if do_eval is False:
            start.config.train.eval_strategy, start.config.train.eval_steps = "no", None
        self._run = start.run
        done = train(start, self.callbacks, self.compute_metrics)
        self._example = done.pop("example", None)
        return done

    def finetune(self, finetune_checkpoint=False, **options) -> dict:
        """`train` with the weights of a checkpoint and a new optimizer."""
        return self.train(finetune_checkpoint, do_finetune=True, **options)

    def evaluate(
        self, eval_checkpoint=None, eval_dataset=None, predictions_file=None, report_folder=None
    ) -> dict[str, float]:
        """Scores a checkpoint on data.eval by the task's official rules and returns the metrics.

        Without it on what its run evaluates on, a file or the rows that it held out.

        Args:
            eval_checkpoint: a folder or a name; True or None for the best checkpoint of this run (the last one when
                nothing was evaluated), and without a run for the model's own weights.
            predictions_file: where to write the predictions as JSON, a name that ends in .json.
        Raises: CheckpointError when any weight of the network is missing.
        """
        from tasklab.session.destinations import predictions_place, report_place
        from tasklab.session.scoring import evaluate

        predictions_file, report_folder = predictions_place(predictions_file), report_place(report_folder)
        config = self.config.copy()
        if eval_dataset is not None:
            config.data.eval = data_path(eval_dataset, "eval_dataset")
        ready = self._model(eval_checkpoint, config)
        metrics = evaluate(ready, config.data, predictions_file, report_folder, self.compute_metrics)
        self._example = ready.example
        return metrics

    def predict(
        self, predict_checkpoint=None, input_data=None, top_k: int = 1, batch_size: int | None = None, *,
        as_frame: bool = False, **options,
    ):  # fmt: skip
        """One result per input, in order; with top_k > 1 a list of the best ones per input.

        Args:
            predict_checkpoint: as in `evaluate`. Alone, and no name or folder of weights, it is the input:
                predict("a text"), which the trainer itself answers too: trainer("a text").
            input_data: one text, a list of texts, dicts or pairs, a file, or a table as for training; see the task.
            as_frame: gives a pandas DataFrame: id and texts of each input, or a DataFrame's own columns and index, and
                behind them the answer's parts, such as label and score (predicted_label where the input has a label).
            options: what a task is asked, `schema` of information_extraction; of a task that generates, what the
                section `generation` has: max_new_tokens, do_sample, ...; its top_k is the one of drawing, and
                num_return_sequences says how many answers there are.
        Returns: a list, for vectors an array with one row per input, or a DataFrame.
        """
        from tasklab.session.serving import predict, predict_frame

        return (predict_frame if as_frame else predict)(
            *self._asked(predict_checkpoint, input_data, top_k, batch_size, options)
        )

    def __call__(self, input_data, **options):
        """`predict` of an input, whatever its name is."""
        return self.predict(input_data=input_data, **options)

    def predict_parts(
        self, predict_checkpoint=None, input_data=None, top_k: int = 1, batch_size: int | None = None, **options
    ):
        """What `predict` returns, part by part, for files that are larger than memory where the task takes them."""
        from tasklab.session.serving import predict_parts

        return predict_parts(*self._asked(predict_checkpoint, input_data, top_k, batch_size, options))

    def _asked(self, checkpoint, input_data, top_k: int, batch_size: int | None, options: dict) -> tuple:
        """The network that answers, what it is asked, and how many answers each input gets."""
        if input_data is None and not (isinstance(checkpoint, bool) or names_weights(checkpoint)):
            checkpoint, input_data = None, checkpoint
        if input_data is None:
            raise ConfigError(f"predict needs input_data, for example: {shlex.quote(self.example())}")
        if not isinstance(top_k, Integral) or top_k < 1:
            raise ConfigError(f"top_k = {top_k!r}: expected a whole number, at least 1")
        if top_k > 1 and TASKS.get(self.config.task).one_answer:
            raise ConfigError(f"top_k = {top_k}: an answer of {self.config.task} holds all there is; leave it out")
        config = self.config.copy()
        if batch_size is not None:
            config.evaluate.batch_size = batch_size
        if TASKS.get(config.task).generates:
            for key, value in (options | ({"top_k": top_k} if top_k > 1 else {})).items():
                config.generation[key] = value
            config.validate()
            top_k = config.generation.num_return_sequences
        else:
            asks = TASKS.get(config.task).asks
            if unread := [key for key in options if key not in asks]:
                raise ConfigError(f"predict: {', '.join(unread)}: {config.task} does not generate, so nothing reads it")
            for key, value in options.items():
                if isinstance(value, str) and not value:  # not null, as `data.schema=` is: the model's own
                    raise ConfigError(f"predict: {key} is ''; expected {config.data.expected(key)}, or leave it out")
                config.data[key] = value
            config.validate()
        try:
            return self._model(checkpoint, config), input_path(input_data), top_k
        except UnknownName as error:
            raise UnknownName(f"{error}. Several inputs are one list: predict([..., ...])") from None

    def chat(self, checkpoint=None, system: str | None = None):
        """A `Conversation` with a model that generates text: `say("Hello")` answers and keeps the turns.

        Args:
            checkpoint: as in `predict`.   system: what the model is told before the first question.
        Raises: ConfigError where the task does not chat.
        """
        from tasklab.session.chat import Conversation

        if not TASKS.get(self.config.task).chats:
            raise ConfigError(f"{self.config.task} does not chat; take the task text_generation")
        return Conversation(self._model(checkpoint, self.config.copy()), system)

    def add_callback(self, callback: Callback):
        """Adds a listener to training. Raises ConfigError for what is no `Callback`."""
        self.callbacks += listening([callback])

    def set_parallel_config(self, data_parallel: int = 1, **others):
        """Number of data-parallel processes; every other kind of parallelism is refused by name."""
        tuning = ("gradient_aggregation_group", "vocab_emb_dp")  # of kinds that are off
        kinds = {name: value for name, value in others.items() if name not in tuning and value not in (1, False, None)}
        if kinds:
            raise ConfigError(
                f"set_parallel_config: {', '.join(sorted(kinds))} is not offered; tasklab is data parallel only"
            )
        self.config.data_parallel = data_parallel

    def set_recompute_config(self, recompute: bool = False, **_):
        """Recompute layers in the backward pass: less memory, about a third more time."""
        self.config.recompute = recompute

    def example(self) -> str:
        """An input that `predict` takes, as one types it: of the data that was read last, or any of its task."""
        return self._example or TASKS.get(self.config.task).primer.strip('"')

    def _refuse_untrained(self):
        from tasklab.trials.functions import refuse_while_loading

        refuse_while_loading()
        if not TASKS.get(self.config.task).learns():
            raise ConfigError(
                f"{self.config.task} is not trained: it takes a model as it is. Train with another task, such as "
                "text_classification, and name that checkpoint here"
            )

    def _model(self, checkpoint, config: Config):
        """The network ready to run, kept between calls so that graphs stay compiled."""
        from tasklab.session.serving import ready_for

        self._ready = ready_for(config, self._run or find_run(config), checkpoint, self._ready)
        return self._ready


def _configuration(args, task: str | None, model, overrides: list) -> Config:
    """What the names and settings of a job come to."""
    task = find_task(args=args, task=task, model=model)
    cls = task_class(task, model)
    if model is None and args is None:
        model = default_model(task)
    return resolve(
        task=task, model=model, args=args, data_class=cls.data_config, defaults=defaults_with(model, cls.defaults),
        overrides=overrides, encoder_alone=NETWORKS.get(cls.head).aside is not None, generates=cls.generates,
    )  # fmt: skip
