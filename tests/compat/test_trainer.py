import dataclasses
import os
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compat import trainer
from compat._releases import UnsupportedRelease


@dataclasses.dataclass
class Newest:
    """The fields of 5.23 that have a story."""

    output_dir: str | None = None
    eval_strategy: str = "no"
    use_cpu: bool = False
    per_device_train_batch_size: int = 8
    hub_token: str | None = None
    hub_model_id: str | None = None
    torch_compile_backend: str | None = None
    include_num_input_tokens_seen: str | bool = "no"
    activation_checkpointing: bool | None = None
    gradient_checkpointing: bool | None = None
    train_sampling_strategy: str = dataclasses.field(
        default="random", metadata={"choices": ["random", "sequential", "group_by_length"]}
    )
    warmup_steps: float = 0
    optim: str = "adamw_torch"
    include_for_metrics: list[str] = dataclasses.field(default_factory=list)
    accelerator_config: Any = None
    fsdp_config: Any = None
    debug: Any = ""
    report_to: Any = "none"
    average_tokens_across_devices: bool = True
    use_cache: bool = False


@dataclasses.dataclass
class Oldest:
    """The same, as 4.49 has them."""

    output_dir: str | None = None
    eval_strategy: str = "no"
    evaluation_strategy: str | None = None
    use_cpu: bool = False
    no_cuda: bool = False
    per_device_train_batch_size: int = 8
    per_gpu_train_batch_size: int | None = None
    hub_token: str | None = None
    hub_model_id: str | None = None
    torch_compile_backend: str | None = None
    include_num_input_tokens_seen: bool | None = False
    gradient_checkpointing: bool = False
    group_by_length: bool = False
    warmup_steps: int = 0
    warmup_ratio: float = 0.0
    optim: str = "adamw_torch"
    include_for_metrics: list[str] = dataclasses.field(default_factory=list)
    accelerator_config: Any = None
    fsdp_config: Any = None
    debug: Any = ""
    report_to: Any = None
    average_tokens_across_devices: bool = False
    past_index: int = -1
    overwrite_output_dir: bool = False
    logging_dir: str | None = dataclasses.field(default=None, metadata={"help": "Tensorboard log dir."})


# A subclass of one's own may declare what it likes: these two are upstream's.
Newest.__module__ = Oldest.__module__ = "transformers.training_args"


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def made(arguments_class: type, **keywords: Any) -> dict[str, Any]:
    return dict(vars(trainer.training_arguments(arguments_class=arguments_class, **keywords)))


def test_defaults_that_changed_are_those_of_the_newest_release() -> None:
    for kind in (Newest, Oldest):
        assert made(kind)["report_to"] == "none"
        assert made(kind)["average_tokens_across_devices"] is True


TOLD = [
    ({"warmup_ratio": 0.1}, {"warmup_steps": 0.1}, {"warmup_ratio": 0.1, "warmup_steps": 0}),
    ({"warmup_steps": 0.1}, {"warmup_steps": 0.1}, {"warmup_ratio": 0.1, "warmup_steps": 0}),
    ({"warmup_steps": 7.0}, {"warmup_steps": 7}, {"warmup_ratio": 0.0, "warmup_steps": 7}),
    ({"warmup_ratio": 0.0, "warmup_steps": 7}, {"warmup_steps": 7}, {"warmup_steps": 7}),
    ({"group_by_length": True}, {"train_sampling_strategy": "group_by_length"}, {"group_by_length": True}),
    ({"train_sampling_strategy": "group_by_length"}, {}, {"group_by_length": True}),
    ({"activation_checkpointing": True}, {"activation_checkpointing": True}, {"gradient_checkpointing": True}),
    ({"gradient_checkpointing": False}, {"activation_checkpointing": False}, {"gradient_checkpointing": False}),
    ({"include_num_input_tokens_seen": "all"}, {}, {"include_num_input_tokens_seen": True}),
    ({"include_inputs_for_metrics": True}, {"include_for_metrics": ["inputs"]}, {}),
    ({"no_cuda": False, "use_cpu": True}, {"use_cpu": True}, {"use_cpu": True}),
    ({"dispatch_batches": True, "split_batches": None}, {"accelerator_config": {"dispatch_batches": True}}, {}),
    (
        {"fsdp_transformer_layer_cls_to_wrap": "Layer", "fsdp_min_num_params": 0, "fsdp_config": {"xla": False}},
        {"fsdp_config": {"xla": False, "transformer_layer_cls_to_wrap": ["Layer"]}},
        {},
    ),
    (
        {"push_to_hub_organization": "us", "output_dir": "runs/one/"},
        {"hub_model_id": "us/one"},
        {"hub_model_id": "us/one"},
    ),
    ({"past_index": -1, "use_mps_device": True}, {}, {}),
    ({"overwrite_output_dir": True}, {"overwrite_output_dir": True}, {"overwrite_output_dir": True}),
    ({"tpu_num_cores": 8, "use_cache": True}, {"tpu_num_cores": 8, "use_cache": True}, {"use_cache": True}),
    ({"tpu_metrics_debug": True, "debug": "underflow_overflow"}, {"debug": "underflow_overflow tpu_metrics_debug"}, {}),
    ({"optim": "sgd", "report_to": "all"}, {"optim": "sgd", "report_to": "all"}, {"report_to": "all"}),
]


