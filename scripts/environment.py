"""Make or refresh the virtual environment `.venv` from the hashed lock files; standard library only.

    python3 scripts/environment.py run    what serving needs (requirements/run.txt)
    python3 scripts/environment.py dev    what testing and checking need too (requirements/dev.txt)
    python3 scripts/environment.py oracles    beside it in `.venv-oracles`: the programs with which results are compared

Needs Python >= 3.11 and access to a package index; no root, no compiler, no system package. A second call with nothing
changed returns at once.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The oracles want what Trama does without (pandas): they never share an environment with it.
ORACLES = sys.argv[1:] == ["oracles"]
VENV = ROOT / ".venv-oracles" if ORACLES else Path(os.environ.get("TRAMA_VENV", ROOT / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
REQUIREMENTS = ROOT / "requirements"
KINDS = {"run": "to run", "dev": "with the tools for tests", "oracles": "of the programs to compare with"}
PUBLIC_INDEX = "https://pypi.org/simple"


class SetupError(Exception):
    """A sentence for the person at the terminal."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"  {text}", file=sys.stderr, flush=True)


@functools.cache
def index_of_pip() -> str:
    """The package index that pip is told to use, by the environment or its own settings; empty for the public one."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def run(command: list[str | Path], quiet: bool = False) -> bool:
    """Run a command from the root of the project; whether it ended well."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    # pip may know of a mirror that uv does not read about by itself.
    if index := index_of_pip():
        environment.setdefault("UV_DEFAULT_INDEX", index)
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output).returncode == 0
    except OSError:
        return False


def stamp_of(kind: str) -> str:
    """What the environment depends on: lock file, project metadata, interpreter, folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    facts = [
        (REQUIREMENTS / f"{kind}.txt").read_text(encoding="utf-8"),
        json.dumps([project["project"], project["build-system"]], sort_keys=True),
        sys.version,
        str(VENV.resolve()),
        str(ROOT),
    ]
    return hashlib.sha256("\0".join(facts).encode("utf-8")).hexdigest()


def stamp_path(kind: str) -> Path:
    """The file that says for what the environment was last made."""
    return VENV / f".trama-{kind}"


def is_current(kind: str) -> bool:
    """Whether nothing changed since the environment was made."""
    path = stamp_path(kind)
    return PYTHON.exists() and path.exists() and path.read_text(encoding="utf-8") == stamp_of(kind)


def make_venv() -> None:
    """An empty virtual environment of this interpreter, replacing one that is broken or of another Python."""
    if PYTHON.exists():
        same = f"import sys; sys.exit(sys.version != {sys.version!r})"
        if run([PYTHON, "-c", same], quiet=True):
            return
        say("The environment belongs to another Python: making it again.")
        shutil.rmtree(VENV)
    if not run([sys.executable, "-m", "venv", "--without-pip", VENV]):
        raise SetupError("Python cannot make a virtual environment here: is the folder writable?")


def pinned(name: str) -> tuple[str, set[str]]:
    """Version and SHA-256 hashes of a tool in requirements/setup.txt."""
    text = (REQUIREMENTS / "setup.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{name}==(\S+)((?:\s*\\\n\s+--hash=sha256:[0-9a-f]+)+)", text, re.MULTILINE)
    if not found:
        raise SetupError(f"requirements/setup.txt does not pin {name}.")
    return found[1], set(re.findall(r"sha256:([0-9a-f]+)", found[2]))


def fetched_pip(folder: Path) -> Path:
    """The pip wheel itself from the package index, checked against its hash: for a Python without ensurepip."""
    version, hashes = pinned("pip")
    index = index_of_pip() or os.environ.get("UV_DEFAULT_INDEX") or PUBLIC_INDEX
    page_address = f"{index.rstrip('/')}/pip/"
    name = f"pip-{version}-py3-none-any.whl"
    try:
        with urllib.request.urlopen(page_address, timeout=60) as answer:
            page = answer.read().decode("utf-8")
        link = re.search(rf'href="([^"]*{re.escape(name)}[^"]*)"', page)
        if not link:
            raise SetupError(f"The package index does not list {name}.")
        with urllib.request.urlopen(urllib.parse.urljoin(page_address, link[1]), timeout=120) as answer:
            wheel = answer.read()
    except (urllib.error.URLError, TimeoutError) as error:
        raise SetupError(
            f"This Python has neither pip nor ensurepip, and the package index does not answer ({error}). "
            "Install pip for it, or set PIP_INDEX_URL to an index that can be reached."
        ) from error
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        raise SetupError(f"{name} from the package index is not the file that requirements/setup.txt pins.")
    path = folder / name
    path.write_bytes(wheel)
    return path


def has_pip() -> bool:
    """Whether the environment has a pip of its own."""
    return run([PYTHON, "-m", "pip", "--version"], quiet=True)


def make_pip() -> None:
    """A pip inside the environment: the one that Python brings, or the one from the package index."""
    if has_pip() or (run([PYTHON, "-m", "ensurepip", "--default-pip"], quiet=True) and has_pip()):
        return
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetched_pip(Path(folder))
        if not run([PYTHON, wheel / "pip", "install", "--quiet", "--no-index", wheel]):
            raise SetupError("pip could not be put into the environment: the lines above say why.")


def usable_uv() -> str | None:
    """A uv that works: in the environment, or on the PATH."""
    for candidate in (str(BIN / "uv"), shutil.which("uv")):
        if candidate and run([candidate, "pip", "sync", "--help"], quiet=True):
            return candidate
    return None


def make_uv() -> str | None:
    """A uv, installed into the environment when there is none; None when only pip can be had."""
    if uv := usable_uv():
        return uv
    make_pip()
    run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", REQUIREMENTS / "setup.txt"], quiet=True)
    return usable_uv()


def install(kind: str) -> None:
    """Put the locked packages and the project itself into the environment; uv first, plain pip when uv cannot."""
    lock = REQUIREMENTS / f"{kind}.txt"
    editable: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", ROOT]
    uv = make_uv()
    if uv and run([uv, "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", lock]):
        done = kind == "oracles" or run([uv, "pip", "install", "--quiet", "--python", PYTHON, *editable])
    else:
        say("uv could not do it: trying with plain pip.")
        make_pip()
        pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet"]
        done = run([*pip, "--no-deps", "--require-hashes", "-r", lock])
        done = done and (kind == "oracles" or run([*pip, *editable]))
    if not done:
        raise SetupError("The packages could not be installed: the lines above say which, and why.")


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit status."""
    kind = arguments[0] if arguments else "run"
    if kind not in KINDS or len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    if is_current(kind) or (kind == "run" and is_current("dev")):
        return 0
    # An environment for developers stays one.
    if kind == "run" and stamp_path("dev").exists():
        kind = "dev"
    started = time.monotonic()
    try:
        say(f"Making the environment ({KINDS[kind]}); once only.")
        make_venv()
        for other in KINDS:
            stamp_path(other).unlink(missing_ok=True)
        install(kind)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    stamp_path(kind).write_text(stamp_of(kind), encoding="utf-8")
    say(f"The environment is ready ({time.monotonic() - started:.0f} s).")
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - it is run by whatever Python there is
        sys.exit("Trama needs Python 3.11 or newer.")
    sys.exit(main(sys.argv[1:]))
