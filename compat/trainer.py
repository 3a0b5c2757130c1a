"""Training: arguments, processing class and overrides of `Trainer`, in the newest form on every release."""

from __future__ import annotations

import os
from functools import cache, wraps
from itertools import islice

from ._adapters import adapts, stable
from ._releases import UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import Field
    from typing import Any

__all__ = ["nested_gather", "processing_class", "stable_trainer", "training_arguments"]


# Old name, newest name, and the value of the old one that asked for nothing.
_RENAMED = (
    ("evaluation_strategy", "eval_strategy", None),
    ("no_cuda", "use_cpu", False),
    ("per_gpu_train_batch_size", "per_device_train_batch_size", None),
    ("per_gpu_eval_batch_size", "per_device_eval_batch_size", None),
    ("push_to_hub_token", "hub_token", None),
    ("torchdynamo", "torch_compile_backend", None),
    ("include_tokens_per_second", "include_num_input_tokens_seen", False),
    ("gradient_checkpointing", "activation_checkpointing", None),
    ("gradient_checkpointing_kwargs", "activation_checkpointing_kwargs", None),
)

# Where only the name differs: what a class without the newest name calls it.
_OLDER_NAMES = {
    "activation_checkpointing": "gradient_checkpointing",
    "activation_checkpointing_kwargs": "gradient_checkpointing_kwargs",
    "eval_strategy": "evaluation_strategy",
}

# Arguments that some releases lack: the releases that take them, the values that ask for what the others do anyway,
# and what to do instead.
_ONLY_SOME: dict[str, tuple[str, tuple[object, ...], str]] = {
    "average_tokens_across_devices": (">=4.46.2", (False,), ""),
    "batch_eval_metrics": (">=4.41", (False,), ""),
    "dataloader_in_order": (">=5.15", (True,), ""),
    "dataloader_multiprocessing_context": (">=5.15", (None,), ""),
    "ddp_static_graph": (">=5.6", (None, False), ""),
    "enable_jit_checkpoint": (">=5.0", (False,), ""),
    "eval_on_start": (">=4.42", (False,), ""),
    "eval_use_gather_object": (">=4.43", (False,), ""),
    "fp16_backend": ("<5.0", (None, "auto", "amp"), "drop it: accelerate's own mixed precision is the only one"),
    "fp16_opt_level": ("<5.0", (None, "O1"), "drop it: it is a level of apex"),
    "half_precision_backend": (
        "<5.0",
        (None, "auto", "amp", "cuda_amp", "cpu_amp"),
        "drop it: accelerate's own mixed precision is the only one",
    ),
    "hub_revision": (">=4.53", (None,), ""),
    "include_for_metrics": (">=4.46", (None, []), ""),
    "jit_mode_eval": ("<5.0", (False,), "trace the model yourself before you evaluate it"),
    "liger_kernel_config": (">=4.53", (None,), ""),
    "parallelism_config": (">=4.56", (None,), ""),
    "past_index": ("<5.0", (None, -1), "keep the past yourself, in an override of `compute_loss`"),
    "project": (">=4.57", ("huggingface",), ""),
    "restore_callback_states_from_checkpoint": (">=4.41", (False,), ""),
    "save_safetensors": ("<5.0", (None, True), "checkpoints are safetensors; `torch.save` the state dict yourself"),
    "torch_empty_cache_steps": (">=4.43", (None,), ""),
    "tp_size": (">=4.50,<4.52", (None, 0, 1), "load the model with `tp_plan=` instead"),
    "trackio_bucket_id": (">=5.6", (None,), ""),
    "trackio_space_id": (">=4.57", (None,), ""),
    "trackio_static_space_id": (">=5.6", (None,), ""),
    "use_ipex": ("<4.57", (False,), "optimize the model with `ipex` yourself"),
    "use_legacy_prediction_loop": ("<5.0", (False,), "override `evaluation_loop`"),
    "use_liger_kernel": (">=4.45", (False,), ""),
    # A Trainer takes mps wherever it is, asked or not.
    "use_mps_device": ("<5.0", (None, False, True), ""),
}

