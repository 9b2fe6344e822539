"""Charts: drawn in another process, once, kept by what they show, thrown away when there are too many."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trama.ui import charts, draw, drawing
from trama.ui.charts import Bar


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "folder", lambda: tmp_path)


def specification(value: float = 3) -> dict[str, object]:
    return charts.bars([Bar("Corsi d'italiano", value, "3"), Bar("Sport", 1200, "1.200"), Bar("Sport", 7, "7", True)])


def test_a_chart_is_drawn_with_its_size_its_words_and_its_fonts() -> None:
    name = drawing.keep(specification())
    assert drawing.chart_url(specification()) == f"/numeri/grafici/{name}.svg"
    packed = drawing.picture(name)
    assert packed is not None
    svg = gzip.decompress(packed).decode()
    assert 'width="720" height="86"' in svg
    assert "1.200" in svg
    assert "Corsi d'italiano" in svg or "Corsi d&#39;italiano" in svg
    assert svg.count("@font-face") == 2


def test_the_same_chart_has_the_same_name_and_another_has_another() -> None:
    assert drawing.keep(specification()) == drawing.keep(specification())
    assert drawing.keep(specification()) != drawing.keep(specification(4))


def test_what_waits_is_drawn_together() -> None:
    names = [drawing.keep(specification(value)) for value in (3, 4)]
    drawing.picture(names[0])
    assert (drawing.folder() / f"{names[1]}.svg.gz").exists()


def test_many_who_ask_at_once_make_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    name = drawing.keep(specification())
    calls = []
    real = drawing._draw
    monkeypatch.setattr(drawing, "_draw", lambda names: (calls.append(names), real(names)))
    found: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: found.append(drawing.picture(name))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(set(found)) == 1
    assert None not in found


def test_nothing_is_drawn_that_no_page_named() -> None:
    assert drawing.picture("0" * 32) is None
    assert drawing.picture("../secret") is None


def test_a_chart_that_cannot_be_drawn_is_an_error_with_a_reason() -> None:
    name = drawing.keep({"mark": {"type": "nonsense"}, "data": {"values": []}})
    with pytest.raises(drawing.NotDrawn, match=name):
        drawing.picture(name)
    assert not (drawing.folder() / "drawing.lock").exists()


def test_the_folder_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_CHARTS", 8)
    for value in range(20):
        drawing.keep(specification(value))
    assert len(list(drawing.folder().glob("*.json"))) <= 8


def test_the_server_imports_nothing_that_draws() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'trama.config.settings'; import django; django.setup();"
        "import trama.config.urls; from django.urls import get_resolver; get_resolver().url_patterns;"
        "import trama.reports.views, trama.insight.views.crosstabs;"
        "print([name for name in ('vl_convert', 'typst', 'xlsxwriter') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_address_is_fetched_from_a_chart() -> None:
    with pytest.raises(ValueError):
        draw.svg_of({"data": {"url": "https://example.org/data.json"}, "mark": "bar", "encoding": {}})
