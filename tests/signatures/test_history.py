from __future__ import annotations

import datetime
import gc
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signatures.errors import DriftError
from signatures.history import Change, History, overlay_folder
from signatures.model import Entry
from signatures.pack_texts import delta_chunks, edits
from signatures.packs import Header, Pack, ReleaseInfo, write_pack
from signatures.recording import delta_path, write_base, write_delta

Modules = Mapping[str, list[Entry]]

_NAMES = st.sampled_from(["pkg", "pkg.a", "pkg.b", "pkg.b.c", "@files"])
_TEXTS = st.text(st.characters(exclude_characters="\t\n\x1e"), max_size=8)
_ENTRIES = st.dictionaries(st.sampled_from(["f", "A", "A.m", "@all", "Ünï"]), st.tuples(_TEXTS, _TEXTS), max_size=4)
_MODULES = st.dictionaries(_NAMES, _ENTRIES, max_size=4)
_RELEASES = st.lists(_MODULES, min_size=1, max_size=9)


def entries(**definitions: str) -> list[Entry]:
    return [Entry(key, surface) for key, surface in definitions.items()]


def release(version: str, train: str = "") -> ReleaseInfo:
    return ReleaseInfo(version, datetime.date(2026, 1, 1), train)


def base(folder: Path, releases: Mapping[str, Modules], upstream: str = "pkg") -> None:
    write_base(
        folder / upstream / "0000-base.pack", upstream, [(release(v), modules) for v, modules in releases.items()]
    )


def delta(folder: Path, version: str, parent: str, changed: Modules, removed: tuple[str, ...] = ()) -> Path:
    history = History.open("pkg", overlay=False, folder=folder)
    path = delta_path(folder / "pkg", version)
    write_delta(path, history, release(version), parent, changed, removed)
    return path


