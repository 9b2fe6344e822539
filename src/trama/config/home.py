"""Where an installation keeps its state: one folder, so that two installations can stand side by side."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def home() -> Path:
    """The folder of all state: `TRAMA_HOME`, else `var/` of the checkout, else `var/` of the current folder."""
    chosen = os.environ.get("TRAMA_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    checkout = PACKAGE.parent.parent
    base = checkout if (checkout / "pyproject.toml").exists() else Path.cwd()
    return base / "var"


def secret_key(folder: Path) -> str:
    """The signing key of this installation, made on first use and readable by its owner alone."""
    from_environment = os.environ.get("TRAMA_SECRET_KEY")
    if from_environment:
        return from_environment
    path = folder / "secret.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass  # another process made it a moment ago
        else:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
