"""Factories: classes whose `from_pretrained` and `from_config` give instances of other classes.

What a checkpoint is made of decides the class, so a factory only promises the base of what it can give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..model import Resolution
    from ..surface import Surface


class Factory(NamedTuple):
    """What a factory promises.

    Args:
        factories: Names of the classes; classes derived from them promise the same.
        gives: Paths of the base of everything that it gives, newest name first; releases differ in what they have.
        because: Why that is the base.
    """

    factories: frozenset[str]
    gives: tuple[str, ...]
    because: str


_METHODS = frozenset({"from_pretrained", "from_config"})

FACTORIES = (
    Factory(
        frozenset({"transformers.models.auto.tokenization_auto.AutoTokenizer"}),
        ("transformers.tokenization_utils_base.PreTrainedTokenizerBase",),
        "Python, `tokenizers` and, from 5.0.0 on, mistral-common backends share this base only",
    ),
    Factory(
        frozenset({"transformers.models.auto.configuration_auto.AutoConfig"}),
        (
            "transformers.configuration_utils.PreTrainedConfig",
            "transformers.configuration_utils.PretrainedConfig",
        ),
        "`CONFIG_MAPPING` holds subclasses of it; it was `PretrainedConfig` before 5.0.0",
    ),
    Factory(
        frozenset({"transformers.models.auto.processing_auto.AutoProcessor"}),
        ("transformers.processing_utils.ProcessorMixin",),
        "a checkpoint without a processor of its own gives its tokenizer or image processor instead",
    ),
    Factory(
        frozenset({"transformers.models.auto.image_processing_auto.AutoImageProcessor"}),
        ("transformers.image_processing_utils.BaseImageProcessor",),
        "every image processor derives from it, whatever its backend",
    ),
    Factory(
        frozenset({"transformers.models.auto.video_processing_auto.AutoVideoProcessor"}),
        ("transformers.video_processing_utils.BaseVideoProcessor",),
        "every video processor derives from it",
    ),
    Factory(
        frozenset({"transformers.models.auto.feature_extraction_auto.AutoFeatureExtractor"}),
        ("transformers.feature_extraction_utils.FeatureExtractionMixin",),
        "feature extractors of audio and the old ones of images share this base only",
    ),
    Factory(
        frozenset({"transformers.models.auto.auto_factory._BaseAutoModelClass"}),
        ("transformers.modeling_utils.PreTrainedModel",),
        "`AutoModel*` all derive from `_BaseAutoModelClass`, and their mappings hold models only",
    ),
)


def promised_class(surface: Surface, factory: str) -> str | None:
    """The base of what a factory gives; None where a class is no factory.

    Args:
        surface: The release.
        factory: The canonical path of the class.
    """
    if ".auto." not in factory:
        return None
    bases = {ref.path for ref in surface.mro(factory)}
    found = next((each for each in FACTORIES if each.factories & bases), None)
    if found is None:
        return None
    return next((path for path in found.gives if surface.resolve(path).found), None)


def promised_result(surface: Surface, method: Resolution, factory: str) -> str | None:
    """The base of what a method of a factory gives; None where it gives something else.

    Args:
        surface: The release.
        method: The method.
        factory: The canonical path of the class that it is called on, or "".
    """
    return promised_class(surface, factory) if method.canonical.rpartition(".")[2] in _METHODS else None
