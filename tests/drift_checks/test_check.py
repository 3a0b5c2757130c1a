from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable
from typing import TypeVar

from drift_checks.check import check, import_names
from drift_checks.rules import RULES, Pair
from drift_checks.sources import SourceFile, Unparsed
from signatures.surface import Surface

from ..signatures.programs import surface
from .programs import checked, files

Answer = TypeVar("Answer")

RENAMED = ("def f(image): ...", "def f(images): ...")
CALL = "from transformers import f\nf(image=1){comment}\n"


def pair(before: str, after: str) -> Pair:
    return Pair(surface(files(before), "1.0"), surface(files(after), "2.0"))


def test_a_finding_has_every_field_of_the_documented_json() -> None:
    [finding] = checked(*RENAMED, "from transformers import f\n\nx = 'ä', f(image=1)\n").findings
    assert finding.as_json() == {
        "path": "program.py",
        "line": 3,
        "column": 12,
        "end_line": 3,
        "end_column": 19,
        "rule": "parameter-renamed",
        "outcome": "breaks",
        "confidence": "proven",
        "symbol": "transformers.f",
        "upstream": "transformers",
        "message": "`image` is now `images`, and the old keyword raises",
        "works_in": "==1.0",
        "broken_in": ["2.0"],
        "fix": {"kind": "upstream", "text": "`images=`", "safety": "unsafe"},
        "witness": "import inspect\n\nfrom transformers import f\n\ninspect.signature(f).bind(image=None)\n",
    }
    json.dumps(finding.as_json())


def test_comments_are_handed_on_and_suppress_nothing_by_themselves() -> None:
    report = checked(*RENAMED, CALL.format(comment="  # drift: ignore[parameter-renamed] pinned below 2.0"))
    assert [(comment.line, comment.rules) for comment in report.comments] == [(2, ("parameter-renamed",))]
    assert len(report.findings) == 1


def test_findings_are_sorted_and_each_is_given_once() -> None:
    source = b"from transformers import f\nf(image=1)\nf(image=2)\n"
    items = [SourceFile("b.py", source), SourceFile("a.py", source)]
    report = check(items, [pair(*RENAMED)])
    assert [(f.path, f.line) for f in report.findings] == [("a.py", 2), ("a.py", 3), ("b.py", 2), ("b.py", 3)]


def test_a_file_that_cannot_be_parsed_does_not_stop_the_others() -> None:
    items: list[SourceFile | Unparsed] = [
        SourceFile("bad.py", b"import transformers ("),
        Unparsed("pipe.py", 1, "cannot be read: not a regular file"),
        SourceFile("deep.py", b"import transformers\nx = " + b"a." * 100_000 + b"a"),
        SourceFile("good.py", CALL.format(comment="").encode()),
    ]
    report = check(items, [pair(*RENAMED)])
    assert [item.path for item in report.unparsed] == ["bad.py", "deep.py", "pipe.py"]
    assert [finding.path for finding in report.findings] == ["good.py"]
    assert report.statistics.files == 4


class Known:
    """Releases in memory."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(self._texts)

    def surface(self, version: str) -> Surface:
        return surface(files(self._texts[version]), version)

    def answers(
        self, subject: Hashable, versions: Collection[str], question: Callable[[Surface], Answer]
    ) -> dict[str, Answer]:
        return {version: question(self.surface(version)) for version in versions}


def test_works_in_keeps_the_holes_of_the_history() -> None:
    texts = {"0.9": "", "1.0": RENAMED[0], "1.5": RENAMED[1], "1.6": RENAMED[0], "2.0": RENAMED[1]}
    items = [SourceFile("a.py", CALL.format(comment="").encode())]
    [finding] = check(items, [pair(*RENAMED)], {"transformers": Known(texts)}).findings
    assert finding.works_in == ">=1.0,<1.5 || >=1.6,<2.0"


def test_works_in_does_not_claim_a_release_that_has_no_such_method() -> None:
    before, after = ("class C:\n    def m(self, a): ...\n", "class C:\n    def m(self): ...\n")
    texts = {"0.8": "", "0.9": "class C: ...\n", "1.0": before, "2.0": after}
    items = [SourceFile("a.py", b"from transformers import C\nC().m(1)\n")]
    [finding] = check(items, [pair(before, after)], {"transformers": Known(texts)}).findings
    assert finding.works_in == ">=1.0,<2.0"


def test_works_in_does_not_claim_a_release_in_which_it_is_not_known() -> None:
    unknown = "import other\n\ndef f(images=1, **kwargs): return other.g(**kwargs)\n"
    texts = {"1.0": RENAMED[0], "1.5": unknown, "2.0": RENAMED[1]}
    items = [SourceFile("a.py", CALL.format(comment="").encode())]
    [finding] = check(items, [pair(*RENAMED)], {"transformers": Known(texts)}).findings
    assert finding.works_in == ">=1.0,<1.5"


def test_the_roots_of_an_upstream_are_what_files_must_name() -> None:
    assert import_names([pair(*RENAMED)]) == {"transformers"}


def test_rules_are_named_once_and_each_says_what_it_means() -> None:
    assert all(name == rule.name and rule.summary.endswith(".") for name, rule in RULES.items())
    assert {"module-removed", "symbol-moved", "parameter-swallowed", "patch-signature", "override-mismatch"} <= set(
        RULES
    )