# No Trainer ever read these: launchers and scripts do, so they stay readable on the arguments.
_KEPT = ("mp_parameters", "overwrite_output_dir", "tpu_num_cores", "use_cache")

# What upstream reads from the environment only, since the release that dropped the argument.
_ENVIRONMENT = {"logging_dir": "TENSORBOARD_LOGGING_DIR", "ray_scope": "RAY_SCOPE"}

# Methods of Trainer that no upstream calls any more: since when, and what to override instead.
_UNCALLED = {
    "_activate_neftune": ("5.2.0", "pass `neftune_noise_alpha`"),
    "_align_special_tokens": ("5.2.0", "align them before the trainer is made"),
    "_deactivate_neftune": ("5.2.0", "pass `neftune_noise_alpha`"),
    "_fsdp_qlora_plugin_updates": ("5.2.0", "pass `fsdp_config`"),
    "_gather_and_numpify": ("5.0.0", "override `evaluation_loop`"),
    "_nested_gather": ("5.2.0", "override `_maybe_log_save_evaluate` or `evaluation_loop`"),
    "_rotate_checkpoints": ("5.2.0", "override `_save_checkpoint`"),
    "_save_tpu": ("5.2.0", "override `save_model`"),
    "_sorted_checkpoints": ("5.2.0", "override `_save_checkpoint`"),
    "compare_trainer_and_checkpoint_args": ("5.2.0", "compare them in a callback's `on_train_begin`"),
    "create_optimizer_and_scheduler": ("5.1.0", "override `create_optimizer` and `create_scheduler`"),
    "ipex_optimize_model": ("4.53.0", "optimize the model before the trainer is made"),
    "num_tokens": ("5.0.0", "pass `include_num_input_tokens_seen`"),
    "prediction_loop": ("5.0.0", "override `evaluation_loop`"),
    "propagate_args_to_deepspeed": ("5.2.0", "pass `deepspeed`"),
    "torch_jit_model_eval": ("5.0.0", "trace the model before the trainer is made"),
}

# The newest form of what is overridden most, without `self`; from the star on, upstream gives it by keyword.
_NEWEST_FORMS = {
    "_get_train_sampler": "train_dataset=None",
    "_maybe_log_save_evaluate": (
        "tr_loss, grad_norm, model, trial, epoch, ignore_keys_for_eval, start_time, *, learning_rate=None"
    ),
    "compute_loss": "model, inputs, *, return_outputs=False, num_items_in_batch=None",
    "create_optimizer": "model=None",
    "get_batch_samples": "epoch_iterator, num_batches, device",
    "log": "logs, start_time=None",
    "training_step": "model, inputs, num_items_in_batch=None",
}


@stable
def nested_gather(tensors: Any, args: Any, name: str | None = None) -> Any:
    """Gather tensors from all processes, as `Trainer._nested_gather` did.

    Args:
        tensors: A tensor, a list or tuple of tensors (nested as deep as you like), or None.
        args: The trainer's `TrainingArguments`.
        name: What XLA calls the gathering.

    Returns:
        The same nesting; each tensor has the processes' parts along its first dimension. None for None.
    """


@adapts(nested_gather, "transformers>=5.2", because="5.2.0 makes the method a function of `trainer_pt_utils`")
def _from_function() -> Any:
    from transformers.trainer_pt_utils import nested_gather as upstream

    def nested_gather(tensors: Any, args: Any, name: str | None = None) -> Any:
        return upstream(tensors, args.parallel_mode, name)

    return nested_gather


@adapts(nested_gather, "transformers<5.2", because="before 5.2.0 it is a method of Trainer, which reads `args` only")
def _from_method() -> Any:
    from transformers.trainer import Trainer

    gather: Any = Trainer._nested_gather

    class Trained:
        """All that the method reads of a trainer."""

        __slots__ = ("args",)
        args: Any

    def nested_gather(tensors: Any, args: Any, name: str | None = None) -> Any:
        trainer = Trained()
        trainer.args = args
        return gather(trainer, tensors, name)

    return nested_gather


