"""Spreadsheets of records: dry run, then load, each in a process as from the command line; processor time and memory.

The time of the start of the two processes is in it.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Result

TRAMA = [sys.executable, "-c", "from trama.config.command_line import main; main()"]
MOST_MEMORY = 500  # MB
RECIPE = """format = 1
key = "rows"
title = "Rows"
[[sources]]
key = "rows"
title = "Rows"
[[steps]]
kind = "register"
name = "rows"
source = "rows"
register = "{register}"
file = "rows.csv"
[steps.columns]
"""
Dice = random.Random


def _processor(home: Path, *arguments: str) -> tuple[float, int]:
    """Milliseconds of processor time of a command, and the most memory that it took, in MB."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*TRAMA, *arguments], env={**os.environ, "TRAMA_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=said
        )
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read()[-500:].decode(errors="replace"))
    return (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss >> 10


def _words(dice: Dice) -> list[str]:
    return ["".join(dice.choice("bcdflmnprstv") + dice.choice("aeiou") for _ in range(3)) for _ in range(4_000)]


def _body(dice: Dice, words: list[str], number: int) -> dict[str, object]:
    """An organisation with two contacts, a point and a description."""
    return {
        "key": number,
        "name": f"{dice.choice(['Associazione', 'Circolo', 'Centro'])} {' '.join(dice.choices(words, k=3))}",
        "address": f"via {words[number % 400]} {number % 90}",
        "phones": f"051 {number:06d}",
        "emails": f"info{number}@sito{number % 500}.it",
        "tax_code": str(90_000_000_000 + number),
        "lat": dice.uniform(44.45, 44.53),
        "lon": dice.uniform(11.28, 11.40),
        "description": " ".join(dice.choices(words, k=25)),
    }


def _experience(dice: Dice, words: list[str], number: int) -> dict[str, object]:
    """An experience with two of 2,000 organisations, five values of lists, its dates, its people and two texts."""
    bodies = [f"Circolo {words[place]} {words[place + 1]}" for place in dice.sample(range(2_000), 2)]
    return {
        "key": number,
        "name": " ".join(dice.choices(words, k=5)),
        "kind": dice.choice(["project", "activity", "group"]),
        "state": "published",
        "starts_on": f"{1 + number % 28:02d}/03/{2015 + number % 10}",
        "ends_on": f"{1 + number % 28:02d}/09/{2015 + number % 10}",
        "organisations": "; ".join(bodies),
        "target": "; ".join(dice.sample(["elderly", "adults", "children", "carers"], 2)),
        "aim": "; ".join(dice.sample(["intercept_needs", "inclusion", "strengthen_ties"], 2)),
        "volunteers": dice.choice(["12", "circa 30", ""]),
        "beneficiaries": dice.choice(["120", "oltre 300", ""]),
        "summary": " ".join(dice.choices(words, k=30)),
        "outputs": " ".join(dice.choices(words, k=12)),
    }


def _write(folder: Path, register: str, count: int, row: Callable[[Dice, list[str], int], dict[str, object]]) -> None:
    dice = random.Random(2026)
    words = _words(dice)
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        first = row(dice, words, 0)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(row(dice, words, number) for number in range(1, count))
    columns = "".join(f'{name} = "{name}"\n' for name in first)
    (folder / "recipe.toml").write_text(RECIPE.format(register=register) + columns, encoding="utf-8")


def _measured(
    register: str, count: int, row: Callable[[Dice, list[str], int], dict[str, object]], seconds: int
) -> list[Result]:
    folder = Path(tempfile.mkdtemp(prefix="trama-bench-"))
    try:
        _write(folder, register, count, row)
        home = folder / "home"
        _processor(home, "prepare")
        asked = ["load", str(folder / "recipe.toml"), "--from", str(folder)]
        dry, _memory = _processor(home, *asked, "--dry-run")
        taken, memory = _processor(home, *asked, "--yes")
        bare, _memory = _processor(home, "check")
    finally:
        shutil.rmtree(folder)
    name = f"{count:,} {register} of a spreadsheet"
    told = f"dry run {dry:.0f} ms, load {taken:.0f} ms"
    return [
        Result(f"{name}: dry run, then load", dry + taken, seconds * 1000, bare, "start-up alone", detail=told),
        Result(f"{name}: memory of the load", memory, MOST_MEMORY, unit="MB"),
    ]


def main() -> list[Result]:
    """10,000 of two registers (20 s asked), 50,000 of one (asked: it works, under 500 MB)."""
    return [
        *_measured("organisations", 10_000, _body, 20),
        *_measured("experiences", 10_000, _experience, 20),
        *_measured("organisations", 50_000, _body, 100),
    ]
