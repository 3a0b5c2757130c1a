"""Members of classes and instances."""

from __future__ import annotations

from .guide import Guide

GUIDES = {
    "attribute-removed": Guide(
        why="""\
The class and its bases have no such method or property in the new release, and no `__getattr__` that would give it.
Reading it raises `AttributeError`, on the first time that the line runs.

`drift history CLASS.MEMBER` tells the last release that has it.""",
        reference="""\
transformers 5.15.0: `is_fast` of image processors is gone; `backend == "torchvision"` says the same.""",
        before="from transformers import Cache\n\ncache = Cache()\ncache.get_usable_length(3)\n",
        after="from transformers import Cache\n\ncache = Cache()\ncache.get_seq_length()\n",
        old="""\
class Cache:
    def get_usable_length(self, n):
        return n

    def get_seq_length(self): ...
""",
        new="class Cache:\n    def get_seq_length(self): ...\n",
    ),
    "attribute-renamed": Guide(
        why="""\
The member has another name in the new release, with the same definition, or upstream itself says so. The old name
raises `AttributeError`.

Use the new name. For code that must run on both: `getattr(obj, "new", None) or obj.old`.""",
        reference="transformers 5.4.0: `_process_image` of image processors became `process_image`.",
        before="""\
from transformers.processing import Processor

processor = Processor()
processor._process_image("image")
""",
        after="""\
from transformers.processing import Processor

processor = Processor()
processor.process_image("image")
""",
        old="""\
# transformers/processing.py
class Processor:
    def _process_image(self, image):
        return [image, image.size]
""",
        new="""\
# transformers/processing.py
class Processor:
    def process_image(self, image):
        return [image, image.size]
""",
    ),
    "access-style": Guide(
        why="""\
The value could be asked by key or by index, and the class that it is now has no `__getitem__`: asking it raises
`TypeError`. What was a dict or a tuple has become an object with attributes.

Read the attribute. Code that must run on both releases asks `hasattr` first.""",
        reference="transformers 5.0.0: `DynamicCache` lost `__getitem__`; keys and values are on `cache.layers[i]`.",
        before="from transformers import Cache\n\ncache = Cache()\nkeys = cache[0]\n",
        after="from transformers import Cache\n\ncache = Cache()\nkeys = cache.layers\n",
        old="""\
class Cache:
    layers = ()

    def __getitem__(self, index): ...
""",
        new="class Cache:\n    layers = ()\n",
    ),
}
