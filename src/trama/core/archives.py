"""Archives of strangers: looked at before anything is unpacked, and read block by block.

What an archive states of itself is checked first (how many files, how big they become, where their names lead), so that
a few kilobytes never become gigabytes; what it then holds is counted while it is read.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.utils.translation import gettext as _

from trama.core.legible import shown

MOST_FILES = 200
MOST_BYTES = 120 * 1024 * 1024  # of all files of an archive together, unpacked
LONGEST_NAME = 120  # characters: file systems refuse more than 255 bytes
BLOCK = 1 << 16
ARCHIVES = frozenset({".zip", ".7z", ".rar", ".gz", ".tar", ".tgz", ".bz2", ".xz"})
# What operating systems put into archives by themselves: nobody misses it, nobody is told.
LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})


class ArchiveRefused(ValueError):
    """An archive that is not opened; the message says why and what would help."""


def is_name(name: str) -> bool:
    """Whether this is the plain name of a file: no folders, no signs that cannot be seen, not endless."""
    return bool(name) and name.isprintable() and len(name) <= LONGEST_NAME and not set(name) & set('/\\:*?"<>|')


@contextmanager
def opened(file: IO[bytes] | Path, label: str) -> Iterator[zipfile.ZipFile]:
    """An archive, open for reading. Whatever its library says against it becomes an `ArchiveRefused`."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OverflowError, ValueError) as error:
        if isinstance(error, ValueError) and type(error) is not ValueError and not isinstance(error, UnicodeError):
            raise  # a refusal of ours, or of whoever reads the files
        raise ArchiveRefused(
            _("“%(name)s” is broken or cut off: make it anew and send it again.") % {"name": shown(label)}
        ) from error
    except (NotImplementedError, RuntimeError) as error:
        raise ArchiveRefused(
            _("“%(name)s” is packed in a way that cannot be read: make it anew as a plain .zip.")
            % {"name": shown(label)}
        ) from error


def entries(
    archive: zipfile.ZipFile, label: str, *, most_bytes: int | None = None, most_files: int = MOST_FILES
) -> list[zipfile.ZipInfo]:
    """The files of an archive, all of them checked, without folders and litter. Raises ArchiveRefused."""
    found = [item for item in archive.infolist() if not item.is_dir() and not _is_litter(item)]
    name = shown(label)
    most_bytes = MOST_BYTES if most_bytes is None else most_bytes
    if len(found) > most_files:
        raise ArchiveRefused(
            _("“%(name)s” holds %(found)s files, more than %(count)s: send those that are needed.")
            % {"name": name, "found": len(found), "count": most_files}
        )
    if sum(item.file_size for item in found) > most_bytes:
        raise ArchiveRefused(
            _("“%(name)s” becomes %(found)s MB when it is opened, more than %(size)s MB: it is not opened.")
            % {"name": name, "found": sum(item.file_size for item in found) >> 20, "size": most_bytes >> 20}
        )
    for item in found:
        _check(item, name)
    return found


def _check(item: zipfile.ZipInfo, label: str) -> None:
    path = PurePosixPath(item.filename.replace("\\", "/"))
    words: dict[str, Any] = {"name": label, "file": shown(item.filename)}
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise ArchiveRefused(_("“%(name)s” holds “%(file)s”, which leads out of its folder: it is not opened.") % words)
    if item.flag_bits & 1:
        raise ArchiveRefused(_("“%(name)s” is locked with a password (“%(file)s”): send it without one.") % words)
    if path.suffix.lower() in ARCHIVES:
        raise ArchiveRefused(
            _("“%(name)s” holds another archive, “%(file)s”: open it and send the files that are in it.") % words
        )
    if not is_name(path.name):
        raise ArchiveRefused(_("“%(name)s” holds a file named “%(file)s”: give it a short and plain name.") % words)


def _is_litter(item: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(item.filename.replace("\\", "/")).parts
    return bool(LITTER & set(parts)) or bool(parts and parts[-1].startswith("._"))


def blocks(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a file of an archive holds, block by block: never more than it states."""
    with archive.open(item) as file:
        while block := file.read(BLOCK):
            yield block
