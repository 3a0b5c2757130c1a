from __future__ import annotations

import inspect
import pickle
import sys
from pathlib import Path

import pytest

from compat import UnsupportedRelease, _recorded_targets, _releases
from compat._adapters import absent, adapts

from .small_upstream import Installed


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(tmp_path, monkeypatch)


@pytest.mark.parametrize("version", ["1.5", "2.1"])
def test_one_call_does_the_same_on_every_release(installed: Installed, version: str) -> None:
    module = installed.module(version)
    assert module.scale(3) == 6
    assert module.scale(3, factor=5) == 15


def test_upstream_is_imported_at_the_first_use(installed: Installed) -> None:
    module = installed.module("2.1")
    assert "plainly" not in sys.modules
    module.scale(3)
    assert "plainly" in sys.modules


def test_where_upstream_has_the_wanted_shape_the_stable_function_is_upstreams(installed: Installed) -> None:
    module = installed.module("2.1")
    imported_before = module.scale
    assert imported_before(3) == 6
    upstream = sys.modules["plainly"].scale
    assert module.scale is upstream
    assert imported_before.func is upstream


@pytest.mark.parametrize("version", ["1.5", "2.1"])
@pytest.mark.parametrize("used", [False, True])
def test_a_stable_function_shows_its_own_signature_and_documentation(
    installed: Installed, version: str, used: bool
) -> None:
    function = installed.module(version).scale
    if used and version == "1.5":
        function(3)
        function = sys.modules["adapted"].scale
    assert str(inspect.signature(function)) == "(value: int, *, factor: int = 2) -> int"
    assert inspect.getdoc(function) == "Scale a value."
    assert function.__name__ == "scale"


@pytest.mark.parametrize("version", ["1.5", "2.1"])
def test_a_stable_function_is_pickled_before_and_after_its_use(installed: Installed, version: str) -> None:
    module = installed.module(version)
    imported_before = module.scale
    assert pickle.loads(pickle.dumps(imported_before))(3) == 6
    for function in (imported_before, module.scale):
        assert pickle.loads(pickle.dumps(function))(3, factor=4) == 12


@pytest.mark.parametrize(
    ("version", "like", "message"),
    [
        (None, "", "adapted.scale needs plainly, which is not installed: install plainly>=1,<2 or plainly>=2,<3"),
        ("0.9", "1.5", "adapted.scale is not there in plainly 0.9: 1.0 brings it"),
        (
            "3.0",
            "2.1",
            "adapted.scale has no adapter for plainly 3.0: it covers plainly>=1,<2 or plainly>=2,<3; "
            "install one of these, or a newer upstream-compat",
        ),
    ],
)
def test_a_release_that_no_adapter_is_for_is_refused(
    installed: Installed, version: str | None, like: str, message: str
) -> None:
    module = installed.module(version, like)
    for _ in range(2):
        with pytest.raises(UnsupportedRelease) as error:
            module.scale(3)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("version", "like"), [("2.0.0.dev0", "2.1"), ("2.0rc1", "2.1"), ("2.1+cpu", "2.1"), ("1.9.post3", "1.5")]
)
def test_a_release_that_is_no_plain_number_is_taken_for_the_release_it_stands_by(
    installed: Installed, version: str, like: str
) -> None:
    assert installed.module(version, like).scale(3) == 6


TARGET = ("plainly.scale", 1, ("factor",))


@pytest.mark.parametrize(
    ("like", "target", "reason"),
    [
        ("2.1", TARGET, ""),
        ("2.1", ("plainly.scale", 1, ("by",)), "plainly.scale(value, *, factor=2): got an unexpected keyword"),
        ("2.1", ("plainly.rescale", 1, ()), "plainly.rescale is not there"),
        ("1.5", TARGET, "plainly.scale(value, by): got an unexpected keyword"),
    ],
)
def test_on_a_release_that_nobody_read_the_newest_adapter_is_used_if_its_targets_fit(
    installed: Installed,
    monkeypatch: pytest.MonkeyPatch,
    like: str,
    target: tuple[str, int, tuple[str, ...]],
    reason: str,
) -> None:
    monkeypatch.setitem(_releases.NEWEST_KNOWN, "plainly", "2.1")
    monkeypatch.setitem(_recorded_targets.TARGETS, "adapted.scale", (target,))
    module = installed.module("2.7", like)
    if not reason:
        assert module.scale(3) == 6
        return
    with pytest.raises(UnsupportedRelease) as error:
        module.scale(3)
    assert str(error.value).startswith(
        f"adapted.scale does not fit plainly 2.7, which is newer than 2.1, the newest that was read: {reason}"
    )
    assert str(error.value).endswith("install an older plainly or a newer upstream-compat")


def test_only_a_stable_function_has_adapters() -> None:
    with pytest.raises(TypeError, match="is no stable function: put @stable over its declaration"):
        absent(len, "plainly", because="it is Python's")
    with pytest.raises(TypeError, match="is no stable function"):
        adapts(len, "plainly", because="it is Python's")(lambda: len)
