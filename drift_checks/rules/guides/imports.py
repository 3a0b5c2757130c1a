"""Imports and names."""

from __future__ import annotations

from .guide import Guide

GUIDES = {
    "module-removed": Guide(
        why="""\
The file is not in the new release's wheel, no alias stands for it, and what was taken from it is found nowhere
else. The import raises `ModuleNotFoundError`, and with it every import of the module that has it.

Take what you need into your own code, or write against what replaced the feature.""",
        reference="transformers 5.0.0 took away `transformers.onnx` and the TensorFlow and Flax model files.",
        before="from transformers.onnx import OnnxConfig\n",
        after="from transformers import PretrainedConfig\n",
        old="""\
# transformers/__init__.py
class PretrainedConfig: ...
# transformers/onnx/__init__.py
class OnnxConfig: ...
""",
        new="""\
# transformers/__init__.py
class PretrainedConfig: ...
""",
    ),
    "module-moved": Guide(
        why="""\
The module is gone, and the name that you take from it is defined elsewhere in the new release. The import raises
`ModuleNotFoundError`.

Import from the package above, if it exports the name in both releases; otherwise from the new place.""",
        reference="""\
transformers 4.46.0 took away `transformers.deepspeed`, which had forwarded to
`transformers.integrations.deepspeed`.""",
        before="from transformers.deepspeed import is_deepspeed_zero3_enabled\n",
        after="from transformers.integrations.deepspeed import is_deepspeed_zero3_enabled\n",
        old="""\
# transformers/deepspeed.py
from .integrations.deepspeed import is_deepspeed_zero3_enabled
# transformers/integrations/__init__.py
# transformers/integrations/deepspeed.py
def is_deepspeed_zero3_enabled(): ...
""",
        new="""\
# transformers/integrations/__init__.py
# transformers/integrations/deepspeed.py
def is_deepspeed_zero3_enabled(): ...
""",
    ),
    "symbol-removed": Guide(
        why="""\
The module is still there and the name is not: neither defined, nor imported, nor given by a lazy export or an
alias. The import raises `ImportError`; a read as an attribute raises `AttributeError`.

Look at `drift history SYMBOL` for the last release that has it and for what its body did.""",
        reference="transformers 5.0.0: `AutoModelForVision2Seq` gave way to `AutoModelForImageTextToText`.",
        before="from transformers import AutoModelForVision2Seq\n",
        after="from transformers import AutoModelForImageTextToText\n",
        old="class AutoModelForVision2Seq:\n    kind = 1\n\n\nclass AutoModelForImageTextToText:\n    kind = 2\n",
        new="class AutoModelForImageTextToText:\n    kind = 2\n",
    ),
    "symbol-moved": Guide(
        why="""\
The name is gone from the module that you import it from and is found, as the same kind of thing, in another one.
Often the module only imported it for itself, and stopped to. The import raises `ImportError`.

Import from where it is defined.""",
        reference="""\
transformers 4.46.0: what `transformers.deepspeed` gave is in `transformers.integrations.deepspeed` only.""",
        before="from transformers.image_processing_utils_fast import group_images_by_shape\n",
        after="from transformers.image_transforms import group_images_by_shape\n",
        old="""\
# transformers/image_transforms.py
def group_images_by_shape(images): ...
# transformers/image_processing_utils_fast.py
from .image_transforms import group_images_by_shape
""",
        new="""\
# transformers/image_transforms.py
def group_images_by_shape(images): ...
# transformers/image_processing_utils_fast.py
""",
    ),
    "symbol-renamed": Guide(
        why="""\
The name is gone, and the same module has a new one whose definition is the same. The import raises `ImportError`.

Import the new name; `as` keeps the rest of your file as it is.""",
        reference="""\
Names that begin with an underscore are renamed without an alias. transformers keeps an alias for most public ones
and takes it away some releases later.""",
        before="from transformers.masking import build_mask\n\nbuild_mask(4)\n",
        after="from transformers.masking import create_mask as build_mask\n\nbuild_mask(4)\n",
        old="# transformers/masking.py\ndef build_mask(size):\n    return [0] * size\n",
        new="# transformers/masking.py\ndef create_mask(size):\n    return [0] * size\n",
    ),
    "symbol-rebound": Guide(
        why="""\
The name still resolves and now means something else: another class behind an old name. Nothing raises. Code that
relied on what the old one did (NumPy arrays instead of tensors, PIL instead of torchvision) runs, and gives
something else.

Name the thing that you mean, by the name that it has now.""",
        reference="""\
transformers 5.4.0: `Qwen2VLImageProcessor` was the PIL class and is the torchvision one; the old one is
`Qwen2VLImageProcessorPil`.""",
        before="from transformers import Qwen2VLImageProcessor\n",
        after="from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil\n",
    ),
    "deprecated-symbol": Guide(
        why="""\
The name works because an alias stands for it: a module that forwards, a `__getattr__`, a suffix that is stripped.
The object has another name and place now, the alias may warn, and a later release takes it away.

Import the object by its own name.""",
        reference="""\
transformers 5.4.0: `…ImageProcessorFast` names are aliases, given by `sys.modules` entries until 5.20 and by a
finder on `sys.meta_path` since 5.21.""",
        before="from transformers.image_processing_utils_fast import group_images_by_shape\n",
        after="from transformers.image_transforms import group_images_by_shape\n",
    ),
}
