"""Caches: the arguments of `StaticCache`."""

from __future__ import annotations

from .declaration import Declaration, Effect

DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.SHIFTED,
        ("transformers.cache_utils.StaticCache",),
        releases=">=4.56",
        parameter="max_batch_size",
        instead="max_cache_len",
        position=1,
        says="the cache gets the length that was meant as the size of the batch",
        because="`StaticCache(config, max_batch_size, max_cache_len)` became `StaticCache(config, max_cache_len)` in "
        "4.56.0; 4.54 and 4.55 handed `*args` on to `Cache.__init__` (`cache_utils.py`)",
        fix="max_cache_len=",
        witness="import inspect\n\nfrom transformers import StaticCache\n\n"
        "names = [name for name in inspect.signature(StaticCache).parameters if name != 'self']\n"
        "assert names[1] != 'max_cache_len'\n",
    ),
)
