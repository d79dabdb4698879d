"""How HuggingFace, google-research/bert and MindFormers spell tasklab's settings: tables only, read by translate.py."""

TASKS = {  # HuggingFace's names of pipelines, MindFormers', and what people say; dashes are ours, too
    "fill_mask": "masked_language_modeling", "mlm": "masked_language_modeling",
    "sentiment_analysis": "text_classification", "sequence_classification": "text_classification",
    "sentiment": "text_classification",
    "ner": "token_classification", "named_entity_recognition": "token_classification",
    "sequence_labeling": "token_classification",
    "qa": "question_answering",
    "causal_lm": "text_generation", "causal_language_modeling": "text_generation",
    "text2text": "text2text_generation", "seq2seq": "text2text_generation",
    "machine_translation": "translation", "title_generation": "summarization", "infilling": "text_infilling",
    "uie": "information_extraction", "relation_extraction": "information_extraction",
    "sentence_similarity": "feature_extraction", "embedding": "feature_extraction",
}  # fmt: skip

_SAME_NAME = {  # flat keys that only lack their section
    "data": "max_seq_length",
    "train": "epochs batch_size gradient_accumulation_steps max_steps min_steps max_grad_norm "
    "logging_steps eval_strategy eval_steps save_strategy save_steps save_total_limit early_stopping_patience "
    "early_stopping_threshold metric_for_best_model greater_is_better load_best_model_at_end tensorboard",
    "optimizer": "lr weight_decay ema_decay",
    "schedule": "warmup_ratio warmup_steps lr_end num_cycles",
    "generation": "max_new_tokens min_new_tokens do_sample temperature top_k top_p min_p num_beams "
    "num_return_sequences length_penalty repetition_penalty no_repeat_ngram_size stop_token_ids suppress_tokens",
}
ALIASES = {name: f"{section}.{name}" for section, names in _SAME_NAME.items() for name in names.split()}
"""Their key -> ours. A leading ? marks a key that gives way to another one of the same source with the same meaning."""