@pytest.mark.parametrize(("asked", "newest", "oldest"), TOLD)
def test_each_class_is_told_in_its_own_names(
    asked: dict[str, Any], newest: dict[str, Any], oldest: dict[str, Any]
) -> None:
    for kind, expected in ((Newest, newest), (Oldest, oldest or newest)):
        held = made(kind, **asked)
        assert {name: held[name] for name in expected} == expected


WRONG: list[tuple[type, dict[str, Any], type[Exception], str]] = [
    (Newest, {"evaluation_strategy": "steps", "eval_strategy": "no"}, TypeError, "give eval_strategy only"),
    (Newest, {"adafactor": True, "optim": "sgd"}, TypeError, "give optim only"),
    (Newest, {"warmup_ratio": 0.1, "warmup_steps": 5}, TypeError, "give warmup_steps only"),
    (Newest, {"warmup_ratio": 1.0}, ValueError, "between 0 and 1"),
    (Newest, {"warmup_steps": -1}, ValueError, "between 0 and 1"),
    (Newest, {"report_to": None}, ValueError, '"all" or "none"'),
    (Newest, {"split_batches": True, "accelerator_config": "file.json"}, TypeError, "belongs into accelerator_config"),
    (Newest, {"learning_rat": 1}, TypeError, "no release .* takes 'learning_rat'"),
    (Newest, {"use_cach": 1}, TypeError, "there is use_cache"),
    (Newest, {"past_index": 2}, UnsupportedRelease, "past_index=2 needs transformers<5.0"),
    (Newest, {"save_safetensors": False}, UnsupportedRelease, "`torch.save` the state dict"),
    (Newest, {"train_sampling_strategy": "batch_rebalance"}, UnsupportedRelease, "needs transformers>=5.17"),
    (Newest, {"train_sampling_strategy": "longest"}, ValueError, "is none of 'random', 'sequential'"),
    (Oldest, {"train_sampling_strategy": "sequential"}, UnsupportedRelease, "needs transformers>=5.2"),
    (Oldest, {"include_num_input_tokens_seen": "non_padding"}, UnsupportedRelease, "needs transformers>=4.57"),
    (Oldest, {"dataloader_in_order": False}, UnsupportedRelease, "needs transformers>=5.15"),
    (int, {}, TypeError, "give a subclass of TrainingArguments"),
]


@pytest.mark.parametrize(("kind", "asked", "error", "told"), WRONG)
def test_what_cannot_be_done_is_said(kind: type, asked: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        trainer.training_arguments(arguments_class=kind, **asked)


def test_the_folder_of_logs_goes_where_it_is_read() -> None:
    assert made(Oldest, logging_dir="logs")["logging_dir"] == "logs"
    assert "TENSORBOARD_LOGGING_DIR" not in os.environ
    assert made(Newest, logging_dir="logs")["logging_dir"] == "logs"
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == "logs"


def test_names_that_a_subclass_declares_are_its_own() -> None:
    @dataclasses.dataclass
    class Ours(Oldest):
        report_to: Any = "ours"
        group_by_length: Any = None

    assert made(Ours, group_by_length="always")["group_by_length"] == "always"
    assert made(Ours)["report_to"] == "ours"


OLD_VALUES = {
    "evaluation_strategy": st.sampled_from([None, "no", "steps"]),
    "no_cuda": st.booleans(),
    "per_gpu_train_batch_size": st.none() | st.integers(1, 9),
    "group_by_length": st.booleans(),
    "warmup_ratio": st.sampled_from([0.0, 0.25, 0.5]),
    "include_inputs_for_metrics": st.booleans(),
    "gradient_checkpointing": st.booleans(),
    "split_batches": st.none() | st.booleans(),
    "adafactor": st.booleans(),
}


@settings(max_examples=60, deadline=None)
@given(asked=st.fixed_dictionaries({}, optional=OLD_VALUES))
def test_what_is_told_in_newest_names_stays_as_it_is(asked: dict[str, Any]) -> None:
    fields = {field.name: field for field in dataclasses.fields(Newest)}
    once = trainer._newest_names(asked, fields)
    assert trainer._newest_names(once, fields) == once
    assert set(once) <= set(fields)
    assert made(Newest, **once) == made(Newest, **asked)
    assert made(Oldest, **once) == made(Oldest, **asked)


class Base:
    """A Trainer as far as overrides are concerned, with the hooks of 4.46."""

    calls: ClassVar[list[Any]] = []

    class Accelerator:
        gradient_accumulation_steps = 4

    def __init__(self, model: Any = None, args: Any = None, train_dataset: Any = None, tokenizer: Any = None) -> None:
        self.model, self.args, self.train_dataset, self.tokenizer = model, args, train_dataset, tokenizer
        self.is_deepspeed_enabled = False
        self.create_accelerator_and_postprocess()

    def create_accelerator_and_postprocess(self) -> None:
        self.accelerator = self.Accelerator()

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False) -> Any:
        return ("loss", model, inputs, return_outputs)

    def training_step(self, model: Any, inputs: Any) -> Any:
        return self.compute_loss(model, inputs)

    def log(self, logs: Any) -> None:
        self.calls.append(logs)

    def _get_train_sampler(self) -> Any:
        return ("sampler", self.train_dataset)

    def create_optimizer(self) -> Any:
        return ("optimizer", self.model)

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int) -> Any:
        batches = [next(epoch_iterator) for _ in range(num_batches)]
        return batches, sum(batch["labels"] for batch in batches)

    def _maybe_log_save_evaluate(
        self, tr_loss: Any, grad_norm: Any, model: Any, trial: Any, epoch: Any, ignore_keys_for_eval: Any
    ) -> None:
        self.calls.append(tr_loss)

    def run(self) -> Any:
        self._maybe_log_save_evaluate("early", None, None, None, 1, None)
        return self._get_train_sampler(), self.get_batch_samples(iter([{"labels": 2}, {"labels": 3}]), 2)


