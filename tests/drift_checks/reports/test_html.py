from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from drift_checks.findings import Confidence, Finding, Fix, Outcome
from drift_checks.ranges import Asked
from drift_checks.reports import as_html
from drift_checks.sources import Unparsed
from drift_checks.suppressions import Notice, Suppressed

from ..findings import finding, report

RELEASES = (("transformers", ("0.9", "1.0", "1.5", "2.0", "2.1")),)
NASTY = "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{ 7*7 }}"


class Page(HTMLParser):
    """The elements of a page, and the text in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]


def nasty() -> Finding:
    return finding(
        path=f"dir/{NASTY}.py", message=NASTY, source=f"    f({NASTY})", fix=Fix(NASTY, NASTY, NASTY), witness=NASTY
    )


def test_findings_are_grouped_by_file_with_their_source_and_witness() -> None:
    page = Page(as_html(report(finding(), finding(9), finding(path="b.py", witness="assert 1\n"), releases=RELEASES)))
    assert len(page.with_class("file")) == 2
    assert len(page.with_class("finding")) == 3
    assert len(page.with_class("witness")) == 1
    assert "assert 1" in page.said
    assert len({attributes["id"] for attributes in page.with_class("finding")}) == 3


def test_the_grid_shows_at_which_release_what_breaks() -> None:
    text = as_html(report(finding(), finding(4, works_in=">=0.9,<1.5"), releases=RELEASES))
    assert [a["title"] for a in Page(text).with_class("release")] == ["0.9", "1.0", "1.5", "2.0 to 2.1"]
    assert re.findall(r'data-fails="(\d+)"', text) == ["0001", "0011"]
    assert "0.9: does not work; 1.0 to 1.5: works; 2.0 to 2.1: breaks" in text


def test_in_a_range_that_was_asked_about_an_older_release_can_fail_too() -> None:
    asked = (Asked("transformers", ">=0.9", "", RELEASES[0][1], RELEASES[0][1]),)
    text = as_html(report(finding(broken_in=("0.9", "2.0")), releases=RELEASES, asked=asked))
    assert re.findall(r'data-fails="(\d+)"', text) == ["101"]
    assert "everything works in" in text


def test_without_known_releases_the_two_that_were_asked_about_are_the_grid() -> None:
    assert [a["title"] for a in Page(as_html(report(finding()))).with_class("release")] == ["1.0", "2.0"]


def test_the_page_needs_nothing_else() -> None:
    page = Page(as_html(report(finding(), releases=RELEASES)))
    assert not [tag for tag, _ in page.elements if tag in ("link", "img", "iframe", "object", "base")]
    for tag, attributes in page.elements:
        assert "src" not in attributes, tag
        assert not (attributes.get("href") or "#").startswith(("http", "//", "data", "javascript"))


def test_only_the_page_s_own_script_may_run() -> None:
    text = as_html(report(finding()))
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    [policy] = [a["content"] for tag, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert f"script-src 'sha256-{digest}'" in (policy or "")


def test_no_name_or_message_breaks_out() -> None:
    hostile = report(
        nasty(),
        unparsed=(Unparsed(NASTY, 1, NASTY),),
        notices=(Notice(NASTY, 1, 1, "unused", NASTY, NASTY),),
        suppressed=(Suppressed(nasty(), "comment", NASTY),),
        releases=RELEASES,
    )
    page = Page(as_html(hostile))
    plain = Page(as_html(report(finding(witness="x"), unparsed=(Unparsed("p", 1, "m"),), releases=RELEASES)))
    assert {tag for tag, _ in page.elements} - {tag for tag, _ in plain.elements} <= {"ul", "li"}
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert page.said.count("<script>alert(1)</script>") >= 8
    assert "{{ 7*7 }}" in page.said


def test_likely_findings_can_be_told_apart() -> None:
    page = Page(as_html(report(finding(confidence=Confidence.LIKELY), finding(4))))
    assert [attributes["data-confidence"] for attributes in page.with_class("finding")] == ["likely", "proven"]


def test_code_in_messages_is_marked_as_code() -> None:
    assert "<code>a&lt;b</code> is gone" in as_html(report(finding(message="`a<b` is gone")))


@pytest.mark.parametrize("count", [0, 1])
def test_totals(count: int) -> None:
    text = as_html(report(*[finding(outcome=Outcome.SILENT)] * count))
    assert re.search(rf'class="tile silent[^"]*"><dt>silent</dt><dd>{count}</dd>', text)
    assert ("nothing to report" in text) is (count == 0)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert as_html(report(finding(), releases=RELEASES)) == as_html(report(finding(), releases=RELEASES))
