"""The wheel carries all that the checkout has, and works in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, tracked

pytestmark = pytest.mark.slow

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree, with what is installed and without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def trama(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """`trama` of an environment that has the wheel, and borrows its dependencies alone from the one of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("TRAMA_", "DJANGO_", "DATABASE_", "PYTHON"))
    }
    environment["TRAMA_HOME"] = str(folder / "home")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv:
        install = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(python), str(wheel)]
    else:
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index"]
        install = [*pip, "--no-deps", str(wheel)]
    subprocess.run(install, check=True, env={**environment, "UV_PYTHON_DOWNLOADS": "never"})
    site = next((folder / "venv").glob("lib/python*/site-packages"))
    # Only the folder itself: the link to the checkout that stands in it is not followed from here.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")

    def run(*arguments: str, program: str = "trama") -> subprocess.CompletedProcess[str]:
        command = [str(folder / "venv" / "bin" / program), *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)

    return run


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("trama/")}
    wanted = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in tracked()
        if path.is_relative_to(PACKAGE) and path.suffix != ".po" and "tests" not in path.relative_to(PACKAGE).parts
    }
    assert wanted - carried == set()
    recipes = {
        f"trama/{path.relative_to(ROOT).as_posix()}" for path in tracked() if path.is_relative_to(ROOT / "recipes")
    }
    assert recipes
    assert recipes - carried == set()
    wanted |= recipes
    assert carried - wanted == set()
    for kind in (".html", ".css", ".mo", ".csv"):
        assert any(name.endswith(kind) for name in carried), f"no {kind} at all"


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    licence = next(name for name in archive.namelist() if name.endswith("/licenses/LICENSE"))
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in archive.read(licence).decode("utf-8")


def test_an_installed_trama_is_the_wheel_s(trama: Command) -> None:
    done = trama("-c", "import trama; print(trama.__file__)", program="python")
    assert "site-packages" in done.stdout, done.stderr


def test_an_installed_trama_says_its_version(trama: Command, wheel: Path) -> None:
    done = trama("--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == wheel.name.split("-")[1]


def test_an_installed_trama_finds_the_recipes_that_it_carries(trama: Command) -> None:
    done = trama("load", "recipes/imola.toml", "--from", "no-such-folder")
    assert "no-such-folder" in done.stderr, done.stdout + done.stderr
    done = trama("load", "recipes/nowhere.toml", "--from", "no-such-folder")
    assert "recipes/nowhere.toml" in done.stderr


def test_an_installed_trama_prepares_its_database(trama: Command) -> None:
    for command in (("check",), ("migrate", "--verbosity", "0")):
        done = trama(*command)
        assert done.returncode == 0, done.stdout + done.stderr
