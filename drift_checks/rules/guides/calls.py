"""Calls and their arguments."""

from __future__ import annotations

from .guide import Guide

_RESIZE_OLD = """\
# transformers/image_processing_utils_fast.py
class BaseImageProcessorFast:
    def resize(self, image, size, interpolation=None, antialias=True, **kwargs):
        return image, size, interpolation, antialias
"""
_RESIZE_NEW = """\
# transformers/image_processing_utils_fast.py
class BaseImageProcessorFast:
    def resize(self, image, size, resample=None, antialias=True, **kwargs):
        return image, size, resample, antialias
"""

GUIDES = {
    "parameter-removed": Guide(
        why="""\
The function has no such parameter any more and no `**kwargs` that would take it: the call raises `TypeError`, on
the first time that the line runs.

Drop the argument, or pass what it said in the way that the new release wants.""",
        reference="""\
transformers 5.9.0: `create_causal_mask` takes no `cache_position`, which had been optional since 5.4.0.""",
        before="from transformers import Trainer\n\nTrainer(model=None, use_legacy_prediction_loop=False)\n",
        after="from transformers import Trainer\n\nTrainer(model=None)\n",
        old="class Trainer:\n    def __init__(self, model, use_legacy_prediction_loop=False): ...\n",
        new="class Trainer:\n    def __init__(self, model): ...\n",
    ),
    "parameter-renamed": Guide(
        why="""\
The parameter has another name in the new release, nothing takes the old one, and the call raises `TypeError`. That
it is the same parameter is read from upstream's own decorator for renames, or from its place, default and
annotation.

Pass it by the new name. Code that must run on both releases passes it by position, if the place is the same.""",
        reference="transformers 5.0.0: `Trainer(tokenizer=)` became `processing_class=`; announced in 4.46.",
        before="from transformers import f\n\nf(image=1)\n",
        after="from transformers import f\n\nf(images=1)\n",
        old="def f(image): ...\n",
        new="def f(images): ...\n",
    ),
    "parameter-required": Guide(
        why="""\
The function got a parameter without a default, or an old one lost its default, and the call does not pass it:
`TypeError`.

Pass it. What the old release used for it is often computed inside the old function's body.""",
        reference="transformers 5.15.0: `Qwen2VLImageProcessor.resize` requires `factor`.",
        before="from transformers import resize\n\nresize([1], 2)\n",
        after="from transformers import resize\n\nresize([1], 2, factor=28)\n",
        old="def resize(images, size, factor=28): ...\n",
        new="def resize(images, size, factor): ...\n",
    ),
    "parameter-keyword-only": Guide(
        why="""\
A `*` was put in front of the parameter. The argument is passed by position, which now raises `TypeError`.

Pass it by name; that works in both releases.""",
        reference="""\
transformers 5.4.0 to 5.8.1: `create_causal_mask` takes `past_key_values` and what follows by keyword only.""",
        before="from transformers import load\n\nload('model', True)\n",
        after="from transformers import load\n\nload('model', strict=True)\n",
        old="def load(name, strict=False): ...\n",
        new="def load(name, *, strict=False): ...\n",
    ),
    "parameter-swallowed": Guide(
        why="""\
The parameter is gone, and the function has a `**kwargs` that takes the old keyword and never looks at it. Nothing
raises and nobody is told: the call runs with the default.

Pass what took its place.""",
        reference="""\
transformers 5.4.0: `interpolation` of image processors became `resample`. `resize(interpolation=BICUBIC)` is
swallowed, and images are resized with BILINEAR.""",
        before="""\
from transformers.image_processing_utils_fast import BaseImageProcessorFast

processor = BaseImageProcessorFast()
processor.resize("image", size=224, interpolation="bicubic")
""",
        after="""\
from transformers.image_processing_utils_fast import BaseImageProcessorFast

processor = BaseImageProcessorFast()
processor.resize("image", size=224, resample="bicubic")
""",
        old=_RESIZE_OLD,
        new=_RESIZE_NEW,
    ),
    "positional-shift": Guide(
        why="""\
A parameter was put in, taken out or moved in front of the one that a positional argument used to reach. The call
still binds, and the value lands in another parameter: `silent`. Where it clashes with a keyword, the call raises.

Pass the argument by name; that means the same in both releases.""",
        reference="""\
torch-npu of 2025-10: `npu_add_rms_norm_quant` got `beta` in front of `scales2`. transformers 5.10.1:
`do_convert_rgb` came to stand in front of `do_resize` in `Qwen2VLVideoProcessor._preprocess`, and 5.18.0 took it
away again.""",
        before="from transformers import norm\n\nnorm(1, 2, 3)\n",
        after="from transformers import norm\n\nnorm(1, 2, scales=3)\n",
        old="def norm(x, gamma, scales=None): ...\n",
        new="def norm(x, gamma, beta=None, scales=None): ...\n",
    ),
    "deprecated-parameter": Guide(
        why="""\
A decorator of the function, or its body, still takes the old keyword and passes it on under the new name, mostly
with a warning. A later release stops to.

Pass it by the new name, if the oldest release that you support has it.""",
        reference="transformers 4.56.0 takes `torch_dtype` for `dtype` in `from_pretrained`.",
        before="from transformers import mask\n\nmask(input_embeds=1)\n",
        after="from transformers import mask\n\nmask(inputs_embeds=1)\n",
        old="def mask(input_embeds): ...\n",
        new="""\
# transformers/__init__.py
from .utils.deprecation import deprecate_kwarg


@deprecate_kwarg("input_embeds", new_name="inputs_embeds", version="5.6.0")
def mask(inputs_embeds): ...
# transformers/utils/__init__.py
# transformers/utils/deprecation.py
def deprecate_kwarg(old_name, version, new_name=None): ...
""",
    ),
}
