"""Overrides and patches: downstream code that upstream calls."""

from __future__ import annotations

from .guide import Guide

_PROCESSOR_OLD = """\
# transformers/processing.py
class Processor:
    def preprocess(self, images):
        return self._preprocess(images, interpolation=3)

    def _preprocess(self, images, interpolation):
        return images
"""
_PROCESSOR_NEW = """\
# transformers/processing.py
class Processor:
    def preprocess(self, images):
        return self._preprocess(images, resample=3)

    def _preprocess(self, images, resample):
        return images
"""
_BEFORE_DEAD = """\
# transformers/processing.py
class Processor:
    def run(self, x):
        return self._process_image(x)

    def _process_image(self, x):
        return x
"""
_AFTER_DEAD = """\
# transformers/processing.py
class Processor:
    def run(self, x):
        return self.process_image(x)

    def process_image(self, x):
        return x
"""

GUIDES = {
    "base-removed": Guide(
        why="""\
Your class inherits from a name that is still there and is no class any more: a function took its place, or an object
that stands for it. The `class` statement raises `TypeError` as the module is imported.

Inherit from the class that took its place, and look at each member that yours takes from its base.""",
        reference="""\
Upstreams turn a class into a function that builds one when they split it up; `drift history CLASS` shows since
when.""",
        before="from transformers import Pipeline\n\n\nclass Mine(Pipeline):\n    kind = 1\n",
        after="from transformers import BasePipeline\n\n\nclass Mine(BasePipeline):\n    kind = 1\n",
        old="class BasePipeline: ...\n\n\nclass Pipeline(BasePipeline): ...\n",
        new="class BasePipeline: ...\n\n\ndef Pipeline(task): ...\n",
    ),
    "override-mismatch": Guide(
        why="""\
Your class overrides a method that upstream's own code calls, and the new release calls it with other arguments than
your override takes. The call is upstream's, so nothing in your file looks wrong. It raises `TypeError`, or, where
your parameter has a default, is `silent`: the value never arrives.

Take what the new release passes; `**kwargs` lets one override serve both.""",
        reference="""\
transformers 5.4.0: `_preprocess` of image processors is called with `resample=` and no `interpolation=`.""",
        before="""\
from transformers.processing import Processor


class Mine(Processor):
    def _preprocess(self, images, interpolation):
        return images
""",
        after="""\
from transformers.processing import Processor


class Mine(Processor):
    def _preprocess(self, images, resample=None, **kwargs):
        return images
""",
        old=_PROCESSOR_OLD,
        new=_PROCESSOR_NEW,
    ),
    "override-dead": Guide(
        why="""\
Your class overrides a method that upstream used to call and calls no more. Your code is never run, nothing raises,
and what it was there for does not happen.

Override what is called now, and keep the old name for the old release.""",
        reference="""\
transformers 5.4.0: `_process_image` became `process_image`, and an override of the old name is dead code.""",
        before="""\
from transformers.processing import Processor


class Mine(Processor):
    def _process_image(self, x):
        return x + 1
""",
        after="""\
from transformers.processing import Processor


class Mine(Processor):
    def process_image(self, x):
        return x + 1

    _process_image = process_image
""",
        old=_BEFORE_DEAD,
        new=_AFTER_DEAD,
    ),
    "patch-target-missing": Guide(
        why="""\
The patch replaces something that is not there any more. `mock.patch` and `monkeypatch.setattr` raise
`AttributeError`; a plain assignment succeeds, sets a name that nobody reads, and is `silent`.

Patch what took its place, and look at whether the patch is still needed.""",
        reference="""\
transformers 4.48.0: `LlamaSdpaAttention` and its like are gone; `LlamaAttention` chooses a function.""",
        before="import transformers.processing\n\ntransformers.processing.helper = lambda x: x\n",
        after="import transformers.processing\n\ntransformers.processing.assist = lambda x: x\n",
        old="# transformers/processing.py\ndef helper(x): ...\n\n\ndef assist(x):\n    return x\n",
        new="# transformers/processing.py\ndef assist(x):\n    return x\n",
    ),
    "patch-signature": Guide(
        why="""\
A function of yours takes the place of an upstream method, and the new release calls that method with other
arguments than yours takes. It raises `TypeError` inside upstream, or, where your parameter has a default, is
`silent`.

Take what the new release passes; `**kwargs` lets one replacement serve both.""",
        reference="""\
transformers 5.4.0: `_preprocess` of image processors is called with `resample=` and no `interpolation=`.""",
        before="""\
from transformers.processing import Processor


def preprocess(self, images, interpolation):
    return images


Processor._preprocess = preprocess
""",
        after="""\
from transformers.processing import Processor


def preprocess(self, images, resample=None, **kwargs):
    return images


Processor._preprocess = preprocess
""",
        old=_PROCESSOR_OLD,
        new=_PROCESSOR_NEW,
    ),
    "patch-alias": Guide(
        why="""\
The patch names an alias. Where the alias is another name of the same class, the patch works and changes that class
for all. Where it is a module that only forwards, the patch changes the forwarder, what runs stays as it was, and
nobody is told: `silent`.

Patch the object where it is defined.""",
        reference="""\
transformers 5.4.0: `image_processing_utils_fast` stands for `image_processing_backends`. From 5.21.0 on it is a
copy made when it is imported, so that later patches of the one are not seen in the other.""",
        before="import transformers.old_place\n\ntransformers.old_place.helper = lambda x: x\n",
        after="import transformers.new_place\n\ntransformers.new_place.helper = lambda x: x\n",
    ),
}
