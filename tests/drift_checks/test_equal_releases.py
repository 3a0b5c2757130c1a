from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks.availability import HistoryReleases
from signatures.surface import Surface

from ..histories import history

CORE = "from .base import Base\n\nclass Model(Base):\n    def run(self, a): ...\n"
RELEASES = {
    "1.0": {"transformers/__init__.py": CORE, "transformers/base.py": "class Base:\n    def go(self): ..."},
    "1.1": {"transformers/__init__.py": CORE, "transformers/base.py": "class Base:\n    def go(self): ...\nother = 1"},
    "1.2": {"transformers/__init__.py": CORE, "transformers/base.py": "class Base: ..."},
    "1.3": {"transformers/__init__.py": f"{CORE}\nextra = 1", "transformers/base.py": "class Base: ..."},
    "1.4": {"transformers/__init__.py": "", "transformers/base.py": "class Base:\n    def go(self): ..."},
    "1.5": {"transformers/__init__.py": CORE, "transformers/base.py": "class Base:\n    def go(self): ..."},
}


class Asking:
    """A question that counts how often it is put."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.times = 0

    def __call__(self, surface: Surface) -> bool:
        self.times += 1
        return surface.resolve(self._path).found


@pytest.fixture
def releases(tmp_path: Path) -> HistoryReleases:
    return HistoryReleases(history(tmp_path, RELEASES))


@pytest.mark.parametrize(
    ("path", "times"),
    [
        # What it inherits counts, what else is in the same modules does not.
        ("transformers.Model.go", 3),
        ("transformers.Model.run", 3),
        ("transformers.base", 3),
        ("transformers.extra", 3),
        ("transformers.never", 3),
    ],
)
def test_releases_that_read_the_same_are_asked_once(releases: HistoryReleases, path: str, times: int) -> None:
    asking = Asking(path)
    found = releases.answers(path, releases.versions, asking)
    assert found == {version: releases.surface(version).resolve(path).found for version in releases.versions}
    assert asking.times == times


def test_questions_on_one_subject_do_not_change_each_other(releases: HistoryReleases) -> None:
    paths = [f"transformers.{name}" for name in ("base", "Model", "Model.run", "Model.go", "extra", "base.other")]
    for path in paths:
        found = releases.answers("all of it", releases.versions, Asking(path))
        assert found == {version: releases.surface(version).resolve(path).found for version in releases.versions}


def test_only_the_releases_that_are_wanted_are_asked(releases: HistoryReleases) -> None:
    asking = Asking("transformers.Model.go")
    assert releases.answers("", ["1.4", "1.0"], asking) == {"1.0": True, "1.4": False}
    assert asking.times == 2


def test_a_question_that_looks_at_the_version_is_put_to_each_release(releases: HistoryReleases) -> None:
    found = releases.answers("", releases.versions, lambda surface: surface.version >= "1.2")
    assert found == {version: version >= "1.2" for version in releases.versions}


def test_names_of_a_module_and_modules_of_a_release_count(releases: HistoryReleases) -> None:
    found = releases.answers("", releases.versions, lambda surface: sorted(surface.names("transformers")))
    assert found == {version: sorted(releases.surface(version).names("transformers")) for version in releases.versions}
    assert found["1.4"] == []
    assert "extra" in found["1.3"]


def test_more_subjects_than_are_kept(releases: HistoryReleases) -> None:
    for number in range(200):
        assert releases.answers(number, ["1.0"], Asking("transformers.Model")) == {"1.0": True}
