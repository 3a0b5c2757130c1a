"""Attributes that no text names: what a `__getattr__`, or a `setattr` with a computed name, can give an instance.

Each was read in the upstream's source. A `__getattr__` is told by the digests of the bodies that were read; another
body may give anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Source(Enum):
    """Where the names come from."""

    OWN = "names that the class has anyway"
    REGISTERED = "parameters, buffers and submodules that were registered under a name"
    SUBMODULES = "a submodule whose name a class attribute holds"
    ITEMS = "keys of the mapping that the instance holds"
    TOKENS = "named special tokens and their ids"
    KEYWORDS = "keyword arguments, so also what a saved file holds"
    ANYTHING = "not known"


class Unwritten(NamedTuple):
    """What one method can give.

    Args:
        source: Where the names come from.
        digests: For a `__getattr__`, of the bodies that were read; none for a method whose purpose fixes it.
        popped: Names that never become attributes, though the source could bring them.
        unless: The class attribute without which `popped` does not hold.
    """

    source: Source
    digests: frozenset[str] = frozenset()
    popped: frozenset[str] = frozenset()
    unless: str = ""


_OWN = Unwritten(Source.OWN)
_KEYWORDS = Unwritten(Source.KEYWORDS)
_SUBMODULES = Unwritten(Source.SUBMODULES)
# `convert_rope_params_to_dict` takes them out of the keywords of each config that has `rope_parameters`, from 5.0.0 on.
_CONFIG = Unwritten(Source.KEYWORDS, popped=frozenset({"rope_theta"}), unless="rope_parameters")

_TRANSFORMERS: Mapping[str, Unwritten] = MappingProxyType(
    {
        "configuration_utils.PreTrainedConfig.__init__": _CONFIG,
        "configuration_utils.PreTrainedConfig.__post_init__": _CONFIG,
        "configuration_utils.PreTrainedConfig.update": _CONFIG,
        "configuration_utils.PreTrainedConfig.update_from_string": _CONFIG,
        "configuration_utils.PreTrainedConfig.validate_layer_type": _OWN,
        "configuration_utils.PretrainedConfig.__init__": _KEYWORDS,
        "configuration_utils.PretrainedConfig.update": _KEYWORDS,
        "configuration_utils.PretrainedConfig.update_from_string": _KEYWORDS,
        "distributed.mixin.DistributedMixin._resolve_parallel_plans": _OWN,
        "feature_extraction_utils.BatchFeature.__getattr__": Unwritten(Source.ITEMS, frozenset({"540d80ffe423"})),
        "feature_extraction_utils.FeatureExtractionMixin.__init__": _KEYWORDS,
        "generation.configuration_utils.GenerationConfig.__init__": _KEYWORDS,
        "generation.configuration_utils.GenerationConfig.update": _KEYWORDS,
        "image_processing_base.ImageProcessingMixin.__init__": _KEYWORDS,
        "image_processing_utils.BaseImageProcessor._set_attributes": _KEYWORDS,
        "image_processing_utils.ImageProcessingMixin.__init__": _KEYWORDS,
        "image_processing_utils_fast.BaseImageProcessorFast.__init__": _KEYWORDS,
        "modeling_layers.GenericForQuestionAnswering.__init__": _SUBMODULES,
        "modeling_layers.GenericForSequenceClassification.__init__": _SUBMODULES,
        "modeling_layers.GenericForTokenClassification.__init__": _SUBMODULES,
        "modeling_utils.EmbeddingAccessMixin.set_input_embeddings": _OWN,
        "modeling_utils.PreTrainedModel.set_decoder": _OWN,
        "modeling_utils.PreTrainedModel.set_encoder": _OWN,
        "processing_utils.ProcessorMixin.__init__": _SUBMODULES,
        "tokenization_utils_base.BatchEncoding.__getattr__": Unwritten(Source.ITEMS, frozenset({"540d80ffe423"})),
        "tokenization_utils_base.PreTrainedTokenizerBase.__getattr__": Unwritten(
            Source.TOKENS, frozenset({"fcfc7e04dff6", "9b11ee172efc", "bcf22d920c92", "f3ea8126cac3"})
        ),
        "tokenization_utils_base.PreTrainedTokenizerBase.add_special_tokens": Unwritten(Source.TOKENS),
        "tokenization_utils_base.SpecialTokensMixin.__getattr__": Unwritten(Source.TOKENS, frozenset({"128e93fdc042"})),
        "tokenization_utils_base.SpecialTokensMixin.__init__": Unwritten(Source.TOKENS),
        "tokenization_utils_base.SpecialTokensMixin.add_special_tokens": Unwritten(Source.TOKENS),
        "trainer_callback.TrainerState.compute_steps": _OWN,
        "trainer_callback.TrainerState.init_training_references": _OWN,
        "training_args.TrainingArguments.__post_init__": _OWN,
        "utils.generic.ModelOutput.__post_init__": _OWN,
        "utils.quantization_config.QuantizationConfigMixin.update": _OWN,
        "video_processing_utils.BaseVideoProcessor.__init__": _KEYWORDS,
    }
)

MODULES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module", "nn.Module"})
"""What the base class of all layers is called where it is inherited: its `__getattr__` finds what was registered."""

REGISTRARS = frozenset({"register_buffer", "register_parameter", "register_module", "add_module", "__setattr__"})
"""Methods of it that take a name as an argument."""

UNKNOWN = Unwritten(Source.ANYTHING)


def unwritten(method: str, digest: str) -> Unwritten:
    """What a method can give an instance.

    Args:
        method: Its canonical path.
        digest: Of its body.
    """
    declared = _TRANSFORMERS.get(method.removeprefix("transformers."), UNKNOWN)
    return declared if not declared.digests or digest in declared.digests else UNKNOWN


def declared_methods() -> tuple[str, ...]:
    """The canonical paths of all methods that are declared."""
    return tuple(f"transformers.{name}" for name in _TRANSFORMERS)
