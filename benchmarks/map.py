"""The map with 50,000 points in headless Chromium: when it is seen, how long it blocks the page, how much it loads."""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, median_ms
from benchmarks.server import serving

COUNT = 50_000
PAGE = "/territorio/luoghi/mappa/"
RUNS = 5
# A circle of places around several centres, as towns are: denser in the middle.
SEED = f"""
import random
from benchmarks.seed import _areas
from trama.core.models import Code
from trama.territory.models import Place
kind, _made = Code.objects.get_or_create(
    id="bench:x", list="bench", value="x", defaults=dict(label_it="luogo", label_en="place"))
_areas()
chance = random.Random(1)
towns = [(chance.uniform(11.24, 11.42), chance.uniform(44.43, 44.55), chance.uniform(0.002, 0.02)) for _ in range(40)]
places = []
for number in range({COUNT}):
    lon, lat, wide = chance.choice(towns)
    place = Place(name=f"Luogo {{number}}", kind=kind)
    place.put_at(chance.gauss(lon, wide), chance.gauss(lat, wide * 0.7))
    places.append(place)
Place.objects.bulk_create(places, batch_size=1000)
"""
# Noted from the first moment of the page: tasks that block it, and when the first marker is painted.
WATCH = """
window.bench = { longest: 0, seen: 0 };
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.bench.longest = Math.max(window.bench.longest, task.duration);
}).observe({ type: "longtask", buffered: true });
const look = () => {
  const seen = document.querySelector(".trama-map-point");
  requestAnimationFrame(seen ? () => { window.bench.seen = performance.now(); } : look);
};
requestAnimationFrame(look);
"""


def trama(home: Path, *arguments: str) -> None:
    """Run the command line on the installation of the benchmark."""
    command = [sys.executable, "-c", "from trama.config.command_line import main; main()", *arguments]
    subprocess.run(command, env={**os.environ, "TRAMA_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)


def seed(home: Path) -> None:
    """An installation with the places and the areas around them."""
    trama(home, "prepare", "-v", "0")
    trama(home, "shell", "-v", "0", "-c", SEED)


def one_visit(browser: Any, address: str) -> dict[str, float]:
    """A first visit with an empty cache: milliseconds to the first marker, longest task, bytes of the points' answer.

    Then the map is zoomed in twice and moved, so that tasks of later views count too.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="it")
    page = context.new_page()
    page.add_init_script(WATCH)
    sent: list[bytes] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    points: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: points.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    page.on("response", lambda r: sent.append(r.body()) if "punti.json" in r.url and not sent else None)
    page.goto(address)
    page.wait_for_selector(".trama-map-point")
    page.wait_for_timeout(300)
    seen = page.evaluate("window.bench.seen")
    weight = next(size for key, size in sizes.items() if "punti.json" in points.get(key, ""))
    labels = sum(point[2] for point in json.loads(sent[0])["points"])
    for _ in range(2):
        page.locator(".leaflet-control-zoom-in").click()
        page.wait_for_timeout(700)
    page.locator(".trama-map").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(700)
    longest = page.evaluate("window.bench.longest")
    context.close()
    return {"seen": seen, "longest": longest, "weight": weight, "labels": labels, "plain": len(gzip.compress(sent[0]))}


def visits(home: Path) -> list[dict[str, float]]:
    """Several first visits to a server that is warm."""
    from playwright.sync_api import sync_playwright
    from scripts import browser

    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with serving(home) as (port, _process), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.found(), args=arguments)
        address = f"http://127.0.0.1:{port}{PAGE}"
        one_visit(chromium, address)
        found = [one_visit(chromium, address) for _ in range(RUNS)]
        chromium.close()
    return found


def bare_query(home: Path) -> Callable[[], Any]:
    """The bound: the least that a database can do to count the points by cells."""
    import sqlite3

    connection = sqlite3.connect(home / "trama.sqlite3")
    return lambda: connection.execute(
        "SELECT count(*) FROM territory_place WHERE x IS NOT NULL GROUP BY (x + 268435456) / 10000 * 4294967296 + "
        "(y + 268435456) / 10000"
    ).fetchall()


def main() -> list[Result]:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="trama-bench-map-") as folder:
        home = Path(folder)
        print(f"Map: {COUNT} points…", flush=True)
        seed(home)
        bound = median_ms(bare_query(home))
        found = visits(home)
    wrong = {visit["labels"] for visit in found} - {COUNT}
    if wrong:
        raise RuntimeError(f"the labels of the clusters sum to {wrong}, not to {COUNT}")

    def median(key: str) -> float:
        return statistics.median(visit[key] for visit in found)

    results = [
        Result("map, visible after", median("seen"), 1000, bound, "bare count by cells"),
        Result("map, longest task", max(visit["longest"] for visit in found), 200, detail="0: none above 50 ms"),
        Result(
            "map, data of the first view", median("weight") / 1000, 60, unit="kB", detail="compressed, with headers"
        ),
    ]
    for result in results:
        print(result.line())
    return results


if __name__ == "__main__":
    main()
