from __future__ import annotations

import os
import sys
import textwrap
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from drift_checks.findings import Confidence, Finding, Outcome, Verdict, WitnessResult
from drift_checks.witness_process import Answer
from drift_checks.witness_runs import confirm, judged, releases_of, run_in

OLD, NEW = "1.0", "2.0"


def install(folder: Path, text: str) -> Path:
    """The Python of an environment whose only package is a small `transformers`."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    site = next(folder.glob("[Ll]ib/**/site-packages"))
    (site / "transformers.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


class Made:
    """Releases in small environments."""

    def __init__(self, folder: Path, texts: Mapping[str, str]) -> None:
        self._pythons = {version: install(folder / version, text) for version, text in texts.items()}

    def python(self, upstream: str, version: str) -> Path:
        assert upstream == "transformers"
        return self._pythons[version]


def finding(witness: str, upstream: str = "transformers", works_in: str = "") -> Finding:
    return Finding(
        path="a.py",
        line=3,
        column=1,
        end_line=3,
        end_column=2,
        rule="symbol-removed",
        outcome=Outcome.BREAKS,
        confidence=Confidence.PROVEN,
        symbol="transformers.f",
        upstream=upstream,
        message="",
        works_in=works_in,
        broken_in=(NEW,),
        fix=None,
        witness=witness,
    )


READS_F = "from transformers import f\n"

VERDICTS = [
    ("gone", "f = 1", "", READS_F, Verdict.CONFIRMED, "ImportError: cannot import name 'f' from 'transformers'"),
    ("still there", "f = 1", "f = 2", READS_F, Verdict.REFUTED, "its witness passes on 2.0"),
    ("added since", "", "f = 1", READS_F, Verdict.REFUTED, "its witness passes on 2.0"),
    (
        "never there",
        "",
        "",
        READS_F,
        Verdict.UNCONFIRMED,
        "its witness fails on 1.0: ImportError: cannot import name 'f' from 'transformers'",
    ),
    (
        "a package is missing",
        "f = 1",
        "import not_installed_anywhere",
        READS_F,
        Verdict.UNCONFIRMED,
        "on 2.0 its witness needs not_installed_anywhere, which is not installed there",
    ),
    (
        "a package is missing in the old release",
        "import not_installed_anywhere",
        "",
        READS_F,
        Verdict.UNCONFIRMED,
        "on 1.0 its witness needs not_installed_anywhere, which is not installed there",
    ),
    (
        "a backend that upstream asks for is missing",
        "def f(): ...",
        "def f(): raise ImportError('f requires the vision library')",
        READS_F + "f()\n",
        Verdict.UNCONFIRMED,
        "on 2.0 its witness needs what is not installed there: f requires the vision library",
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "witness", "verdict", "said"), [case[1:] for case in VERDICTS], ids=[v[0] for v in VERDICTS]
)
def test_a_verdict_needs_a_pass_on_the_old_release_and_a_failure_on_the_new(
    tmp_path: Path, before: str, after: str, witness: str, verdict: Verdict, said: str
) -> None:
    found = finding(witness)
    [(same, result)] = confirm([(found, (OLD, NEW))], Made(tmp_path, {OLD: before, NEW: after}))
    assert same is found
    assert result == WitnessResult(verdict, OLD, NEW, said)


def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    asked = [(finding(""), (OLD, NEW)), (finding("import torch_npu\n", "torch-npu"), (OLD, NEW))]
    results = confirm(asked, Made(tmp_path, {}))
    assert [(result.verdict, result.said) for _, result in results] == [
        (Verdict.NOT_RUN, "it has no witness"),
        (Verdict.NOT_RUN, "no environment is made for torch-npu, only for transformers"),
    ]


def test_results_come_in_the_order_of_the_findings_and_each_program_runs_once(tmp_path: Path) -> None:
    counter = tmp_path / "runs"
    texts = {OLD: f"f = 1\nopen({str(counter)!r}, 'a').write('x')", NEW: ""}
    asked = [(finding("import transformers\n"), (OLD, OLD)), (finding(READS_F), (OLD, NEW))] * 2
    results = confirm(asked, Made(tmp_path, texts))
    assert [result.verdict for _, result in results] == [Verdict.REFUTED, Verdict.CONFIRMED] * 2
    # Once before the programs, where processes fork.
    assert len(counter.read_text()) == (1 if hasattr(os, "fork") else 2)


def test_steps_tell_how_far_the_runs_are(tmp_path: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    confirm(
        [(finding(READS_F), (OLD, NEW))],
        Made(tmp_path, {OLD: "f = 1", NEW: ""}),
        lambda done, total, what: steps.append((done, total, what)),
    )
    assert steps[-2:] == [(0, 2, "transformers 1.0"), (1, 2, "transformers 2.0")]


@pytest.fixture(scope="module", params=["forked", "one by one"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With each way of keeping programs apart."""
    if request.param == "one by one":
        patch = pytest.MonkeyPatch()
        patch.delattr(os, "fork", raising=False)
        request.addfinalizer(patch.undo)
    return install(tmp_path_factory.mktemp("env"), "value = 1")


