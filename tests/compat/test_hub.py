import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import hub

PATHS = st.text(alphabet="abc/._-", max_size=20)


@given(path=PATHS)
def test_a_path_becomes_an_address_by_its_scheme(path: str) -> None:
    assert not hub.is_remote_url(path)
    assert hub.is_remote_url(f"https://{path}")
    assert hub.is_remote_url(f"HTTP://{path}")
    assert not hub.is_remote_url(f"s3://{path}")


def test_files_come_in_the_order_that_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "cached_file", lambda folder, name, **keywords: (folder, name, keywords))
    found: object = hub.cached_files("here", ["b", "a"], token=True)
    assert found == [("here", "b", {"token": True}), ("here", "a", {"token": True})]