def surface(history: History, version: str, module: str, key: str) -> str:
    found = history.entries(module, version)
    assert found is not None
    return found[key].surface


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Three releases; `g` is there in the first and the last one only, as is `pkg.late`."""
    old, new = {"pkg": entries(f="1", g="1"), "pkg.late": []}, {"pkg": entries(f="2")}
    base(tmp_path, {"1.0": old, "1.1": new, "1.10": {**old, "pkg": entries(f="2", g="1")}})
    return tmp_path


@given(releases=_RELEASES, in_base=st.integers(1, 9), parents=st.lists(st.integers(0, 8), min_size=9, max_size=9))
@settings(deadline=None)
def test_every_release_reads_back_exactly(
    releases: list[dict[str, dict[str, tuple[str, str]]]], in_base: int, parents: list[int]
) -> None:
    written = {
        f"{number}.0": {name: [Entry(key, *found[key]) for key in sorted(found)] for name, found in modules.items()}
        for number, modules in enumerate(releases, 1)
    }
    versions = list(written)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        base(folder, {version: written[version] for version in versions[:in_base]})
        for index, version in enumerate(versions[in_base:], in_base):
            parent = versions[min(parents[index], index - 1)]
            now, before = written[version], written[parent]
            delta(folder, version, parent, now, tuple(before.keys() - now.keys()))
        history = History.open("pkg", overlay=False, folder=folder)
        assert [info.version for info in history.releases] == versions
        for version in versions:
            assert history.snapshot(version) == written[version]
            assert history.modules(version) == written[version].keys()
        check_timelines(history, written)
        for old in versions:
            for new in versions:
                check_changes(history, written, old, new)
        history.close()


def check_timelines(history: History, written: Mapping[str, Modules]) -> None:
    for module, key in [("pkg", "f"), ("pkg.a", "A.m"), ("@files", "Ünï"), ("nowhere", "f")]:
        rows = history.timeline(module, key)
        listed = [version for _, versions in rows for version in versions]
        assert sorted(listed, key=float) == list(written)
        assert len({entry for entry, _ in rows}) == len(rows)
        for entry, versions in rows:
            assert sorted(versions, key=float) == list(versions)
            for version in versions:
                assert entry == {e.key: e for e in written[version].get(module, [])}.get(key)
        order = [info.version for info in history.releases]
        masks = {sum(1 << order.index(version) for version in versions) for entry, versions in rows if entry}
        assert set(history.variants(module).get(key, {}).values()) == masks


def check_changes(history: History, written: Mapping[str, Modules], old: str, new: str) -> None:
    changes = {module: history.changed(module, old, new) for module in history.changed_modules(old, new)}
    for module in {*written[old], *written[new]}:
        before = {entry.key: entry for entry in written[old].get(module, [])}
        after = {entry.key: entry for entry in written[new].get(module, [])}
        keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        assert changes.get(module, []) == [Change(key, before.get(key), after.get(key)) for key in keys]
        assert module in changes or (before == after and (module in written[old]) == (module in written[new]))


def test_a_hole_in_availability_is_kept(shipped: Path) -> None:
    history = History.open("pkg", overlay=False, folder=shipped)
    assert history.timeline("pkg", "g") == [(Entry("g", "1"), ("1.0", "1.10")), (None, ("1.1",))]
    assert [history.entries("pkg.late", version) for version in ("1.0", "1.1", "1.10")] == [{}, None, {}]
    assert not history.at("1.1").has("pkg.late")


def test_a_module_that_comes_back_in_a_delta_starts_from_nothing(shipped: Path) -> None:
    delta(shipped, "1.11", "1.10", {}, removed=("pkg",))
    delta(shipped, "1.12", "1.11", {"pkg": entries(g="3")})
    history = History.open("pkg", overlay=False, folder=shipped)
    assert history.entries("pkg", "1.11") is None
    assert history.entries("pkg", "1.12") == {"g": Entry("g", "3")}
    assert history.modules("1.12") == {"pkg", "pkg.late"}


def test_a_release_may_follow_from_an_older_one(shipped: Path) -> None:
    delta(shipped, "1.0.1", "1.0", {"pkg": entries(f="1", g="1", h="1")})
    history = History.open("pkg", overlay=False, folder=shipped)
    assert [info.version for info in history.releases] == ["1.0", "1.0.1", "1.1", "1.10"]
    assert history.timeline("pkg", "g")[0] == (Entry("g", "1"), ("1.0", "1.0.1", "1.10"))


def test_two_hundred_deltas_are_no_deeper_than_python_goes(tmp_path: Path) -> None:
    base(tmp_path, {"0": {"pkg": entries(f="0")}})
    path = tmp_path / "pkg" / "0000-base.pack"
    for number in range(1, 201):
        parent = Pack(path)
        header = Header("pkg", (release(str(number)),), (str(number - 1), parent.digest))
        parent.close()
        path = path.with_name(f"{number:04}-{number}.pack")
        changes = edits({"f": f"{number - 1}\t"}, {"f": f"{number}\t"})
        write_pack(path, header, delta_chunks({"pkg": changes}))
    history = History.open("pkg", overlay=False, folder=tmp_path)
    assert surface(history, "200", "pkg", "f") == "200"
    assert history.modules("200") == {"pkg"}


def test_releases_of_trains_are_in_train_order(tmp_path: Path) -> None:
    released = [("2.7.1.post11", "2026-10"), ("2.9.0", "2026-01"), ("2.10.0", "2026-10"), ("2.6.0", "2025-07")]
    write_base(tmp_path / "pkg" / "0000-base.pack", "pkg", [(release(*of), {}) for of in released])
    history = History.open("pkg", overlay=False, folder=tmp_path)
    assert [info.version for info in history.releases] == ["2.6.0", "2.9.0", "2.7.1.post11", "2.10.0"]


def test_what_is_known_of_a_release_is_kept(tmp_path: Path) -> None:
    info = ReleaseInfo("1.0", None, "2026-07", ("a.py: line 1: invalid syntax", 'b.py: "x"\n'))
    write_base(tmp_path / "pkg" / "0000-base.pack", "pkg", [(info, {})])
    history = History.open("pkg", overlay=False, folder=tmp_path)
    assert history.releases == (info,)
    assert not history.releases[0].complete


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("1.5", "the history has no pkg 1.5; near it: 1.0, 1.1, 1.10"),
        ("0.1", "the history has no pkg 0.1; near it: 1.0, 1.1"),
        ("2.0", "pkg 2.0 is newer than the history, which ends at 1.10: run `drift update pkg`"),
        ("newest", "'newest' is not a version; an example is 1.10"),
    ],
)
def test_an_unknown_release_is_one_line_with_its_neighbours(shipped: Path, asked: str, message: str) -> None:
    history = History.open("pkg", overlay=False, folder=shipped)
    for ask in (history.release, history.at, history.modules, lambda v: history.entries("pkg", v)):
        with pytest.raises(DriftError) as error:
            ask(asked)
        assert str(error.value) == message


def test_a_version_may_be_spelt_otherwise(shipped: Path) -> None:
    history = History.open("pkg", overlay=False, folder=shipped)
    assert history.release("1.0.0").version == "1.0"
    assert history.entries("pkg", "v1.0") == history.entries("pkg", "1.0")
    assert history.changed("pkg", "1.0.0", "1.1.0") == history.changed("pkg", "1.0", "1.1")


def test_a_specifier_takes_releases(shipped: Path) -> None:
    history = History.open("pkg", overlay=False, folder=shipped)
    assert [info.version for info in history.matching(">=1.0,!=1.1")] == ["1.0", "1.10"]
    assert [info.version for info in history.matching("<1.10")] == ["1.0", "1.1"]
    with pytest.raises(DriftError, match=r"'~1' is not a version specifier"):
        history.matching("~1")


def test_an_unknown_upstream_names_the_known_ones(shipped: Path) -> None:
    base(shipped, {"1.0": {}}, upstream="torch-npu")
    assert History.open("Torch_NPU", overlay=False, folder=shipped).upstream == "torch-npu"
    with pytest.raises(DriftError, match=r"no history of 'nothing'; known: pkg, torch-npu$"):
        History.open("nothing", overlay=False, folder=shipped)
    with pytest.raises(DriftError, match=r"known: none$"):
        History.open("pkg", overlay=False, folder=shipped / "missing")


@pytest.fixture
def user(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with a release after the shipped ones and another one after that."""
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(shipped / "cache with space & #%?"))
    folder = overlay_folder() / "pkg"
    for version, parent in (("1.11", "1.10"), ("1.12", "1.11")):
        history = History.open("pkg", folder=shipped)
        write_delta(delta_path(folder, version), history, release(version), parent, {"pkg": entries(f=version)})
    return folder


