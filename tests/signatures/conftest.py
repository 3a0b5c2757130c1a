"""Released transformers as surfaces, read once for all tests of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from signatures.snapshots import read_release
from signatures.sources import CheckedSource, Source
from signatures.surface import Snapshot, Surface
from signatures.upstreams import upstream_named
from signatures.wheels import open_source

# A whole release costs ten CPU seconds; these members are enough for what the tests ask.
_READ = (
    "transformers/__init__.py",
    "transformers/utils/",
    "transformers/cache_utils.py",
    "transformers/configuration_utils.py",
    "transformers/convert_slow_tokenizer.py",
    "transformers/distributed/",
    "transformers/generation/__init__.py",
    "transformers/generation/utils.py",
    "transformers/image_",
    "transformers/masking_utils.py",
    "transformers/modeling_flash_attention_utils.py",
    "transformers/modeling_outputs.py",
    "transformers/modeling_utils.py",
    "transformers/models/__init__.py",
    "transformers/models/albert/",
    "transformers/models/blip/",
    "transformers/models/llama/",
    "transformers/models/qwen2/",
    "transformers/models/qwen2_vl/",
    "transformers/pipelines/__init__.py",
    "transformers/pipelines/base.py",
    "transformers/pipelines/text_classification.py",
    "transformers/processing_utils.py",
    "transformers/tokenization_",
    "transformers/trainer.py",
    "transformers/training_args.py",
    "transformers/video_processing_utils.py",
)


class _Part(CheckedSource):
    """Some of the files of a source."""

    def __init__(self, whole: Source) -> None:
        super().__init__(whole.name, whole.version, "wheel")
        self._whole = whole
        self._files = {path: digest for path, digest in whole.files().items() if path.startswith(_READ)}

    def _size(self, path: str) -> int:
        return 0

    def _content(self, path: str) -> bytes:
        return self._whole.read(path)


@pytest.fixture(scope="session")
def surface_of(released_wheel: Callable[[str, str], Path]) -> Callable[[str], Surface]:
    """Gives the surface of a pinned transformers release, from the members that tests ask about."""

    @cache
    def read(version: str) -> Surface:
        with open_source(released_wheel("transformers", version)) as source:
            reading = read_release(_Part(source), upstream_named("transformers"))
        assert reading.problems == ()
        return Surface("transformers", version, Snapshot(reading.modules))

    return read
