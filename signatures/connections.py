"""How a package index is reached: its address, credentials, certificates and retries."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util import Retry

from .errors import DriftError
from .sources import one_line

CONNECTIONS = 4
TIMEOUT = (10, 60)  # seconds to connect, and between two packets

_INDEX_VARIABLES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE")


def configured_index() -> str:
    """The index that pip or uv is told to use (PIP_INDEX_URL, UV_DEFAULT_INDEX, UV_INDEX_URL), else PyPI."""
    for variable in _INDEX_VARIABLES:
        if value := os.environ.get(variable, "").strip():
            # uv lets an index have a name: `internal=https://…`.
            return re.sub(r"^[\w.-]+=(?=\w+://)", "", value)
    return PYPI_SIMPLE_ENDPOINT


class HostAuth(AuthBase):
    """Sends a user and password to the index itself, and to no other host that its pages link to."""

    def __init__(self, host: str, user: str, password: str) -> None:
        self._host = host
        self._basic = HTTPBasicAuth(user, password)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return self._basic(request) if urlsplit(request.url or "").netloc == self._host else request


def split_credentials(url: str) -> tuple[str, HostAuth | None]:
    """The address of an index without the user and password in it, and these.

    Raises:
        DriftError: It is not an http or https address.
    """
    parts = urlsplit(url)
    user_part, at, host = parts.netloc.rpartition("@")
    endpoint = urlunsplit(parts._replace(netloc=host)).rstrip("/") + "/"
    if parts.scheme not in ("http", "https") or not host:
        raise DriftError(f"{endpoint} is not the address of a package index: set PIP_INDEX_URL to an http(s) one")
    user, _, password = user_part.partition(":")
    return endpoint, HostAuth(host, unquote(user), unquote(password)) if at else None


def open_session(credentials: HostAuth | None) -> requests.Session:
    """A session with the certificates that pip, uv or requests is told to use, which tries again where that helps."""
    session = requests.Session()
    session.headers["User-Agent"] = "upstream-compat"
    session.auth = credentials
    certificates = next((value for name in _CERTIFICATE_VARIABLES if (value := os.environ.get(name))), None)
    if certificates:
        session.verify = certificates
    retry = Retry(2, backoff_factor=0.3, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=retry))
    return session


def reason(error: BaseException) -> str:
    """The innermost cause of a failed request, on one line and without the address."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"status {error.response.status_code}"
    # Not `__context__`: it leads on into whatever the caller was handling.
    while True:
        inner = (getattr(error, "reason", None), error.__cause__, *reversed(error.args))
        cause = next((each for each in inner if isinstance(each, BaseException)), None)
        if cause is None:
            return one_line(error)
        error = cause
