"""Brings in what is far too big, one file after another, and says how much memory and time each one took.

Run as a process of its own (`python -m … FOLDER`): the highest memory of a process is that of all it ever did.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIGABYTE = 1 << 30
BEGINNING = (
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\n'
    b'Content-Disposition: form-data; name="sent"; filename="enti.csv"\r\n\r\n'
)


class Endless:
    """The body of a request: the beginning of a form with a file, then a gigabyte of zeros."""

    def __init__(self) -> None:
        self.start, self.left = BEGINNING, GIGABYTE

    def read(self, count: int = 65536) -> bytes:
        """The next bytes."""
        found, self.start = self.start[:count], self.start[count:]
        more = min(count - len(found), self.left)
        self.left -= more
        return found + bytes(more)

    readline = read


def memory(kind: str) -> int:
    """How much memory this process has (VmRSS), or had at most (VmHWM); MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) // 1024


def seconds() -> float:
    """Processor time, that of children included."""
    return sum(os.times()[:4])


def upload(_path: Path) -> None:
    """Send a gigabyte to a page."""
    from django.core.handlers.wsgi import WSGIRequest

    from trama.core import uploads

    length = len(BEGINNING) + GIGABYTE
    about = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(length)}
    request = WSGIRequest({**about, "PATH_INFO": "/", "wsgi.input": Endless()})
    if uploads.too_big(request) and not request.FILES and request.POST["a"] == "1":
        raise ValueError("too big")


def cases(home: Path) -> dict[str, tuple[Callable[[Path], Any], Path]]:
    """What is brought in: who reads it, and the file."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from trama.intake import files, staging
    from trama.intake.recipe import TableSpec
    from trama.intake.tests.broken import packages, workbooks
    from trama.territory import boundaries

    def sparse(name: str, start: bytes) -> Path:
        with (home / name).open("wb") as file:
            file.write(start)
            file.truncate(GIGABYTE)
        return home / name

    def kept(name: str, *blocks: bytes) -> Path:
        with (home / name).open("wb") as file:
            file.writelines(blocks)
        return home / name

    def table(path: Path) -> Any:
        return files.read(path, TableSpec())

    def sent(path: Path) -> Any:
        return staging.stage(1, b"x", [SimpleUploadedFile("dati.zip", path.read_bytes())])

    bomb = kept("bomb.zip", packages.nothing(256))
    found = {
        "sparse csv": (table, sparse("a.csv", b"ID;NOME\n")),
        "sparse json": (table, sparse("a.json", b"[")),
        "sparse workbook": (table, sparse("a.xlsx", b"PK")),
        "sparse map": (boundaries.read, sparse("a.geojson", b"{")),
        "sparse geopackage": (boundaries.read, sparse("a.gpkg", b"SQLite format 3\0")),
        "a line without end": (table, kept("b.csv", b"ID;NOME\n", *[b"a" * (1 << 20)] * 60)),
        "nothing but NUL": (table, kept("c.csv", b"ID;NOME\n", *[bytes(1 << 20)] * 60)),
        "a zipped map": (boundaries.read, bomb),
        "a zip bomb": (sent, bomb),
        "an upload": (upload, bomb),
    }
    for number, case in enumerate([*workbooks.HUGE[:2], *workbooks.HUGE[3:], workbooks.ROW_BOMB]):
        name, content = next(iter((case() if callable(case) else case.make()).items()))
        found[f"{name} {number}"] = (table, kept(f"{number}-{name}", content))
    return found


def main(home: Path) -> None:
    """Print what each file cost, as JSON."""
    import resource

    answers: dict[str, Any] = {}
    for name, (read, path) in cases(home).items():
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins anew
        before, begun, said = memory("VmRSS"), seconds(), ""
        try:
            read(path)
        except ValueError as error:
            said = str(error)
        answers[name] = {"said": said, "memory": memory("VmHWM") - before, "seconds": seconds() - begun}
    answers["children"] = {"memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024}
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
    import django

    django.setup()
    main(Path(sys.argv[1]))
