"""Files that somebody sent, kept aside between the dry run and the load; they go after a day, or once loaded."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from trama.core import archives
from trama.core.legible import shown
from trama.intake.files import RECIPE as RECIPE
from trama.intake.recipe import RecipeError

KINDS = frozenset(
    [
        ".csv",
        ".txt",
        ".tsv",
        ".json",
        ".geojson",
        ".topojson",
        ".xlsx",
        ".xls",
        ".ods",
        ".gpkg",
        ".shp",
        ".shx",
        ".dbf",
        ".prj",
        ".cpg",
    ]
)
MOST_BYTES = archives.MOST_BYTES  # of all files together, unpacked
MOST_KEPT = 3  # of one person: who tries again and again does not fill the disk
HOURS = 24
LOADED = ".loaded"  # the number of the load, where the files were
TOKEN = re.compile(r"^\d+-[A-Za-z0-9_-]{20,60}$")


def _root() -> Path:
    return Path(settings.TRAMA_HOME) / "staged"


@dataclass(frozen=True)
class Staged:
    """What was put aside: how its owner finds it again, and which files of an archive were left out."""

    token: str
    left_out: list[str]


def stage(user: int | None, recipe: bytes, uploads: Iterable[Any]) -> Staged:
    """Put a recipe and its files aside. Raises RecipeError for what is not kept, and then keeps nothing."""
    sweep()
    _make_room(user)
    token = f"{user or 0}-{secrets.token_urlsafe(24)}"
    folder = _root() / token
    folder.mkdir(parents=True, mode=0o700)
    left_out: list[str] = []
    try:
        (folder / RECIPE).write_bytes(recipe)
        left = [MOST_BYTES]
        for upload in uploads:
            if upload.name.lower().endswith(".zip"):
                left_out += _unpack(upload, folder, left)
            else:
                _keep(upload.chunks(), upload.name, folder, left)
    except archives.ArchiveRefused as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RecipeError(str(error)) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Staged(token, left_out)


def _make_room(user: int | None) -> None:
    """Of what a person put aside, keep the latest: others are given up, like after a day."""
    folders = [(at, folder) for at, folder in _aged(f"{user or 0}-*") if not (folder / LOADED).is_file()]
    for _at, folder in sorted(folders, reverse=True)[MOST_KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


def _aged(pattern: str) -> list[tuple[float, Path]]:
    """What was put aside, with when; what somebody else takes away meanwhile is left out."""
    found = []
    for folder in _root().glob(pattern):
        with suppress(FileNotFoundError):
            found.append((folder.stat().st_mtime, folder))
    return found


def _unpack(upload: Any, folder: Path, left: list[int]) -> list[str]:
    """Unpack an archive, without its folders; gives the names of the files that are not of a kind that is read."""
    left_out = []
    with archives.opened(upload, upload.name) as archive:
        for item in archives.entries(archive, upload.name, most_bytes=left[0]):
            name = PurePosixPath(item.filename.replace("\\", "/")).name
            if Path(name).suffix.lower() in KINDS and not name.startswith("."):
                _keep(archives.blocks(archive, item), name, folder, left)
            else:
                left_out.append(shown(item.filename))
    return left_out


def _keep(blocks: Iterable[bytes], name: str, folder: Path, left: list[int]) -> None:
    words = {"name": shown(name), "kinds": ", ".join(sorted(KINDS))}
    if not archives.is_name(name) or name.startswith("."):
        raise RecipeError(_("“%(name)s” is no name of a file: give it a short and plain one.") % words)
    if Path(name).suffix.lower() not in KINDS:
        raise RecipeError(_("“%(name)s” is no file that can be loaded; these can: %(kinds)s, and .zip.") % words)
    path = folder / name
    if path.exists():
        raise RecipeError(_("“%(name)s” was sent twice: send one of the two.") % words)
    with path.open("xb") as copy:
        for block in blocks:
            left[0] -= len(block)
            if left[0] < 0:
                raise RecipeError(
                    _("The files are bigger than %(size)s MB together: send fewer, or smaller ones.")
                    % {"size": MOST_BYTES >> 20}
                )
            copy.write(block)


def staged(user: int | None, token: str) -> Path | None:
    """The folder of what this person put aside; None when there is none (any more), or when it is another's."""
    if not TOKEN.match(token) or token.split("-")[0] != str(user or 0):
        return None
    folder = _root() / token
    return folder if (folder / RECIPE).is_file() else None


def drop(token: str, loaded: int = 0) -> None:
    """Take away what was put aside; of what was loaded it stays known for a day as which load."""
    if TOKEN.match(token):
        shutil.rmtree(_root() / token, ignore_errors=True)
        if loaded:
            folder = _root() / token
            folder.mkdir(mode=0o700, exist_ok=True)  # two who press at once: the other one was here already
            (folder / LOADED).write_text(str(loaded), encoding="ascii")


def loaded_as(user: int | None, token: str) -> int | None:
    """The load that became of what this person put aside; 0 where it was given up, None for a token not theirs."""
    if not TOKEN.match(token) or token.split("-")[0] != str(user or 0):
        return None
    try:
        return int((_root() / token / LOADED).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):  # given up, or being written
        return 0


def sweep() -> None:
    """Take away what nobody came back for."""
    oldest = time.time() - HOURS * 3600
    for at, folder in _aged("*-*"):
        if at < oldest:
            shutil.rmtree(folder, ignore_errors=True)
