from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from compat import UnreadableRelease, installed_release


def install(site: Path, folder: str, metadata: str | None) -> None:
    """Lay down what an installer leaves of a distribution: its metadata, or a folder without it."""
    (site / folder).mkdir()
    if metadata is not None:
        (site / folder / "METADATA").write_text(metadata)


@pytest.mark.parametrize(
    ("folder", "written", "expected"),
    [
        ("plainly-1.2.dist-info", "1.2", "1.2"),
        ("plainly-2.7.1.post4.dist-info", "2.7.1.post4", "2.7.1.post4"),
        ("plainly-2.13.0+cpu.dist-info", "2.13.0+cpu", "2.13.0+cpu"),
        ("plainly-5.0.0rc1.dist-info", "5.0.0rc1", "5.0.0rc1"),
    ],
)
def test_reads_the_release_from_the_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, written: str, expected: str
) -> None:
    install(tmp_path, folder, f"Metadata-Version: 2.1\nName: plainly\nVersion: {written}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_release("plainly") == Version(expected)


@pytest.mark.parametrize("asked", ["torch-npu", "torch_npu", "Torch.NPU"])
def test_a_name_is_found_however_it_is_spelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    install(tmp_path, "torch_npu-99.1.dist-info", "Metadata-Version: 2.1\nName: torch-npu\nVersion: 99.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_release(asked) == Version("99.1")


def test_what_is_not_installed_has_no_release() -> None:
    assert installed_release("a-distribution-that-nobody-has-installed") is None


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="no METADATA"),
        pytest.param("Metadata-Version: 2.1\nName: broken\n", id="no version"),
        pytest.param("Metadata-Version: 2.1\nName: broken\nVersion: one.two\n", id="not a version"),
    ],
)
def test_metadata_without_a_version_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: str | None
) -> None:
    install(tmp_path, "broken-1.0.dist-info", metadata)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnreadableRelease, match=r"^broken is installed.*reinstall it$") as caught:
        installed_release("broken")
    assert "\n" not in str(caught.value)