def processing_class(trainer: Any) -> Any:
    """The tokenizer or processor of a trainer.

    4.46.1 renames `trainer.tokenizer` to `trainer.processing_class`; 5.0.0 drops the old name.

    Args:
        trainer: A trainer.

    Raises:
        TypeError: It has neither.
    """
    for name in ("processing_class", "tokenizer"):
        if hasattr(trainer, name):
            return getattr(trainer, name)
    raise TypeError(f"{type(trainer).__name__} has neither `processing_class` nor `tokenizer`: give a Trainer")


def training_arguments(output_dir: str | None = None, *, arguments_class: type | None = None, **keywords: Any) -> Any:
    """Make `TrainingArguments` from their newest names, or any older ones, with the same defaults on every release.

    Defaults that upstream changed without a word are those of the newest release: `report_to="none"` (5.0.0; before,
    everything that is installed), `optim="adamw_torch_fused"` with torch 2.8 (4.54.0),
    `average_tokens_across_devices=True` (4.54.0), `trackio_space_id=None` (5.6.0). A default that a subclass declares
    itself stays.

    Args:
        output_dir: Where checkpoints go.
        arguments_class: A subclass of `TrainingArguments`; None: upstream's own.
        keywords: The arguments. `warmup_steps` below 1 is a share of the steps (`warmup_ratio` up to 4.57).
            `logging_dir` is put into TENSORBOARD_LOGGING_DIR, and `ray_scope` into RAY_SCOPE, where upstream reads
            only those (5.0.0). What only scripts and launchers read, such as `overwrite_output_dir`, stays an
            attribute. `use_cache` does, too, before 5.0, where `stable_trainer` applies it.

    Raises:
        TypeError: A name that no release knows, or an argument given twice, by its old and its new name.
        ValueError: A value that no release can carry out alike.
        UnsupportedRelease: The installed release lacks the argument, and does not do by itself what was asked for.
    """
    from dataclasses import fields, is_dataclass

    if arguments_class is None:
        from transformers import TrainingArguments

        arguments_class = TrainingArguments
    if not is_dataclass(arguments_class):
        raise TypeError(f"arguments_class is {arguments_class!r}: give a subclass of TrainingArguments")
    taken = {field.name: field for field in fields(arguments_class) if field.init}
    own = _own_names(arguments_class)
    if output_dir is not None:
        keywords["output_dir"] = output_dir
    asked = {name: keywords.pop(name) for name in list(keywords) if name in own}
    asked |= _older_than_installed(_newest_names(keywords, taken), taken)
    kept = {name: asked.pop(name) for name in _KEPT if name in asked and name not in taken}
    kept |= _environment(asked, taken)
    for name in [name for name in asked if name not in taken]:
        _check_absent(name, asked.pop(name), taken)
    for name, value in _pinned(taken).items():
        if name in taken and name not in own:
            asked.setdefault(name, value)
    made = arguments_class(**asked)
    for name, value in kept.items():
        setattr(made, name, value)
    return made


def stable_trainer(base: type | None = None) -> Any:
    """A subclass of a trainer whose methods are overridden in their newest form on every release.

    `class MyTrainer(stable_trainer()):` may override `compute_loss`, `training_step`, `log`, `_get_train_sampler`,
    `create_optimizer`, `_maybe_log_save_evaluate` and `get_batch_samples` with the parameters of the newest release,
    and hand all of them to `super()`. It takes `processing_class=` or `tokenizer=`, has `_nested_gather`, sets
    `model.config.use_cache` as 5.0 and later do, and scales a causal loss by the labels that it predicts, as 5.10.1 and
    later do (before, the first label of each row was counted, too: every loss was smaller). Gradients are accumulated
    alike, too: 5.2.0 to 5.5.3 divide them by the accumulated steps twice.

    Args:
        base: The trainer to extend, such as `Seq2SeqTrainer` or one of trl; None: upstream's `Trainer`.

    Raises:
        TypeError: When a subclass is defined that overrides a method in an older form, or one that the newest
            release never calls: the message has the form, or what to override instead.
    """
    if base is None:
        from transformers import Trainer

        base = Trainer
    return _extended(base)


