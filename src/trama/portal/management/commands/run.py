"""`trama run`: prepare what is missing, load the demonstration the first time, say where to look, and serve."""

from __future__ import annotations

import gc
import os
import socket
import sys
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation

from trama.accounts.choices import DEMONSTRATION_PASSWORD
from trama.accounts.models import User
from trama.core import facts
from trama.core.codes import CodeListError
from trama.territory.models import Area

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not chosen


class Command(BaseCommand):
    help = "Serve Trama here: the database is prepared, and the demonstration loaded when there is nothing yet."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to answer at (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to answer at (default 8000)")
        parser.add_argument("--workers", type=int, default=2, help="processes that answer (default 2)")
        parser.add_argument("--empty", action="store_true", help="do not load the demonstration into an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if not 1 <= port <= 65535:
            raise CommandError(f"{port} is not a port: choose one between 1 and 65535.")
        self._refuse_taken(host, port)
        try:
            call_command("prepare", verbosity=options["verbosity"], stdout=self.stdout)
        except CodeListError as error:
            raise CommandError(str(error)) from error
        if not options["empty"] and not Area.objects.exists():
            self.stdout.write("Nothing here yet: loading the demonstration (some seconds)…")
            call_command("demo", stdout=self.stdout)
            self._begin_again(options)
        self._make_ready()
        self._welcome(host, port)
        self._serve(host, port, options["workers"])

    def _refuse_taken(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Nothing can be served at {host}:{port} ({error.strerror}). "
                    "Choose another port: trama run --port 8001, or make run PORT=8001."
                ) from error

    def _welcome(self, host: str, port: int) -> None:
        known = facts.facts()
        address = f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{port}"
        home = known.get(facts.HOME_AREA)
        lines = ["", f"  Trama  →  {self.style.SUCCESS(address + '/')}", ""]
        if known.get(facts.DEMONSTRATION):
            lines += [*self._logins(), ""]
            lines += [
                "  Three things to look at:",
                f"    the page of the territory   {address}/territorio/{home}/",
                f"    what is done, on the map    {address}/esperienze/mappa/",
                f"    a report to print           {address}/rapporti/territorio/{home}/",
                "",
            ]
        lines += ["  Ctrl-C stops it.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _logins(self) -> list[str]:
        names = list(User.objects.filter(is_demonstration=True, is_active=True).values_list("username", flat=True))
        if not names:
            return []
        heading = f"  Demonstration logins (password of all: {DEMONSTRATION_PASSWORD}):"
        return [heading, *("    " + "  ".join(names[start : start + 5]) for start in range(0, len(names), 5))]

    def _begin_again(self, options: dict[str, Any]) -> None:
        # The workers are copies of this process: what the load needed they would bear for ever.
        sys.stdout.flush()
        begin = "from trama.config.command_line import main; main()"
        chosen = [f"--{name}={options[name]}" for name in ("host", "port", "workers", "verbosity")]
        os.execv(sys.executable, [sys.executable, "-c", begin, "run", "--empty", *chosen])  # noqa: S606

    def _make_ready(self) -> None:
        """Read once what every worker needs (addresses, templates, messages): they start as copies of this process."""
        import_module(settings.WSGI_APPLICATION.rpartition(".")[0])
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                reverse("portal:home")
                translation.gettext("")
        get_template("ui/base.html")
        # A connection is nobody else's, and what is there now is not looked through for waste again.
        connections.close_all()
        gc.collect()
        gc.freeze()

    def _serve(self, host: str, port: int, workers: int) -> None:
        from granian.constants import Interfaces
        from granian.log import LogLevels
        from granian.server import Server

        sys.stdout.flush()
        Server(
            "trama.config.wsgi:application",
            host,
            port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=1,
            backpressure=64,
            websockets=False,
            log_level=LogLevels.warning,
            workers_kill_timeout=5,
        ).serve()
