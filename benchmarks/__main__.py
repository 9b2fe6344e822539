"""`make bench`: seed a large installation once (kept under var/bench), measure, print medians with their bounds."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import waves, web, work
from benchmarks.measure import Result

ROOT = Path(__file__).resolve().parent.parent


def seeded(home: Path, anew: bool) -> None:
    """The large installation, made when it is not there."""
    if (home / "trama.sqlite3").exists() and not anew:
        environment = {**os.environ, "TRAMA_HOME": str(home)}
        command = [sys.executable, "-c", "from trama.config.command_line import main; main()", "prepare", "-v", "0"]
        subprocess.run(command, env=environment, check=True)
        return
    for path in home.glob("trama.sqlite3*"):
        path.unlink()
    print("Seeding 10,000 organisations, 10,000 resources, 100,000 experiences (some minutes, once)…", flush=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "benchmarks.seed"], env={**os.environ, "TRAMA_HOME": str(home)}, check=True)
    print(f"Seeded in {time.perf_counter() - start:.0f} s.")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", choices=["web", "work", "map", "waves", []], help="default: all")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "bench", help="where the large installation is")
    parser.add_argument("--anew", action="store_true", help="seed again")
    arguments = parser.parse_args()
    chosen = arguments.which or ["web", "work", "map", "waves"]
    results: list[Result] = []
    if chosen != ["waves"]:
        arguments.home.mkdir(parents=True, exist_ok=True)
        seeded(arguments.home, arguments.anew)
    if "web" in chosen:
        results += web.main(arguments.home)
    if "work" in chosen:
        results += work.main(arguments.home)
    if "waves" in chosen:
        results += waves.main()
    print()
    for result in results:
        print(result.line())
    if "map" in chosen:
        from benchmarks import map as on_map

        on_map.main()


if __name__ == "__main__":
    main()