# HuggingFace TrainingArguments and example scripts
ALIASES |= {
    "learning_rate": "optimizer.lr",
    "num_train_epochs": "train.epochs",
    "per_device_train_batch_size": "train.batch_size",
    "per_device_eval_batch_size": "evaluate.batch_size",
    "evaluation_strategy": "train.eval_strategy",
    "adam_beta1": "optimizer.betas.0",
    "adam_beta2": "optimizer.betas.1",
    "adam_epsilon": "optimizer.eps",
    "optim": "optimizer.name",
    "lr_scheduler_type": "schedule.name",
    "label_smoothing_factor": "loss.label_smoothing",
    "report_to": "train.tensorboard",
    "gradient_checkpointing": "recompute",
    "fp16": "precision",
    "bf16": "precision",
    "use_cpu": "device_target",
    "no_cuda": "device_target",
    "train_file": "data.train",
    "validation_file": "data.eval",
}
# scripts around peft, and MindFormers' pet_config
ALIASES |= {
    f"{before}lora_{key}": f"lora.{key}"
    for before in ("", "model.model_config.pet_config.")
    for key in ("rank", "alpha", "dropout")
}
TARGET_MODULES = ("target_modules", "lora_target_modules", "model.model_config.pet_config.target_modules")
ALIASES |= dict.fromkeys(TARGET_MODULES, "lora.targets")
# google-research/bert run_squad.py and run_classifier.py
ALIASES |= {
    "train_batch_size": "train.batch_size",
    "eval_batch_size": "evaluate.batch_size",
    "predict_batch_size": "evaluate.batch_size",
    "predict_file": "data.eval",
    "do_lower_case": "tokenizer.lowercase",
    "vocab_file": "tokenizer.vocab",
    "init_checkpoint": "checkpoint",
    "warmup_proportion": "schedule.warmup_ratio",
}
# MindFormers 0.3 to 1.9: command line and YAML
ALIASES |= {
    "load_checkpoint": "checkpoint",
    "train_dataset_dir": "data.train",
    "eval_dataset_dir": "data.eval",
    "num_samples": "data.limit",
    "eval_step_interval": "train.eval_steps",
    "max_seq_len": "data.max_seq_length",
    "max_question_len": "data.max_query_length",
    "max_question_length": "data.max_query_length",
    "max_answer_len": "data.max_answer_length",
    "context.device_target": "device_target",
    "context.device_id": "device_id",
    "runner_config.epochs": "train.epochs",
    "runner_config.batch_size": "train.batch_size",
    "runner_config.gradient_accumulation_steps": "train.gradient_accumulation_steps",
    "runner_wrapper.max_grad_norm": "train.max_grad_norm",
    "parallel_config.data_parallel": "data_parallel",
    "recompute_config.recompute": "recompute",
    "trainer.type": "?task",
    "model.model_config.hidden_size": "model.hidden_size",
    "model.model_config.embedding_size": "?model.hidden_size",
    "model.model_config.num_layers": "?model.num_hidden_layers",
    "model.model_config.num_heads": "?model.num_attention_heads",
    "model.model_config.seq_length": "?data.max_seq_length",
    "model.model_config.compute_dtype": "?precision",
    "optimizer.type": "optimizer.name",
    "optimizer.learning_rate": "?optimizer.lr",
    "optimizer.beta1": "optimizer.betas.0",
    "optimizer.beta2": "optimizer.betas.1",
    "lr_schedule.type": "schedule.name",
    "lr_schedule.learning_rate": "optimizer.lr",
    "lr_schedule.warmup_ratio": "schedule.warmup_ratio",
    "lr_schedule.warmup_steps": "schedule.warmup_steps",
    "lr_schedule.lr_end": "schedule.lr_end",
    "lr_schedule.power": "schedule.power",
    "lr_schedule.num_cycles": "schedule.num_cycles",
    "callbacks.CheckpointMointor.save_checkpoint_steps": "train.save_steps",
    "callbacks.CheckpointMointor.keep_checkpoint_max": "train.save_total_limit",
    "callbacks.CheckpointMonitor.save_checkpoint_steps": "train.save_steps",
    "callbacks.CheckpointMonitor.keep_checkpoint_max": "train.save_total_limit",
}
ALIASES |= {
    f"model.model_config.{name}": f"model.{name}"
    for name in "vocab_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings "
    "type_vocab_size hidden_act hidden_dropout_prob attention_probs_dropout_prob layer_norm_eps "
    "initializer_range".split()
}
ALIASES |= {  # Llama's
    f"model.model_config.{theirs}": f"model.{ours}"
    for theirs, ours in (
        ("n_kv_heads", "num_key_value_heads"), ("rms_norm_eps", "layer_norm_eps"), ("theta", "rope_theta"),
        ("qkv_has_bias", "qkv_bias"), ("max_position_embedding", "max_position_embeddings"),
        ("tie_word_embeddings", "tie_word_embeddings"), ("hidden_dropout_rate", "hidden_dropout_prob"),
        ("attention_dropout_rate", "attention_probs_dropout_prob"),
    )  # fmt: skip
}
ALIASES |= {  # T5's; encoder_decoders.py writes them
    f"model.model_config.{theirs}": f"model.{ours}"
    for theirs, ours in (
        ("d_kv", "head_size"), ("d_ff", "intermediate_size"), ("num_decoder_layers", "num_decoder_layers"),
        ("layer_norm_epsilon", "layer_norm_eps"), ("scale_output", "scale_decoder_outputs"),
        ("relative_attention_num_buckets", "relative_attention_num_buckets"),
        ("start_token_id", "decoder_start_token_id"),
    )  # fmt: skip
}
_QA_FIELDS = {"max_seq_len": "max_seq_length", "max_question_len": "max_query_length", "doc_stride": "doc_stride"}
_QA_FIELDS |= {"max_answer_len": "max_answer_length", "n_best_size": "n_best_size"}
for _split, _batch in (("train", "?train.batch_size"), ("eval", "?evaluate.batch_size")):
    ALIASES |= {
        f"{_split}_dataset.batch_size": _batch,
        f"{_split}_dataset.data_loader.dataset_dir": f"data.{_split}",
        f"{_split}_dataset.text_transforms.max_length": "?data.max_seq_length",
        f"{_split}_dataset.tokenizer.type": "?tokenizer.name",
        f"{_split}_dataset.tokenizer.do_lower_case": "?tokenizer.lowercase",
        f"{_split}_dataset.tokenizer.vocab_file": "?tokenizer.vocab",
    }
    ALIASES |= {f"{_split}_dataset.data_loader.{theirs}": f"?data.{ours}" for theirs, ours in _QA_FIELDS.items()}


