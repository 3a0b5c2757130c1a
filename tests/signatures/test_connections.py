from __future__ import annotations

import socket

import pytest
import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from signatures.connections import configured_index, open_session, reason, split_credentials
from signatures.errors import DriftError

VARIABLES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "REQUESTS_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, PYPI_SIMPLE_ENDPOINT),
        ({"PIP_INDEX_URL": "  "}, PYPI_SIMPLE_ENDPOINT),
        ({"PIP_INDEX_URL": "https://a/simple", "UV_INDEX_URL": "https://b/simple"}, "https://a/simple"),
        ({"UV_INDEX_URL": "https://b/simple"}, "https://b/simple"),
        ({"UV_DEFAULT_INDEX": "inner=https://c/simple?x=1"}, "https://c/simple?x=1"),
    ],
)
def test_the_index_is_that_of_pip_or_uv(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert configured_index() == url


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE"])
def test_certificates_are_those_of_pip_or_uv(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "certificates.pem")
    assert open_session(None).verify == "certificates.pem"


def test_the_password_goes_to_the_index_only() -> None:
    url, credentials = split_credentials("https://me%40work:p%3Aw@index.example:8443/simple")
    assert url == "https://index.example:8443/simple/"
    assert credentials is not None
    own = credentials(requests.Request("GET", "https://index.example:8443/files/a.whl").prepare())
    assert own.headers["Authorization"] == requests.auth._basic_auth_str("me@work", "p:w")
    other = credentials(requests.Request("GET", "https://files.example/a.whl").prepare())
    assert "Authorization" not in other.headers


@pytest.mark.parametrize("url", ["file:///srv/simple", "ftp://host/simple", "index.example/simple", "https:///x", ""])
def test_what_is_no_address_of_an_index_is_one_line(url: str) -> None:
    with pytest.raises(DriftError, match="is not the address of a package index: set PIP_INDEX_URL"):
        split_credentials(url)


def test_the_reason_is_the_innermost_cause_and_nothing_of_the_callers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        try:
            raise KeyError("the caller's own")
        except KeyError:
            with pytest.raises(requests.ConnectionError) as caught:
                requests.get(f"http://127.0.0.1:{port}/?token=secret", timeout=5)
    assert reason(caught.value) == "Connection refused"
