"""Guards around code that not every release can run."""

from __future__ import annotations

from .guide import Guide

GUIDES = {
    "guard-dead": Guide(
        why="""\
A guard such as `hasattr`, `try`/`except ImportError` or a test of a signature keeps code running where a feature is
missing. When upstream moves or renames that feature, the guard takes it for missing: nothing raises, and the
fallback, or nothing at all, runs instead.

A version that is compared as text is such a guard too: `'5.10' < '5.4'`. Ask for the new name as well, and compare
versions with `packaging.version`.""",
        reference="""\
transformers 5.4.0 renamed `_process_image` of image processors, which `hasattr` then does not find.""",
        before='import transformers\n\nif hasattr(transformers, "warm_up"):\n    transformers.warm_up(model)\n',
        after="""\
import transformers

if hasattr(transformers, "prefill"):
    transformers.prefill(model)
elif hasattr(transformers, "warm_up"):
    transformers.warm_up(model)
""",
        old="def warm_up(model):\n    return model.cache.fill(model.prompt)\n",
        new="def prefill(model):\n    return model.cache.fill(model.prompt)\n",
    ),
}
