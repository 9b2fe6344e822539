"""The pictures of charts: kept on disk under the hash of what they show, drawn when first asked for.

`chart_url(specification)` is all that a page needs. The drawing itself happens in another process (`ui.draw`).
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

NAME = re.compile(r"[0-9a-f]{32}")
MOST_CHARTS = 2000
LOOK = "1"  # raise it when the drawing changes, so that no old picture stays
DRAW_SECONDS = 40.0


class NotDrawn(RuntimeError):
    """A chart could not be drawn; the message is what the drawing process said."""


def folder() -> Path:
    """Where the charts of this installation are kept. All of it can be thrown away."""
    return Path(settings.TRAMA_HOME) / "charts"


def chart_url(specification: dict[str, Any]) -> str:
    """The address of the picture of a Vega-Lite specification. Nobody who has not been shown it can guess it."""
    return reverse("insight:chart", args=[keep(specification)])


def keep(specification: dict[str, Any]) -> str:
    """Write a specification down, if it is new, and give its name."""
    text = json.dumps(specification, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    name = hmac.new(settings.SECRET_KEY.encode(), f"{LOOK}{text}".encode(), hashlib.sha256).hexdigest()[:32]
    path = folder() / f"{name}.json"
    if not path.exists():
        folder().mkdir(parents=True, exist_ok=True)
        _prune()
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    return name


def picture(name: str) -> bytes | None:
    """The picture as gzipped SVG, drawn now if it was not; None when nobody asked a page for it.

    All charts that wait are drawn together: starting costs more than drawing. Raises NotDrawn.
    """
    if not NAME.fullmatch(name):
        return None
    specification, drawn = folder() / f"{name}.json", folder() / f"{name}.svg.gz"
    try:
        os.utime(specification)  # what is looked at stays longest
    except OSError:
        return None
    deadline = time.monotonic() + DRAW_SECONDS
    while not drawn.exists():
        if not _locked():
            if time.monotonic() > deadline:
                raise NotDrawn("another process draws and does not finish")
            time.sleep(0.03)
            continue
        try:
            if not drawn.exists():
                _draw([name, *(other for other in _waiting() if other != name)])
        finally:
            _lock().unlink(missing_ok=True)
    return drawn.read_bytes()


def unpacked(packed: bytes) -> bytes:
    """The picture as plain SVG, for the few who take no gzip."""
    return gzip.decompress(packed)


def _draw(names: list[str]) -> None:
    command = [sys.executable, "-m", "trama.ui.draw", str(folder()), *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DRAW_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotDrawn("drawing took too long") from error
    if not (folder() / f"{names[0]}.svg.gz").exists():
        raise NotDrawn(done.stderr.strip() or f"the drawing process ended with {done.returncode}")


def _waiting(most: int = 12) -> list[str]:
    """Charts that pages of the last minute named and that are not drawn yet."""
    recent = time.time() - 60
    found: list[str] = []
    for path in folder().glob("*.json"):
        if len(found) >= most:
            break
        if path.stat().st_mtime > recent and not path.with_suffix(".svg.gz").exists():
            found.append(path.stem)
    return found


def _lock() -> Path:
    return folder() / "drawing.lock"


def _locked() -> bool:
    """Take the lock, a file that only one can make; one left behind by a process that died is thrown away."""
    try:
        os.close(os.open(_lock(), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        try:
            if time.time() - _lock().stat().st_mtime > DRAW_SECONDS + 10:
                _lock().unlink(missing_ok=True)
        except FileNotFoundError:
            pass
        return False
    return True


def _prune() -> None:
    """Throw the charts away that nobody looked at for longest, a quarter at a time."""
    kept = list(folder().glob("*.json"))
    if len(kept) < MOST_CHARTS:
        return
    aged = sorted(kept, key=lambda path: path.stat().st_mtime if path.exists() else 0)
    for path in aged[: MOST_CHARTS // 4]:
        path.with_suffix(".svg.gz").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
