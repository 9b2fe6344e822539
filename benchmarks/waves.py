"""Closing a wave of 20,000 experiences: killed on its way, repeated, signed again; and all the tables of such a wave.

`python -m benchmarks waves`. An installation of its own in a folder that goes away; closing is the command line's.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Result

MANY = 20_000
TRAMA = [sys.executable, "-c", "from trama.config.command_line import main; main()"]


def fill() -> None:
    """Twenty thousand experiences and an open wave on them, all confirmed; in the database of TRAMA_HOME."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
    import django

    django.setup()
    from datetime import date

    from django.core.management import call_command
    from django.db import transaction

    from trama.core import bulk
    from trama.experiences.models import Experience, ExperienceArea, Participation
    from trama.monitoring.models import Sheet
    from trama.monitoring.tests.factories import make_open_wave, make_town

    call_command("prepare", verbosity=0)
    with transaction.atomic():
        town = make_town()
        area = town.areas["west"]
        rows = (
            Experience(name=f"Esperienza {n}", kind_id="experience_kind:activity", state="published", summary="s",
                       starts_on=date(2024, 1, 1), area=area, volunteers=n % 40, volunteers_precision="exact")
            for n in range(MANY - len(town.experiences))
        )  # fmt: skip
        Experience.objects.bulk_create(rows, batch_size=2000)
        found = Experience.objects.filter(name__startswith="Esperienza ").order_by("pk").values_list("pk", flat=True)
        keys = list(found)
        bulk.insert([ExperienceArea(experience_id=pk, area=area) for pk in keys])
        bulk.insert(
            [Participation(experience_id=pk, organisation=town.club, role_id="tie_role:promoter") for pk in keys]
        )
        wave = make_open_wave(town)
        Sheet.objects.filter(wave=wave).update(answer="confirmed")


def state() -> None:
    """Print the state of the wave, how many rows it froze, and whether what it froze is what it signed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
    import django

    django.setup()
    from trama.monitoring import freezing
    from trama.monitoring.models import FrozenRow, Wave

    wave = Wave.objects.get()
    print(wave.state, FrozenRow.objects.count(), freezing.holds(wave))


def tables() -> None:
    """Print the processor time of all cuts of a wave of as many frozen records that say much, and of one crossing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
    import django

    django.setup()
    from datetime import date

    from trama.core.actor import NOBODY
    from trama.monitoring.cuts import crossing, cuts
    from trama.monitoring.models import Wave, WaveArea
    from trama.monitoring.tests.frozen import contents, make_frozen_wave
    from trama.territory.models import Area

    areas = list(Area.objects.filter(parent__isnull=False).order_by("pk").values_list("pk", flat=True))
    days = {name: date(2024, 12, 31) for name in ("ends_on", "answer_by")}
    waves = []
    for count in (50, MANY):
        wave = Wave.objects.create(name=f"{count}", promoter="p", starts_on=date(2024, 1, 1), **days)
        WaveArea.objects.create(wave=wave, area=Area.objects.filter(code="BORGO").get())
        waves.append(make_frozen_wave(wave, contents(count, areas)))
    cuts(waves[0], NOBODY)  # what a process does once
    start = time.process_time()
    cuts(waves[1], NOBODY)
    whole = time.process_time() - start
    start = time.process_time()
    crossing(waves[1], NOBODY, "need", "area", "organisations")
    print(whole, time.process_time() - start)


def _asked(home: Path, task: str) -> str:
    command = [sys.executable, "-c", f"from benchmarks import waves; waves.{task}()"]
    done = subprocess.run(command, env={**os.environ, "TRAMA_HOME": str(home)}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-800:])
    return done.stdout.strip()


def _closing(home: Path, *, kill_after: str = "") -> float:
    """Close the wave; the seconds of processor time that it took. Killed when it says that it got so far."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [*TRAMA, "waves", "close", "--wave", "1"]
    environment = {**os.environ, "TRAMA_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        for line in run.stdout or ():
            if kill_after and line.strip().startswith(kill_after):
                run.send_signal(signal.SIGKILL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> list[Result]:
    """Fill, kill, close again, look."""
    with tempfile.TemporaryDirectory(prefix="trama-waves-") as name:
        home, start = Path(name), time.perf_counter()
        _asked(home, "fill")
        filled = time.perf_counter() - start
        first = _closing(home, kill_after=f"{MANY // 2} of")
        halfway = _asked(home, "state")
        second = _closing(home)
        closed = _asked(home, "state")
        cut, crossed = (float(text) for text in _asked(home, "tables").split())
    if not halfway.startswith("closing ") or closed != f"closed {MANY} True":
        raise RuntimeError(f"killed: {halfway}; repeated: {closed}")
    detail = f"killed at “{halfway}”, then “{closed}”; filled in {filled:.0f} s"
    return [
        Result(f"close {MANY:,} experiences, killed once (CPU)", first + second, 30, unit="s", detail=detail),
        Result(
            f"all tables of {MANY:,} frozen records (CPU)", cut, 2, unit="s", detail=f"one crossing {crossed:.2f} s"
        ),
    ]
