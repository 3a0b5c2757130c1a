"""Removed names put back on each release: they are there, do what they did, replace nothing and leave nothing."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from compat import backports
from compat.backports import UnknownBackport, active, available, install

pytestmark = pytest.mark.skipif(
    Version(metadata.version("transformers")) < Version("4.49"), reason="these names are upstream's own"
)

# All modules take a minute to load; the others' names are proven by the history.
MODULES = (
    "transformers",
    "transformers.activations",
    "transformers.cache_utils",
    "transformers.deepspeed",
    "transformers.file_utils",
    "transformers.generation.logits_process",
    "transformers.generation.utils",
    "transformers.image_processing_utils_fast",
    "transformers.image_utils",
    "transformers.modeling_rope_utils",
    "transformers.modeling_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.models.clip.feature_extraction_clip",
    "transformers.models.gpt2.tokenization_gpt2",
    "transformers.models.llama.modeling_llama",
    "transformers.pytorch_utils",
    "transformers.tokenization_utils",
    "transformers.tokenization_utils_base",
    "transformers.tokenization_utils_fast",
    "transformers.utils",
    "transformers.utils.generic",
    "transformers.utils.hub",
    "transformers.utils.import_utils",
)
FAMILIES = ("auto", "clip", "gpt2", "llama")
# Its module asks for mistral_common, and without it fails in several ways.
OPTIONAL = ("transformers.MistralCommonTokenizer",)


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    yield
    assert active() == ()


@pytest.fixture
def installed() -> Iterator[backports.Installed]:
    with install() as handle:
        yield handle


def sampled() -> list[backports.Backport]:
    kept = tuple(f"transformers.models.{family}." for family in FAMILIES)
    models = "transformers.models."
    return [
        each
        for each in available()
        if each.name not in OPTIONAL
        and module_of(each) in MODULES
        and (each.stands_for.startswith(kept) or not each.stands_for.startswith(models))
    ]


def module_of(backport: backports.Backport) -> str:
    return backports._module_and_name(backport.name)[0]


def is_patch(backport: backports.Backport) -> bool:
    return backports._is_patch(backport.name)


@pytest.mark.covers("backports.install", "backports.available", "backports.active", "backports.Backport")
def test_every_name_is_there_while_installed_and_nothing_else_changes() -> None:
    served = [each for each in sampled() if not is_patch(each)]
    assert len(served) > 30
    with install():
        # A first round loads what has to be loaded, and lets lazy packages keep what they were asked for.
        values = [{each.name: found(each) for each in served} for _ in range(2)][-1]
    served = [each for each in served if values[each.name] is not None]
    modules = {name for name in map(module_of, served) if name in sys.modules}
    before = {name: dict(vars(sys.modules[name])) for name in modules}
    for each in served:
        assert not is_there(each), each
    with install() as handle:
        assert {each.name for each in active()} == {each.name for each in handle.backports}
        assert {each.name: found(each) for each in served}.items() <= values.items()
        for name in modules:
            held = {key: value for key, value in vars(sys.modules[name]).items() if key != "__getattr__"}
            kept = {key: value for key, value in before[name].items() if key != "__getattr__"}
            assert {key: held[key] for key in kept if held[key] is kept[key]} == kept, name
    after = {name: dict(vars(sys.modules[name])) for name in modules}
    assert {
        name: {key for key in after[name] if after[name][key] is not before[name].get(key)} for name in modules
    } == {name: set() for name in modules}


def found(backport: backports.Backport) -> Any:
    """What tells a value: itself, where it is the same each time."""
    module, name = backports._module_and_name(backport.name)
    try:
        value = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        # A library that it needs is not installed: tensorflow, sentencepiece.
        assert not (error.name or "transformers").startswith("transformers"), error
        return None
    return value if isinstance(value, (type, str, bool)) else type(value).__name__


def is_there(backport: backports.Backport) -> bool:
    module, name = backports._module_and_name(backport.name)
    try:
        return hasattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        return False


@pytest.mark.covers("backports.install", "backports.Installed")
def test_every_method_is_there_while_installed_and_gone_after() -> None:
    patched = [each for each in sampled() if is_patch(each)]
    owners = {}
    for each in patched:
        importlib.import_module(module_of(each))
        path, _, name = each.name.rpartition(".")
        if not each.name.endswith("]"):
            owners[each.name] = (
                getattr(importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2]),
                name,
            )
    before = {name: dict(vars(owner)) for name, (owner, _) in owners.items()}
    with install():
        for name, (owner, own) in owners.items():
            assert own in vars(owner), name
    assert {name: dict(vars(owner)) for name, (owner, _) in owners.items()} == before


@pytest.mark.covers("backports.UnknownBackport")
def test_a_name_that_is_not_missing_is_refused() -> None:
    with pytest.raises(UnknownBackport, match=r"there is no backport of transformers.no_such_name for transformers "):
        install("transformers.no_such_name")
    if not any(each.name == "transformers.utils.is_torch_fx_available" for each in available()):
        with pytest.raises(UnknownBackport, match=r"is not missing in .*: it is put back on transformers>=5\.0\.0"):
            install("transformers.utils.is_torch_fx_available")


@pytest.mark.covers("backports.install")
def test_one_name_can_be_put_back_alone() -> None:
    from transformers.models.llama import modeling_llama

    name = "transformers.models.llama.modeling_llama.LlamaFlashAttention2"
    with install(name), install(name) as second:
        assert modeling_llama.LlamaFlashAttention2 is modeling_llama.LlamaAttention
        assert not hasattr(modeling_llama, "LlamaSdpaAttention")
        second.undo()
        assert hasattr(modeling_llama, "LlamaFlashAttention2")
        assert [each.name for each in active()] == [name]
    assert not hasattr(modeling_llama, "LlamaFlashAttention2")


@pytest.mark.covers("backports.install")
def test_what_the_hand_written_files_put_back_is_put_back(
    installed: backports.Installed, observe: Callable[..., None]
) -> None:
    # GPTQModel gptqmodel/utils/hf.py, sglang srt/utils/hf_transformers_patches.py, trl trl/_compat.py.
    import torch
    import transformers
    from transformers import (
        AutoModelForVision2Seq,
        CLIPFeatureExtractor,
        HybridCache,
        LogitsWarper,
        SlidingWindowCache,
        cache_utils,
    )
    from transformers.activations import PytorchGELUTanh
    from transformers.file_utils import TRANSFORMERS_CACHE, is_offline_mode, is_torch_fx_available
    from transformers.generation.utils import NEED_SETUP_CACHE_CLASSES_MAPPING
    from transformers.image_processing_utils_fast import safe_squeeze
    from transformers.image_utils import VideoInput, make_batched_videos  # noqa: F401
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
    from transformers.modeling_utils import (
        PretrainedConfig,
        apply_chunking_to_forward,
        find_pruneable_heads_and_indices,
        no_init_weights,
    )
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode
    from transformers.models.llama.modeling_llama import LLAMA_ATTENTION_CLASSES, LLAMA_INPUTS_DOCSTRING
    from transformers.tokenization_utils import BatchEncoding, PreTrainedTokenizer, Trie  # noqa: F401
    from transformers.tokenization_utils_fast import PreTrainedTokenizerFast  # noqa: F401
    from transformers.utils import (
        add_start_docstrings_to_model_forward,
        is_flash_attn_greater_or_equal_2_10,
        is_flax_available,
        is_tf_available,
    )
    from transformers.utils.generic import LossKwargs, cached_property, is_tf_tensor  # noqa: F401

    observe("is_torch_fx_available", bool(is_torch_fx_available()))
    observe("is_flash_attn_greater_or_equal_2_10", bool(is_flash_attn_greater_or_equal_2_10()))
    observe("is_tf_available", bool(is_tf_available()))
    observe("is_flax_available", bool(is_flax_available()))
    observe("is_offline_mode", bool(is_offline_mode()))
    observe("bytes_to_unicode", {str(key): value for key, value in bytes_to_unicode().items()})
    assert isinstance(TRANSFORMERS_CACHE, str)
    assert issubclass(AutoModelForVision2Seq, transformers.models.auto.modeling_auto._BaseAutoModelClass)
    assert cache_utils.HybridCache is HybridCache
    assert isinstance(SlidingWindowCache, type)
    assert isinstance(NEED_SETUP_CACHE_CLASSES_MAPPING, dict)
    assert callable(ROPE_INIT_FUNCTIONS["default"])
    assert set(LLAMA_ATTENTION_CLASSES) == {"eager", "flash_attention_2", "sdpa"}
    assert add_start_docstrings_to_model_forward(LLAMA_INPUTS_DOCSTRING.format("x"))(lambda self: None)
    assert issubclass(PretrainedConfig, transformers.PretrainedConfig)
    assert callable(apply_chunking_to_forward)
    # The class on PIL, which lost its plain name in 5.4.0.
    observe("preprocessed by PIL", CLIPFeatureExtractor()(image(), return_tensors="np")["pixel_values"], tolerance=1e-6)
    observe("activated", PytorchGELUTanh()(torch.linspace(-1, 1, 5)), tolerance=1e-6)

    class Warper(LogitsWarper):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            return scores

    assert isinstance(Warper(), LogitsWarper)
    observe("safe_squeeze", safe_squeeze(torch.ones(1, 3), axis=0))
    heads, index = find_pruneable_heads_and_indices([1, 3], 4, 2, {0})
    observe("pruned heads", sorted(heads))
    observe("kept indices", index)
    with no_init_weights():
        pass


def image() -> Any:
    import numpy as np

    return (np.arange(40 * 30 * 3).reshape(40, 30, 3) * 7 % 256).astype(np.uint8)


@pytest.mark.covers("backports.install")
def test_a_module_that_vanished_whole_is_imported_again(installed: backports.Installed) -> None:
    import transformers.deepspeed
    from transformers.deepspeed import HfDeepSpeedConfig
    from transformers.integrations import deepspeed

    assert HfDeepSpeedConfig is deepspeed.HfDeepSpeedConfig
    with pytest.raises(ImportError):
        from transformers.deepspeed import no_such_name  # noqa: F401
    assert transformers.deepspeed.__doc__ == "Stands in for a module that this release does not have."
    installed.undo()
    with pytest.raises(ImportError):
        importlib.import_module("transformers.deepspeed")


@pytest.fixture
def pairs() -> Any:
    import torch

    tensors = torch.arange(2 * 2 * 2 * 3 * 4, dtype=torch.float32).reshape(2, 2, 1, 2, 3, 4)
    return tuple((each[0], each[1]) for each in tensors)


@pytest.mark.covers("backports.install")
def test_caches_answer_to_their_old_names(
    installed: backports.Installed, pairs: Any, observe: Callable[..., None]
) -> None:
    import torch
    from transformers.cache_utils import DynamicCache

    cache = DynamicCache.from_legacy_cache(pairs)
    again = cache.to_legacy_cache()
    assert all(
        torch.equal(one, other)
        for old, new in zip(pairs, again, strict=True)
        for one, other in zip(old, new, strict=True)
    )
    observe("legacy cache", again)
    observe("usable length", cache.get_usable_length(2))
    observe("seen tokens", int(cache.seen_tokens))
    assert cache.get_max_length() in (None, -1)
    assert torch.equal(cache[1][0], pairs[1][0])
    assert len(cache.key_cache) == len(cache.value_cache) == 2
    cache.key_cache[1] = cache.key_cache[1] + 1
    observe("keys after they were set", cache[1][0])
    with pytest.raises((IndexError, KeyError)):
        cache[2]


@pytest.mark.covers("backports.install")
def test_what_another_library_put_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import cache_utils

    theirs = vars(cache_utils.Cache).get("get_usable_length", len)
    monkeypatch.setattr(cache_utils.Cache, "get_usable_length", theirs, raising=False)
    monkeypatch.setattr(cache_utils, "HybridCache", theirs, raising=False)
    with install():
        assert cache_utils.Cache.get_usable_length is theirs
        assert cache_utils.HybridCache is theirs
    assert cache_utils.Cache.get_usable_length is theirs


@pytest.mark.covers("backports.install")
def test_cache_classes_are_made_as_they_were(installed: backports.Installed) -> None:
    import transformers
    from transformers import LlamaConfig
    from transformers.cache_utils import HybridCache, OffloadedStaticCache, StaticCache

    if not hasattr(transformers.cache_utils, "DynamicSlidingWindowLayer"):
        pytest.skip("these classes are upstream's own, of their own kind")
    config = LlamaConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    cache = HybridCache(config=config, max_batch_size=1, max_cache_len=8)
    assert isinstance(cache, StaticCache)
    assert cache.get_max_length() == cache.get_max_cache_shape() == 8
    assert issubclass(OffloadedStaticCache, StaticCache)


@pytest.mark.covers("backports.install")
def test_models_answer_to_their_old_names(installed: backports.Installed, observe: Callable[..., None]) -> None:
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=32, is_decoder=True
    )
    model = BertModel(config)
    assert model.is_parallelizable is False
    mask = torch.tensor([[1, 1, 0]])
    observe("head mask of none", model.get_head_mask(None, 2))
    observe("head mask of heads", model.get_head_mask(torch.tensor([1, 0]), 2))
    observe("head mask of layers", model.get_head_mask(torch.tensor([[1, 0], [0, 1]]), 2))
    observe("inverted mask", model.invert_attention_mask(mask))
    observe("extended mask", model.get_extended_attention_mask(mask, (1, 3)))
    observe("extended mask with a past", model.get_extended_attention_mask(torch.ones(1, 5), (1, 3)))


@pytest.mark.covers("backports.install")
def test_the_default_rope_is_the_one_that_it_was(installed: backports.Installed, observe: Callable[..., None]) -> None:
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    config = LlamaConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2)
    frequencies, factor = ROPE_INIT_FUNCTIONS["default"](config, "cpu")
    observe("default rope", frequencies)
    observe("its factor", factor)


@pytest.mark.covers("backports.install")
def test_tokenizers_answer_to_their_old_names(installed: backports.Installed, observe: Callable[..., None]) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: index for index, word in enumerate(["[UNK]", "[PAD]", "a", "b", "c"])}
    own = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=own, unk_token="[UNK]", pad_token="[PAD]")
    observe("cleaned up", tokenizer.clean_up_tokenization("it 's here . is n't it ?"))
    observe("encode_plus", tokenizer.encode_plus("a b", "c")["input_ids"])
    observe("batch_encode_plus", tokenizer.batch_encode_plus(["a b", "c"], padding=True)["input_ids"])
    observe("pairs", tokenizer.batch_encode_plus([("a", "b"), ("c", "a")])["input_ids"])
    observe("no special tokens", list(tokenizer.additional_special_tokens))
    tokenizer.add_special_tokens({"additional_special_tokens": ["[X]"]})
    observe("special tokens", [str(token) for token in tokenizer.additional_special_tokens])
    observe("their ids", list(tokenizer.additional_special_tokens_ids))


@pytest.mark.covers("backports.install")
def test_a_cache_that_a_model_registers_is_used(installed: backports.Installed) -> None:
    import torch
    from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM
    from transformers.generation.utils import NEED_SETUP_CACHE_CLASSES_MAPPING

    if not any(each.name.endswith("._prepare_cache_for_generation") for each in installed.backports):
        pytest.skip("upstream looks into the mapping itself")
    made = []

    class Own(DynamicCache):  # type: ignore[misc]
        def __init__(self, config: Any, max_batch_size: int, max_cache_len: int, device: Any, dtype: Any) -> None:
            super().__init__()
            made.append((max_batch_size, max_cache_len))

    config = LlamaConfig(
        vocab_size=32, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2
    )
    model = LlamaForCausalLM(config).eval()
    NEED_SETUP_CACHE_CLASSES_MAPPING["static"] = Own
    try:
        model.generate(
            torch.ones(2, 3, dtype=torch.long),
            max_new_tokens=2,
            cache_implementation="static",
            do_sample=False,
            disable_compile=True,
        )
    finally:
        NEED_SETUP_CACHE_CLASSES_MAPPING.clear()
    assert [batch for batch, _ in made] == [2]
    assert made[0][1] >= 4


OLD_MODEL = """
import torch
from torch import nn
from transformers import AutoModelForVision2Seq, LogitsWarper, SlidingWindowCache
from transformers.cache_utils import Cache, DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.modeling_utils import PreTrainedModel, PretrainedConfig, find_pruneable_heads_and_indices
from transformers.models.llama.modeling_llama import LLAMA_INPUTS_DOCSTRING, LlamaFlashAttention2
from transformers.pytorch_utils import is_torch_greater_or_equal_than_1_13
from transformers.utils import add_start_docstrings_to_model_forward, is_flash_attn_greater_or_equal_2_10
from transformers.utils.import_utils import is_torch_fx_available
from .configuration_old import OldConfig

