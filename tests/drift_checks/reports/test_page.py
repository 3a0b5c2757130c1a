"""The page in a real browser: filters, keys, links, the witness on a click, and nothing that runs on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drift_checks.findings import Confidence, Outcome
from drift_checks.reports import as_html

from ..findings import finding, report
from .browser import ENTER, ESCAPE, Browser, browser, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a browser")

RELEASES = (("transformers", ("0.9", "1.0", "1.5", "2.0")),)
NASTY = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
FOUND = (
    finding(1, path="a.py", witness="assert 1\n"),
    finding(2, Outcome.SILENT, path="a.py", rule="parameter-swallowed", works_in=">=1.0,<1.5", message=NASTY),
    finding(3, Outcome.DEPRECATED, path="b.py", rule="patch-alias", works_in=">=1.0", confidence=Confidence.LIKELY),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def page(opened: Browser, tmp_path: Path) -> Iterator[Browser]:
    path = tmp_path / "report.html"
    path.write_text(as_html(report(*FOUND, releases=RELEASES)), encoding="utf-8")
    opened.open(path)
    yield opened
    assert opened.errors() == []
    assert opened.run("return document.title") == "transformers 1.0 → 2.0: drift check"


def shares(page: Browser) -> list[str]:
    """The height of each column's bar."""
    return [str(each) for each in page.run(
        "return [...document.querySelectorAll('[data-total]')].map((each) => each.style.getPropertyValue('--share'))"
    )]  # fmt: skip


def test_everything_is_shown_and_nothing_smuggled_in_is_run(page: Browser) -> None:
    assert page.count(".finding") == 3
    assert page.count(".file") == 2
    assert page.count("img") == 0


def test_a_click_shows_the_witness(page: Browser) -> None:
    assert page.count(".witness pre") == 0
    page.click(".finding summary")
    assert page.count(".witness pre") == 1


def test_outcomes_can_be_switched_off(page: Browser) -> None:
    page.click("[data-outcome=breaks]")
    page.click("[data-outcome=silent]")
    assert (page.count(".finding"), page.count(".file")) == (1, 1)
    assert page.run("return document.getElementById('shown').value") == "1 of 3"


@pytest.mark.parametrize(
    ("control", "value", "left"),
    [("rule", "parameter-swallowed", 1), ("confidence", "likely", 1), ("text", "a.py", 2), ("text", "A.PY gone", 1)],
)
def test_filters(page: Browser, control: str, value: str, left: int) -> None:
    page.run(
        "const control = document.getElementById(arguments[0]); control.value = arguments[1];"
        "control.dispatchEvent(new Event('input', {bubbles: true}))",
        control,
        value,
    )
    assert page.count(".finding") == left


def test_a_filter_that_nothing_fits_says_so(page: Browser) -> None:
    assert page.count("#nothing") == 0
    page.press("/", *"zzz")
    assert (page.count(".finding"), page.count("#nothing")) == (0, 1)


def test_the_bars_count_what_fails_of_what_is_shown(page: Browser) -> None:
    assert shares(page) == ["0", "0", "0.5", "1"]
    page.click("[data-outcome=silent]")
    assert shares(page) == ["0", "0", "0", "1"]


def test_keys_alone_are_enough(page: Browser) -> None:
    page.press("j", "j", ENTER)
    assert page.run("return [...document.querySelectorAll('.finding')].map((each) => each.open)") == [
        False,
        True,
        False,
    ]
    page.press("k", ENTER)
    assert page.count(".witness pre") == 1
    page.press("/", *"b.py")
    assert page.count(".finding") == 1
    page.press(ESCAPE)
    assert page.count(".finding") == 3


def test_a_link_opens_its_finding(page: Browser) -> None:
    anchor = page.run("return '#' + document.querySelectorAll('.finding')[2].id")
    page.run("location.hash = arguments[0]", anchor)
    page.run("return new Promise((done) => setTimeout(done, 100))")
    assert page.run("return document.querySelectorAll('.finding')[2].open") is True


def test_dark_and_light(page: Browser) -> None:
    color = "return getComputedStyle(document.body).backgroundColor"
    first = page.run(color)
    page.click("#theme")
    second = page.run(color)
    assert first != second
    page.click("#theme")
    assert page.run(color) == first


def test_a_thousand_findings_are_filtered_at_once(opened: Browser, tmp_path: Path) -> None:
    many = [finding(line, path=f"d/{line // 10}.py", witness="assert 1\n") for line in range(1, 1001)]
    path = tmp_path / "many.html"
    path.write_text(as_html(report(*many, releases=RELEASES)), encoding="utf-8")
    opened.open(path)
    opened.press("/", *"d/7.py")
    assert opened.count(".finding") == 10
    assert opened.run("return document.getElementById('shown').value") == "10 of 1000"
