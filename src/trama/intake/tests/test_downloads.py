"""Files from a portal: a local server plays the city's, and sometimes breaks off."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from trama.intake.downloads import addresses, download, take
from trama.intake.recipe import PortalSpec, RecipeError, parse
from trama.intake.tests.factories import HEAD, RESOURCES_STEP

CONTENT = bytes(range(256)) * 4000


class Portal(BaseHTTPRequestHandler):
    """Serves one file at every address; `plan` says how the next answers misbehave."""

    plan: list[str] = []
    seen: list[tuple[str, str]] = []
    content = CONTENT
    etag = '"v1"'

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        type(self).seen.append((self.path, wanted))
        how = type(self).plan.pop(0) if type(self).plan else ""
        if how.isdigit():
            self.send_error(int(how))
            return
        start = 0
        if wanted and self.headers.get("If-Range") == self.etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        body = self.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if how == "cut" else body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def portal() -> Iterator[str]:
    Portal.plan, Portal.seen, Portal.content, Portal.etag = [], [], CONTENT, '"v1"'
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def spec(**more: Any) -> PortalSpec:
    return PortalSpec(export="", **more)


def test_a_file_arrives_whole(portal: str, tmp_path: Path) -> None:
    taken = take(f"{portal}/a", tmp_path / "a.csv", spec())
    assert (tmp_path / "a.csv").read_bytes() == CONTENT
    assert (taken.size, taken.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_what_breaks_off_is_taken_up_again(portal: str, tmp_path: Path) -> None:
    Portal.plan = ["cut"]
    take(f"{portal}/a", tmp_path / "a.csv", spec())
    assert (tmp_path / "a.csv").read_bytes() == CONTENT
    assert Portal.seen[1][1] == f"bytes={len(CONTENT) // 2}-"


def test_a_part_of_an_older_version_is_not_continued(portal: str, tmp_path: Path) -> None:
    Portal.plan = ["cut", "cut", "cut"]
    with pytest.raises(RecipeError):
        take(f"{portal}/a", tmp_path / "a.csv", spec())
    assert not (tmp_path / "a.csv").exists()
    assert (tmp_path / "a.csv.part").exists()
    Portal.content, Portal.etag = CONTENT[::-1], '"v2"'
    take(f"{portal}/a", tmp_path / "a.csv", spec())
    assert (tmp_path / "a.csv").read_bytes() == CONTENT[::-1]


def test_a_file_that_is_too_big_is_not_kept(portal: str, tmp_path: Path) -> None:
    Portal.content = b"x" * (1024 * 1024 + 1)
    with pytest.raises(RecipeError, match="1 MB"):
        take(f"{portal}/a", tmp_path / "a.csv", spec(max_megabytes=1))
    assert not (tmp_path / "a.csv").exists()
    assert not (tmp_path / "a.csv.part").exists()


def test_errors_are_one_sentence(portal: str, tmp_path: Path) -> None:
    Portal.plan = ["404"]
    with pytest.raises(RecipeError, match="404"):
        take(f"{portal}/a", tmp_path / "a.csv", spec())
    Portal.plan = ["503", "503"]
    take(f"{portal}/a", tmp_path / "a.csv", spec())
    with pytest.raises(RecipeError, match="127"):
        take("http://127.0.0.1:1/a", tmp_path / "b.csv", spec(timeout_seconds=1))
    with pytest.raises(RecipeError, match="file:"):
        take("file:///etc/hostname", tmp_path / "b.csv", spec())


def test_a_recipe_says_where_its_files_are(portal: str, tmp_path: Path) -> None:
    text = HEAD.replace(
        "[[sources]]", f'[portal]\nexport = "{portal}/datasets/{{dataset}}/exports/{{format}}"\n[[sources]]'
    )
    text = text.replace('title = "Dati di prova"', 'title = "Dati"\ndataset = "mappa risorse"\nfile = "risorse.csv"')
    recipe = parse(text + RESOURCES_STEP, "prova.toml")
    assert [address for _source, address in addresses(recipe)] == [f"{portal}/datasets/mappa%20risorse/exports/csv"]
    assert [item.file for item in download(recipe, tmp_path / "files")] == ["risorse.csv"]
    assert Portal.seen[0][0] == "/datasets/mappa%20risorse/exports/csv"
    with pytest.raises(RecipeError):
        download(parse(HEAD + RESOURCES_STEP, "prova.toml"), tmp_path)