if is_torch_fx_available():
    import torch.fx

class OldModel(PreTrainedModel):
    config_class = OldConfig
    base_model_prefix = "model"
    _tied_weights_keys = ["lm_head.weight"]

    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self):
        return self.embed

    def get_output_embeddings(self):
        return self.lm_head

    def _init_weights(self, module):
        pass

    @add_start_docstrings_to_model_forward(LLAMA_INPUTS_DOCSTRING)
    def forward(self, input_ids, past_key_values=None, head_mask=None, **kwargs):
        hidden = self.embed(input_ids)
        cache = DynamicCache.from_legacy_cache(past_key_values)
        seen = cache.get_usable_length(input_ids.shape[1])
        turned, _ = ROPE_INIT_FUNCTIONS["default"](self.config, hidden.device)
        angles = torch.arange(seen, seen + input_ids.shape[1])[:, None] * turned[None]
        states = (hidden * torch.cat((angles.cos(), angles.sin()), dim=-1)[None])[:, None]
        keys, values = cache.update(states, hidden[:, None], 0)
        mask = self.get_head_mask(head_mask, 1)[0]
        weights = (states @ keys.transpose(-1, -2)).softmax(-1)
        weights = weights if mask is None else weights * mask
        logits = self.lm_head((weights @ values)[:, 0])
        return CausalLMOutputWithPast(logits=logits, past_key_values=cache.to_legacy_cache())