def _own_names(arguments_class: type) -> set[str]:
    """The arguments that a subclass declares itself: their names and defaults are its own business."""
    return {
        name
        for declared in arguments_class.__mro__
        if declared.__module__.partition(".")[0] != "transformers"
        for name in vars(declared).get("__annotations__", {})
    }


def _newest_names(asked: dict[str, Any], taken: Mapping[str, Field[Any]]) -> dict[str, Any]:
    asked = dict(asked)
    for old, new, nothing in _RENAMED:
        if old in asked:
            value = asked.pop(old)
            if value is not None and value != nothing:
                _give(asked, new, value, old)
    if asked.pop("group_by_length", False):
        _give(asked, "train_sampling_strategy", "group_by_length", "group_by_length")
    if asked.pop("adafactor", False):
        _give(asked, "optim", "adafactor", "adafactor")
    if asked.pop("include_inputs_for_metrics", False):
        asked["include_for_metrics"] = [*(asked.get("include_for_metrics") or ()), "inputs"]
    if asked.pop("tpu_metrics_debug", False):
        debug = asked.get("debug") or ""
        asked["debug"] = (
            f"{debug} tpu_metrics_debug".strip() if isinstance(debug, str) else [*debug, "tpu_metrics_debug"]
        )
    ratio = asked.pop("warmup_ratio", None)
    if ratio:
        if not 0 < ratio < 1:
            raise ValueError(
                f"warmup_ratio={ratio!r}: since 5.0 a share of the steps is `warmup_steps` between 0 and 1"
            )
        if not asked.get("warmup_steps"):
            asked.pop("warmup_steps", None)
        _give(asked, "warmup_steps", ratio, "warmup_ratio")
    for name in ("dispatch_batches", "split_batches"):
        _nest(asked, "accelerator_config", name, asked.pop(name, None))
    _nest(asked, "fsdp_config", "min_num_params", asked.pop("fsdp_min_num_params", 0) or None)
    layer = asked.pop("fsdp_transformer_layer_cls_to_wrap", None)
    _nest(asked, "fsdp_config", "transformer_layer_cls_to_wrap", [layer] if isinstance(layer, str) else layer)
    model, organization = asked.pop("push_to_hub_model_id", None), asked.pop("push_to_hub_organization", None)
    if organization:
        folder = os.path.normpath(asked.get("output_dir") or "trainer_output")
        model = f"{organization}/{model or os.path.split(folder)[1]}"
    if model:
        _give(asked, "hub_model_id", model, "push_to_hub_model_id")
    if "report_to" in asked and asked["report_to"] is None:
        raise ValueError('report_to=None is everything up to 4.57 and an error since 5.0: write "all" or "none"')
    return asked


def _give(asked: dict[str, Any], new: str, value: Any, old: str) -> None:
    if new in asked and asked[new] != value:
        raise TypeError(f"{old}={value!r} and {new}={asked[new]!r} are one argument: give {new} only")
    asked[new] = value


def _nest(asked: dict[str, Any], outer: str, inner: str, value: Any) -> None:
    if value is None:
        return
    held = asked.get(outer) or {}
    if not isinstance(held, dict):
        raise TypeError(f"{inner}={value!r} belongs into {outer}, which is {held!r}: put it there, or give a dict")
    asked[outer] = {**held, inner: value}