def newest(base: type) -> Any:
    class Newest(trainer.stable_trainer(base)):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            return super().training_step(model, inputs, num_items_in_batch)

        def log(self, logs: Any, start_time: Any = None) -> None:
            super().log(logs, start_time)

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return train_dataset, super()._get_train_sampler(train_dataset)

        def create_optimizer(self, model: Any = None) -> Any:
            return super().create_optimizer(model)

        def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
            return device, super().get_batch_samples(epoch_iterator, num_batches, device)

        def _maybe_log_save_evaluate(
            self,
            loss: Any,
            norm: Any,
            model: Any,
            trial: Any,
            epoch: Any,
            keys: Any,
            start: Any,
            learning_rate: Any = 0,
        ) -> None:
            super()._maybe_log_save_evaluate(loss, norm, model, trial, epoch, keys, start, learning_rate)

    return Newest


class Arguments:
    device = "cpu"


def test_overrides_in_the_newest_form_reach_the_oldest_trainer() -> None:
    Base.calls.clear()
    made = newest(Base)(model="model", args=Arguments(), train_dataset="data", processing_class="words")
    assert made.run() == (("data", ("sampler", "data")), ("cpu", ([{"labels": 2}, {"labels": 3}], 5)))
    assert made.training_step("model", "inputs", 5) == ("loss", "model", "inputs", False)
    assert made._get_train_sampler("other") == ("other", ("sampler", "other"))
    assert made.train_dataset == "data"
    assert made.create_optimizer("wrapped") == ("optimizer", "wrapped")
    assert made.model == "model"
    made.log({"loss": 1}, 0.5)
    made._maybe_log_save_evaluate("loss", None, None, None, 1, None, 0.5, 1e-3)
    assert Base.calls == ["early", {"loss": 1}, "loss"]
    assert trainer.processing_class(made) == made.processing_class == "words"
    assert made.accelerator.gradient_accumulation_steps == 1


def test_the_same_base_is_extended_once() -> None:
    assert trainer.stable_trainer(Base) is trainer.stable_trainer(Base)


OVERRIDES = [
    ({"compute_loss": lambda self, model, inputs, return_outputs=False: 0}, r"compute_loss\(self, model, inputs, ret"),
    ({"log": lambda self, logs: 0}, r"log\(self, logs, start_time=None\)"),
    ({"get_batch_samples": lambda self, iterator, number: 0}, "epoch_iterator, num_batches, device"),
    ({"create_optimizer": lambda self: 0}, "model=None"),
    ({"_nested_gather": lambda self, tensors: 0}, r"never called since transformers 5\.2\.0: override"),
    ({"create_optimizer_and_scheduler": lambda self, steps: 0}, "override `create_optimizer` and `create_scheduler`"),
]


@pytest.mark.parametrize(("members", "told"), OVERRIDES)
def test_an_override_that_some_release_would_not_call_is_refused(members: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        type("Late", (trainer.stable_trainer(Base),), members)


def test_an_override_with_parameters_of_its_own_is_taken() -> None:
    members = {"_get_train_sampler": lambda self, dataset=None: dataset, "log": lambda self, *args, **keywords: 0}
    made = type("Free", (trainer.stable_trainer(Base),), members)(args=Arguments(), train_dataset="data")
    assert made._get_train_sampler() == "data"


def test_what_is_no_trainer_has_no_processing_class() -> None:
    with pytest.raises(TypeError, match="object has neither"):
        trainer.processing_class(object())
