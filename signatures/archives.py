"""Wheels and source distributions as archives: every member is checked and read in memory, none is extracted."""

from __future__ import annotations

import datetime
import gzip
import io
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from .errors import DriftError
from .sources import MIB, UNREADABLE, CheckedSource, UnreadableFile, one_line, recorded_digests, top_folder, unsafe_name

UNPACKED_LIMIT = 512 * MIB
SDIST_SUFFIXES = (".tar.gz", ".zip")

# bzip2 and lzma are not used by wheels, and zipfile cannot bound what they unpack to.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_SIGNATURES = ("RECORD", "RECORD.jws", "RECORD.p7s")


class SeekableFile(Protocol):
    """What an archive is read from: a file on disk, in memory or on a server."""

    def read(self, size: int = -1, /) -> bytes:
        """Read at most so many bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, and return the position."""

    def tell(self) -> int:
        """The position."""

    def seekable(self) -> bool:
        """Whether `seek` works."""

    def close(self) -> None:
        """Let go of it."""


class ZipSource(CheckedSource):
    """The members of a zip archive.

    Args:
        file: The archive; closed with the source.
        name: The distribution's name.
        version: Its version.
        kind: What it is, such as `wheel`.

    Raises:
        DriftError: It is not a zip archive, or its directory is damaged.
    """

    def __init__(self, file: SeekableFile, name: str, version: str, kind: str) -> None:
        super().__init__(name, version, kind)
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except UNREADABLE as error:
            file.close()
            raise DriftError(f"{self.label}: not a whole zip archive ({one_line(error)}): fetch it again") from error
        self._members = {info.filename: info for info in self._accepted(self._zip.infolist())}
        self._files = dict.fromkeys(self._members)
        self.built = newest(info.date_time[:3] for info in self._zip.infolist())

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._file.close()

    def _accepted(self, infos: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
        times = Counter(info.orig_filename for info in infos)
        for info in infos:
            # `filename` is cut at a NUL byte and has the separators of this system; the name as stored is what counts.
            name = info.orig_filename
            why = unsafe_name(name[:-1] if info.is_dir() else name)
            if why is None and times[name] > 1:
                why = f"is there {times[name]} times"
            if why or (why := _refusal(info)):
                self._refuse(name, why)
            elif not info.is_dir():
                yield info

    def _size(self, path: str) -> int:
        return self._members[path].file_size

    def _content(self, path: str) -> bytes:
        info = self._members[path]
        with self._zip.open(info) as member:
            # Reading without a bound unpacks up to 2 GiB before the stated size is looked at.
            return member.read(info.file_size + 1)


class WheelSource(ZipSource):
    """The members of a wheel, each read only as its RECORD states it."""

    def __init__(self, file: SeekableFile, name: str, version: str, kind: str = "wheel") -> None:
        super().__init__(file, name, version, kind)
        records = [p for p in self._members if p.count("/") == 1 and p.endswith(".dist-info/RECORD")]
        if len(records) != 1:
            self._note(f"has {len(records)} RECORD files instead of one: its files cannot be verified")
            return
        try:
            digests = recorded_digests(self.read(records[0]))
        except UnreadableFile:
            return
        except ValueError as error:
            self._note(f"its RECORD cannot be read ({one_line(error)}): its files cannot be verified")
            return
        self._compare(digests, records[0].removesuffix("RECORD"))

    def _compare(self, digests: dict[str, str | None], metadata: str) -> None:
        self._files = {path: digests.get(path) for path in self._members}
        absent = [path for path in digests if path not in self._zip.NameToInfo]
        if absent:
            self._note(f"RECORD names {_counted(absent)} that the wheel does not have: fetch it again")
        unsigned = {metadata + name for name in _SIGNATURES}
        unrecorded = [path for path, digest in self._files.items() if digest is None and path not in unsigned]
        if unrecorded:
            self._note(f"RECORD states no sha256 for {_counted(unrecorded)}: read, but not verified")


class ZipSdistSource(ZipSource):
    """The members of a source distribution in a zip archive, without the folder that holds them all."""

    def __init__(self, file: SeekableFile, name: str, version: str) -> None:
        super().__init__(file, name, version, "sdist")
        top = top_folder(self._members)
        self._members = {path.removeprefix(top): info for path, info in self._members.items()}
        self._files = dict.fromkeys(self._members)


class TarSdistSource(CheckedSource):
    """The members of a source distribution in a .tar.gz archive, without the folder that holds them all.

    It is unpacked once, into memory: random reads of a compressed stream would unpack it again and again.

    Args:
        file: The archive; closed at once.
        name: The distribution's name.
        version: Its version.

    Raises:
        DriftError: It is not a .tar.gz archive, or unpacks to more than 512 MiB.
    """

    def __init__(self, file: SeekableFile, name: str, version: str) -> None:
        super().__init__(name, version, "sdist")
        try:
            self._tar = tarfile.open(fileobj=io.BytesIO(self._unpacked(file)), mode="r:")  # noqa: SIM115 - kept open
        except UNREADABLE as error:
            raise DriftError(f"{self.label}: not a .tar.gz archive ({one_line(error)}): fetch it again") from error
        finally:
            file.close()
        infos = list(self._listed())
        members = dict(self._accepted(infos))
        top = top_folder(members)
        self._members = {path.removeprefix(top): info for path, info in members.items()}
        self._files = dict.fromkeys(self._members)
        self.built = _newest_time(info.mtime for info in infos)

    def close(self) -> None:
        """Let go of the unpacked bytes."""
        self._tar.close()

    def _unpacked(self, file: SeekableFile) -> bytes:
        unpacked = io.BytesIO()
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                # Not `read`: it throws away what it has when the stream ends early.
                while chunk := stream.read1(MIB):
                    unpacked.write(chunk)
                    if unpacked.tell() > UNPACKED_LIMIT:
                        raise DriftError(f"{self.label}: unpacks to more than {UNPACKED_LIMIT // MIB} MiB: refused")
        except UNREADABLE as error:
            if not unpacked.tell():
                raise
            self._note(f"is damaged after {unpacked.tell()} bytes ({one_line(error)}): fetch it again")
        return unpacked.getvalue()

    def _listed(self) -> Iterator[tarfile.TarInfo]:
        try:
            yield from self._tar
        except UNREADABLE as error:
            self._note(f"its list of files ends early ({one_line(error)}): fetch it again")

    def _accepted(self, infos: list[tarfile.TarInfo]) -> Iterator[tuple[str, tarfile.TarInfo]]:
        names = [info.name.removeprefix("./") for info in infos]
        times = Counter(names)
        for name, info in zip(names, infos, strict=True):
            if info.isdir():
                continue
            why = unsafe_name(name)
            if why is None and times[name] > 1:
                why = f"is there {times[name]} times"
            if why is None and not info.isreg():
                why = "is a link" if info.issym() or info.islnk() else "is not a regular file"
            if why:
                self._refuse(name, why)
            else:
                yield name, info

    def _size(self, path: str) -> int:
        return self._members[path].size

    def _content(self, path: str) -> bytes:
        member = self._tar.extractfile(self._members[path])
        if member is None:
            raise ValueError("no data")
        with member:
            return member.read()


def wheel_named(file_name: str) -> tuple[str, str]:
    """The name and version in a wheel's file name.

    Raises:
        DriftError: It is not the file name of a wheel.
    """
    try:
        name, version, _, _ = parse_wheel_filename(file_name)
    except InvalidWheelFilename as error:
        raise DriftError(f"{file_name}: not a wheel's file name: give it the name it was published under") from error
    return name, str(version)


def open_archive(path: Path) -> CheckedSource:
    """Open a wheel (.whl) or a source distribution (.tar.gz, .zip) on disk.

    Args:
        path: The file, under the name that it was published with.

    Raises:
        DriftError: It cannot be opened, is damaged, or is neither.
    """
    if not path.name.endswith((".whl", *SDIST_SUFFIXES)):
        raise DriftError(f"{path}: neither a folder nor a .whl, .tar.gz or .zip file")
    try:
        file = path.open("rb")
    except OSError as error:
        raise DriftError(f"{path}: cannot be opened ({one_line(error)})") from error
    try:
        return archive_source(file, path.name)
    except DriftError:
        file.close()
        raise


def archive_source(file: SeekableFile, file_name: str) -> CheckedSource:
    """Read an archive that is already open as what its file name says it is.

    Args:
        file: The archive; closed with the source.
        file_name: The name that it was published under.

    Raises:
        DriftError: It is damaged, or its name is not that of a wheel or source distribution.
    """
    if file_name.endswith(".whl"):
        return WheelSource(file, *wheel_named(file_name))
    try:
        name, version = (str(part) for part in parse_sdist_filename(file_name))
    except InvalidSdistFilename:
        # A source archive from a code host is named after a tag or branch.
        name, version = file_name.removesuffix(".zip").removesuffix(".tar.gz"), ""
    if file_name.endswith(".zip"):
        return ZipSdistSource(file, name, version)
    return TarSdistSource(file, name, version)


def newest(dates: Iterable[tuple[int, ...]]) -> datetime.date | None:
    """The newest of these (year, month, day), None where there is none; dates that do not exist are left out."""
    for date in sorted(set(dates), reverse=True):
        try:
            return datetime.date(*date)
        except ValueError:
            continue
    return None


def _newest_time(times: Iterable[float]) -> datetime.date | None:
    try:
        return datetime.datetime.fromtimestamp(max(times), datetime.timezone.utc).date()
    except (ValueError, OverflowError, OSError):
        return None


def _refusal(info: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in _COMPRESSIONS:
        return f"is compressed by method {info.compress_type}, which wheels do not use"
    return None


def _counted(paths: list[str]) -> str:
    return f"{len(paths)} file{'s' if len(paths) > 1 else ''}, first {min(paths)!a},"
