"""Run a command with a private PostgreSQL: a cluster in a temporary folder, on a free port, gone afterwards.

    scripts/postgres.py -- .venv/bin/pytest …              fail when no server programs are found
    scripts/postgres.py --if-found -- .venv/bin/pytest …   say so and succeed when none are found
    scripts/postgres.py --get                              as root on Debian: install them if there are none

The command finds the address in DATABASE_URL. Server programs are looked for in POSTGRES_BIN, on the PATH and where
Debian, Red Hat and Homebrew put them. A server refuses to run as root: it then runs as postgres, or else nobody.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")
OLDEST = 15
# A cluster that lives for minutes need not survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


class PostgresError(Exception):
    """A sentence for the person at the terminal."""


def version(folder: Path) -> int:
    """Major version of the server programs in a folder; 0 when there are none."""
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        return 0
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True).stdout
    number = re.search(r"(\d+)", said)
    return int(number[1]) if number else 0


def server_programs() -> Path | None:
    """The folder with the newest server programs that are new enough."""
    candidates = [Path(os.environ["POSTGRES_BIN"])] if os.environ.get("POSTGRES_BIN") else []
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
        candidates.append(Path(on_path).parent)
    for place in PLACES:
        candidates += sorted(Path("/").glob(place.removeprefix("/")))
    fit = [folder for folder in candidates if version(folder) >= OLDEST]
    return max(fit, key=version) if fit else None


def unprivileged() -> dict[str, Any]:
    """Arguments for subprocess that give up root's rights; empty when we have none."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise PostgresError("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody.")


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server accepts connections; raises PostgresError with its log when it does not."""
    for _ in range(300):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise PostgresError("The private PostgreSQL did not start:\n" + log.read_text(errors="replace")[-2000:])


def start(programs: Path, folder: Path, password: str) -> tuple[subprocess.Popen[bytes], int]:
    """Make a cluster in the folder and start its server; returns the process and its port."""
    person = unprivileged()
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(folder), "TZ": "UTC"}
    data, log, secret = folder / "data", folder / "log", folder / "secret"
    secret.write_text(password, encoding="utf-8")
    log.touch()
    if person:
        for path in (folder, secret, log):
            os.chown(path, person["user"], person["group"])
    make = [programs / "initdb", "--pgdata", data, "--username", "trama", "--pwfile", secret, "--no-sync"]
    make += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]
    made = subprocess.run(make, capture_output=True, text=True, env=environment, cwd=folder, **person)
    if made.returncode:
        raise PostgresError(f"initdb failed:\n{made.stdout[-1000:]}{made.stderr[-1000:]}")
    port = free_port()
    serve = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder]
    serve += [item for key, value in FAST.items() for item in ("-c", f"{key}={value}")]
    with log.open("ab") as output:
        server = subprocess.Popen(
            serve,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=folder,
            start_new_session=True,  # a Ctrl-C at the terminal reaches us first
            **person,
        )
    return server, port


def stop(server: subprocess.Popen[bytes]) -> None:
    """Shut a server down: sessions are ended; one that does not listen is stopped at once."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=20)


@contextlib.contextmanager
def private_cluster(programs: Path) -> Iterator[str]:
    """A running server with one empty database; yields its DATABASE_URL, removes everything at the end."""
    folder = Path(tempfile.mkdtemp(prefix="trama-postgres-"))
    password = secrets.token_hex(16)
    try:
        server, port = start(programs, folder, password)
        try:
            wait_until_ready(server, port, folder / "log")
            yield f"postgresql://trama:{password}@127.0.0.1:{port}/postgres"
        finally:
            stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def installed() -> Path | None:
    """The system's PostgreSQL, installed now; None when we are not root or the system has no apt."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "postgresql"]):
        subprocess.run(command, stdout=sys.stderr, env=environment)
    return server_programs()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status of the command that was given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--if-found", action="store_true", help="succeed with a sentence when there is no server")
    parser.add_argument("--get", action="store_true", help="install a server with apt when there is none (as root)")
    parser.add_argument("command", nargs="*", help="what to run with DATABASE_URL set; put -- before it")
    options = parser.parse_args(arguments)
    programs = server_programs() or (installed() if options.get else None)
    if programs is None:
        print(f"No PostgreSQL {OLDEST} or newer was found (POSTGRES_BIN names a folder): the tests on it are left out.")
        return 0 if options.if_found else 1
    if not options.command:
        print(programs)
        return 0
    # A stop from outside must pass through the clean-up above.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with private_cluster(programs) as address:
            print(f"Private PostgreSQL {version(programs)} from {programs}.", flush=True)
            return subprocess.run(options.command, env={**os.environ, "DATABASE_URL": address}).returncode
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