def _older_than_installed(asked: dict[str, Any], taken: Mapping[str, Field[Any]]) -> dict[str, Any]:
    """What was asked for, in newest names, said as the installed release says it."""
    for new, old in _OLDER_NAMES.items():
        if new in asked and new not in taken and old in taken:
            asked[old] = asked.pop(new)
    strategy = asked.get("train_sampling_strategy")
    if strategy is not None:
        _check_choice("train_sampling_strategy", strategy, taken)
        if "train_sampling_strategy" not in taken:
            asked["group_by_length"] = asked.pop("train_sampling_strategy") == "group_by_length"
    steps = asked.get("warmup_steps", 0)
    if steps < 0:
        raise ValueError(f"warmup_steps={steps!r}: give a number of steps, or a share of them between 0 and 1")
    # Before 5.0.0 a float in `warmup_steps` is a number of steps; 5.0 to 5.14 keep `warmup_ratio`, defaulting to None.
    if "warmup_ratio" in taken and taken["warmup_ratio"].default is not None and steps:
        share = steps < 1
        asked["warmup_ratio" if share else "warmup_steps"] = steps if share else int(steps)
        if share:
            del asked["warmup_steps"]
    seen = asked.get("include_num_input_tokens_seen")
    if isinstance(seen, str) and "str" not in str(taken["include_num_input_tokens_seen"].type):
        if seen == "non_padding":
            _refuse("include_num_input_tokens_seen", seen, ">=4.57", "count the padding, too: 'all'")
        asked["include_num_input_tokens_seen"] = seen == "all"
    if asked.get("include_for_metrics") == ["inputs"] and "include_for_metrics" not in taken:
        asked["include_inputs_for_metrics"] = bool(asked.pop("include_for_metrics"))
    return asked


def _check_choice(name: str, value: Any, taken: Mapping[str, Field[Any]]) -> None:
    # Trainer compares strings, and takes a random order for a strategy that it does not know.
    known = ("random", "group_by_length") if name not in taken else taken[name].metadata.get("choices", (value,))
    if value not in known:
        first = {"sequential": ">=5.2", "batch_rebalance": ">=5.17"}
        if value in first:
            _refuse(name, value, first[value], "")
        raise ValueError(f"training_arguments: {name}={value!r} is none of {', '.join(map(repr, known))}")


def _environment(asked: dict[str, Any], taken: Mapping[str, Field[Any]]) -> dict[str, Any]:
    """Put into the environment what upstream reads there and nowhere else; what was put there."""
    put = {}
    for name, variable in _ENVIRONMENT.items():
        # 5.0 to 5.14 still take `logging_dir`, log that it is deprecated, and do not read it.
        ignored = name not in taken or variable in taken[name].metadata.get("help", "")
        if name in asked and ignored:
            put[name] = asked.pop(name)
            if put[name] is not None:
                os.environ[variable] = str(put[name])
    return put


def _pinned(taken: Mapping[str, Field[Any]]) -> dict[str, Any]:
    pinned: dict[str, Any] = {"report_to": "none", "average_tokens_across_devices": True, "trackio_space_id": None}
    torch = installed_release("torch")
    if torch is not None and (torch.major, torch.minor) >= (2, 8):
        pinned["optim"] = "adamw_torch_fused"
    return pinned


def _check_absent(name: str, value: Any, taken: Mapping[str, Field[Any]]) -> None:
    if name in _ONLY_SOME:
        releases, harmless, instead = _ONLY_SOME[name]
        if not any(value is same or value == same for same in harmless):
            _refuse(name, value, releases, instead)
        return
    from difflib import get_close_matches

    close = get_close_matches(name, [*taken, *_ONLY_SOME, *_KEPT], n=3)
    raise TypeError(
        f"training_arguments: no release of transformers that is known takes {name!r}"
        + (f"; there is {', '.join(close)}" if close else "")
    )


def _refuse(name: str, value: Any, releases: str, instead: str) -> None:
    raise UnsupportedRelease(
        f"training_arguments: {name}={value!r} needs transformers{releases}, and "
        f"{installed_release('transformers')} is installed" + (f": {instead}" if instead else "")
    )


