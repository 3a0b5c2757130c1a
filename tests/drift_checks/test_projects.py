from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from drift_checks.projects import chosen_release, open_project, upstream_requirements
from signatures.errors import DriftError
from signatures.history import History
from signatures.wheels import Index

from ..histories import history
from ..signatures.packaged import make_wheel, serve


def test_a_file_and_a_folder_are_read_where_they_lie(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("")
    assert open_project(str(file)) == file
    assert open_project(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    ("text", "version"), [("demo==1.0", "1.0"), ("demo<2", "1.1"), ("demo==1.*", "1.1"), ("Demo>=1,!=1.1,<2", "1.0")]
)
def test_a_requirement_is_read_from_the_index(tmp_path: Path, text: str, version: str) -> None:
    for each in ("1.0", "1.1", "2.0"):
        make_wheel(tmp_path, version=each)
    with serve(tmp_path) as server, Index(server.url) as index:
        project = open_project(text, index)
        assert not isinstance(project, Path)
        with project:
            assert project.version == version


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nosuch", "nosuch: no such path; to read a release from the package index, write NAME==VERSION"),
        ("no/such/path", "no/such/path: no such path; to read a release from the package index, write NAME==VERSION"),
        ("", "an empty PATH: no such path; to read a release from the package index, write NAME==VERSION"),
        ("demo>=3", "demo>=3: no release on the index matches; the newest is 1.0"),
    ],
)
def test_what_is_neither_a_path_nor_on_the_index(tmp_path: Path, text: str, message: str) -> None:
    make_wheel(tmp_path)
    with serve(tmp_path) as server, Index(server.url) as index, pytest.raises(DriftError) as caught:
        open_project(text, index)
    assert str(caught.value) == message


def test_a_release_that_the_index_does_not_have(tmp_path: Path) -> None:
    make_wheel(tmp_path)
    with serve(tmp_path) as server, Index(server.url) as index, pytest.raises(DriftError, match=r"demo 9 is not on"):
        open_project("demo==9", index)


def test_a_wheel_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(b"no zip")
    with pytest.raises(DriftError) as caught:
        open_project(str(path))
    assert "\n" not in str(caught.value)


@pytest.fixture
def known(tmp_path: Path) -> History:
    return history(tmp_path, {version: {"transformers/__init__.py": ""} for version in ("5.0", "5.9", "5.10", "6.0")})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("transformers", "6.0"),
        ("transformers==5.9", "5.9"),
        ("transformers==5.9.0", "5.9"),
        ("transformers===5.9", "5.9"),
        ("transformers<6", "5.10"),
        ("transformers==5.*", "5.10"),
        ("transformers~=5.0", "5.10"),
        ("transformers!=6.0", "5.10"),
        ("transformers @ git+https://example.com/t", "6.0"),
    ],
)
def test_the_newest_known_release_that_is_allowed(known: History, text: str, expected: str) -> None:
    assert chosen_release(known, Requirement(text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("transformers>6", "transformers>6: no known release matches; the newest known is 6.0, see `drift releases`"),
        ("transformers==5.8", "the history has no transformers 5.8; near it: 5.0, 5.9, 5.10"),
        (
            "transformers==7",
            "transformers 7 is newer than the history, which ends at 6.0: run `drift update transformers`",
        ),
    ],
)
def test_no_release_that_is_allowed(known: History, text: str, message: str) -> None:
    with pytest.raises(DriftError) as caught:
        chosen_release(known, Requirement(text))
    assert str(caught.value) == message


def test_requirements_by_distribution() -> None:
    found = upstream_requirements("--to", ["Torch.NPU==2.6.0", "torch", "transformers[torch,vision]>=5,<6"])
    assert {name: sorted(map(str, requirement.specifier)) for name, requirement in found.items()} == {
        "torch-npu": ["==2.6.0"],
        "torch": [],
        "transformers": ["<6", ">=5"],
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["5.0"], "--to 5.0: not a requirement; write it like transformers==5.6.2"),
        (["transformers 5"], "--to transformers 5: not a requirement; write it like transformers==5.6.2"),
        (
            ["torch==2.6.0; sys_platform == 'linux'"],
            "--to torch==2.6.0; sys_platform == 'linux': leave the marker out; what follows `;` says nothing here",
        ),
        (["numpy"], "--to numpy: numpy is not followed; known upstreams: transformers, torch, torch-npu"),
        (
            ["torch-npu", "torch_npu==2"],
            "--to torch_npu==2: torch-npu is named twice; give one requirement, such as '>=5.3,<5.7'",
        ),
    ],
)
def test_what_is_no_requirement_on_an_upstream(texts: list[str], message: str) -> None:
    with pytest.raises(DriftError) as caught:
        upstream_requirements("--to", texts)
    assert str(caught.value) == message
