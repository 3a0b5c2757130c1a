from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_checks.baseline import Baseline, Entry, Terms, read_baseline
from signatures.errors import DriftError

from .findings import finding

TODAY = datetime.date(2026, 11, 21)
SOON = datetime.date(2027, 1, 31)
TERMS = Terms("known", SOON, TODAY)
ENTRY = Entry("dir/a.py", "parameter-removed", "transformers", "transformers.f", "f(a)")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_written_reads_well_and_is_read_back() -> None:
    baseline = Baseline(Path("b.toml")).updated([finding(), finding(9)], lambda entry: True, TERMS)
    baseline.write()
    assert Path("b.toml").read_text(encoding="utf-8").partition("schema = 1\n")[2] == (
        '\n[[accepted]]\npath = "dir/a.py"\nrule = "parameter-removed"\nupstream = "transformers"\n'
        'symbol = "transformers.f"\nsource = "f(a)"\ntimes = 2\nreason = "known"\nuntil = 2027-01-31\n'
    )
    read = read_baseline(Path("b.toml"))
    assert [entry._replace(line=1) for entry in read.entries] == list(baseline.entries)
    assert read.entries[0].line == 5


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "text.toml"
    Baseline(file, (ENTRY._replace(source=text, reason=text),)).write()
    [entry] = read_baseline(file).entries
    assert (entry.source, entry.reason) == (text, text)


def test_a_line_that_moves_or_is_indented_anew_keeps_its_entry() -> None:
    baseline = Baseline(Path("b.toml"))
    assert baseline.key(finding()) == baseline.key(finding(30, source="f(a)  ")) == ENTRY.key
    assert baseline.key(finding()) != baseline.key(finding(source="f(b)"))


def test_paths_are_those_seen_from_the_baseline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "dir").mkdir()
    (folder / "dir" / "a.py").touch()
    baseline = Baseline(folder / "b.toml")
    assert baseline.relative("dir/a.py") == baseline.relative(str(folder / "dir" / "a.py")) == "dir/a.py"
    monkeypatch.chdir(folder / "dir")
    assert baseline.relative("a.py") == "dir/a.py"
    assert baseline.relative("pkg/in_a_wheel.py") == "pkg/in_a_wheel.py"


def test_an_update_keeps_reasons_and_days_and_drops_what_is_gone() -> None:
    kept = ENTRY._replace(reason="see issue 12", until=datetime.date(2030, 1, 1))
    gone = ENTRY._replace(symbol="transformers.g")
    updated = Baseline(Path("b.toml"), (kept, gone)).updated([finding()], lambda entry: True, TERMS)
    assert updated.entries == (kept,)


def test_an_update_renews_what_has_expired_and_only_that() -> None:
    expired = ENTRY._replace(until=datetime.date(2026, 1, 1))
    [entry] = Baseline(Path("b.toml"), (expired,)).updated([finding()], lambda entry: True, TERMS).entries
    assert entry.until == SOON


def test_an_update_leaves_alone_what_the_run_did_not_look_at() -> None:
    other = ENTRY._replace(path="other/b.py")
    updated = Baseline(Path("b.toml"), (other,)).updated([finding()], lambda entry: entry.path != "other/b.py", TERMS)
    assert [entry.path for entry in updated.entries] == ["dir/a.py", "other/b.py"]


HEAD = 'schema = 1\n[[accepted]]\npath = "a"\nrule = "r"\nupstream = "u"\nsymbol = "s"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "b.toml: not valid TOML: "),
        ("", "b.toml: not a baseline that this version reads; it has `schema = 1` at its head"),
        ("schema = 2", "b.toml: not a baseline that this version reads; "),
        ("schema = 1\naccepted = 3", "b.toml: write each entry below a line `[[accepted]]`"),
        ("schema = 1\naccepted = [3]", "b.toml:1: an entry is a table"),
        (HEAD, "b.toml:2: the entry has no `source`"),
        (HEAD + 'source = ""\nutnil = 2027-01-31', "b.toml:2: an entry has no `utnil`; it has path, "),
        (HEAD + 'source = ""\nuntil = "2027"', "b.toml:2: `until` is not a day such as 2027-01-31"),
        (HEAD + 'source = ""\nuntil = 2027-01-31T10:00:00', "b.toml:2: `until` is not a day "),
        (HEAD + 'source = ""\ntimes = true', "b.toml:2: `times` is not a number"),
        (HEAD + 'source = ""' + HEAD.removeprefix("schema = 1") + 'source = ""', "b.toml: two entries for `r` in a; "),
    ],
)
def test_what_is_no_baseline_is_one_clear_line(text: str, message: str) -> None:
    Path("b.toml").write_text(text)
    with pytest.raises(DriftError) as raised:
        read_baseline(Path("b.toml"))
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_missing_baseline_says_how_to_make_one() -> None:
    with pytest.raises(DriftError, match=r"^b.toml: no such baseline; make it with --update-baseline$"):
        read_baseline(Path("b.toml"))
