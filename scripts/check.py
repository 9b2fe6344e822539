"""Everything that can be checked without running a test; says at the end what failed. `make check` calls it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def templates() -> list[str]:
    """The Django templates of our apps, as paths from the root."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "src" / "trama").glob("*/templates/**/*.html"))


# Warnings of Django about a published site that are the reverse proxy's business (docs/installation.md), not ours.
PROXYS_BUSINESS = {
    "security.W005": "whether the subdomains speak https too, only their owner knows",
    "security.W008": "the reverse proxy sends http to https",
    "security.W021": "the browsers' preload list is the owner's choice",
}
DEPLOY = f"""
import sys, django
django.setup()
from django.core.checks import run_checks
found = [m for m in run_checks(include_deployment_checks=True) if m.id not in {sorted(PROXYS_BUSINESS)!r}]
print(*found, sep="\\n")
sys.exit(bool(found))
"""


def steps() -> list[tuple[str, list[str | Path], dict[str, str]]]:
    """(what it watches, command, more environment) in the order of cheapness."""
    published = {
        "TRAMA_HTTPS": "1",
        "TRAMA_HOSTS": "trama.example.org",
        "DJANGO_SETTINGS_MODULE": "trama.config.settings",
    }
    return [
        ("format", [BIN / "ruff", "format", "--check", "--quiet", "."], {}),
        ("lint", [BIN / "ruff", "check", "--quiet", "."], {}),
        ("templates", [BIN / "djade", "--check", "--target-version", "5.2", *templates()], {}),
        ("translations", [sys.executable, "scripts/messages.py", "--check"], {}),
        ("contracts", [BIN / "lint-imports", "--no-logo"], {}),
        ("migrations", [BIN / "trama", "makemigrations", "--check", "--dry-run"], {}),
        ("settings of a published site", [sys.executable, "-c", DEPLOY], published),
        ("generated pages", [sys.executable, "scripts/pages.py", "--check"], {}),
        ("types", [BIN / "mypy"], {}),
    ]


def main() -> int:
    """Run every step; returns the exit status."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="trama-check-") as home:
        for name, command, more in steps():
            started = time.monotonic()
            environment = {**os.environ, "TRAMA_HOME": home, **more}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            print(
                f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - started:.1f} s)",
                flush=True,
            )
            if done.returncode:
                failed.append(name)
                print(done.stdout + done.stderr, flush=True)
    if failed:
        print(f"Not in order: {', '.join(failed)}.", file=sys.stderr)
        return 1
    print("Everything is in order.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
