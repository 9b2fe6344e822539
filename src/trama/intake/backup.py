"""The file of a backup: the copy of the database, the uploads, and a manifest with counts, checksums and the chain."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from trama import __version__
from trama.core import history, memo
from trama.intake import copies
from trama.intake.copies import CopyProblem

MANIFEST = "manifest.json"
UPLOADS = "uploads"
KEY = "secret.key"
FORMAT = 1
Progress = Callable[[str], None]


@dataclass
class Manifest:
    """What a backup says of itself."""

    vendor: str
    made_at: str
    version: str
    counts: dict[str, int]
    migrations: dict[str, str]
    entries: int
    last_hash: str
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def text(self) -> str:
        """The manifest as it is written."""
        return json.dumps(self.__dict__, indent=1, sort_keys=True)

    @staticmethod
    def read(text: str) -> Manifest:
        """Read a manifest; refused when it is of a format that this version does not know."""
        try:
            data: dict[str, Any] = json.loads(text)
            if data.get("format") != FORMAT:
                raise CopyProblem(_("This backup was made by a newer version of Trama."))
            return Manifest(**data)
        except (ValueError, TypeError) as error:
            if isinstance(error, CopyProblem):
                raise
            raise CopyProblem(_("The manifest of the backup cannot be read: %(why)s.") % {"why": error}) from error


def target_of(wanted: Path) -> Path:
    """The file to be written: the one that is named, or one with the date in the folder that is named."""
    if wanted.name.endswith((".tar.gz", ".tgz")):
        return wanted
    if wanted.exists() and not wanted.is_dir():
        raise CopyProblem(_("%(path)s is no folder, and no name that ends in .tar.gz.") % {"path": wanted})
    return wanted / f"trama-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz"


def write(target: Path, *, with_key: bool = False, say: Progress = lambda text: None) -> Manifest:
    """Write a backup. The file bears its name only when it is whole, and only its owner may read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".trama-backup-") as name:
        folder = Path(name)
        say(_("Copying the database …"))
        copies.take(folder)
        manifest = _describe(folder)
        if with_key:
            shutil.copy2(Path(settings.TRAMA_HOME) / KEY, folder / KEY)
        say(_("Writing %(path)s …") % {"path": target.name})
        uploads = Path(settings.MEDIA_ROOT)
        pieces = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        if uploads.is_dir():
            pieces |= {
                f"{UPLOADS}/{path.relative_to(uploads).as_posix()}": path
                for path in sorted(uploads.rglob("*"))
                if path.is_file() and not path.is_symlink()
            }
        part = target.with_name(f".{target.name}.part")
        _pack(part, pieces, manifest)
        part.replace(target)
    return manifest


def _describe(folder: Path) -> Manifest:
    entries, last_hash = _chain(folder)
    return Manifest(
        vendor=copies.vendor(),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        counts=copies.counts(folder),
        migrations=copies.migrations(folder),
        entries=entries,
        last_hash=last_hash,
    )


def _chain(folder: Path) -> tuple[int, str]:
    """How long the chain of acts in a copy is, and its last hash; refused when it does not hold."""
    if copies.vendor() != "sqlite":
        return -1, ""  # checked when it is put back: only then it is a database again
    copies.check_sqlite(folder)
    with copies.opened(folder) as alias:
        found = history.verify(using=alias)
    if found.problem:
        raise CopyProblem(_("The chain of acts does not hold: %(why)s.") % {"why": found.problem})
    return found.entries, found.last_hash


def _pack(part: Path, pieces: dict[str, Path], manifest: Manifest) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=4) as archive:
        for name, path in pieces.items():
            try:
                content = path.open("rb")
            except FileNotFoundError:
                continue  # an upload that was taken away meanwhile
            with content:
                size, digest = _measure(content)
                manifest.files[name] = digest
                content.seek(0)
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.mtime = size, 0o600, int(path.stat().st_mtime)
                archive.addfile(entry, content)
        text = manifest.text().encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(text), 0o600
        archive.addfile(entry, io.BytesIO(text))
        raw.flush()
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _measure(content: Any) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := content.read(1 << 20):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


# --- the way back -------------------------------------------------------------------------------------------------
def restore(file: Path, *, replace: bool = False, say: Progress = lambda text: None) -> Manifest:
    """Put a backup in the place of what this installation holds.

    Everything is unpacked and checked first; nothing is touched when the file is broken. What was there before is kept
    beside it, as a backup of its own. Raises CopyProblem.
    """
    home = Path(settings.TRAMA_HOME)
    if copies.holds_records() and not replace:
        raise CopyProblem(
            _(
                "This installation already holds records: add --replace to put the backup in their place "
                "(they are kept in a backup first)."
            )
        )
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".trama-restore-") as name:
        folder = Path(name)
        say(_("Unpacking and checking %(path)s …") % {"path": file.name})
        manifest = _unpack(file, folder)
        _check(folder, manifest)
        if copies.holds_records():
            kept = home / "backups" / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz"
            say(_("What was there is kept in %(path)s …") % {"path": kept})
            write(kept)
        say(_("Putting back the database …"))
        copies.put_back(folder)
        _put_back_files(folder, home)
    memo.forget_all()
    found = history.verify()
    if found.problem or (
        manifest.entries >= 0 and (found.entries, found.last_hash) != (manifest.entries, manifest.last_hash)
    ):
        raise CopyProblem(
            _("The chain of acts does not hold after the restore: %(why)s.") % {"why": found.problem or found.entries}
        )
    manifest.entries, manifest.last_hash = found.entries, found.last_hash
    return manifest


def _unpack(file: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (OSError, tarfile.TarError, EOFError) as error:
        raise CopyProblem(
            _("%(path)s is no backup of Trama, or it is broken: %(why)s.") % {"path": file, "why": error}
        ) from error
    manifest = Manifest.read(text)
    (folder / MANIFEST).unlink()
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if found != set(manifest.files):
        different = ", ".join(sorted(found ^ set(manifest.files))[:5])
        raise CopyProblem(_("The backup does not hold the files that it lists: %(names)s.") % {"names": different})
    for name, digest in manifest.files.items():
        with (folder / name).open("rb") as content:
            if _measure(content)[1] != digest:
                raise CopyProblem(_("The file “%(name)s” in the backup was altered.") % {"name": name})
    return manifest


def _check(folder: Path, manifest: Manifest) -> None:
    if manifest.vendor != copies.vendor():
        raise CopyProblem(
            _("The backup is of %(theirs)s, this installation uses %(ours)s.")
            % {"theirs": manifest.vendor, "ours": copies.vendor()}
        )
    if copies.counts(folder) != manifest.counts:
        raise CopyProblem(_("The backup does not hold as many rows as it says."))
    if _chain(folder) != (manifest.entries, manifest.last_hash):
        raise CopyProblem(_("The chain of acts in the backup is not the one that it says."))


def _put_back_files(folder: Path, home: Path) -> None:
    uploads, taken = Path(settings.MEDIA_ROOT), folder / UPLOADS
    if uploads.exists():
        aside = folder / "uploads-before"
        shutil.move(str(uploads), str(aside))
    if taken.is_dir():
        shutil.move(str(taken), str(uploads))
    if (folder / KEY).exists():
        shutil.copy2(folder / KEY, home / KEY)
        (home / KEY).chmod(0o600)
