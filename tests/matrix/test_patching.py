"""Patches of real upstream functions and methods, on each release."""

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compat.patching import Patches, PatchMismatch, active, addition, patch


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    yield
    assert active() == ()


@pytest.fixture(scope="module")
def model() -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for index, (_, parameter) in enumerate(sorted(model.named_parameters())):
            parameter.copy_(torch.linspace(-0.3, 0.3, parameter.numel()).roll(index).reshape(parameter.shape))
    return model


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(torch.arange(5)[None]).logits


@pytest.mark.covers("patching.patch", "patching.active", "patching.Patch")
def test_a_wrapped_method_is_called_by_upstream_and_put_back(model: Any, observe: Callable[..., None]) -> None:
    import torch
    from transformers.models.llama.modeling_llama import LlamaMLP

    plain, own = logits(model), LlamaMLP.forward

    def halved(original: Callable[..., Any], self: Any, x: Any) -> Any:
        return original(self, x) / 2

    target = "transformers.models.llama.modeling_llama.LlamaMLP.forward"
    with patch(target, halved, wraps=True) as one:
        assert active() == (one,)
        assert list(inspect.signature(LlamaMLP.forward).parameters) == ["self", "x"]
        changed = logits(model)
    assert LlamaMLP.forward is own
    assert torch.equal(logits(model), plain)
    assert not torch.allclose(changed, plain)
    observe("logits", plain, tolerance=1e-6)
    observe("logits with the patch", changed, tolerance=1e-6)


@pytest.mark.covers("patching.patch")
def test_a_function_of_a_module_is_replaced_where_upstream_calls_it(model: Any, observe: Callable[..., None]) -> None:
    import torch

    def turned(x: Any) -> Any:
        first, second = x.chunk(2, dim=-1)
        return torch.cat((second, first), dim=-1)

    with patch("transformers.models.llama.modeling_llama.rotate_half", turned):
        observe("logits with rotate_half replaced", logits(model), tolerance=1e-6)


@pytest.mark.covers("patching.PatchMismatch")
def test_a_replacement_that_upstream_would_call_in_vain_is_refused() -> None:
    target = "transformers.models.llama.modeling_llama.rotate_half"
    with pytest.raises(PatchMismatch, match=r"rotate_half\(x\) accepts 'x' given by its name: that place has 'y'"):
        patch(target, lambda y: y).apply()
    with pytest.raises(PatchMismatch, match=r"no_such_name is not there: transformers [\d.]+ has no such name"):
        patch("transformers.modeling_utils.no_such_name", lambda: None).apply()


@pytest.mark.covers("patching.patch")
def test_a_class_method_and_a_static_method_keep_their_kind() -> None:
    from transformers import LlamaConfig

    def marked(original: Callable[..., Any], cls: Any, config_dict: Any, **keywords: Any) -> Any:
        made = original(cls, config_dict, **keywords)
        (made[0] if isinstance(made, tuple) else made).marked = True
        return made

    own = inspect.getattr_static(LlamaConfig, "from_dict")
    with patch("transformers.LlamaConfig.from_dict", marked, wraps=True):
        assert LlamaConfig.from_dict({"hidden_size": 32}).marked
        assert isinstance(vars(LlamaConfig)["from_dict"], classmethod)
    # It was inherited, and is again.
    assert "from_dict" not in vars(LlamaConfig)
    assert inspect.getattr_static(LlamaConfig, "from_dict") is own


@pytest.mark.covers("patching.patch")
def test_what_a_lazy_package_came_to_hold_is_put_right() -> None:
    import transformers
    from transformers import configuration_utils

    own = configuration_utils.PretrainedConfig
    vars(transformers).pop(own.__name__, None)
    target = own.__module__ + "." + own.__name__
    other = type(own.__name__, (own,), {})
    with patch(target, other, check=False):
        assert vars(configuration_utils)[own.__name__] is other
        held = getattr(transformers, own.__name__)
    assert getattr(transformers, own.__name__) is own
    assert held is other


@pytest.mark.covers("patching.patch")
def test_modules_that_imported_a_function_by_name_are_patched_when_asked() -> None:
    from transformers.models.llama import modeling_llama
    from transformers.models.mistral import modeling_mistral
    from transformers.utils import generic

    def marked(original: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        return original(*args, **keywords)

    own = generic.to_py_obj
    plain = patch("transformers.utils.generic.to_py_obj", marked, wraps=True)
    assert "transformers.utils.to_py_obj" in plain.copies()
    with patch("transformers.utils.generic.to_py_obj", marked, wraps=True, everywhere=True):
        from transformers import utils

        assert utils.to_py_obj is not own
        assert generic.to_py_obj([1]) == [1]
    assert utils.to_py_obj is own
    assert modeling_llama.rotate_half is not modeling_mistral.rotate_half


@pytest.mark.covers("patching.patch")
def test_a_module_that_stands_in_for_a_moved_one_is_no_target() -> None:
    image_processing_utils_fast: Any = pytest.importorskip("transformers.image_processing_utils_fast")

    class Other(image_processing_utils_fast.BaseImageProcessorFast):  # type: ignore[misc]
        pass

    one = patch("transformers.image_processing_utils_fast.BaseImageProcessorFast", Other, check=False)
    if vars(image_processing_utils_fast).get("__file__") is not None:
        one.check()
    else:
        with pytest.raises(PatchMismatch, match=r"only stands in for transformers\.image_processing_backends"):
            one.check()


@pytest.mark.covers("patching.addition", "patching.Patches")
def test_a_group_with_an_item_of_a_mapping_leaves_no_trace() -> None:
    modeling_rope_utils = pytest.importorskip("transformers.modeling_rope_utils")

    before = dict(modeling_rope_utils.ROPE_INIT_FUNCTIONS)
    target = "transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS"
    group = Patches(addition(f'{target}["ours"]', len), addition(f'{target}["linear"]', len))
    with pytest.raises(PatchMismatch, match="an addition replaces nothing"):
        group.apply()
    assert before == modeling_rope_utils.ROPE_INIT_FUNCTIONS
    with Patches(addition(f'{target}["ours"]', len)):
        assert modeling_rope_utils.ROPE_INIT_FUNCTIONS["ours"] is len
    assert before == modeling_rope_utils.ROPE_INIT_FUNCTIONS


@pytest.mark.covers("patching.patch")
def test_torch_functions_without_a_signature_are_patched(model: Any) -> None:
    calls = []

    def counted(original: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        calls.append(1)
        return original(*args, **keywords)

    own = sys.modules["torch"].nn.functional.silu
    with patch("torch.nn.functional.silu", counted, wraps=True):
        logits(model)
    assert calls
    assert sys.modules["torch"].nn.functional.silu is own
