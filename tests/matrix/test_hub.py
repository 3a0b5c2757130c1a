"""The hub's helpers on every release, on folders here: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compat import hub


@pytest.mark.covers("hub.cached_file", "hub.cached_files")
def test_files_of_a_folder_are_found_and_missing_ones_are_said(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("config.json", "inner/config.json"):
        (tmp_path / name).write_text("{}")
    config = str(tmp_path / "config.json")
    assert hub.cached_file(tmp_path, "config.json", token=None, revision="main") == config
    assert hub.cached_file(str(tmp_path), "config.json", subfolder="inner") == str(tmp_path / "inner" / "config.json")
    with pytest.raises(OSError, match="missing"):
        hub.cached_file(tmp_path, "missing.json")
    assert hub.cached_file(tmp_path, "missing.json", _raise_exceptions_for_missing_entries=False) is None
    asked = ["missing.json", "config.json"]
    assert hub.cached_files(tmp_path, asked, _raise_exceptions_for_missing_entries=False) == [None, config]
    swallowed: Any
    for swallowed in ({"_commit_hash": None}, {"resume_download": None}, {"use_auth_token": None}):
        with pytest.raises(TypeError, match=next(iter(swallowed))):
            hub.cached_file(tmp_path, "config.json", **swallowed)


@pytest.mark.covers("hub.cached_file", "hub.TRANSFORMERS_CACHE", "hub.extract_commit_hash")
def test_the_cache_that_is_named_is_the_one_that_is_read(tmp_path: Path, observe: Callable[..., None]) -> None:
    import huggingface_hub.constants

    assert Path(hub.TRANSFORMERS_CACHE) == Path(huggingface_hub.constants.HF_HUB_CACHE)
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = tmp_path / "models--us--model" / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    references = tmp_path / "models--us--model" / "refs"
    references.mkdir()
    (references / "main").write_text(commit)
    found = hub.cached_file("us/model", "config.json", cache_dir=tmp_path, local_files_only=True)
    assert found == str(snapshot / "config.json")
    observe("the commit of a file", hub.extract_commit_hash(found, None))
    observe("the commit that is known", hub.extract_commit_hash(None, "known"))


@pytest.mark.covers("hub.HUGGINGFACE_CO_RESOLVE_ENDPOINT", "hub.is_offline_mode", "hub.get_full_repo_name")
def test_the_hub_is_where_it_was_and_is_not_asked_offline(observe: Callable[..., None]) -> None:
    observe("the hub", hub.HUGGINGFACE_CO_RESOLVE_ENDPOINT)
    assert hub.is_offline_mode() is True
    observe("a name", hub.get_full_repo_name("model", organization="us"))


@pytest.mark.covers("hub.is_remote_url")
def test_addresses_are_those_that_upstream_takes_for_some() -> None:
    asked = ["https://hub/x", "http://hub", "ftp://hub", "/a/path", "C:\\x", "us/model", ""]
    assert [hub.is_remote_url(given) for given in asked] == [True, True, *[False] * 5]
    try:
        from transformers.utils.hub import is_remote_url
    except ImportError:
        return
    assert [is_remote_url(given) for given in asked] == [hub.is_remote_url(given) for given in asked]
