"""What runs and does something else, found on small programs against the shipped history."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import pytest

from drift_checks.check import check
from drift_checks.findings import Finding
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile
from signatures.history import History
from signatures.surface import Surface

Places: TypeAlias = Sequence[tuple[int, str]]
"""Lines and rules."""


class Trap(NamedTuple):
    """A program, and what is found when it is moved from one release to another.

    Args:
        name: Of the trap.
        old: The release that it works with.
        new: The release that it is moved to.
        program: The downstream file.
        found: Line and rule of each finding that is sure.
        likely: Those of the others.
        upstream: The distribution.
    """

    name: str
    old: str
    new: str
    program: str
    found: Places
    likely: Places = ()
    upstream: str = "transformers"


TRAPS = [
    Trap(
        "1: interpolation is swallowed by resize",
        "5.3.0",
        "5.4.0",
        """
        import transformers.image_processing_utils_fast as fast
        class Processor(fast.BaseImageProcessorFast):
            def _preprocess(self, image, size):
                return self.resize(image, size, interpolation=2)
        """,
        [(5, "parameter-swallowed")],
    ),
    Trap(
        "2: the mask function has no cache_position any more",
        "5.3.0",
        "5.9.0",
        """
        from transformers.masking_utils import create_causal_mask
        def mask(config, embeds, attention, position, cache, ids):
            return create_causal_mask(config, embeds, attention, position, cache, ids)
        """,
        [(4, "positional-shift")],
    ),
    Trap(
        "2: nor have the masks for generation",
        "5.3.0",
        "5.4.0",
        """
        from transformers.masking_utils import create_masks_for_generate
        def mask(config, embeds, attention, position, cache, ids):
            return create_masks_for_generate(config, embeds, attention, position, cache, ids)
        """,
        [(4, "positional-shift")],
    ),
    Trap(
        "3: the cache of a layer is swallowed",
        "4.57.6",
        "5.0.0",
        """
        from transformers.models.llama.modeling_llama import LlamaAttention, LlamaDecoderLayer
        def attend(config, hidden, cache, embeddings):
            attention = LlamaAttention(config, 0)
            attention(hidden, embeddings, None, past_key_values=cache)
            return attention(hidden, embeddings, None, past_key_value=cache)
        class Layer(LlamaDecoderLayer):
            def forward(self, hidden, embeddings, cache):
                return self.self_attn(hidden, embeddings, None, past_key_value=cache)
        def one(layer: LlamaDecoderLayer, hidden, cache):
            return layer(hidden, past_key_value=cache), layer(hidden, past_key_value=None)
        """,
        [(6, "parameter-swallowed"), (9, "parameter-swallowed"), (11, "parameter-swallowed")],
    ),
    Trap(
        "4: a decoder layer gives a tensor",
        "4.53.3",
        "4.54.0",
        """
        from transformers.models.llama.modeling_llama import LlamaDecoderLayer
        def run(config, hidden, inner: LlamaDecoderLayer):
            layer = LlamaDecoderLayer(config, 0)
            outputs = layer(hidden)
            hidden = outputs[0]
            return layer(hidden)[0], inner(hidden)[0], outputs["x"], outputs
        class Layer(LlamaDecoderLayer):
            def forward(self, hidden):
                return super().forward(hidden)[0]
        """,
        [(6, "return-changed"), (7, "return-changed"), (10, "return-changed")],
        [(7, "return-changed")],
    ),
    Trap(
        "5: the size of the batch becomes the length of a static cache",
        "4.55.4",
        "4.56.0",
        """
        from transformers import StaticCache
        def cache(config):
            return StaticCache(config, 1, 4096), StaticCache(config, max_cache_len=4096)
        """,
        [(4, "positional-shift")],
    ),
    Trap(
        "5: also where the old signature shows it",
        "4.53.3",
        "4.56.0",
        """
        from transformers import StaticCache
        def cache(config):
            return StaticCache(config, 1, 4096)
        """,
        [(4, "positional-shift")],
    ),
    Trap(
        "8: the slow tokenizer is not asked for any more, and the fast image processor is the default",
        "4.57.6",
        "5.0.0",
        """
        from transformers import AutoImageProcessor, AutoTokenizer
        slow = AutoTokenizer.from_pretrained("x", use_fast=False)
        fast = AutoTokenizer.from_pretrained("x", use_fast=True)
        images = AutoImageProcessor.from_pretrained("x")
        asked = AutoImageProcessor.from_pretrained("x", use_fast=True)
        def either(which, options):
            AutoImageProcessor.from_pretrained("x", **options)
            return AutoTokenizer.from_pretrained("x", use_fast=which)
        """,
        [(3, "parameter-swallowed"), (5, "default-changed")],
    ),
    Trap(
        "9: a chat template gives an encoding",
        "4.57.6",
        "5.0.0",
        """
        from transformers import AutoProcessor, AutoTokenizer, LlamaTokenizerFast
        class Chat:
            def __init__(self, name, other: AutoTokenizer):
                self.tokenizer = AutoTokenizer.from_pretrained(name)
                self.other = other
            def ids(self, messages):
                self.other.apply_chat_template(messages, tokenize=True)
                return self.tokenizer.apply_chat_template(messages, return_tensors="pt")
            def fine(self, messages, which, options):
                self.tokenizer.apply_chat_template(messages, tokenize=False)
                self.tokenizer.apply_chat_template(messages, return_dict=True)
                self.tokenizer.apply_chat_template(messages, return_dict=which)
                self.tokenizer.apply_chat_template(messages, tokenize=which)
                self.tokenizer.apply_chat_template(messages, **options)
                AutoProcessor.from_pretrained("x").apply_chat_template(messages, tokenize=True)
        def ids(messages, tokenizer, processor):
            processor.apply_chat_template(messages)
            tokenizer.apply_chat_template(messages, tokenize=False)
            tokenizer.apply_chat_template(messages)
            return LlamaTokenizerFast.from_pretrained("x").apply_chat_template(messages)
        """,
        [(8, "default-changed"), (9, "default-changed"), (21, "default-changed")],
        [(20, "default-changed")],
    ),
    Trap(
        "10: rope_scaling is never None",
        "4.57.6",
        "5.0.0",
        """
        from transformers import AutoConfig, LlamaConfig, LlamaForCausalLM
        def rope(config: LlamaConfig):
            if config.rope_scaling is None:
                return config.rope_scaling["factor"] if "factor" in config.rope_scaling else config.hidden_size
        scaling = LlamaConfig.from_pretrained("x").rope_scaling
        while not scaling: pass
        factor = 1 if LlamaForCausalLM.from_pretrained("x").config.rope_scaling else 2
        if AutoConfig.from_pretrained("x").rope_scaling is not None: pass
        if AutoConfig.from_pretrained("x").rope_scaling == 3: pass
        """,
        [],
        [(line, "attribute-kind-changed") for line in (4, 6, 7, 8, 9)],
    ),
    Trap(
        "11: videos get another size",
        "5.14.1",
        "5.15.0",
        """
        from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize
        size = smart_resize(2, 320, 320)
        same = smart_resize(2, 320, 320, 2, 32, 16384, 25165824)
        """,
        [(3, "default-changed")],
    ),
    Trap(
        "11: RGBA tensors are blended",
        "5.20.2",
        "5.21.0",
        """
        from transformers.image_processing_backends import TorchvisionBackend
        class Processor(TorchvisionBackend):
            def prepare(self, image):
                return self.convert_to_rgb(image)
        """,
        [(5, "return-changed")],
    ),
    Trap(
        "12: nothing is reported to",
        "4.57.6",
        "5.0.0",
        """
        from transformers import Seq2SeqTrainingArguments, TrainingArguments
        class Mine(TrainingArguments): ...
        one = TrainingArguments(output_dir="x")
        two = Seq2SeqTrainingArguments(output_dir="x")
        three = Mine("x")
        four = TrainingArguments(output_dir="x", report_to="all")
        def five(options):
            return TrainingArguments(**options)
        """,
        [(4, "default-changed"), (5, "default-changed"), (6, "default-changed")],
    ),
    Trap(
        "12: the grid of images is taken for token types",
        "5.2.0",
        "5.3.0",
        """
        from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLModel
        def index(config, ids, images, videos):
            return Qwen2VLModel(config).get_rope_index(ids, images, videos)
        """,
        [(4, "positional-shift")],
    ),
    Trap(
        "13: the cache is taken for a length",
        "5.2.0",
        "5.3.0",
        """
        from transformers import LlamaForCausalLM
        class Model(LlamaForCausalLM):
            def prepare_inputs_for_generation(self, input_ids, past_key_values=None, **kwargs):
                return super().prepare_inputs_for_generation(input_ids, past_key_values, **kwargs)
        """,
        [(5, "positional-shift")],
    ),
    Trap(
        "a pickle is not loaded",
        "2.5.1",
        "2.6.0",
        """
        import torch
        state = torch.load("x", map_location="cpu")
        other = torch.load("x", weights_only=False)
        def third(options):
            return torch.load("x", **options)
        """,
        [(3, "default-changed")],
        upstream="torch",
    ),
    Trap(
        "features are an output object",
        "4.57.6",
        "5.0.0",
        """
        from transformers import CLIPModel, Qwen2VLForConditionalGeneration
        def features(images, clip: CLIPModel):
            model = CLIPModel.from_pretrained("x")
            found = model.get_image_features(images)
            first = found[0]
            found.pooler_output
            one, two = model.get_text_features(images)
            model.get_text_features(images, return_dict=False)[0]
            clip.get_image_features(images).norm()
            return found.norm(), Qwen2VLForConditionalGeneration.from_pretrained("x").get_image_features(images).to(1)
        """,
        [(6, "return-changed"), (8, "return-changed"), (11, "return-changed"), (11, "return-changed")],
        [(10, "return-changed")],
    ),
    Trap(
        "attention gives two values",
        "4.47.1",
        "4.48.0",
        """
        from transformers.models.llama.modeling_llama import LlamaAttention
        def attend(config, hidden, embeddings):
            attention = LlamaAttention(config, 0)
            output, weights, cache = attention(hidden, attention_mask=None, position_embeddings=embeddings)
            output, *rest = attention(hidden, attention_mask=None, position_embeddings=embeddings)
            return attention(hidden, attention_mask=None, position_embeddings=embeddings)[2]
        """,
        [(5, "return-changed"), (7, "return-changed")],
    ),
    Trap(
        "keywords that loading and saving took",
        "4.57.6",
        "5.0.0",
        """
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
        model = AutoModelForCausalLM.from_pretrained("x", use_auth_token=True)
        other = LlamaForCausalLM.from_pretrained("x", load_in_8bit=True, torch_dtype="auto")
        model.save_pretrained("y", safe_serialization=False)
        other.save_pretrained("y", safe_serialization=True)
        tokenizer = AutoTokenizer.from_pretrained("x", use_auth_token="secret")
        config = AutoConfig.from_pretrained("x", use_auth_token="secret")
        same = AutoConfig.from_pretrained("x", use_auth_token=None, token="secret")
        """,
        [
            (3, "parameter-removed"),
            (4, "parameter-removed"),
            (5, "parameter-swallowed"),
            (7, "parameter-swallowed"),
            (8, "parameter-swallowed"),
        ],
    ),
]


@pytest.fixture(scope="module")
def release() -> Iterator[Callable[[str, str], Surface]]:
    histories: dict[str, History] = {}
    surfaces: dict[tuple[str, str], Surface] = {}

    def of(upstream: str, version: str) -> Surface:
        if upstream not in histories:
            histories[upstream] = History.open(upstream, overlay=False)
        if (upstream, version) not in surfaces:
            torch = (of("torch", "2.9.1"),) if upstream == "transformers" else ()
            surfaces[upstream, version] = Surface(upstream, version, histories[upstream].at(version), torch)
        return surfaces[upstream, version]

    yield of
    for history in histories.values():
        history.close()


def _findings(trap: Trap, old: Surface, new: Surface) -> list[Finding]:
    file = SourceFile("program.py", textwrap.dedent(trap.program).encode())
    return [f for f in check([file], [Pair(old, new)]).findings if f.outcome.value != "deprecated"]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_a_trap_is_found(trap: Trap, release: Callable[[str, str], Surface]) -> None:
    findings = _findings(trap, release(trap.upstream, trap.old), release(trap.upstream, trap.new))
    assert [(f.line, f.rule) for f in findings if f.decides] == list(trap.found)
    assert [(f.line, f.rule) for f in findings if not f.decides] == list(trap.likely)
    assert all(finding.witness for finding in findings)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_nothing_is_found_where_nothing_changes(trap: Trap, release: Callable[[str, str], Surface]) -> None:
    for version in (trap.old, trap.new):
        same = release(trap.upstream, version)
        assert _findings(trap, same, same) == []


@pytest.mark.parametrize(
    "program",
    [
        "ids = tokenizer.apply_chat_template(m)\nif new:\n    ids = ids['input_ids']\n",
        "ids = tokenizer.apply_chat_template(m)\nids = ids if isinstance(ids, list) else ids.input_ids\n",
    ],
)
def test_a_result_that_is_asked_in_the_new_way_is_no_finding(
    program: str, release: Callable[[str, str], Surface]
) -> None:
    head = "from transformers import AutoTokenizer\ntokenizer = AutoTokenizer.from_pretrained('x')\n"
    trap = Trap("", "4.57.6", "5.0.0", head + program, [])
    assert _findings(trap, release("transformers", "4.57.6"), release("transformers", "5.0.0")) == []


@pytest.mark.parametrize("argument", ["no_such_thing=1", "overwrite_output_dir=True"])
def test_a_call_that_raises_has_no_other_default(argument: str, release: Callable[[str, str], Surface]) -> None:
    program = f"from transformers import TrainingArguments\nTrainingArguments('x', {argument})\n"
    trap = Trap("", "4.57.6", "5.0.0", program, [])
    found = _findings(trap, release("transformers", "4.57.6"), release("transformers", "5.0.0"))
    assert "default-changed" not in [finding.rule for finding in found]