def test_the_overlay_adds_newer_releases(shipped: Path, user: Path) -> None:
    history = History.open("pkg", folder=shipped)
    assert [info.version for info in history.releases][-2:] == ["1.11", "1.12"]
    assert surface(history, "1.12", "pkg", "f") == "1.12"
    assert (history.notes, history.ignored) == ((), ())
    assert History.open("pkg", overlay=False, folder=shipped).releases[-1].version == "1.10"
    assert [path.name for path in sorted(user.iterdir())] == ["0001-1.11.pack", "0002-1.12.pack"]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "it is not a history file"),
        (lambda data: b"\0" * 50, "it is not a history file"),
        (lambda data: b"PK\3\4" * 2000, "it is not a history file"),
        (lambda data: data[: len(data) // 2], "it is damaged ("),
        (lambda data: data + b"\0", "it is damaged ("),
        (lambda data: data[:3000] + bytes([data[3000] ^ 1]) + data[3001:], "it is damaged (its checksum does not fit)"),
    ],
    ids=["empty", "short", "other", "cut", "longer", "bit"],
)
def test_a_damaged_overlay_pack_is_left_out_with_its_children(
    shipped: Path, user: Path, damage: object, reason: str
) -> None:
    assert callable(damage)
    first, second = sorted(user.iterdir())
    first.write_bytes(damage(first.read_bytes()))
    history = History.open("pkg", folder=shipped)
    assert [info.version for info in history.releases] == ["1.0", "1.1", "1.10"]
    assert len(history.notes) == 2
    assert history.notes[0].startswith(f"{first}: {reason}")
    assert history.notes[1] == f"{second}: it follows from another history, left out; run `drift update pkg`"
    assert all("\n" not in note and note.endswith("run `drift update pkg`") for note in history.notes)
    assert history.ignored == (first, second)


