"""Loads, points in areas and the printed report, each in a process as from the command line."""

from __future__ import annotations

import csv
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import records
from benchmarks.measure import Result

TRAMA = [sys.executable, "-c", "from trama.config.command_line import main; main()"]


def _timed(home: Path, *arguments: str) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        [*TRAMA, *arguments], env={**os.environ, "TRAMA_HOME": str(home)}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return time.perf_counter() - start


WARM = """
import sys, time
import django
django.setup()
from django.core.management import call_command
for _again in range(3):
    start = time.perf_counter()
    call_command("report", "territory", "--area", "037006", "--out", sys.argv[1], verbosity=0)
    print((time.perf_counter() - start) * 1000)
"""


def _report(home: Path) -> list[Result]:
    """The report as a running installation makes it, and as the command line does, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "report.pdf")
        whole = _timed(home, "report", "territory", "--area", "037006", "--out", out) * 1000
        bare = statistics.median(_timed(home, "check") * 1000 for _ in range(2))
        environment = {**os.environ, "TRAMA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "trama.config.settings"}
        done = subprocess.run([sys.executable, "-c", WARM, out], env=environment, capture_output=True, check=True)
        times = [float(line) for line in done.stdout.split() if line.replace(b".", b"").isdigit()]
        size = f"{Path(out).stat().st_size / 1024:.0f} kB"
    return [
        Result("report of the territory, warm", statistics.median(times[1:]), 5000, detail=size),
        Result("report of the territory, whole process", whole, 8000, bare, "start-up alone"),
    ]


def _wave_report() -> list[Result]:
    """The report of the first wave of the demonstration, each form a whole process: processor time, children included,
    for the clock of a busy machine says little."""
    folder = Path(tempfile.mkdtemp(prefix="trama-bench-"))
    try:
        home = folder / "home"
        _timed(home, "prepare")
        _timed(home, "demo", "--yes")
        wave = ("report", "wave", "--wave", "Primo monitoraggio", "--out")
        bare = statistics.median(_processor(home, "report", "frozen") for _ in range(2))
        taken = {
            form: _processor(home, *wave, str(folder / f"report.{form}")) for form in ("pdf", "docx", "xlsx", "zip")
        }
    finally:
        shutil.rmtree(folder)
    detail = ", ".join(f"{form} {time:.0f}" for form, time in taken.items())
    return [Result("report of a wave, PDF, processor time", taken["pdf"], 5000, bare, "start-up alone", detail=detail)]


def _processor(home: Path, *arguments: str) -> float:
    """Milliseconds of processor time of a command and of what it starts."""
    before = os.times()
    _timed(home, *arguments)
    after = os.times()
    children = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return children * 1000


def _points_in_areas() -> Result:
    """10,000 points against 8,000 areas: the same index that `territory.finding` builds, cold."""
    import numpy as np
    import shapely

    dice = np.random.default_rng(2026)
    x, y = np.meshgrid(np.arange(100), np.arange(80))
    boxes = shapely.box(x.ravel(), y.ravel(), x.ravel() + 1, y.ravel() + 1)
    points = shapely.points(dice.uniform(0, 100, 10_000), dice.uniform(0, 80, 10_000))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        found = shapely.STRtree(boxes).query(points, predicate="within")
        times.append((time.perf_counter() - start) * 1000)
        assert found.shape[1] == 10_000
    return Result("10,000 points in 8,000 areas (index included)", statistics.median(times), 1000)


def _clusters() -> list[Result]:
    """Local indicators and Moran's I of 3,700 sections, 999 permutations, beside the bare sums that they need.

    Processor time: the clock of a busy machine says little.
    """
    import numpy as np
    import shapely

    from trama.insight.analysis import neighbours, spatial

    dice = np.random.default_rng(2026)
    x, y = (axis.ravel()[:3_700] for axis in np.meshgrid(np.arange(61), np.arange(61)))
    sections = shapely.box(x * 100, y * 100, x * 100 + 100, y * 100 + 100)
    values = dice.normal(size=3_700) + 0.02 * x
    start = time.process_time()
    weights = neighbours.contiguity(sections).standardised()
    found = (time.process_time() - start) * 1000
    hands, even = dice.integers(0, 3_700, (999, 8)), np.full(8, 1 / 8)

    def bare() -> None:
        for _section in range(3_700):
            values[hands] @ even

    local, least = (_processor_ms(run) for run in (lambda: spatial.lisa(values, weights), bare))
    whole = _processor_ms(lambda: spatial.moran(values, weights))
    name = "bare sums over as many neighbours"
    return [
        Result(
            "LISA of 3,700 sections, 999 permutations", local, 1000, least, name, detail=f"neighbours {found:.0f} ms"
        ),
        Result("Moran's I of 3,700 sections, 999 permutations", whole, 1000, least, name),
    ]


def _linkage() -> Result:
    """140,000 made-up names of 100 provinces linked, beside the least that any linking has to do: read every name, and
    multiply their trigrams within each province."""
    from trama.network.analysis import pairs
    from trama.network.analysis.linkage import link

    dice = random.Random(2026)
    words = ["".join(dice.choice("bcdflmnprstv") + dice.choice("aeiou") for _ in range(3)) for _ in range(9_000)]
    parties = []
    for number in range(140_000):
        province = f"P{number % 100}"
        town = f"{province}-{number // 100 % 30}"
        name = f"{dice.choice(['Associazione', 'Circolo', 'Parrocchia'])} {' '.join(dice.choices(words, k=3))}"
        if parties and dice.random() < 0.3:
            name, town, province = (
                f"{parties[-1].name} {dice.choice(['OdV', 'APS', ''])}",
                parties[-1].place,
                parties[-1].wider,
            )
        years = frozenset({str(2017 + number % 4)})
        parties.append(pairs.Party(number, name, place=town, wider=province, lists=years))

    def bare() -> None:
        prepared = pairs.Prepared(parties)
        blocks: dict[str, list[int]] = {}
        for row, party in enumerate(parties):
            blocks.setdefault(party.wider, []).append(row)
        for rows in blocks.values():
            vectors = prepared.letters[rows]
            _product = vectors @ vectors.T

    taken, least = _processor_ms(lambda: link(parties), 1), _processor_ms(bare, 1)
    return Result("140,000 names linked, processor time", taken, 30_000, least, "names read, trigrams multiplied")


def _processor_ms(run: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        run()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken)


def _load() -> Result:
    """10,000 rows of resources: dry run and commit, beside the bare reading of the file."""
    folder = Path(tempfile.mkdtemp(prefix="trama-bench-"))
    try:
        rows = folder / "rows.csv"
        _write_rows(rows)
        start = time.perf_counter()
        with rows.open(encoding="utf-8") as file:
            count = sum(1 for _ in csv.reader(file))
        bare = (time.perf_counter() - start) * 1000
        recipe = Path(__file__).with_name("resources.toml")
        home = folder / "home"
        _timed(home, "prepare")
        taken = _timed(home, "load", str(recipe), "--from", str(folder), "--yes") * 1000
    finally:
        shutil.rmtree(folder)
    return Result(
        "load of 10,000 resources, dry run and commit",
        taken,
        15_000,
        bare,
        "bare file read",
        detail=f"{count - 1} rows",
    )


def _write_rows(path: Path) -> None:
    dice = random.Random(2026)
    from benchmarks.seed import title

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "description", "promoter", "phone", "lat", "lon"])
        for number in range(10_000):
            promoter = f"Associazione {number % 700}"
            lat, lon = dice.uniform(44.45, 44.53), dice.uniform(11.28, 11.40)
            writer.writerow(
                [number, title(dice, number), title(dice, number) * 4, promoter, f"051 {number:06d}", lat, lon]
            )


def main(home: Path) -> list[Result]:
    """All of them; what cannot run says why."""
    results = [_points_in_areas(), *_clusters(), _linkage()]
    runs = (
        (lambda: _report(home), "report"),
        (_wave_report, "report of a wave"),
        (lambda: [_load()], "load"),
        (records.main, "records of a spreadsheet"),
    )
    for run, name in runs:
        try:
            results += run()
        except (RuntimeError, OSError) as error:
            results.append(Result(name, float("inf"), 0, detail=str(error)[-300:]))
    return results
