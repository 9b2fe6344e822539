"""Find a Chromium for the browser tests, or get one; prints its path.

Looked for, in this order: the environment variable CHROMIUM, the programs of the system, Playwright's own download.
When there is none: Playwright's download is tried, then (as root, on Debian and the like) the system's package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def works(path: str | None) -> bool:
    """Whether the program starts: a download without the system libraries that it needs does not."""
    if not path or not Path(path).exists():
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def playwrights_own() -> str | None:
    """Where Playwright would put its Chromium, whether or not it is there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def found() -> str | None:
    """The path of a Chromium that works, if any."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named) if works(shutil.which(named)) else None
    for name in NAMES:
        path = shutil.which(name)
        if works(path):
            return path
    path = playwrights_own()
    return path if works(path) else None


def downloaded() -> str | None:
    """Playwright's own Chromium, downloaded now; None when the network or the system does not allow it."""
    print("No Chromium found: downloading Playwright's own.", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        print("The download took too long.", file=sys.stderr)
        return None
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[0]
        print(f"It could not be downloaded: {why}", file=sys.stderr)
    return found()


def installed() -> str | None:
    """The system's Chromium, installed now; None when we are not root or the system has no apt."""
    if os.name == "nt" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("Installing the system's Chromium.", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]):
        subprocess.run(command, stdout=sys.stderr, env=environment)
    return found()


def main() -> int:
    """Run the command; returns the exit status."""
    path = found()
    if path is None and os.environ.get("CHROMIUM"):
        print(f"CHROMIUM names {os.environ['CHROMIUM']}, which does not start.", file=sys.stderr)
        return 1
    path = path or downloaded() or installed()
    if path is None:
        print(
            "The browser tests need a Chromium, and none was found or could be got. Install one (on Debian and Ubuntu: "
            "sudo apt-get install chromium) or name one with CHROMIUM=/path/to/it.",
            file=sys.stderr,
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