def test_an_overlay_of_another_shipped_history_is_left_out(shipped: Path, user: Path) -> None:
    base(shipped, {"1.0": {"pkg": entries(f="0")}, "1.10": {}})
    history = History.open("pkg", folder=shipped)
    assert [info.version for info in history.releases] == ["1.0", "1.10"]
    assert len(history.notes) == len(history.ignored) == 2


def test_an_overlay_release_that_is_shipped_now_gives_way_silently(shipped: Path, user: Path) -> None:
    delta(shipped, "1.11", "1.10", {"pkg": entries(f="shipped")})
    history = History.open("pkg", folder=shipped)
    assert surface(history, "1.11", "pkg", "f") == "shipped"
    assert history.ignored[-1] == user / "0001-1.11.pack"
    # What follows from the overlay's own reading of that release follows from nothing any more.
    assert [note.partition(":")[0] for note in history.notes] == [str(user / "0002-1.12.pack")]


def test_an_overlay_release_read_alike_keeps_its_children(shipped: Path, user: Path) -> None:
    delta(shipped, "1.11", "1.10", {"pkg": entries(f="1.11")})
    history = History.open("pkg", folder=shipped)
    assert surface(history, "1.12", "pkg", "f") == "1.12"
    assert (history.notes, history.ignored) == ((), (user / "0001-1.11.pack",))


def test_a_damaged_shipped_pack_stops_with_one_line(shipped: Path) -> None:
    path = shipped / "pkg" / "0000-base.pack"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DriftError, match=r"^.*0000-base\.pack: it is damaged .*; install upstream-compat again$"):
        History.open("pkg", overlay=False, folder=shipped)


def test_a_shipped_pack_without_its_parent_stops_with_one_line(shipped: Path) -> None:
    orphan = delta(shipped, "1.11", "1.10", {})
    base(shipped, {"1.0": {}})
    with pytest.raises(DriftError, match=rf"{orphan.name}: it does not follow from the other shipped packs"):
        History.open("pkg", overlay=False, folder=shipped)


def test_damage_inside_a_shipped_pack_is_found_where_it_is_read(shipped: Path) -> None:
    definitions = entries(**{f"name{number}": f"definition {number}" for number in range(100)})
    base(shipped, {"1.0": {"pkg": definitions, "pkg.other": []}})
    path = shipped / "pkg" / "0000-base.pack"
    data = bytearray(path.read_bytes())
    middle = data.index(b"\x78\xda") + 100
    data[middle] ^= 1
    path.write_bytes(data)
    history = History.open("pkg", overlay=False, folder=shipped)
    assert history.entries("pkg.other", "1.0") == {}
    for _ in range(2):
        with pytest.raises(DriftError, match=r"0000-base\.pack: it is damaged"):
            history.entries("pkg", "1.0")


def test_a_history_that_is_forgotten_closes_its_files(shipped: Path) -> None:
    history = History.open("pkg", overlay=False, folder=shipped)
    assert history.entries("pkg", "1.0")
    del history
    gc.collect()
