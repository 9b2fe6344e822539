"""`trama duplicates`: one actor under one name, from the command line."""

from __future__ import annotations

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from trama.core.actor import SYSTEM
from trama.network import actions, measuring
from trama.network.acting import actor_of
from trama.network.choices import Tier
from trama.network.duplicates import Found, in_words, seek
from trama.network.models import Merge, Organisation, Seeking

WELCOME = """Which names are the same body.

  trama duplicates find                    seek among the registered organisations; people decide at /realta/doppioni/
  trama duplicates find --dry-run          only say what would be proposed
  trama duplicates undo 12                 take merge number 12 back, every row as it was
  trama duplicates measure FILE.csv …      link any list of names, and say how well when the truth is known

Nothing is tuned to a place: the weights are learned from the list itself, without labels."""

MEASURE = """Link any list of names (CSV; comma, semicolon or tab) and, when the truth is known, measure.

  trama duplicates measure enti.csv --id id --name denominazione --place comune --wider prov \\
      --lists anni --marks volontariato --marks asd --truth verita.csv --out coppie.csv

--lists names the column with the editions of the list in which an entry stands (years, for example; several are
separated by “|”): one edition names a body once, and from that the weights are learned. Without it the weights of
departure hold, and fewer pairs are certain. The truth is a column of the file, or another file with the id in its first
column and the body in its second; it is only looked at when everything is linked."""


class Command(BaseCommand):
    help = WELCOME

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")
        does = parser.add_subparsers(dest="does", metavar="find | undo | measure", required=True)
        find = does.add_parser("find", help="seek duplicates among the registered organisations")
        find.add_argument("--dry-run", action="store_true", help="only say what would be proposed")
        find.add_argument("--show", type=int, default=10, metavar="N", help="how many pairs to print of each tier (10)")
        find.add_argument("--search", type=int, metavar="NUMBER", help="the search that somebody asked for on the page")
        undo = does.add_parser("undo", help="take a merge or a split back")
        undo.add_argument("merge", type=int, metavar="NUMBER", help="its number, as the register of acts has it")
        measure = does.add_parser(
            "measure",
            help="link any list of names",
            description=MEASURE,
            formatter_class=RawDescriptionHelpFormatter,
        )
        self._measure_arguments(measure)

    def _measure_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="one line per entry, with a line of headings")
        column: dict[str, Any] = {"metavar": "COLUMN", "default": ""}
        parser.add_argument("--id", help="what tells the lines apart (their number)", **column)
        parser.add_argument("--name", required=True, metavar="COLUMN", help="the name")
        parser.add_argument("--acronym", **column)
        parser.add_argument("--place", help="the municipality", **column)
        parser.add_argument("--wider", help="what is around it: names are compared within it", **column)
        parser.add_argument("--lists", help="the editions in which the entry stands", **column)
        parser.add_argument("--separator", default="|", help="what stands between several values of a cell (|)")
        parser.add_argument(
            "--marks", action="append", default=[], metavar="COLUMN", help="a property that a body keeps; repeatable"
        )
        for name in ("address", "phone", "mail", "site"):
            parser.add_argument(f"--{name}", **column)
        parser.add_argument("--tax-code", help="as a feature: leave it out when it is the truth", **column)
        parser.add_argument("--truth", metavar="COLUMN|FILE", default="", help="which body each entry is")
        parser.add_argument("--out", type=Path, metavar="FILE.csv", help="write the pairs, each with its reasons")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            getattr(self, f"_{options['does']}")(options)

    def _say(self, text: str) -> None:
        self.stderr.write(f"  {text}", self.style.NOTICE)
        self.stderr.flush()

    def _find(self, options: dict[str, Any]) -> None:
        start = time.process_time()
        if options["dry_run"]:
            found = seek(self._say)
        elif options["search"]:
            search = Seeking.objects.filter(pk=options["search"], ended_at=None).select_related("asked_by").first()
            if search is None or search.asked_by is None:
                raise CommandError(_("There is no search number %(number)s.") % {"number": options["search"]})
            asker = actor_of(search.asked_by.pk, search.asked_by.get_full_name())
            found = actions.propose(asker, self._say, search)
        else:
            found = actions.propose(SYSTEM, self._say)
        names = dict(Organisation.objects.order_by().values_list("pk", "name"))
        for tier in Tier:
            pairs = [pair for pair in found.pairs if pair.tier == tier]
            self.stdout.write(f"{str(tier.label).capitalize()}: {len(pairs)}")
            for pair in pairs[: max(0, options["show"])]:
                self.stdout.write(f"  {pair.probability:4.0%}  {names.get(pair.one)} = {names.get(pair.other)}")
                self.stdout.write(f"        {'; '.join(in_words(pair.evidence))}")
        self.stdout.write(self._conclusion(found, time.process_time() - start, dry=options["dry_run"]))

    def _conclusion(self, found: Found, seconds: float, *, dry: bool) -> str:
        told = {"n": found.organisations, "pairs": len(found.pairs), "seconds": f"{seconds:.1f}"}
        text = _("%(n)s organisations, %(pairs)s pairs, %(seconds)s s of processor.") % told
        return (
            text + " " + (_("This was a dry run: nothing was written.") if dry else _("Decide at /realta/doppioni/."))
        )

    def _undo(self, options: dict[str, Any]) -> None:
        done = Merge.objects.filter(pk=options["merge"]).first()
        if done is None:
            raise CommandError(_("There is no merge number %(number)s.") % {"number": options["merge"]})
        try:
            actions.undo_merge(SYSTEM, done)
        except actions.CannotUndo as error:
            raise CommandError("\n  ".join([_("Later acts rest on it:"), *error.reasons])) from error
        self.stdout.write(self.style.SUCCESS(_("Undone: “%(name)s” is there again.") % {"name": done.gone_name}))

    def _measure(self, options: dict[str, Any]) -> None:
        try:
            asked = measuring.Columns(**{name: options[name] for name in measuring.Columns.__dataclass_fields__})
            entries = measuring.read(options["file"], asked)
            truth = measuring.truth_of(options["file"], options["truth"], entries) if options["truth"] else None
        except (measuring.CannotRead, OSError) as error:
            raise CommandError(str(error)) from error
        self._say(_("%(count)s entries") % {"count": len(entries.parties)})
        done = measuring.measure(entries, truth)
        if options["out"]:
            try:
                measuring.write_pairs(options["out"], entries, done)
            except OSError as error:
                raise CommandError(_("%(path)s cannot be written.") % {"path": options["out"]}) from error
            self._say(_("Pairs written to %(path)s.") % {"path": options["out"]})
        for line in measuring.lines(done):
            self.stdout.write(line)
