"""The XML files of a folder or a zip, as guarded streams: nothing is ever extracted under an archive's own names."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from governance.warehouse.sources.protocol import SourceError

MOST_EXPANSION = 400
"""Bytes of text per compressed byte; interchange XML reaches about 60, a zip bomb 1,000 and more."""
FREE_EXPANSION = 32 * 2**20
"""Bytes below which the expansion does not matter."""
LARGEST_INNER_ARCHIVE = 2**30
"""Bytes of a zip within a zip, which has to be copied to be read."""
LARGEST_IN_MEMORY = 2**24
"""Bytes up to which that copy is no file."""

_ROOT = re.compile(rb"<(?:[\w.-]+:)?Interchange(\w+)")
_NAMESPACE = re.compile(rb"http://ed-fi\.org/([0-9.]+)")


@dataclass(frozen=True)
class XmlFile:
    """One XML file: its name as the load's reports give it, and how to open it, which can be done repeatedly."""

    name: str
    open: Callable[[], IO[bytes]]

    def heading(self) -> tuple[str, str]:
        """The interchange and the version of the namespace, or blanks where the file is not Ed-Fi's."""
        with self.open() as stream:
            start = stream.read(4096)
        root, namespace = _ROOT.search(start), _NAMESPACE.search(start)
        if root is None or namespace is None:
            return "", ""
        return root[1].decode(), namespace[1].decode()


class GuardedStream:
    """A member of an archive that refuses to expand without end."""

    def __init__(self, member: IO[bytes], name: str, compressed: int) -> None:
        self._member, self._name = member, name
        self._left = max(FREE_EXPANSION, MOST_EXPANSION * compressed)

    def read(self, size: int = -1) -> bytes:
        try:
            chunk = self._member.read(size if size >= 0 else self._left + 1)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
            raise SourceError(f"{self._name}: damaged in its archive; make the archive again") from error
        except Exception as error:  # zlib.error and the like: each compression has its own
            raise SourceError(f"{self._name}: cannot be decompressed; make the archive again") from error
        self._left -= len(chunk)
        if self._left < 0:
            raise SourceError(f"{self._name}: expands out of all proportion; unpack and inspect it by hand")
        return chunk

    def close(self) -> None:
        self._member.close()

    def __enter__(self) -> GuardedStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def xml_files(path: Path, scratch: Path) -> Iterator[Iterator[XmlFile]]:
    """Every XML file of the folder or the zip at `path`, the ones of zips inside it included, while it is open."""
    with ExitStack() as opened:
        yield _files(path, _Unpacking(opened, scratch))


@dataclass(frozen=True)
class _Unpacking:
    """What is open, and the folder for copies of archives inside archives."""

    opened: ExitStack
    scratch: Path


def _files(path: Path, unpacking: _Unpacking) -> Iterator[XmlFile]:
    if path.is_dir():
        yield from _of_folder(path, unpacking)
    elif path.suffix.lower() == ".xml":
        yield _plain(path, path.name)
    else:
        yield from _of_archive(_archive(path.open("rb"), path.name, unpacking), path.name, unpacking, inner=False)


def _plain(file: Path, name: str) -> XmlFile:
    return XmlFile(name, lambda: file.open("rb"))


def _of_folder(folder: Path, unpacking: _Unpacking) -> Iterator[XmlFile]:
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_symlink() or not file.is_file():
            continue
        if file.suffix.lower() == ".xml":
            yield _plain(file, name)
        elif file.suffix.lower() == ".zip":
            yield from _of_archive(_archive(file.open("rb"), name, unpacking), name, unpacking, inner=False)


def _of_archive(archive: zipfile.ZipFile, name: str, unpacking: _Unpacking, inner: bool) -> Iterator[XmlFile]:
    for member in archive.infolist():
        full = f"{name}/{member.filename}"
        suffix = Path(member.filename).suffix.lower()
        if suffix == ".xml":
            yield XmlFile(full, partial(_open, archive, member, full))
        elif suffix == ".zip" and inner:
            raise SourceError(f"{full}: archives are nested too deeply; unpack the outer ones first")
        elif suffix == ".zip":
            copy = _archive(_copy(archive, member, full, unpacking.scratch), full, unpacking)
            yield from _of_archive(copy, full, unpacking, inner=True)


def _archive(stream: IO[bytes], name: str, unpacking: _Unpacking) -> zipfile.ZipFile:
    unpacking.opened.callback(stream.close)
    try:
        return unpacking.opened.enter_context(zipfile.ZipFile(stream))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SourceError(f"{name}: not a zip archive, or a damaged one; make the archive again") from error


def _open(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> IO[bytes]:
    try:
        stream = archive.open(member)
    except (RuntimeError, NotImplementedError) as error:
        raise SourceError(f"{name}: encrypted, or packed in an unknown way; pack it as an ordinary zip") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{name}: damaged in its archive; make the archive again") from error
    return cast(IO[bytes], GuardedStream(stream, name, member.compress_size))


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, scratch: Path) -> IO[bytes]:
    copy = tempfile.SpooledTemporaryFile(max_size=LARGEST_IN_MEMORY, dir=str(scratch))  # noqa: SIM115 - closed with the archive made of it
    with _open(archive, member, name) as stream:
        while chunk := stream.read(2**20):
            copy.write(chunk)
            if copy.tell() > LARGEST_INNER_ARCHIVE:
                raise SourceError(f"{name}: an archive in an archive, too large to read there; unpack the outer one")
    copy.seek(0)
    return cast(IO[bytes], copy)
