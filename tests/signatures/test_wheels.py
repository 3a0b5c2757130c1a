from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signatures import byte_ranges
from signatures.errors import DriftError
from signatures.wheels import Index, IndexFile, IndexRelease, RemoteWheel, best_wheel

from .packaged import FILES, WHEEL, IndexServer, make_sdist, make_wheel, serve

PAGE = """
<a href="/files/demo-1.0-py3-none-any.whl#sha256=AB">demo-1.0-py3-none-any.whl</a>
<a href="/files/demo-1.0.tar.gz">demo-1.0.tar.gz</a>
<a href="/files/demo-1.0.post1-py3-none-any.whl">demo-1.0.post1-py3-none-any.whl</a>
<a href="/files/demo-0.9-py3-none-any.whl">demo-0.9-py3-none-any.whl</a>
<a href="/files/demo-0.10.0-py3-none-any.whl">demo-0.10.0-py3-none-any.whl</a>
<a href="/files/demo-2.0rc1-py3-none-any.whl">demo-2.0rc1-py3-none-any.whl</a>
<a href="/files/demo-2.0.dev3-py3-none-any.whl">demo-2.0.dev3-py3-none-any.whl</a>
<a href="/files/demo-1.0+cpu-py3-none-any.whl">demo-1.0+cpu-py3-none-any.whl</a>
<a href="/files/demo-3.0-py3-none-any.whl" data-yanked="broken">demo-3.0-py3-none-any.whl</a>
<a href="/files/demo-1.0-1-py3-none-any.whl" data-yanked="">demo-1.0-1-py3-none-any.whl</a>
<a href="/files/../../etc/demo-4.0-py3-none-any.whl">../../etc/demo-4.0-py3-none-any.whl</a>
<a href="/files/demo-banana-py3-none-any.whl">demo-banana-py3-none-any.whl</a>
<a href="/files/demo-1.0.exe">demo-1.0.exe</a>
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[IndexServer]:
    folder = tmp_path / "served"
    folder.mkdir()
    with serve(folder) as running:
        yield running


@pytest.fixture
def index(server: IndexServer) -> Iterator[Index]:
    with Index(server.url) as opened:
        yield opened


def test_stable_releases_oldest_first(server: IndexServer, index: Index) -> None:
    server.page = PAGE
    releases = index.releases("Demo")
    assert [release.version for release in releases] == ["0.9", "0.10.0", "1.0", "1.0.post1"]
    assert [file.filename for file in releases[2].files] == ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
    assert releases[2].files[0].sha256 == "ab"
    assert index.releases("demo") == releases
    assert len(server.authorized) == 1


@pytest.mark.parametrize("version", ["2.0rc1", "2.0.dev3", "1.0+cpu", "3.0", "v1.0", "1.0-post1"])
def test_a_release_that_is_named_need_not_be_stable(server: IndexServer, index: Index, version: str) -> None:
    server.page = PAGE
    assert len(index.release("demo", version).files) > 0


@pytest.mark.parametrize(
    ("name", "version", "why"),
    [
        (
            "demo",
            "9.9",
            r"^demo 9\.9 is not on http://127\.0\.0\.1:\d+/simple/; its newest stable release is 1\.0\.post1$",
        ),
        ("demo", "banana", r"^demo banana: not a version; write it like demo==1\.2\.3$"),
        ("other", "1.0", r"^other is not on http://.*: check the name, or set PIP_INDEX_URL$"),
        ("../demo", "1.0", r"^'\.\./demo' is not the name of a distribution$"),
    ],
)
def test_what_the_index_does_not_have_is_one_line(
    server: IndexServer, index: Index, name: str, version: str, why: str
) -> None:
    server.page = PAGE
    with pytest.raises(DriftError, match=why):
        index.release(name, version)


def test_no_index_is_one_line_without_the_password() -> None:
    with pytest.raises(
        DriftError, match=r"^the package index http://127\.0\.0\.1:9/simple/ cannot be read \(.*\): check"
    ):
        Index("http://me:secret@127.0.0.1:9/simple").releases("demo")


def test_user_and_password_are_sent_to_the_index(server: IndexServer) -> None:
    server.page = PAGE
    with Index(server.url.replace("//", "//me:secret@")) as index:
        index.releases("demo")
    assert server.authorized == ["Basic bWU6c2VjcmV0"]


@pytest.mark.parametrize(
    ("files", "best"),
    [
        (["demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", "demo-1.0-py3-none-any.whl"], 1),
        (["demo-1.0-cp311-cp311-win_amd64.whl", "demo-1.0-cp39-cp39-manylinux2014_x86_64.whl"], 1),
        (["demo-1.0-cp311-cp311-manylinux_2_28_aarch64.whl", "demo-1.0-cp310-cp310-manylinux_2_28_x86_64.whl"], 1),
        (["demo-1.0-cp313-cp313-manylinux1_x86_64.whl", "demo-1.0-cp311-cp311-manylinux1_x86_64.whl"], 1),
        (["demo-1.0-cp39-cp39-manylinux1_x86_64.whl", "demo-1.0-cp310-cp310-manylinux1_x86_64.whl"], 1),
        (["demo-1.0-cp313-cp313t-manylinux1_x86_64.whl", "demo-1.0-cp39-cp39-manylinux1_x86_64.whl"], 1),
        (["demo-1.0-cp312-cp312-manylinux1_x86_64.whl", "demo-1.0-cp38-abi3-manylinux1_x86_64.whl"], 1),
        (
            [
                "demo-1.0-cp311-cp311-linux_x86_64.whl",
                "demo-1.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ],
            1,
        ),
        (["demo-1.0-cp311-cp311-macosx_11_0_arm64.whl"], 0),
        (["demo-1.0.tar.gz"], None),
        ([], None),
    ],
)
def test_the_best_wheel_is_the_same_everywhere(files: list[str], best: int | None) -> None:
    listed = [IndexFile("demo", "1.0", name, "") for name in files]
    for order in (listed, listed[::-1]):
        found = best_wheel(IndexRelease("demo", "1.0", tuple(order)))
        assert found == (None if best is None else listed[best])


def test_a_wheel_is_read_by_ranges(server: IndexServer, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_ranges, "TAIL", 1500)
    monkeypatch.setattr(byte_ranges, "READ_AHEAD", 10)
    filling = {f"demo/{n}.bin": hashlib.sha512(str(n).encode()).digest() * 50 for n in range(100)}
    wanted = {f"demo/{n}.py": f"x = {n}\n".encode() for n in (1, 2)}
    files = {"demo/1.py": wanted["demo/1.py"], **filling, "demo/2.py": wanted["demo/2.py"]}
    size = make_wheel(server.folder, files).stat().st_size
    with index.open_release(index.release("demo", "1.0"), whole=False) as wheel:
        assert isinstance(wheel, RemoteWheel)
        wheel.prefetch([*wanted])
        before = wheel.requests
        assert {path: wheel.read(path) for path in wanted} == wanted
        assert wheel.requests == before
        assert wheel.fetched < size
        assert (wheel.label, wheel.problems) == ("demo 1.0 (wheel on the index)", [])
        assert wheel.read("demo/50.bin") == filling["demo/50.bin"]


@pytest.mark.parametrize("whole", [None, True])
def test_a_small_wheel_is_fetched_whole(server: IndexServer, index: Index, whole: bool | None) -> None:
    size = make_wheel(server.folder).stat().st_size
    with index.open_release(index.release("demo", "1.0"), whole=whole) as wheel:
        assert isinstance(wheel, RemoteWheel)
        wheel.prefetch(FILES)
        assert {path: wheel.read(path) for path in FILES} == FILES
        assert (wheel.fetched, wheel.requests) == (size, 1)


def test_a_release_without_wheel_is_read_from_its_sdist(server: IndexServer, index: Index) -> None:
    make_sdist(server.folder, {"demo-1.0/a.py": b"x = 1\n"})
    with index.open_release(index.release("demo", "1.0")) as sdist:
        assert sdist.label == "demo 1.0 (sdist)"
        assert sdist.read("a.py") == b"x = 1\n"


def test_a_release_with_nothing_to_read_is_one_line(index: Index) -> None:
    with pytest.raises(DriftError, match=r"^demo 1\.0 has neither a wheel nor a source distribution to read$"):
        index.open_release(IndexRelease("demo", "1.0", ()))


def changed_after_listing(server: IndexServer, index: Index) -> IndexRelease:
    """The release as the index listed it, before its file was replaced by another."""
    make_wheel(server.folder)
    release = index.release("demo", "1.0")
    make_wheel(server.folder, {"demo/__init__.py": b"evil\n"})
    return release


def test_a_wheel_that_is_not_what_the_index_states_is_refused(
    server: IndexServer, index: Index, tmp_path: Path
) -> None:
    release = changed_after_listing(server, index)
    with pytest.raises(DriftError, match=r"its sha256 is .*, the index states"):
        index.open_release(release)
    with pytest.raises(DriftError, match=r"its sha256 is .*, the index states"):
        index.download(release.files[0], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_download_is_whole_and_used_again(server: IndexServer, index: Index, tmp_path: Path) -> None:
    made = make_wheel(server.folder)
    [file] = index.release("demo", "1.0").files
    cache = tmp_path / "deep" / "cache"
    for _ in range(2):
        assert index.download(file, cache).read_bytes() == made.read_bytes()
    assert (len(server.asked), [path.name for path in cache.iterdir()]) == (1, [WHEEL])
    (cache / WHEEL).write_bytes(b"damaged")
    assert index.download(file, cache).read_bytes() == made.read_bytes()


@pytest.mark.parametrize(("broken", "why"), [("status 404", "status 404 while fetching it"), ("", "cannot be written")])
def test_a_download_that_fails_leaves_nothing(
    server: IndexServer, index: Index, tmp_path: Path, broken: str, why: str
) -> None:
    make_wheel(server.folder)
    [file] = index.release("demo", "1.0").files
    server.broken = broken
    folder = tmp_path / "cache"
    if not broken:
        folder.write_bytes(b"a file is in the way")
    with pytest.raises(DriftError, match=why):
        index.download(file, folder)
    assert not folder.is_dir() or list(folder.iterdir()) == []


@pytest.mark.parametrize("page", ['{"meta": {"api-version": "2.0"}}', "", "<html>login</html>"])
def test_an_answer_that_is_no_index_has_no_releases(server: IndexServer, index: Index, page: str) -> None:
    server.page = page
    assert index.releases("demo") == []


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("application/vnd.pypi.simple.v1+json", "<html>"),
        ("application/vnd.pypi.simple.v1+json", '{"meta": {"api-version": "2.0"}, "name": "demo", "files": []}'),
        ("application/vnd.pypi.simple.v1+json", "[]"),
        ("image/png", "x"),
    ],
)
def test_an_answer_of_another_kind_is_one_line(server: IndexServer, index: Index, kind: str, page: str) -> None:
    server.page, server.page_type = page, kind
    with pytest.raises(DriftError, match=r"check .*PIP_INDEX_URL") as caught:
        index.releases("demo")
    assert str(caught.value).isprintable()


def test_a_server_that_fails_while_record_is_read_is_not_a_damaged_wheel(
    server: IndexServer, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_ranges, "TAIL", 350)
    make_wheel(server.folder)
    release = index.release("demo", "1.0")
    server.broken = "short from the second"
    with pytest.raises(DriftError, match="while fetching it: try again"):
        index.open_release(release, whole=False)


def test_ranges_and_the_whole_wheel_give_the_same_files(
    released_wheel: Callable[[str, str], Path], server: IndexServer, index: Index
) -> None:
    shutil.copy(released_wheel("transformers", "5.6.2"), server.folder / "demo-1.0-py3-none-any.whl")
    release = index.release("demo", "1.0")
    with index.open_release(release, whole=False) as some, index.open_release(release, whole=True) as whole:
        paths = [path for path in some.files() if path.startswith("transformers/models/b")]
        some.prefetch(paths)
        assert [some.read(path) for path in paths] == [whole.read(path) for path in paths]
        assert isinstance(some, RemoteWheel)
        assert isinstance(whole, RemoteWheel)
        assert some.fetched < whole.fetched
        assert some.problems == whole.problems
