"""Adapters that are right and wrong on purpose, against the shipped history."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

import compat
from compat import _adapters, _names
from compat._recorded_targets import TARGETS
from drift_checks import adapters
from drift_checks.adapters import Histories, Verified, covered, recorded_targets, targets, touched, verified
from drift_checks.compat_names import COVERED

HISTORIES = Histories()
NUMBERS = itertools.count()
HEAD = """
from __future__ import annotations
from ._adapters import absent, adapts, stable
from ._names import UpstreamName, upstream_names

@stable
def mask(config, inputs_embeds, attention_mask, past_key_values=None, position_ids=None): ...

"""
OLD = """
absent(mask, "transformers<4.53.1", because="not there")

@adapts(mask, "transformers>=4.53.1,<5.9", because="names")
def _until_5_9():
    from transformers.masking_utils import create_causal_mask as upstream

    def mask(config, inputs_embeds, attention_mask, past_key_values=None, position_ids=None):
        return upstream(
            config, inputs_embeds, attention_mask, cache_position=1, past_key_values=past_key_values, position_ids=1
        )

    return mask

"""
NEW = """
@adapts(mask, "transformers>=5.9", because="names")
def _since_5_9():
    from transformers.masking_utils import create_causal_mask

    return create_causal_mask
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that is added to `compat` for one test, from `demo.py` in the test's folder."""
    name = f"demo{next(NUMBERS)}"
    monkeypatch.setattr(compat, "__path__", [*compat.__path__, str(tmp_path)])
    monkeypatch.setattr(compat, "MODULES", (name,))
    monkeypatch.setattr(adapters, "PACKAGE", tmp_path)
    monkeypatch.setattr(_adapters, "REGISTRY", {})
    monkeypatch.setattr(_names, "NAMES", {})
    monkeypatch.setattr(adapters, "REGISTRY", _adapters.REGISTRY)
    monkeypatch.setattr(adapters, "NAMES", _names.NAMES)
    monkeypatch.setitem(sys.modules, f"compat.{name}", None)
    monkeypatch.delitem(sys.modules, f"compat.{name}")
    return name


def flaws(module: str, folder: Path, text: str) -> list[tuple[str, str]]:
    """Message and releases of each flaw of a module."""
    return [(flaw.message, flaw.releases) for each in results(module, folder, text) for flaw in each.flaws]


def results(module: str, folder: Path, text: str) -> list[Verified]:
    (folder / f"{module}.py").write_text(HEAD + text)
    return list(verified(HISTORIES))


MASK = "transformers.masking_utils.create_causal_mask"
CASES = {
    "right": (OLD + NEW, []),
    "a gap": (OLD.replace("<5.9", "<5.8") + NEW, [("no adapter", ">=5.8.0,<5.9.0")]),
    "an overlap": (
        OLD + NEW.replace(">=5.9", ">=5.8"),
        [("more than one adapter", ">=5.8.0,<5.9.0")],
    ),
    "a set that is empty": (
        OLD + NEW + NEW.replace(">=5.9", ">=6").replace("_since_5_9", "_since_6"),
        [("no release needs this adapter any more", "transformers>=6")],
    ),
    "a target that is not there": (
        OLD.replace("4.53.1", "4.52.4") + NEW,
        [
            (f"{MASK} does not resolve", ">=4.52.4,<4.53.0"),
            (f"{MASK} does not resolve", ">=4.52.4,<4.53.0"),
            (f"{MASK}: unexpected keyword: `position_ids`", ">=4.53.0,<4.53.1"),
        ],
    ),
    "a keyword that is not taken": (
        OLD.replace("<5.9", "<5.10").replace("cache_position=1", "block=1") + NEW.replace(">=5.9", ">=5.10"),
        [(f"{MASK}: unexpected keyword: `block`", ">=4.53.1,<5.10.1")],
    ),
    "a guarded target": (
        OLD + NEW + "def plain():\n    try:\n        from transformers.masking_utils import nothing\n"
        "    except ImportError:\n        nothing = None\n    return nothing\n",
        [],
    ),
    "a plain function runs on every release": (
        OLD + NEW + "def plain():\n    from transformers.masking_utils import sdpa_mask\n    return sdpa_mask\n",
        [("transformers.masking_utils.sdpa_mask does not resolve", ">=4.40.0,<4.53.0")],
    ),
    "names": (
        OLD + NEW + '__getattr__, __dir__ = upstream_names(__name__, UpstreamName("C", {"transformers>=5": '
        '"transformers.configuration_utils.PreTrainedConfig", "transformers<5": "transformers.Nothing"}, because="x"))',
        [("transformers.Nothing does not resolve", ">=4.40.0,<5.0.0")],
    ),
    "no adapters": (OLD + NEW + "\n@stable\ndef other(): ...\n", [("no adapters", "")]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_what_does_not_fit_is_told_with_its_releases(
    module: str, tmp_path: Path, text: str, expected: list[tuple[str, str]]
) -> None:
    found = flaws(module, tmp_path, text)
    assert [message for message, _ in found] == [message for message, _ in expected]
    assert all(told == releases for (_, told), (_, releases) in zip(found, expected, strict=True) if releases)


def test_what_the_newest_adapters_call_is_recorded(module: str, tmp_path: Path) -> None:
    results(
        module,
        tmp_path,
        OLD + NEW.replace("return create", "create_causal_mask(1, attention_mask=2)\n    return create"),
    )
    found = targets(HISTORIES)
    assert found == {f"{module}.mask": [(MASK, 1, ("attention_mask",))]}
    written = recorded_targets(found)
    namespace: dict[str, object] = {}
    exec(written, namespace)
    assert namespace["TARGETS"] == {f"{module}.mask": ((MASK, 1, ("attention_mask",)),)}


@pytest.mark.parametrize(("release", "expected"), [("4.49.0", {}), ("5.3.0", {MASK}), ("5.23.0", {MASK})])
def test_what_is_touched_on_a_release_is_what_its_adapters_touch(
    module: str, tmp_path: Path, release: str, expected: set[str]
) -> None:
    results(module, tmp_path, OLD + NEW)
    assert set(touched(HISTORIES, "transformers", release)) == set(expected)


def test_the_adapters_fit_every_release_of_the_history() -> None:
    found = [f"{f.path}:{f.line}: {f.function}: {f.message} {f.releases}" for v in verified(HISTORIES) for f in v.flaws]
    assert not found


def test_what_is_recorded_of_the_adapters_is_what_they_are() -> None:
    again = "run `python -m drift_checks.adapters`"
    assert {name: list(called) for name, called in TARGETS.items()} == {
        n: c for n, c in targets(HISTORIES).items() if c
    }, again
    assert covered(HISTORIES) == COVERED, again