SKIP = object()  # this value of theirs says nothing
_DTYPES = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
VALUES = {  # their key -> their value, lower case -> ours; other values stay as they are
    "fp16": {"true": "fp16", "false": SKIP},
    "bf16": {"true": "bf16", "false": SKIP},
    "use_cpu": {"true": "CPU", "false": SKIP},
    "no_cuda": {"true": "CPU", "false": SKIP},
    "report_to": {"tensorboard": True, "all": True, "['tensorboard']": True, "none": False, "[]": False},
    "optim": {"adamw_torch": "adamw", "adamw_torch_fused": "adamw", "adamw_hf": "adamw"},
    # MindFormers trains BERT with adam; its authors' decay is apart from the gradient, which makes it AdamW
    "optimizer.type": dict.fromkeys(
        ("adam", "adamweightdecay", "fp32stateadamweightdecay", "fusedadamweightdecay"), "adamw"
    ),
    "lr_schedule.type": {
        "linearwithwarmuplr": "linear", "cosinewithwarmuplr": "cosine", "polynomialwithwarmuplr": "polynomial",
        "cosinewithrestartsandwarmuplr": "cosine_with_restarts", "constantwarmuplr": "constant_with_warmup",
        "warmupdecaylr": "polynomial",
    },  # fmt: skip
    "max_steps": {"-1": SKIP},
    "eval_step_interval": {"-1": SKIP},
    "warmup_steps": {"0": SKIP},
    "lr_schedule.warmup_steps": {"0": SKIP},
    "model.model_config.compute_dtype": _DTYPES,
    "trainer.type": {
        "questionansweringtrainer": "question_answering",
        "textclassificationtrainer": "text_classification",
        "tokenclassificationtrainer": "token_classification",
        "maskedlanguagemodelingtrainer": "masked_language_modeling",
        "translationtrainer": "translation",
        "causallanguagemodelingtrainer": "text_generation",
        "generaltasktrainer": SKIP,
    },
    "train_dataset.tokenizer.type": {"berttokenizer": "wordpiece"},
    "eval_dataset.tokenizer.type": {"berttokenizer": "wordpiece"},
}

IGNORED = set(
    # whole sections, and flat keys: launching, profiling, cloud, and what tasklab always does
    "run_mode auto_trans_ckpt src_strategy_path_or_dir only_save_strategy transform_process_num remote_save_url "
    "aicc_config cloud_config moe_config auto_tune filepath_prefix autotune_per_step profile profile_start_step "
    "profile_stop_step init_start_profile profile_communication profile_memory profile_output use_parallel parallel "
    "runner_wrapper eval_callbacks callbacks metric processor train_dataset_task eval_dataset_task layer_decay "
    "lr_scale_factor do_eval do_train do_predict eval_epoch_interval sink_mode sink_size "
    "logging_strategy logging_dir dataloader_num_workers "
    "dataloader_pin_memory remove_unused_columns disable_tqdm overwrite_output_dir run_name data_seed integrated_save "
    "version_2_with_negative save_seconds trainer.model_name model.arch.type model.model_config.type "
    "train_dataset.seed eval_dataset.seed lr_schedule.total_steps auto_find_batch_size mode "
    "parallel_optimizer_comm_recompute mp_comm_recompute recompute_slice_activation".split()
)
IGNORED |= {f"context.{k}" for k in "mode save_graphs save_graphs_path graph_kernel_flags max_call_depth".split()}
IGNORED |= {f"context.{k}" for k in "enable_graph_kernel max_device_memory jit_config ascend_config".split()}
IGNORED |= {f"runner_config.{k}" for k in "sink_mode sink_size per_epoch_size initial_epoch image_size".split()}
IGNORED |= {
    f"recompute_config.{k}"
    for k in "parallel_optimizer_comm_recompute mp_comm_recompute recompute_slice_activation select_recompute".split()
}
IGNORED |= {
    f"model.model_config.{k}"
    for k in "checkpoint_name_or_path use_one_hot_embeddings num_labels dropout_prob batch_size use_past "
    "softmax_compute_type layernorm_compute_type softmax_compute_dtype layernorm_compute_dtype param_init_type".split()
}
IGNORED |= {
    f"{split}_dataset.{k}"
    for split in ("train", "eval")
    for k in "data_loader.type data_loader.stage data_loader.column_names data_loader.shuffle input_columns "
    "output_columns column_order num_parallel_workers python_multiprocessing drop_remainder repeat numa_enable "
    "prefetch_size shuffle data_loader.shard_equal_rows text_transforms label_transforms tokenizer.do_basic_tokenize "
    "tokenizer.model_max_length tokenizer.is_tokenize_char tokenizer.checkpoint_name_or_path".split()
}
"""Keys, with everything below them, that tasklab has no use for; a run prints the ones it met in one line."""

ONLY = {  # their key -> the one value tasklab can honour
    "resume_training": "false",
    "layer_scale": "false",
    "lr_scale": "false",
    "micro_batch_interleave_num": "1",
    "model.model_config.use_relative_positions": "false",
    "model.model_config.use_moe": "false",
    "model.model_config.pet_config.pet_type": "lora",
    "model.model_config.post_layernorm_residual": "true",
    "parallel_config.gradient_aggregation_group": "4",
}
ONLY |= {
    f"parallel_config.{k}": "1"
    for k in "model_parallel expert_parallel pipeline_stage micro_batch_num context_parallel".split()
}
ONLY |= {
    f"{split}_dataset.tokenizer.{name}_token": f"[{name.upper()}]"
    for split in ("train", "eval")
    for name in ("cls", "mask", "pad", "sep", "unk")
}
