"""What the matrix tests share: a torchvision that imports, and a record of what was seen and what was run.

They run where a transformers release is installed beside torch and torchvision; elsewhere they are not collected.
`nox -s matrix` makes such an environment for each release, runs them in it, and compares what they observed with what
they observed in the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

INSTALLED = find_spec("transformers") is not None and find_spec("torchvision") is not None
OBSERVATIONS = pytest.StashKey[Any]()

if not INSTALLED:
    collect_ignore_glob = ["test_*.py"]
else:
    # No network beyond the package index: models and processors are made from configs.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"

    import torch

    try:
        import torchvision
    except RuntimeError as error:
        # A torchvision that was built for CUDA has no operators on a CPU build of torch, and registers two of them.
        if "torchvision::nms" not in str(error):
            raise
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision  # noqa: F401


def pytest_configure(config: pytest.Config) -> None:
    """Keep upstream's own warnings apart: each release warns of something else, and that is not what is tested here."""
    config.addinivalue_line("markers", "covers(*names): the stable functions that a matrix test proves by running them")
    if INSTALLED:
        from .observations import Observations

        config.addinivalue_line("filterwarnings", "default")
        config.stash[OBSERVATIONS] = Observations()


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Record a result that has to be the same on every release: `observe("name", value, tolerance=1e-6)`."""
    observations = request.config.stash[OBSERVATIONS]

    def record(name: str, value: object, tolerance: float = 0.0) -> None:
        observations.add(f"{request.node.path.stem.removeprefix('test_')}: {name}", value, tolerance)

    return record


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    observations = item.config.stash.get(OBSERVATIONS, None)
    if observations is not None and report.when == "call" and report.passed:
        for mark in item.iter_markers("covers"):
            observations.ran.update(mark.args)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what was observed where `MATRIX_RESULTS` says, under the installed release's name."""
    folder = os.environ.get("MATRIX_RESULTS")
    observations = session.config.stash.get(OBSERVATIONS, None)
    if folder and observations is not None:
        from .observations import stamp

        observations.save(Path(folder), metadata.version("transformers"), stamp())
