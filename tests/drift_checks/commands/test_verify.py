from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from drift_checks.adapters import Flaw, Histories, Verified

from ...histories import drift

FITS = Verified("masking.fits", "transformers", (("transformers>=5", "5.0 moves it", False),), 2, 1)
WRONG = Verified(
    "devices.wrong",
    "torch",
    (("torch>=2.4", "2.4 renames it", False), ("torch<2.4", "not there", True)),
    1,
    0,
    (Flaw("devices.wrong", "compat/devices.py", 7, ">=2.4.0", "torch.amp.gone does not resolve"),),
)
PLAIN = Verified("calls.plain", sites=1, flaws=(Flaw("calls.plain", "compat/calls.py", 3, "", "no adapters"),))


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    def each(histories: Histories) -> Iterator[Verified]:
        yield from (FITS, WRONG, PLAIN)

    monkeypatch.setattr("drift_checks.commands.verify.verified", each)


def test_what_does_not_fit_is_a_line_each() -> None:
    result = drift("verify")
    assert result.exit_code == 1
    assert result.stdout == (
        "compat/devices.py:7: devices.wrong: torch.amp.gone does not resolve [>=2.4.0]\n"
        "compat/calls.py:3: calls.plain: no adapters\n"
    )
    assert "3 functions and names, 3 adapters against every release" in result.stderr
    assert "2 do not fit; 4 places that depend on an upstream, 1 unresolved" in result.stderr


def test_one_upstream_alone() -> None:
    result = drift("verify", "transformers")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 functions and names" in result.stderr and "0 do not fit" in result.stderr


def test_json() -> None:
    told = json.loads(drift("verify", "torch", "--format", "json").stdout)
    assert told == {
        "schema": 1,
        "functions": [
            {
                "name": "devices.wrong",
                "upstream": "torch",
                "adapters": [
                    {"releases": "torch>=2.4", "because": "2.4 renames it", "absent": False},
                    {"releases": "torch<2.4", "because": "not there", "absent": True},
                ],
                "sites": 1,
                "unresolved": 0,
                "flaws": [
                    {
                        "path": "compat/devices.py",
                        "line": 7,
                        "releases": ">=2.4.0",
                        "message": "torch.amp.gone does not resolve",
                    }
                ],
            }
        ],
    }


def test_markdown_is_a_table_of_the_adapters() -> None:
    lines = drift("verify", "transformers", "--format", "markdown").stdout.splitlines()
    assert lines[-1] == "| `masking.fits` | transformers>=5 | adapter | 5.0 moves it |"


def test_an_upstream_that_nobody_follows() -> None:
    result = drift("verify", "numpy")
    assert result.exit_code == 2
    assert "numpy is not followed" in result.stderr
