"""Linking any list of names from a file, and saying how well when the truth is known."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from django.utils.translation import gettext as _

from trama.network.analysis import names
from trama.network.analysis.linkage import Linked, link
from trama.network.analysis.pairs import Party
from trama.network.choices import Tier
from trama.network.contacts import digits_of
from trama.network.duplicates import explained, in_words, site_of

Pairs = set[tuple[int, int]]


class CannotRead(Exception):
    """A file that is not what was said of it, in a sentence with its place."""


@dataclass(frozen=True)
class Columns:
    """Which column of a file means what; empty: there is none."""

    name: str
    id: str = ""
    acronym: str = ""
    place: str = ""
    wider: str = ""
    lists: str = ""
    separator: str = "|"
    marks: Sequence[str] = ()
    address: str = ""
    phone: str = ""
    mail: str = ""
    site: str = ""
    tax_code: str = ""


@dataclass(frozen=True)
class Entries:
    """The entries of a file, and its rows as they stand."""

    parties: list[Party]
    rows: list[dict[str, str]]
    columns: Columns


@dataclass(frozen=True)
class Score:
    """How many of the pairs that were found are true, and how many of the true ones were found (0 … 1)."""

    name: str
    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Measured:
    """What was linked, in how many seconds of processor, and its scores when the truth is known."""

    linked: Linked
    seconds: float
    scores: tuple[Score, ...] = ()


def read(path: Path, columns: Columns) -> Entries:
    """The entries of a CSV file (UTF-8; comma, semicolon or tab). Raises CannotRead."""
    rows = _rows(path)
    if not rows:
        raise CannotRead(_("%(path)s holds no lines.") % {"path": path})
    wanted = [value for name, value in vars(columns).items() if name not in {"separator", "marks"} and value]
    for name in [*wanted, *columns.marks]:
        if name not in rows[0]:
            told = {"column": name, "path": path, "there": ", ".join(rows[0])}
            raise CannotRead(_("There is no column “%(column)s” in %(path)s. There are: %(there)s.") % told)
    return Entries([_party(number, row, columns) for number, row in enumerate(rows, start=2)], rows, columns)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            mark = max(",;\t", key=first.count)
            return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(file, delimiter=mark)]
    except UnicodeDecodeError as error:
        raise CannotRead(_("%(path)s is not UTF-8 (byte %(at)s).") % {"path": path, "at": error.start}) from error
    except csv.Error as error:
        raise CannotRead(f"{path}: {error}") from error


def _party(number: int, row: Mapping[str, str], columns: Columns) -> Party:
    def cell(column: str) -> str:
        return row[column].strip() if column else ""

    def several(column: str) -> frozenset[str]:
        return frozenset(part.strip() for part in cell(column).split(columns.separator) if part.strip())

    return Party(
        key=cell(columns.id) or str(number),
        name=cell(columns.name),
        acronym=cell(columns.acronym),
        place=cell(columns.place).casefold(),
        wider=cell(columns.wider).casefold(),
        address=" ".join(names.words_of(cell(columns.address))),
        phones=frozenset(filter(None, map(digits_of, several(columns.phone)))),
        mails=frozenset(mail.casefold() for mail in several(columns.mail)),
        sites=frozenset(filter(None, map(site_of, several(columns.site)))),
        tax_code=cell(columns.tax_code).upper(),
        marks=frozenset(f"{mark}={cell(mark)}" for mark in columns.marks if cell(mark)),
        lists=several(columns.lists),
    )


def truth_of(path: Path, where: str, entries: Entries) -> list[str]:
    """Which body each entry is: from a column of the file itself, or from another file (id, body)."""
    if where in entries.rows[0]:
        return [row[where] for row in entries.rows]
    other = next((one for one in (Path(where), path.parent / where) if one.is_file()), None)
    if other is None:
        raise CannotRead(_("“%(where)s” is neither a column of %(path)s nor a file.") % {"where": where, "path": path})
    known = {}
    for row in _rows(other):
        values = list(row.values())
        if len(values) < 2:
            raise CannotRead(_("%(path)s has fewer than two columns.") % {"path": other})
        known[values[0].strip()] = values[1].strip()
    missing = [str(party.key) for party in entries.parties if party.key not in known]
    if missing:
        told = {"path": other, "count": len(missing), "first": missing[0]}
        raise CannotRead(_("%(path)s does not know %(count)s entries, the first is “%(first)s”.") % told)
    return [known[str(party.key)] for party in entries.parties]


def measure(entries: Entries, truth: Sequence[str] | None = None) -> Measured:
    """Link the entries; only then look at the truth."""
    start = time.process_time()
    linked = link(entries.parties)
    seconds = time.process_time() - start
    if truth is None:
        return Measured(linked, seconds)
    bodies: dict[str, list[int]] = defaultdict(list)
    for number, body in enumerate(truth):
        if body:
            bodies[body].append(number)
    true = {pair for members in bodies.values() for pair in combinations(members, 2)}
    joined = {pair for group in linked.groups for pair in combinations(group, 2)}
    certain = {(found.one, found.other) for found in linked.links if found.tier == Tier.CERTAIN}
    scores = [
        _score(_("joined (certain and probable, as groups)"), joined, true),
        _score(_("certain alone"), certain, true),
        _score(_("names equal but for case, form and links, in the same wider place"), _equal(entries.parties), true),
    ]
    return Measured(linked, seconds, tuple(scores))


def _score(name: str, found: Pairs, true: Pairs) -> Score:
    return Score(name, len(found), len(found & true), len(true))


def _equal(parties: Sequence[Party]) -> Pairs:
    """The floor: equality of what is left of a name without form and links, in the same wider place."""
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for number, party in enumerate(parties):
        groups[party.wider, names.read(party.name).telling].append(number)
    return {pair for rows in groups.values() for pair in combinations(rows, 2)}


def lines(done: Measured) -> list[str]:
    """What was measured, as lines for a terminal."""
    tiers = Counter(found.tier for found in done.linked.links)
    told = {"pairs": done.linked.compared, "seconds": f"{done.seconds:.1f}"}
    found = [_("%(pairs)s pairs compared in %(seconds)s s of processor.") % told]
    found.append(
        _("The weights were learned from the lists.")
        if done.linked.learned_from_lists
        else _("No lists to learn from: the weights of departure were used.")
    )
    found += [f"  {tier.label!s:<10} {tiers.get(tier, 0):>7}" for tier in Tier]
    for score in done.scores:
        found.append(
            f"{score.name}: precision {score.precision:.4f}, recall {score.recall:.4f}, F1 {score.f1:.4f} "
            f"({score.right}/{score.found}, {score.true})"
        )
    return found


def write_pairs(path: Path, entries: Entries, done: Measured) -> None:
    """The pairs, the most probable first, each with its reasons in words."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["one", "other", "name_one", "name_other", "probability", "tier", "evidence"])
        for found in done.linked.links:
            one, other = entries.parties[found.one], entries.parties[found.other]
            words = "; ".join(in_words(explained(one, other, found)))
            row = [one.key, other.key, one.name, other.name, f"{found.probability:.4f}", found.tier, words]
            # A cell that begins like a formula would be one for a spreadsheet.
            writer.writerow([f"'{cell}" if str(cell)[:1] in "=+-@" and str(cell) else cell for cell in row])