"""
OLD_CONFIG = """
from transformers.configuration_utils import PretrainedConfig

class OldConfig(PretrainedConfig):
    model_type = "old_model_of_a_checkpoint"

    def __init__(self, vocab_size=16, hidden_size=8, num_attention_heads=1, rope_theta=10000.0, **kwargs):
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_attention_heads = num_attention_heads
        self.rope_theta = rope_theta
        super().__init__(**kwargs)
"""


def checkpoint(folder: Path) -> Path:
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    (folder / "modeling_old.py").write_text(OLD_MODEL)
    (folder / "configuration_old.py").write_text(OLD_CONFIG)
    config = {
        "model_type": "old_model_of_a_checkpoint",
        "auto_map": {"AutoConfig": "configuration_old.OldConfig", "AutoModelForCausalLM": "modeling_old.OldModel"},
        "tie_word_embeddings": True,
    }
    (folder / "config.json").write_text(json.dumps(config))
    weight = torch.linspace(-1, 1, 16 * 8).reshape(16, 8)
    save_file({"embed.weight": weight}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture
def modules_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@pytest.mark.covers("backports.install")
def test_an_old_checkpoint_with_code_of_its_own_loads_and_runs(
    modules_folder: Path, observe: Callable[..., None]
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    with pytest.raises(ImportError):
        AutoModelForCausalLM.from_pretrained(checkpoint(modules_folder / "fails"), trust_remote_code=True)
    with install():
        model = AutoModelForCausalLM.from_pretrained(checkpoint(modules_folder / "works"), trust_remote_code=True)
        model.eval()
        assert model.lm_head.weight is model.embed.weight
        with torch.no_grad():
            first = model(torch.tensor([[1, 2, 3]]))
            second = model(torch.tensor([[4, 5]]), past_key_values=first.past_key_values)
        observe("logits of an old checkpoint", first.logits, tolerance=1e-6)
        observe("its logits with a past", second.logits, tolerance=1e-6)
        observe("its past", second.past_key_values, tolerance=1e-6)