@cache
def _extended(base: Any) -> Any:
    takes = _parameters(base.__init__)
    namespace: dict[str, Any] = {"__module__": base.__module__, "__doc__": base.__doc__, **_bridges(base)}

    @wraps(base.__init__)
    def __init__(self: Any, *args: Any, **keywords: Any) -> None:
        given, wanted = ("tokenizer", "processing_class")
        if wanted not in takes:
            given, wanted = wanted, given
        if given in keywords and given not in takes:
            if wanted in keywords:
                raise TypeError("tokenizer= and processing_class= are one argument: give processing_class only")
            keywords[wanted] = keywords.pop(given)
        base.__init__(self, *args, **keywords)
        # 5.0.0 sets it from the arguments, whose default is False; before, evaluation returns the cache as well.
        config = getattr(self.model, "config", None)
        if config is not None:
            config.use_cache = getattr(self.args, "use_cache", False)
        self._upstream_counts_shifted = hasattr(self, "_loss_shifts_labels")
        self._loss_shifts_labels = _shifts_labels(self.model)

    def __init_subclass__(cls: type, /, **keywords: Any) -> None:
        super(extended, cls).__init_subclass__(**keywords)
        _check_overrides(cls)
        _fill_overrides(cls, base)

    namespace["__init__"] = __init__
    namespace["__init_subclass__"] = classmethod(__init_subclass__)
    if "processing_class" not in takes:
        namespace["processing_class"] = property(lambda self: self.tokenizer)
    extended: Any = type(f"Stable{base.__name__}", (base,), namespace)
    return extended


def _parameters(function: Any) -> set[str]:
    from inspect import signature

    return set(signature(function).parameters)


def _lacks(base: Any, name: str, parameter: str) -> bool:
    return hasattr(base, name) and parameter not in _parameters(getattr(base, name))


