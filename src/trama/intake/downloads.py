"""Files taken from the open-data portal of a city: whole or not at all, taken up again where they stopped."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from trama import __version__
from trama.intake.recipe import PortalSpec, Recipe, RecipeError, SourceSpec

Progress = Callable[[str], None]
BLOCK = 1 << 16
TRIES = 3
RECORD = "downloads.json"


@dataclass(frozen=True)
class Taken:
    """A file that was taken: how big it is, and the SHA-256 of its content."""

    file: str
    size: int
    sha256: str


def addresses(recipe: Recipe) -> list[tuple[SourceSpec, str]]:
    """The address of each file of a recipe that can be downloaded."""
    found = []
    for source in recipe.sources:
        if not source.file:
            continue
        if source.download:
            found.append((source, source.download))
        elif recipe.portal and source.dataset:
            suffix = Path(source.file).suffix.lstrip(".").lower()
            found.append((source, recipe.portal.export.format(dataset=quote(source.dataset, safe=""), format=suffix)))
    return found


def download(recipe: Recipe, folder: Path, say: Progress = lambda text: None) -> list[Taken]:
    """Take every file of a recipe into a folder. Raises RecipeError with one sentence when a file cannot be had."""
    wanted = addresses(recipe)
    if not wanted:
        raise RecipeError(
            _("%(title)s: the recipe says of no file where it can be downloaded.") % {"title": recipe.title}
        )
    folder.mkdir(parents=True, exist_ok=True)
    portal = recipe.portal or PortalSpec(export="")
    taken = []
    for source, address in wanted:
        say(_("%(file)s from %(host)s …") % {"file": source.file, "host": urlsplit(address).hostname})
        taken.append(take(address, folder / Path(source.file).name, portal))
    record = {item.file: {"size": item.size, "sha256": item.sha256} for item in taken}
    (folder / RECORD).write_text(json.dumps(record, indent=2), encoding="utf-8")
    return taken


def take(address: str, target: Path, portal: PortalSpec) -> Taken:
    """Take one file. What breaks off is taken up again from the part that is there; the name is given last."""
    if urlsplit(address).scheme not in {"http", "https"}:
        raise RecipeError(_("%(address)s is no address of the web.") % {"address": address})
    part = target.with_name(target.name + ".part")
    problem = ""
    for attempt in range(TRIES):
        try:
            _fetch(address, part, portal)
            break
        except urllib.error.HTTPError as error:
            problem = f"{error.code} {error.reason}"
            if error.code == 416:
                part.unlink(missing_ok=True)
            elif error.code < 500:
                raise RecipeError(_("%(address)s answers %(why)s.") % {"address": address, "why": problem}) from error
        except (OSError, http.client.HTTPException) as error:
            problem = str(getattr(error, "reason", "") or error)
        time.sleep(0.2 * attempt)
    else:
        raise RecipeError(_("%(address)s cannot be reached: %(why)s.") % {"address": address, "why": problem})
    content = part.read_bytes()
    part.replace(target)
    return Taken(target.name, len(content), hashlib.sha256(content).hexdigest())


def _fetch(address: str, part: Path, portal: PortalSpec) -> None:
    """Fetch what is missing of a file into its part. The part belongs to one version: `ETag` or date tell it apart."""
    mark = part.with_name(part.name + ".mark")
    begun = part.stat().st_size if part.exists() and mark.exists() else 0
    headers = {"User-Agent": f"Trama/{__version__}", "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
        headers["If-Range"] = mark.read_text(encoding="utf-8")
    request = urllib.request.Request(address, headers=headers)  # noqa: S310
    limit = portal.max_megabytes * 1024 * 1024
    with urllib.request.urlopen(request, timeout=portal.timeout_seconds) as answer:  # noqa: S310
        resumed = answer.status == 206
        if not resumed:
            begun = 0
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        mark.unlink(missing_ok=True)
        if version and not version.startswith("W/"):
            mark.write_text(version, encoding="utf-8")
        stated = answer.headers.get("Content-Length")
        expected = begun + int(stated) if stated and stated.isdigit() else None
        size = _copy(answer, part, begun, limit, address)
    if expected is not None and size != expected:
        raise OSError(_("%(size)s of %(expected)s bytes arrived") % {"size": size, "expected": expected})
    mark.unlink(missing_ok=True)


def _copy(answer: http.client.HTTPResponse, part: Path, begun: int, limit: int, address: str) -> int:
    size = begun
    with part.open("r+b" if begun else "wb") as file:
        file.seek(begun)
        file.truncate()
        while block := answer.read(BLOCK):
            size += len(block)
            if size > limit:
                file.close()
                part.unlink()
                raise RecipeError(
                    _("%(address)s is bigger than %(limit)s MB: raise max_megabytes in the recipe if that is right.")
                    % {"address": address, "limit": limit // (1024 * 1024)}
                )
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return size