def test_a_program_leaves_nothing_to_the_next_one(python: Path) -> None:
    writes = "import transformers\nassert transformers.value == 1\ntransformers.value = 2\n"
    assert run_in(python, "transformers", [writes, writes]) == [Answer(True), Answer(True)]


def test_what_a_program_prints_is_thrown_away(python: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noisy = "import sys\nprint('loud')\nprint('loud', file=sys.stderr)\n"
    assert run_in(python, "transformers", [noisy]) == [Answer(True)]
    assert capfd.readouterr() == ("", "")


def test_a_program_that_ends_its_process_or_does_not_end_stops_no_other(python: Path) -> None:
    programs = ["import os\nos._exit(0)\n", "import time\ntime.sleep(60)\n", "import sys\nsys.exit(0)\n", "x = 1\n"]
    answers = run_in(python, "transformers", programs, seconds=2)
    assert [(answer.passed, answer.error) for answer in answers[2:]] == [(False, "SystemExit: 0"), (True, "")]
    assert answers[0] == Answer(False, hindrance="ends its process")
    assert answers[1] == Answer(False, hindrance="has no end after 2 s")


def test_a_program_reaches_no_network_and_writes_into_no_folder_of_the_user(
    python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connects = "import socket\nsocket.create_connection(('127.0.0.1', 1))\n"
    writes = "open('left', 'w').close()\n"
    refused, written = run_in(python, "transformers", [connects, writes])
    assert refused.error == "OSError: a witness uses no network"
    assert written.passed
    assert list(tmp_path.iterdir()) == []


def test_variables_for_the_users_python_do_not_reach_a_program(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    asks = "import os\nassert not any(name.startswith('PYTHON') for name in os.environ)\n"
    offline = "import os\nassert os.environ['HF_HUB_OFFLINE'] == '1'\n"
    assert [answer.passed for answer in run_in(python, "transformers", [asks, offline])] == [True, True]


def test_warnings_are_no_errors(python: Path) -> None:
    assert run_in(python, "transformers", ["import warnings\nwarnings.warn('old')\n"]) == [Answer(True)]


def test_an_own_module_that_is_missing_is_an_answer_and_not_a_missing_package(python: Path) -> None:
    [answer] = run_in(python, "transformers", ["import transformers.gone\n"])
    assert (answer.passed, answer.hindrance) == (False, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that the system runs")
def test_an_interpreter_that_does_not_start_is_no_answer(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert run_in(broken, "transformers", ["x = 1\n"]) == [Answer(False, hindrance="ends its process")]


@pytest.mark.parametrize(
    ("works_in", "compared", "expected"),
    [
        ("", ("1.0", "2.0"), ("1.0", "2.0")),
        (">=1.0,<2.0", ("1.0", "2.0"), ("1.0", "2.0")),
        (">=0.5,<0.8 || >=1.0,<2.0", ("1.0", "3.0"), ("1.0", "2.0")),
        (">=1.5,<2.0", ("1.0", "2.0"), ("1.6", "2.0")),
    ],
)
def test_a_finding_of_a_range_is_tried_where_it_works_and_where_it_breaks(
    works_in: str, compared: tuple[str, str], expected: tuple[str, str]
) -> None:
    known = ("1.0", "1.5", "1.6", "2.0", "3.0")
    assert releases_of(finding(READS_F, works_in=works_in), compared, known) == expected


@pytest.mark.parametrize(
    ("verdict", "confidence"),
    [
        (Verdict.CONFIRMED, Confidence.PROVEN),
        (Verdict.REFUTED, None),
        (Verdict.UNCONFIRMED, Confidence.LIKELY),
        (Verdict.NOT_RUN, Confidence.PROVEN),
    ],
)
def test_a_finding_is_left_out_where_it_is_refuted_and_likely_where_it_is_not_confirmed(
    verdict: Verdict, confidence: Confidence | None
) -> None:
    result = WitnessResult(verdict, OLD, NEW, "so")
    kept = judged(finding(READS_F), result)
    assert (kept.confidence if kept else None) is confidence
    if kept:
        assert kept.as_json()["witness_result"] == {"verdict": verdict.value, "from": OLD, "to": NEW, "said": "so"}
