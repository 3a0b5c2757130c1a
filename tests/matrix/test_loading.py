"""Loading and saving on every release: a tiny Llama there and back, what it was loaded with, and checkpoints."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compat import loading
from compat._releases import UnsupportedRelease, installed_release

from .tiny_models import filled


@pytest.fixture(scope="module")
def config() -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=100,
        max_position_embeddings=64,
    )


@pytest.fixture(scope="module")
def model(config: Any) -> Any:
    import torch
    from transformers import LlamaForCausalLM

    return filled(LlamaForCausalLM(config)).to(torch.bfloat16)


@pytest.fixture(scope="module")
def saved(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    loading.save_pretrained(model, folder, save_function=lambda *_: None, safe_serialization=True)
    return folder


def since(*release: int) -> bool:
    installed = installed_release("transformers")
    assert installed is not None
    return installed.release[: len(release)] >= release


@pytest.mark.covers("loading.from_pretrained", "loading.save_pretrained", "loading.loading_arguments")
def test_a_model_that_is_saved_and_loaded_has_its_weights_and_its_dtype(
    model: Any, saved: Path, observe: Callable[..., None]
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    tokens = torch.arange(10).reshape(1, 10)
    for cls in (LlamaForCausalLM, AutoModelForCausalLM):
        loaded = loading.from_pretrained(cls, saved)
        assert loaded.dtype == torch.bfloat16
        assert all(torch.equal(one, other) for one, other in zip(model.parameters(), loaded.parameters(), strict=True))
    wide = loading.from_pretrained(LlamaForCausalLM, saved, dtype="float32").eval()
    with torch.no_grad():
        observe("the logits of the loaded model", wide(tokens).logits, tolerance=1e-6)


DTYPES = [
    ({}, "bfloat16"),
    ({"dtype": None}, "bfloat16"),
    ({"dtype": "auto"}, "bfloat16"),
    ({"dtype": "float32"}, "float32"),
    ({"dtype": "torch.float16"}, "float16"),
    ({"torch_dtype": "float16"}, "float16"),
    ({"torch_dtype": "auto", "token": None, "low_cpu_mem_usage": True, "resume_download": True}, "bfloat16"),
    ({"use_auth_token": False, "weights_only": True, "disable_mmap": False, "load_in_8bit": False}, "bfloat16"),
]


@pytest.mark.covers("loading.from_pretrained", "loading.loading_arguments")
@pytest.mark.parametrize(("given", "dtype"), DTYPES)
def test_the_dtype_that_is_asked_for_is_taken(saved: Path, given: dict[str, Any], dtype: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    assert loading.from_pretrained(AutoModelForCausalLM, saved, **given).dtype == getattr(torch, dtype)
    by_object = {name: getattr(torch, dtype) if "dtype" in name else value for name, value in given.items()}
    assert loading.from_pretrained(AutoModelForCausalLM, saved, **by_object).dtype == getattr(torch, dtype)


@pytest.mark.covers("loading.from_pretrained", "loading.from_config")
@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_the_attention_that_is_asked_for_is_taken(saved: Path, config: Any, implementation: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    asked = {"attn_implementation": implementation, "use_flash_attention_2": False}
    for cls in (LlamaForCausalLM, AutoModelForCausalLM):
        loaded = loading.from_pretrained(cls, saved, **asked)
        assert loaded.config._attn_implementation == implementation
        made = loading.from_config(cls, config, dtype="float16", **asked)
        assert made.config._attn_implementation == implementation
        assert made.dtype == torch.float16


@pytest.mark.covers("loading.from_pretrained", "loading.from_config")
def test_flash_attention_is_asked_for_by_either_name(saved: Path, config: Any) -> None:
    from transformers import LlamaForCausalLM

    for asked in ({"use_flash_attention_2": True}, {"attn_implementation": "flash_attention_2"}):
        with pytest.raises(ImportError, match="FlashAttention2 has been toggled on"):
            loading.from_pretrained(LlamaForCausalLM, saved, dtype="bfloat16", **asked)
        with pytest.raises(ImportError, match="FlashAttention2 has been toggled on"):
            loading.from_config(LlamaForCausalLM, config, dtype="bfloat16", **asked)


@pytest.mark.covers("loading.from_config")
@pytest.mark.parametrize("kind", ["bfloat16", "float32"])
def test_a_model_of_a_config_has_the_dtype_of_the_config(saved: Path, tmp_path: Path, kind: str) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM, LlamaForCausalLM

    written = json.loads((saved / "config.json").read_text())
    name = "dtype" if "dtype" in written else "torch_dtype"
    (tmp_path / "config.json").write_text(json.dumps({**written, name: kind}))
    config = loading.from_pretrained(AutoConfig, tmp_path, use_auth_token=False)
    before, attention = config.to_dict(), config._attn_implementation
    for asked in ({}, {"dtype": "auto"}):
        assert str(loading.from_config(AutoModelForCausalLM, config, **asked).dtype) == f"torch.{kind}"
        assert str(loading.from_config(LlamaForCausalLM, config, **asked).dtype) == f"torch.{kind}"
    loading.from_config(LlamaForCausalLM, config, dtype="float16", attn_implementation="sdpa")
    assert config.to_dict() == before
    assert config._attn_implementation == attention
    with pytest.raises(TypeError, match="makes no models"):
        loading.from_config(AutoConfig, config)


@pytest.mark.covers("loading.loading_arguments")
def test_eight_bits_are_a_quantization_config() -> None:
    from transformers import BitsAndBytesConfig

    made = loading.loading_arguments(load_in_8bit=True, llm_int8_threshold=4.0, device_map="auto")
    assert isinstance(made["quantization_config"], BitsAndBytesConfig)
    assert made["quantization_config"].load_in_8bit
    assert made["quantization_config"].llm_int8_threshold == 4.0
    assert made["device_map"] == "auto"
    with pytest.raises(TypeError, match="belongs into quantization_config"):
        loading.loading_arguments(load_in_8bit=True, quantization_config=made["quantization_config"])


@pytest.mark.covers("loading.loading_arguments", "loading.save_pretrained")
def test_what_a_release_cannot_do_is_refused(model: Any, tmp_path: Path) -> None:
    if not since(5, 6):
        with pytest.raises(UnsupportedRelease, match=r"disable_mmap=True needs transformers>=5.6"):
            loading.loading_arguments(disable_mmap=True)
    if since(5):
        with pytest.warns(UserWarning, match="low_cpu_mem_usage=False"):
            loading.loading_arguments(low_cpu_mem_usage=False)
        with pytest.raises(UnsupportedRelease, match=r"safe_serialization=False needs transformers<5.0"):
            loading.save_pretrained(model, tmp_path, safe_serialization=False)
    else:
        loading.save_pretrained(model, tmp_path, safe_serialization=False, save_original_format=True)
        assert (tmp_path / "pytorch_model.bin").exists()
        with pytest.raises(UnsupportedRelease, match=r"save_original_format=False needs transformers>=5.0"):
            loading.save_pretrained(model, tmp_path, save_original_format=False)
    with pytest.raises(TypeError, match="knows no safe_serialisation"):
        loading.save_pretrained(model, tmp_path, safe_serialisation=True)


@pytest.mark.covers("loading.save_pretrained", "loading.load_sharded_checkpoint", "loading.load_state_dict")
def test_shards_are_as_large_as_asked_and_read_back(
    model: Any, config: Any, tmp_path: Path, observe: Callable[..., None]
) -> None:
    import torch
    from transformers import LlamaForCausalLM

    loading.save_pretrained(model, tmp_path, max_shard_size=10_000)
    shards = sorted(tmp_path.glob("*.safetensors"))
    observe("the sizes of the shards", sorted(len(loading.load_state_dict(str(shard))) for shard in shards))
    other = LlamaForCausalLM(config).to(torch.bfloat16)
    loading.load_sharded_checkpoint(other, str(tmp_path))
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), other.parameters(), strict=True))


@pytest.mark.covers("loading.load_state_dict")
def test_a_file_of_weights_is_read_where_it_is_asked_for(model: Any, saved: Path, tmp_path: Path) -> None:
    import torch

    safe, pickled = str(saved / "model.safetensors"), str(tmp_path / "pytorch_model.bin")
    torch.save(model.state_dict(), pickled)
    for file in (safe, pickled):
        tensors = loading.load_state_dict(file)
        assert torch.equal(tensors["lm_head.weight"], model.lm_head.weight)
        assert loading.load_state_dict(file, "cpu", True, None).keys() == tensors.keys()
    if not since(5, 6):
        with pytest.raises(UnsupportedRelease, match="disable_mmap=True"):
            loading.load_state_dict(safe, disable_mmap=True)


@pytest.mark.covers("loading.get_parameter_dtype")
def test_the_dtype_of_a_module_is_that_of_its_first_float(model: Any) -> None:
    import torch

    module = torch.nn.Module()
    module.whole = torch.nn.Parameter(torch.zeros(2, dtype=torch.int8), requires_grad=False)
    assert loading.get_parameter_dtype(module) == torch.int8
    module.narrow = torch.nn.Parameter(torch.zeros(2, dtype=torch.float16))
    module.register_buffer("wide", torch.zeros(2, dtype=torch.float64))
    assert loading.get_parameter_dtype(module) == torch.float16
    assert loading.get_parameter_dtype(model) == torch.bfloat16


@pytest.mark.covers("loading.no_init_weights", "loading.ContextManagers")
def test_nothing_is_initialized_within_the_contexts() -> None:
    import torch

    zeros = torch.zeros(4)
    with loading.ContextManagers([loading.no_init_weights(), torch.no_grad()]):
        torch.nn.init.normal_(zeros)
        assert not torch.is_grad_enabled()
    assert not zeros.any()
    torch.nn.init.normal_(zeros)
    assert zeros.all()


@pytest.mark.covers("loading.load_checkpoint", "loading.trusted_checkpoints")
def test_a_pickle_is_read_only_where_it_is_trusted(tmp_path: Path) -> None:
    import torch
    from torch import load

    file = tmp_path / "state.pt"
    torch.save({"step": torch.tensor(3), "path": Path("here")}, file)
    with pytest.raises(pickle.UnpicklingError):
        loading.load_checkpoint(file)
    assert loading.load_checkpoint(file, trusted=True)["path"] == Path("here")
    with loading.trusted_checkpoints():
        with pytest.warns(UserWarning, match="forcing weights_only=False"):
            assert load(file)["step"] == 3
        with pytest.raises(pickle.UnpicklingError):
            load(file, weights_only=True)
    with pytest.raises(pickle.UnpicklingError):
        load(file)
    torch.save({"step": torch.tensor(3)}, file)
    assert loading.load_checkpoint(file, map_location="meta")["step"].device.type == "meta"
