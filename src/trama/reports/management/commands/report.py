"""`trama report`: print the report on an area or of a wave, freeze it, compare frozen ones."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from trama.core.actor import SYSTEM
from trama.monitoring.models import Wave
from trama.reports import actions, printing
from trama.reports.choices import FORMS, SLIDES
from trama.reports.comparing import compare
from trama.reports.document import Document
from trama.reports.editing import with_written
from trama.reports.keeping import Altered, opened, verify
from trama.reports.models import Profile
from trama.reports.subjects import Subject, document_of, subject_of
from trama.territory.models import Area

Targets = list[tuple[Path, str]]  # files to be written, with the form of each


class Command(BaseCommand):
    help = (
        "Print a report, freeze it, compare frozen ones.\n\n"
        "  trama report territory --area 037032 --out imola.pdf\n"
        "  trama report territory --area 037032 --out imola.docx --out imola.zip --lang en\n"
        '  trama report territory --area 037032 --freeze "Zone plan 2027"\n'
        "  trama report wave --wave 3 --out wave.pdf --out wave.docx\n"
        "  trama report wave --wave 3 --out wave.pptx --slides wave-slides.pdf\n"
        "  trama report frozen                         the frozen profiles, with their numbers\n"
        "  trama report frozen 3 --out profile.pdf     one of them, as it was frozen\n"
        "  trama report compare 3 7                    what changed between two of them, a sentence for each change\n"
        "  trama report compare 3 today\n\n"
        "What is public is printed, as on the open pages; --edited adds the texts written by hand. The ending of a "
        "file says what is made: pdf, docx, xlsx, zip (CSV with Table Schema); of a wave also pptx, and --slides "
        "writes the same slides as PDF. --area takes the code of an area, or its name; --wave the number of a closed "
        "wave, or its name."
    )

    # The checks of the whole site cost more than the report: `prepare` and `run` make them.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["territory", "wave", "frozen", "compare"], help="what is to be done")
        parser.add_argument("profiles", nargs="*", metavar="PROFILE", help="numbers of frozen profiles, or “today”")
        parser.add_argument("--area", metavar="CODE", help="the area: its code (ISTAT) or its name")
        parser.add_argument("--wave", metavar="ID", help="the wave: its number or its name")
        parser.add_argument(
            "--out", action="append", default=[], metavar="FILE", help="where to write; may be repeated"
        )
        parser.add_argument("--slides", metavar="FILE.pdf", help="write the slides of a wave as PDF, 16:9")
        parser.add_argument("--xlsx", metavar="FILE.xlsx", help="write its tables into a workbook too")
        parser.add_argument("--edited", action="store_true", help="with the texts written by hand")
        parser.add_argument("--freeze", metavar="NAME", help="freeze the profile under this name")
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = [(Path(name), _form_of(Path(name))) for name in (*options["out"], options["xlsx"]) if name]
        if options["slides"]:
            paths.append((Path(options["slides"]), "slides"))
        for path, form in paths:
            _check(path, form)
        with translation.override(options["lang"]):
            match options["what"]:
                case "territory":
                    self._territory(options, paths)
                case "wave":
                    self._wave(options, paths)
                case "frozen":
                    self._frozen(options, paths)
                case "compare":
                    self._compare(options)

    def _territory(self, options: dict[str, Any], paths: Targets) -> None:
        if not options["area"]:
            raise CommandError("Say of which area: --area CODE.")
        if not paths and not options["freeze"]:
            raise CommandError("Say what to make: --out FILE.pdf, or --freeze NAME.")
        self._make(_area(options["area"]), options, paths)

    def _wave(self, options: dict[str, Any], paths: Targets) -> None:
        if not options["wave"]:
            raise CommandError("Say which wave: --wave ID.")
        if not paths and not options["freeze"]:
            raise CommandError("Say what to make: --out FILE.pdf, or --freeze NAME.")
        wave = _wave(options["wave"])
        if not wave.is_closed:
            raise CommandError(
                f"“{wave}” is not closed ({wave.get_state_display()}): its report is there the moment it closes."
            )
        self._make(wave, options, paths)

    def _make(self, subject: Subject, options: dict[str, Any], paths: Targets) -> None:
        _check_slides(subject, paths)
        if paths:
            document = document_of(subject, options["lang"])
            self._write(with_written(SYSTEM, subject, document) if options["edited"] else document, paths)
        if options["freeze"]:
            try:
                profile = actions.freeze(SYSTEM, subject, options["freeze"])
            except actions.NotPossible as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{profile.pk}: {profile.name}, {profile.fingerprint}")

    def _frozen(self, options: dict[str, Any], paths: Targets) -> None:
        if not options["profiles"]:
            for one in Profile.objects.select_related("area", "wave"):
                problem = verify(one).problem or one.get_state_display()
                moment = f"{timezone.localtime(one.frozen_at):%Y-%m-%d %H:%M}"
                about = f"{one.area} ({one.area.code})" if one.area is not None else one.about
                self.stdout.write(f"{one.pk}: {one.name}, {about}, {moment}, {problem}")
            return
        if len(options["profiles"]) != 1 or not paths:
            raise CommandError("Say which one and where: trama report frozen 3 --out profile.pdf")
        profile = _profile(options["profiles"][0])
        _check_slides(subject_of(profile), paths)
        self._write(_opened(profile, options["lang"]), paths)

    def _compare(self, options: dict[str, Any]) -> None:
        if len(options["profiles"]) != 2:
            raise CommandError("Say which two: trama report compare 3 7")
        first, second = options["profiles"]
        one = _profile(first)
        before = _opened(one, options["lang"])
        if second in ("today", "oggi"):
            subject = subject_of(one)
            after = with_written(SYSTEM, subject, document_of(subject, options["lang"]))
        else:
            other = _profile(second)
            if subject_of(other) != subject_of(one):
                raise CommandError(f"{one} and {other} are not about the same: they are not compared.")
            after = _opened(other, options["lang"])
            if other.frozen_at < one.frozen_at:
                before, after = after, before
        result = compare(before, after)
        for change in result.changes:
            self.stdout.write(change.sentence)
        counts = (len(result.changed), len(result.new), len(result.gone), result.same)
        self.stdout.write(_("Changed: %d, new: %d, gone: %d, as they were: %d.") % counts)

    def _write(self, document: Document, paths: Targets) -> None:
        for path, form in paths:
            try:
                _write(path, printing.file_bytes(document, form))
            except printing.NotPrinted as error:
                raise CommandError(f"The report could not be printed: {error}") from error
            self.stdout.write(f"{path}: {path.stat().st_size / 1024:.0f} kB")


def _profile(text: str) -> Profile:
    """The frozen profile of this number. Raises CommandError."""
    found = Profile.objects.select_related("area", "wave").filter(pk=int(text)).first() if text.isdecimal() else None
    if found is None:
        raise CommandError(f"There is no frozen profile “{text}”; `trama report frozen` lists them.")
    return found


def _opened(profile: Profile, language: str) -> Document:
    try:
        return opened(profile, language)
    except Altered as error:
        raise CommandError(f"{profile}: {error}") from error


def _wave(text: str) -> Wave:
    """The wave of this number, or the only one of this name. Raises CommandError."""
    found = Wave.objects.filter(pk=int(text)).first() if text.isdecimal() else None
    named = [] if found else list(Wave.objects.filter(name__iexact=text)[:2])
    if found is None and len(named) == 1:
        found = named[0]
    if found is None:
        known = "; ".join(f"{one.pk} {one.name}" for one in Wave.objects.order_by("pk")[:20])
        raise CommandError(f"There is no wave “{text}”. There is: {known or 'none'}.")
    return found


def _area(text: str) -> Area:
    """The area of this code, or the only one of this name. Raises CommandError."""
    found = Area.objects.filter(code=text).first()
    if found is not None:
        return found
    named = list(Area.objects.in_force().filter(name__iexact=text).order_by("code")[:6])
    if len(named) == 1:
        return named[0]
    if named:
        listed = ", ".join(f"{area.code} ({area.get_kind_display()})" for area in named)
        raise CommandError(f"Several areas are called “{text}”: {listed}. Give the code.")
    raise CommandError(f"There is no area with the code or the name “{text}”.")


def _form_of(path: Path) -> str:
    """What the ending of a file says is to be made."""
    name = path.name.lower()
    return "slides" if name.endswith(".slides.pdf") else path.suffix.lstrip(".").lower()


def _check(path: Path, form: str) -> None:
    """Say now, not after the work, that a file cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        raise CommandError(f"{path} cannot be written: there is no folder {folder}.")
    if path.is_dir():
        raise CommandError(f"{path} cannot be written: it is a folder.")
    if form == "slides" and path.suffix.lower() != ".pdf":
        raise CommandError(f"{path}: --slides writes a PDF; for PPTX say --out {path.with_suffix('.pptx').name}.")
    if form not in FORMS | SLIDES:
        raise CommandError(f"{path}: a report is a pdf, docx, xlsx or zip file; of a wave also a pptx file.")


def _check_slides(subject: Subject, paths: Targets) -> None:
    if not isinstance(subject, Wave) and any(form in SLIDES for _path, form in paths):
        raise CommandError("Slides are made of the report of a wave, not of that of an area.")


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