def _bridges(base: Any) -> dict[str, Callable[..., Any]]:
    """Methods with the newest signatures, where the base has older ones; `super()` of an override meets them."""
    made: dict[str, Callable[..., Any]] = {}

    def bridge(parameter: str) -> Callable[[Callable[..., Any]], None]:
        def keep(method: Callable[..., Any]) -> None:
            if _lacks(base, method.__name__, parameter):
                made[method.__name__] = method

        return keep

    @bridge("num_items_in_batch")
    def compute_loss(
        self: Any, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        return base.compute_loss(self, model, inputs, return_outputs)

    @bridge("num_items_in_batch")
    def training_step(self: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        return base.training_step(self, model, inputs)

    @bridge("start_time")
    def log(self: Any, logs: Any, start_time: float | None = None) -> None:
        base.log(self, logs)

    @bridge("train_dataset")
    def _get_train_sampler(self: Any, train_dataset: Any = None) -> Any:
        if train_dataset is None or train_dataset is self.train_dataset:
            return base._get_train_sampler(self)
        kept, self.train_dataset = self.train_dataset, train_dataset
        try:
            return base._get_train_sampler(self)
        finally:
            self.train_dataset = kept

    @bridge("model")
    def create_optimizer(self: Any, model: Any = None) -> Any:
        if model is None or model is self.model:
            return base.create_optimizer(self)
        kept, self.model = self.model, model
        try:
            return base.create_optimizer(self)
        finally:
            self.model = kept

    if hasattr(base, "create_accelerator_and_postprocess"):

        def create_accelerator_and_postprocess(self: Any) -> None:
            base.create_accelerator_and_postprocess(self)
            # Trainer has scaled the loss; in 5.2.0 to 5.5.3 accelerate divides it by the accumulated steps once more.
            if not self.is_deepspeed_enabled:
                self.accelerator.gradient_accumulation_steps = 1

        made["create_accelerator_and_postprocess"] = create_accelerator_and_postprocess

    if hasattr(base, "_get_num_items_in_batch"):

        def _get_num_items_in_batch(self: Any, batch_samples: list[Any], device: Any) -> Any:
            return base._get_num_items_in_batch(self, _counted(self, batch_samples), device)

        made["_get_num_items_in_batch"] = _get_num_items_in_batch
    elif hasattr(base, "get_batch_samples"):
        placed = not _lacks(base, "get_batch_samples", "device")

        def get_batch_samples(self: Any, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
            batches = list(islice(epoch_iterator, num_batches))
            counted = iter(_counted(self, batches))
            _, items = base.get_batch_samples(self, counted, num_batches, *([device] if placed else []))
            return batches, items

        made["get_batch_samples"] = get_batch_samples

    started = not _lacks(base, "_maybe_log_save_evaluate", "start_time")

    @bridge("learning_rate")
    def _maybe_log_save_evaluate(
        self: Any,
        tr_loss: Any,
        grad_norm: Any,
        model: Any,
        trial: Any,
        epoch: Any,
        ignore_keys_for_eval: Any,
        start_time: Any = None,
        learning_rate: Any = None,
    ) -> None:
        rest = (start_time,) if started else ()
        base._maybe_log_save_evaluate(self, tr_loss, grad_norm, model, trial, epoch, ignore_keys_for_eval, *rest)

    if not hasattr(base, "_nested_gather"):

        def _nested_gather(self: Any, tensors: Any, name: str | None = None) -> Any:
            return nested_gather(tensors, self.args, name)

        made["_nested_gather"] = _nested_gather
    return made


def _counted(trainer: Any, batches: list[Any]) -> list[Any]:
    """Batches whose labels are the ones that the loss predicts: 5.10.1 stops to count the first label of each row."""
    if trainer._upstream_counts_shifted:
        return batches
    return [{**batch, "labels": _predicted(trainer, batch)} if "labels" in batch else batch for batch in batches]


def _predicted(trainer: Any, batch: Any) -> Any:
    labels = batch["labels"]
    if "shift_labels" in batch:
        return batch["shift_labels"]
    return labels[..., 1:] if trainer._loss_shifts_labels and hasattr(labels, "ne") else labels


def _shifts_labels(model: Any) -> bool:
    """Whether a model's loss compares each place with the next label: it is the causal one, of a decoder."""
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    try:
        from transformers.loss.loss_utils import LOSS_MAPPING, ForCausalLMLoss
    except ImportError:
        # Up to 4.45 a model computes its loss itself.
        return False
    kind = getattr(model, "loss_type", None)
    if kind is None:
        return False
    decoder = not getattr(getattr(model, "config", None), "is_encoder_decoder", False)
    return decoder and LOSS_MAPPING.get(kind) is ForCausalLMLoss


def _check_overrides(cls: type) -> None:
    for name, (release, instead) in _UNCALLED.items():
        if name in vars(cls):
            raise TypeError(f"{cls.__name__}.{name} is never called since transformers {release}: {instead}")
    for name, form in _NEWEST_FORMS.items():
        override = vars(cls).get(name)
        if callable(override) and not _takes(override, form):
            newest = form.replace("*, ", "")
            raise TypeError(f"{cls.__name__}.{name} is not in the newest form, which is {name}(self, {newest})")


def _takes(override: Callable[..., Any], form: str) -> bool:
    from inspect import signature

    by_place, _, by_keyword = form.partition("*, ")
    places = [name for name in by_place.split(", ") if name]
    required = [name for name in places if "=" not in name]
    keywords = {name.partition("=")[0]: None for name in by_keyword.split(", ") if name}
    try:
        signature(override).bind(None, *required)
        signature(override).bind(None, *places, **keywords)
    except TypeError:
        return False
    return True


def _fill_overrides(cls: type, base: Any) -> None:
    """Where upstream calls an override with less than the newest release does, give it the rest."""
    for name, parameter, filled in (
        ("_get_train_sampler", "train_dataset", lambda self: self.train_dataset),
        ("_maybe_log_save_evaluate", "start_time", lambda self: None),
        ("get_batch_samples", "device", lambda self: self.args.device),
    ):
        if name in vars(cls) and _lacks(base, name, parameter):
            setattr(cls, name, _filling(vars(cls)[name], _NEWEST_FORMS[name], parameter, filled))


def _filling(
    override: Callable[..., Any], form: str, parameter: str, filled: Callable[[Any], Any]
) -> Callable[..., Any]:
    names = [name.partition("=")[0] for name in form.replace("*, ", "").split(", ")]
    place = names.index(parameter)

    @wraps(override)
    def calling(self: Any, *args: Any, **keywords: Any) -> Any:
        given = args[place] if len(args) > place else keywords.pop(parameter, None)
        value = filled(self) if given is None else given
        if len(args) < place:
            return override(self, *args, **keywords, **{parameter: value})
        return override(self, *args[:place], value, *args[place + 1 :], **keywords)

    return calling
