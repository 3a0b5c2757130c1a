"""A real file of a released downstream against released upstreams: each finding on the line to edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drift_checks.check import Report, check
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile
from signatures.local_sources import open_source
from signatures.snapshots import read_release
from signatures.surface import Snapshot, Surface
from signatures.upstreams import upstream_named

Wheels = Callable[[str, str], Path]

PATH = "sglang/srt/hardware_backend/npu/modules/qwen_vl_processor.py"
# The parts of transformers that the file depends on; all of a release takes seconds to read.
PARTS = (
    "transformers/models/__init__.py",
    "transformers/models/qwen2_vl/",
    "transformers/models/qwen3_vl/",
    "transformers/utils/",
)


def is_part(path: str) -> bool:
    return path.count("/") < 2 or path.startswith(PARTS)


@pytest.fixture(scope="module")
def release(released_wheel: Wheels) -> Callable[[str], Surface]:
    def read(version: str) -> Surface:
        with open_source(released_wheel("transformers", version)) as source:
            files = {path: digest for path, digest in source.files().items() if is_part(path)}
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(source, "files", lambda: files)
                reading = read_release(source, upstream_named("transformers"))
        return Surface("transformers", version, Snapshot(reading.modules))

    return read


def report(wheel: Path, old: Surface, new: Surface) -> Report:
    with open_source(wheel) as source:
        return check([SourceFile(PATH, source.read(PATH))], [Pair(old, new)])


def found(report: Report) -> set[tuple[int, str, str, str]]:
    return {(f.line, f.rule, f.outcome.value, f.symbol.rpartition("transformers.")[2]) for f in report.findings}


PROCESSOR = "models.qwen2_vl.image_processing_qwen2_vl.Qwen2VLImageProcessor"
VIDEO_PROCESSOR = "models.qwen3_vl.video_processing_qwen3_vl.Qwen3VLVideoProcessor"


def test_sglang_0_5_11_from_5_3_0_to_5_6_2(released_wheel: Wheels, release: Callable[[str], Surface]) -> None:
    result = report(released_wheel("sglang", "0.5.11"), release("5.3.0"), release("5.6.2"))
    assert found(result) == {
        (6, "deprecated-symbol", "deprecated", "image_processing_utils_fast.group_images_by_shape"),
        (6, "deprecated-symbol", "deprecated", "image_processing_utils_fast.reorder_images"),
        (75, "patch-signature", "breaks", f"{PROCESSOR}._preprocess"),
        (106, "parameter-swallowed", "silent", "image_processing_backends.TorchvisionBackend.resize"),
        (185, "patch-signature", "silent", f"{VIDEO_PROCESSOR}._preprocess"),
        (217, "parameter-swallowed", "silent", "image_processing_backends.TorchvisionBackend.resize"),
        (300, "patch-alias", "deprecated", f"{PROCESSOR.replace('_vl.Qwen', '_vl_fast.Qwen')}Fast"),
    }
    assert result.statistics.unresolved == 0


def test_sglang_0_5_12_from_5_6_2_to_5_15_0(released_wheel: Wheels, release: Callable[[str], Surface]) -> None:
    result = report(released_wheel("sglang", "0.5.12"), release("5.6.2"), release("5.15.0"))
    assert found(result) == {
        (98, "parameter-required", "breaks", f"{PROCESSOR}.resize"),
        (99, "parameter-renamed", "breaks", f"{PROCESSOR}.resize"),
        (209, "parameter-required", "breaks", f"{VIDEO_PROCESSOR}.resize"),
    }
    assert result.statistics.unresolved == 0
