"""Resolve the dependencies of pyproject.toml and write the hashed lock files of requirements/.

run.txt is what serving needs, dev.txt has the tools for tests and checks too, setup.txt pins the installers,
oracles.txt the programs with which results are compared and that want what Trama does without (pandas). uv.lock stays
out of the repository: it records the address of the index that it was made from.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
INSTALLERS = "pip\nuv\n"
ORACLES = "esda>=2.7\nlibpysal>=4.12\nsplink>=4\n"


def uv(*arguments: str, text: str | None = None) -> None:
    """Run uv from the root of the project; ends the program when it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run([UV, *arguments], cwd=ROOT, env=environment, input=text, text=True, stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"uv {arguments[0]} failed: the lines above say why.")


def main() -> None:
    """Write the four files."""
    uv("lock", "--quiet", *(["--upgrade"] if "--upgrade" in sys.argv else []))
    export = ("export", "--quiet", "--locked", "--no-emit-project", "--extra", "postgresql", "--no-dev")
    uv(*export, "--group", "build", "-o", "requirements/run.txt")
    uv(*export[:-1], "-o", "requirements/dev.txt")
    for name, text in (("setup", INSTALLERS), ("oracles", ORACLES)):
        # Without the settings of pyproject.toml, which keep pandas away.
        how = ("--no-config", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-header")
        uv("pip", "compile", *how, "-o", f"requirements/{name}.txt", "-", text=text)
    print("Written: requirements/run.txt, requirements/dev.txt, requirements/setup.txt, requirements/oracles.txt")


if __name__ == "__main__":
    main()
