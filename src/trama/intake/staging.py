"""Files that somebody sent, kept aside between the dry run and the load; they go after a day, or once loaded."""

from __future__ import annotations

import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

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
MOST_BYTES = 120 * 1024 * 1024  # of all files together, unpacked
MOST_FILES = 200
HOURS = 24
TOKEN = re.compile(r"^\d+-[A-Za-z0-9_-]{20,60}$")


def _root() -> Path:
    return Path(settings.TRAMA_HOME) / "staged"


def stage(user: int | None, recipe: bytes, uploads: Iterable[Any]) -> str:
    """Put a recipe and its files aside; gives the token by which their owner finds them again."""
    sweep()
    token = f"{user or 0}-{secrets.token_urlsafe(24)}"
    folder = _root() / token
    folder.mkdir(parents=True, mode=0o700)
    try:
        (folder / RECIPE).write_bytes(recipe)
        left = [MOST_BYTES]
        for upload in uploads:
            if upload.name.lower().endswith(".zip"):
                _unpack(upload, folder, left)
            else:
                _keep(upload, PurePosixPath(upload.name).name, folder, left)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return token


def _unpack(upload: BinaryIO, folder: Path, left: list[int]) -> None:
    try:
        with zipfile.ZipFile(upload) as archive:
            names = [item for item in archive.infolist() if not item.is_dir()]
            if len(names) > MOST_FILES:
                raise RecipeError(_("The archive holds more than %(count)s files.") % {"count": MOST_FILES})
            for item in names:
                name = PurePosixPath(item.filename.replace("\\", "/")).name
                if name.startswith(".") or Path(name).suffix.lower() not in KINDS:
                    continue
                with archive.open(item) as file:
                    _keep(file, name, folder, left)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise RecipeError(_("The archive cannot be opened: %(why)s.") % {"why": error}) from error


def _keep(file: BinaryIO, name: str, folder: Path, left: list[int]) -> None:
    if Path(name).suffix.lower() not in KINDS or name.startswith("."):
        raise RecipeError(_("“%(name)s” is no file that can be loaded.") % {"name": name})
    path = folder / name
    if path.exists():
        raise RecipeError(_("“%(name)s” was sent twice.") % {"name": name})
    with path.open("wb") as copy:
        while block := file.read(1 << 16):
            left[0] -= len(block)
            if left[0] < 0:
                raise RecipeError(_("The files are bigger than %(size)s MB together.") % {"size": MOST_BYTES >> 20})
            copy.write(block)


def staged(user: int | None, token: str) -> Path | None:
    """The folder of what this person put aside; None when there is none (any more), or when it is another's."""
    if not TOKEN.match(token) or token.split("-")[0] != str(user or 0):
        return None
    folder = _root() / token
    return folder if (folder / RECIPE).is_file() else None


def drop(token: str) -> None:
    """Take away what was put aside."""
    if TOKEN.match(token):
        shutil.rmtree(_root() / token, ignore_errors=True)


def sweep() -> None:
    """Take away what nobody came back for."""
    oldest = time.time() - HOURS * 3600
    for folder in _root().glob("*-*"):
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
