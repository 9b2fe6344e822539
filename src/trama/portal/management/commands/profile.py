"""`trama profile CODE`: the page of an area in the terminal, or as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from trama.core.actor import NOBODY
from trama.core.search import fold
from trama.portal.profile import profile
from trama.territory.models import Area
from trama.ui import numbers


class Command(BaseCommand):
    help = "What is known about an area: residents, context values with year and source, what is registered in it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the code of the area (037032) or its name (Imola)")
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.add_argument("--lang", default="it", choices=["it", "en"], help="language of the names (default it)")

    def handle(self, *args: Any, **options: Any) -> None:
        area = self._area(options["code"])
        with translation.override(options["lang"]):
            found = profile(area, NOBODY)
            if options["json"]:
                self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))
            else:
                self._print(found)

    def _area(self, text: str) -> Area:
        exact = Area.objects.filter(code=text).first()
        if exact is not None:
            return exact
        wanted = fold(text)
        named = [area for area in Area.objects.order_by("code") if fold(area.name) == wanted]
        if len(named) == 1:
            return named[0]
        if named:
            choices = ", ".join(f"{area.code} ({area.get_kind_display()})" for area in named[:8])
            raise CommandError(f"Several areas are called “{text}”: say which code: {choices}.")
        if not Area.objects.exists():
            raise CommandError("There is no area yet: load one with “trama areas municipality NAME” or “trama demo”.")
        raise CommandError(f"There is no area “{text}”. “trama areas tree” lists those that there are.")

    def _print(self, found: dict[str, Any]) -> None:
        write = self.stdout.write
        write(self.style.MIGRATE_HEADING(f"{found['name']} ({found['code']})"))
        for residents in found["residents"][:1]:
            old = numbers.number(residents["aged_65_and_over"])
            write(f"  residenti {residents['year']}: {numbers.number(residents['total'])}, di cui 65+: {old}")
        shown: set[str] = set()
        for value in found["context"]:
            if value["indicator"] in shown:
                continue
            shown.add(value["indicator"])
            number = numbers.number(value["value"], value["decimals"]) if value["value"] is not None else value["state"]
            write(f"  {value['name']} {value['year']}: {number} {value['unit']}")
        for indicator in found["indicators"]:
            write(f"  {indicator['label']}: {indicator['text']}")
        for key, register in found["registers"].items():
            write(f"  {key}: {numbers.number(register['count'])}")
