"""Training on every release: a tiny Llama really trained for two steps, with overrides in the newest form."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compat import trainer
from compat._releases import UnsupportedRelease


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # TrainingArguments write into the environment; what was there before comes back.
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def llama() -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=64,
        max_position_embeddings=64,
    )
    model = LlamaForCausalLM(config)
    seeded = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=seeded) * 0.1)
    return model


def rows() -> list[dict[str, Any]]:
    import torch

    tokens = torch.randint(0, 64, (8, 12), generator=torch.Generator().manual_seed(1))
    padded = tokens.clone()
    padded[::2, 8:] = -100
    return [{"input_ids": row, "labels": label} for row, label in zip(tokens, padded, strict=True)]


def arguments(folder: Path, **keywords: Any) -> Any:
    defaults = {
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "max_steps": 2,
        "logging_steps": 1,
        "learning_rate": 1e-2,
        "use_cpu": True,
        "disable_tqdm": True,
        "save_strategy": "no",
    }
    return trainer.training_arguments(str(folder), **{**defaults, **keywords})


def overriding(base: type | None = None) -> Any:
    class Overriding(trainer.stable_trainer(base)):  # type: ignore[misc]
        """Overrides all that is overridden most, in the newest form, and hands everything to `super()`."""

        def __init__(self, *args: Any, **keywords: Any) -> None:
            super().__init__(*args, **keywords)
            self.seen: dict[str, Any] = {}
            self.losses: list[Any] = []
            self.logged: list[dict[str, Any]] = []

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            self.seen.setdefault("compute_loss", num_items_in_batch)
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            loss = super().training_step(model, inputs, num_items_in_batch)
            self.losses.append(loss)
            return loss

        def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
            self.logged.append(dict(logs))
            super().log(logs, start_time)

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            self.seen["_get_train_sampler"] = train_dataset
            return super()._get_train_sampler(train_dataset)

        def create_optimizer(self, model: Any = None) -> Any:
            self.seen["create_optimizer"] = True
            return super().create_optimizer(model)

        def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
            self.seen["get_batch_samples"] = device
            return super().get_batch_samples(epoch_iterator, num_batches, device)

        def _maybe_log_save_evaluate(
            self,
            tr_loss: Any,
            grad_norm: Any,
            model: Any,
            trial: Any,
            epoch: Any,
            ignore_keys_for_eval: Any,
            start_time: Any,
            learning_rate: Any = None,
        ) -> None:
            self.seen["_maybe_log_save_evaluate"] = self._nested_gather(tr_loss).mean().item() > 0
            super()._maybe_log_save_evaluate(
                tr_loss, grad_norm, model, trial, epoch, ignore_keys_for_eval, start_time, learning_rate=learning_rate
            )

    return Overriding


@pytest.mark.covers("trainer.stable_trainer", "trainer.training_arguments", "trainer.nested_gather")
def test_two_steps_of_training_give_the_same_losses_and_weights(tmp_path: Path, observe: Callable[..., None]) -> None:
    import torch

    data = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        made = arguments(tmp_path)
    running = overriding()(model=llama(), args=made, train_dataset=data, eval_dataset=data[:4])
    result = running.train()

    assert running.seen["_get_train_sampler"] is data
    assert running.seen["get_batch_samples"] == torch.device("cpu")
    assert {"create_optimizer", "_maybe_log_save_evaluate"} < set(running.seen)
    assert int(running.seen["compute_loss"]) > 0
    assert type(running.optimizer.optimizer) is torch.optim.AdamW
    assert running.model.config.use_cache is False
    observe("the loss of each batch", running.losses, tolerance=1e-6)
    observe("the loss of the training", torch.tensor(result.training_loss), tolerance=1e-6)
    norms = torch.tensor([logs["grad_norm"] for logs in running.logged[:2]])
    observe("the norm of each gradient", norms, tolerance=1e-6)
    observe("the weights afterwards", running.model.lm_head.weight, tolerance=1e-6)
    observe("the defaults", [made.report_to, made.optim.value, str(made.lr_scheduler_type.value)])
    evaluated = running.evaluate()
    observe("the loss of the evaluation", torch.tensor(evaluated["eval_loss"]), tolerance=1e-6)
    predicted = running.predict(data[:2]).predictions
    assert getattr(predicted, "shape", None) == (2, 12, 64), "the cache is returned, too"


@pytest.mark.covers("trainer.nested_gather")
def test_one_process_gathers_what_it_has(tmp_path: Path) -> None:
    import torch

    parts = (torch.arange(3), [torch.ones(2)])
    gathered = trainer.nested_gather(parts, arguments(tmp_path))
    assert torch.equal(gathered[0], parts[0])
    assert torch.equal(gathered[1][0], parts[1][0])
    assert trainer.nested_gather(None, arguments(tmp_path)) is None


@pytest.mark.covers("trainer.processing_class", "trainer.stable_trainer")
@pytest.mark.parametrize("name", ["tokenizer", "processing_class"])
def test_the_processing_class_is_given_by_either_name_and_read_by_one(tmp_path: Path, name: str) -> None:
    tokenizer = object()
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        made = trainer.stable_trainer()(model=llama(), args=arguments(tmp_path), **{name: tokenizer})
        assert trainer.processing_class(made) is tokenizer
    with pytest.raises(TypeError, match="one argument"):
        trainer.stable_trainer()(
            model=llama(), args=arguments(tmp_path), tokenizer=tokenizer, processing_class=tokenizer
        )


OLD_AND_NEW = [
    ({"evaluation_strategy": "epoch"}, {"eval_strategy": "epoch"}),
    ({"no_cuda": True}, {"use_cpu": True}),
    ({"per_gpu_train_batch_size": 3}, {"per_device_train_batch_size": 3}),
    ({"push_to_hub_token": "hidden"}, {"hub_token": "hidden"}),
    ({"push_to_hub_model_id": "name", "push_to_hub_organization": "us"}, {"hub_model_id": "us/name"}),
    ({"group_by_length": True}, {"train_sampling_strategy": "group_by_length"}),
    ({"group_by_length": False}, {"train_sampling_strategy": "random"}),
    ({"warmup_ratio": 0.25}, {"warmup_steps": 0.25}),
    ({"adafactor": True}, {"optim": "adafactor"}),
    ({"include_inputs_for_metrics": True}, {"include_for_metrics": ["inputs"]}),
    ({"include_tokens_per_second": True}, {"include_num_input_tokens_seen": "all"}),
    ({"split_batches": True}, {"accelerator_config": {"split_batches": True}}),
    ({"gradient_checkpointing": True}, {"activation_checkpointing": True}),
    ({"tpu_metrics_debug": True}, {"debug": "tpu_metrics_debug"}),
    ({"jit_mode_eval": False, "past_index": -1, "save_safetensors": True, "half_precision_backend": "auto"}, {}),
]


@pytest.mark.covers("trainer.training_arguments")
@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW, ids=lambda given: "+".join(given) or "nothing")
def test_old_names_mean_what_the_newest_mean(
    tmp_path: Path, observe: Callable[..., None], old: dict[str, Any], new: dict[str, Any]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        by_old, by_new = ({} if "use_cpu" in given or "no_cuda" in given else {"use_cpu": True} for given in (old, new))
        told, meant = (trainer.training_arguments(str(tmp_path), **given) for given in (by_old | old, by_new | new))
    # Up to 4.57 the default folder for logs has the second in its name.
    assert told.to_dict() | {"logging_dir": ""} == meant.to_dict() | {"logging_dir": ""}
    observe(
        str(old),
        {
            "warmup": meant.get_warmup_steps(100),
            "evaluated": str(meant.eval_strategy.value),
            "cpu": meant.use_cpu,
            "batch": meant.per_device_train_batch_size,
            "name": meant.hub_model_id,
            "optimizer": str(meant.optim.value),
            "for metrics": list(meant.include_for_metrics),
            "split": meant.accelerator_config.split_batches,
            "checkpointed": bool(meant.gradient_checkpointing),
            "debugged": [str(option.value) for option in meant.debug],
            "reported to": list(meant.report_to),
            "tokens": str(meant.include_num_input_tokens_seen) in ("True", "all"),
        },
    )


@pytest.mark.covers("trainer.training_arguments")
def test_what_a_release_lacks_is_refused_or_read_where_upstream_reads_it(tmp_path: Path) -> None:
    from compat._releases import installed_release

    release = installed_release("transformers")
    assert release is not None
    made = arguments(tmp_path, overwrite_output_dir=True, logging_dir=str(tmp_path / "logs"), dataloader_in_order=True)
    assert made.overwrite_output_dir is True
    assert made.logging_dir == str(tmp_path / "logs")
    assert os.environ.get("TENSORBOARD_LOGGING_DIR") == (made.logging_dir if release.major >= 5 else None)
    if release.major >= 5:
        with pytest.raises(UnsupportedRelease, match=r"save_safetensors=False needs transformers<5.0"):
            arguments(tmp_path, save_safetensors=False)
    if (release.major, release.minor) < (5, 15):
        with pytest.raises(UnsupportedRelease, match=r"dataloader_in_order=False needs transformers>=5.15"):
            arguments(tmp_path, dataloader_in_order=False)
    with pytest.raises(ValueError, match="train_sampling_strategy='longest'"):
        arguments(tmp_path, train_sampling_strategy="longest")


@pytest.mark.covers("trainer.training_arguments", "trainer.stable_trainer")
def test_a_subclass_keeps_the_defaults_that_it_declares(tmp_path: Path) -> None:
    from dataclasses import dataclass

    from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments

    @dataclass
    class Ours(Seq2SeqTrainingArguments):  # type: ignore[misc]
        optim: str = "sgd"
        group_by_length: str = "ours"

    made = trainer.training_arguments(str(tmp_path), arguments_class=Ours, predict_with_generate=True, use_cpu=True)
    assert (made.optim.value, made.group_by_length, made.report_to) == ("sgd", "ours", [])
    running = overriding(Seq2SeqTrainer)(model=llama(), args=made, train_dataset=rows())
    assert issubclass(type(running), Seq2SeqTrainer)
