"""The releases of a package index, downloaded or read as a source where they lie."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import requests
from packaging.tags import Tag
from packaging.utils import InvalidName, InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from pypi_simple import (
    DistributionPackage,
    NoSuchProjectError,
    PyPISimple,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)

from .archives import SDIST_SUFFIXES, WheelSource, archive_source, wheel_named
from .byte_ranges import RangeFile, Span
from .connections import TIMEOUT, configured_index, open_session, reason, split_credentials
from .errors import DriftError
from .local_sources import open_source
from .sources import MIB, Source, UnreadableFile, one_line

__all__ = [
    "Index",
    "IndexFile",
    "IndexRelease",
    "RemoteWheel",
    "Source",
    "UnreadableFile",
    "best_wheel",
    "open_source",
]

# Below this the whole wheel costs no more than picking members: one round of requests, and a hash over all.
WHOLE_LIMIT = 64 * MIB

# In front of a member's data stand 30 bytes, its name and its extra field; behind it a descriptor of 24 at most.
_LONGEST_HEADER = 30 + 2 * 65535 + 24
_FILE_NAME = re.compile(r"[A-Za-z0-9][\w.+!-]*", re.ASCII)
_CPYTHON = re.compile(r"cp3(\d+)")


class IndexFile(NamedTuple):
    """One file of a release on an index.

    Args:
        name: The distribution's name, as it is normally written.
        version: The release.
        filename: The file's name, which has no folder in it.
        url: Where it is.
        sha256: In hexadecimal; None where the index states none.
    """

    name: str
    version: str
    filename: str
    url: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class IndexRelease:
    """One release on an index.

    Args:
        name: The distribution's name, as it is normally written.
        version: The release.
        files: Its wheels and source distributions that are not yanked, unless all are.
        yanked: All of its files are.
    """

    name: str
    version: str
    files: tuple[IndexFile, ...]
    yanked: bool = False

    @property
    def stable(self) -> bool:
        """Neither a pre-release, nor a local version, nor yanked; a post-release is stable."""
        version = Version(self.version)
        return not (self.yanked or version.is_prerelease or version.local)


class Index:
    """A package index: its releases, and their files.

    Args:
        url: Of its simple API; by default that of pip or uv (PIP_INDEX_URL, UV_DEFAULT_INDEX, UV_INDEX_URL), else PyPI.
    """

    def __init__(self, url: str | None = None) -> None:
        endpoint, credentials = split_credentials(url or configured_index())
        self.url = endpoint
        self._session = open_session(credentials)
        self._client = PyPISimple(endpoint, session=self._session)
        self._releases: dict[str, list[IndexRelease]] = {}

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def releases(self, name: str) -> list[IndexRelease]:
        """The stable releases of a distribution, oldest first.

        Raises:
            DriftError: The index does not answer, or does not have it.
        """
        return [release for release in self._all_releases(name) if release.stable]

    def release(self, name: str, version: str) -> IndexRelease:
        """One release, which need not be stable.

        Raises:
            DriftError: The index does not answer, or does not have it.
        """
        try:
            wanted = str(Version(version))
        except InvalidVersion as error:
            raise DriftError(f"{name} {version}: not a version; write it like {name}==1.2.3") from error
        known = self._all_releases(name)
        for release in known:
            if release.version == wanted:
                return release
        newest = next((release.version for release in reversed(known) if release.stable), "none")
        raise DriftError(f"{name} {version} is not on {self.url}; its newest stable release is {newest}")

    def open_release(self, release: IndexRelease, *, whole: bool | None = None) -> Source:
        """Read a release where it lies on the index; nothing is written to disk.

        Args:
            release: Which one. Its best wheel is read, or its source distribution where it has no wheel.
            whole: Fetch the whole wheel and check its hash (True), or only the parts that are read (False). By default
                whole up to 64 MiB.

        Raises:
            DriftError: The index does not answer, or the file is not what it states.
        """
        file = best_wheel(release) or next((f for f in release.files if f.filename.endswith(SDIST_SUFFIXES)), None)
        if file is None:
            raise DriftError(f"{release.name} {release.version} has neither a wheel nor a source distribution to read")
        remote = RangeFile(self._session, file.url, file.filename)
        is_wheel = file.filename.endswith(".whl")
        try:
            if whole or not is_wheel or (whole is None and remote.size <= WHOLE_LIMIT):
                _check_digest(file, remote.fetch_all())
            if is_wheel:
                return RemoteWheel(remote, *wheel_named(file.filename))
            return archive_source(remote, file.filename)
        except DriftError:
            remote.close()
            raise

    def download(self, file: IndexFile, folder: Path) -> Path:
        """Download a whole file, unless the folder has it already.

        Args:
            file: Which one.
            folder: Made if it does not exist. The file appears in it whole or not at all.

        Raises:
            DriftError: The index does not answer, the file is not what it states, or the folder cannot be written.
        """
        target = folder / file.filename
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if file.sha256 is not None and target.is_file() and _file_digest(target) == file.sha256:
                return target
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".download-", delete=False) as temporary:
                try:
                    _check_digest(file, self._stream(file, temporary))
                    temporary.close()
                    Path(temporary.name).replace(target)
                except BaseException:
                    temporary.close()
                    Path(temporary.name).unlink(missing_ok=True)
                    raise
        except requests.RequestException as error:
            raise DriftError(f"{file.filename}: {reason(error)} while fetching it: try again") from error
        except OSError as error:
            raise DriftError(f"{target}: cannot be written ({one_line(error)})") from error
        return target

    def _stream(self, file: IndexFile, into: tempfile._TemporaryFileWrapper[bytes]) -> str:
        digest = hashlib.sha256()
        with self._session.get(file.url, stream=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            for piece in response.iter_content(MIB):
                into.write(piece)
                digest.update(piece)
        return digest.hexdigest()

    def _all_releases(self, name: str) -> list[IndexRelease]:
        try:
            name = canonicalize_name(name, validate=True)
        except InvalidName as error:
            raise DriftError(f"{name!r} is not the name of a distribution") from error
        if name not in self._releases:
            self._releases[name] = list(_grouped(name, self._page(name)))
        return self._releases[name]

    def _page(self, name: str) -> list[DistributionPackage]:
        try:
            return self._client.get_project_page(name, timeout=TIMEOUT).packages
        except NoSuchProjectError as error:
            raise DriftError(f"{name} is not on {self.url}: check the name, or set PIP_INDEX_URL") from error
        except OSError as error:  # every RequestException is one, and a certificate file that is not there
            raise DriftError(
                f"the package index {self.url} cannot be read ({reason(error)}): check the network and PIP_INDEX_URL"
            ) from error
        except (ValueError, UnsupportedContentTypeError, UnsupportedRepoVersionError) as error:
            raise DriftError(
                f"what {self.url} answers is not a package index ({one_line(error)}): check PIP_INDEX_URL"
            ) from error


class RemoteWheel(WheelSource):
    """A wheel on a server, of which only the directory and the members that are read are fetched.

    Args:
        file: The wheel.
        name: The distribution's name.
        version: Its version.
    """

    def __init__(self, file: RangeFile, name: str, version: str) -> None:
        self._remote = file
        super().__init__(file, name, version, "wheel on the index")

    @property
    def fetched(self) -> int:
        """Bytes received so far."""
        return self._remote.fetched

    @property
    def requests(self) -> int:
        """Requests answered so far."""
        return self._remote.requests

    def prefetch(self, paths: Collection[str]) -> None:
        """Fetch these members together.

        Args:
            paths: Of `files()`.

        Raises:
            DriftError: The server does not answer, or answers something else.
        """
        wanted = set(paths)
        ordered = sorted(self._zip.infolist(), key=lambda info: info.header_offset)
        stops = [info.header_offset for info in ordered[1:]] + [self._zip.start_dir]
        self._remote.fetch(
            Span(info.header_offset, min(stop, info.header_offset + info.compress_size + _LONGEST_HEADER))
            for info, stop in zip(ordered, stops, strict=True)
            if info.filename in wanted
        )


def best_wheel(release: IndexRelease) -> IndexFile | None:
    """The wheel to read a release from, the same on every machine; None where it has none.

    A pure wheel comes first, then Linux on x86_64, then CPython 3.11, abi3 and the newest other CPython.
    """
    ranked = [(min(map(_tag_rank, tags)), f.filename, f) for f in release.files if (tags := _wheel_tags(f.filename))]
    return min(ranked)[-1] if ranked else None


def _wheel_tags(file_name: str) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(file_name)[-1]
    except InvalidWheelFilename:
        return frozenset()


def _tag_rank(tag: Tag) -> tuple[int, int, int]:
    platforms = (r"any$", r"manylinux\w*_x86_64$", r"linux_x86_64$", r"manylinux", r"")
    platform = next(rank for rank, pattern in enumerate(platforms) if re.match(pattern, tag.platform))
    if tag.interpreter == "cp311" and tag.abi == "cp311":
        return platform, 0, 0
    if tag.abi in ("none", "abi3"):
        return platform, 1, 0
    cpython = _CPYTHON.fullmatch(tag.abi)
    return (platform, 2, -int(cpython[1])) if cpython else (platform, 3, 0)


def _grouped(name: str, packages: Iterable[DistributionPackage]) -> Iterator[IndexRelease]:
    found: defaultdict[Version, list[tuple[bool, IndexFile]]] = defaultdict(list)
    for package in packages:
        if package.package_type not in ("wheel", "sdist") or not _FILE_NAME.fullmatch(package.filename):
            continue
        with contextlib.suppress(InvalidVersion):  # as old as PEP 440: nobody can require it any more
            version = Version(package.version or "")
            digest = package.digests.get("sha256", "").lower() or None
            file = IndexFile(name, str(version), package.filename, package.url, digest)
            found[version].append((package.is_yanked, file))
    for version, files in sorted(found.items()):
        kept = tuple(file for is_yanked, file in files if not is_yanked)
        yield IndexRelease(name, str(version), kept or tuple(file for _, file in files), yanked=not kept)


def _check_digest(file: IndexFile, digest: str) -> None:
    if file.sha256 is not None and digest != file.sha256:
        raise DriftError(
            f"{file.filename}: its sha256 is {digest}, the index states {file.sha256}: fetch it again, or use another"
            " index (PIP_INDEX_URL)"
        )


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(MIB):
            digest.update(piece)
    return digest.hexdigest()
