"""What the columns of a spreadsheet probably mean: from their names, their content, and what is here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trama.core import codes
from trama.intake.registers import cells
from trama.intake.registers.areas import Areas
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.details import dates_in
from trama.intake.registers.fields import Field, Kind, Registered, as_compared
from trama.intake.rows import Table
from trama.network.contacts import EMAIL, is_address, is_mobile, is_switchboard

LOOKED_AT = 400  # cells of a column, spread over the file
DISTINCT = 120  # different texts of a column that are looked up
ENOUGH = 0.7  # part of the cells that must look so
OURS = 0.75  # part of the headers that must be ours for our numbers to be believed
EXAMPLES = 4
NOT_BY_CONTENT = frozenset({"closed_on", "confirmed_on", "used_on", "valid_to", "ends_on"})
DOMAIN = re.compile(r"^[\w-]+(\.[\w-]+)*\.(it|org|com|net|eu|info|coop|gov|edu)(/|$)", re.I)
# Columns that say the same thing twice join in one field; of the others only one is taken.
JOINING = frozenset(
    {Kind.PHONES, Kind.EMAILS, Kind.SITES, Kind.PERSONS, Kind.LONG_TEXT, Kind.NAMES, Kind.ORGANISATIONS}
)


@dataclass
class Column:
    """A column of a file: what stands in it, what it probably means, and why."""

    header: str
    samples: list[str] = field(default_factory=list)
    filled: int = 0
    key: str = ""  # of the field; empty: nothing is taken from it
    why: str = ""


@dataclass
class Guess:
    """One meaning of one column, and how much speaks for it."""

    score: float
    header: str
    key: str
    why: str


def is_ours(headers: Iterable[str], registered: Registered) -> bool:
    """Whether the header is that of our own export (or template): our numbers mean what they say."""
    found = [as_compared(header) for header in headers if header]
    own = {as_compared(text) for one in registered.fields if one.exported for text in (*one.labels(), one.key)}
    return len(found) > 1 and sum(header in own for header in found) >= OURS * len(found)


FILES = (
    (re.compile(r"luogh|bibliote|scuol|farmaci|parch|piazz|centri|residenz|places?\b|schools?\b"), "places"),
    (re.compile(r"risors|serviz|sportell|opportunit|resources?\b|services?\b"), "resources"),
    (re.compile(r"esperienz|progett|attivit|iniziativ|eventi|experiences?\b|projects?\b"), "experiences"),
    (
        re.compile(r"organizzaz|associaz|enti\b|realta|ets\b|terzo settore|organi[sz]ations?\b|bodies\b"),
        "organisations",
    ),
)


def which(headers: Sequence[str], name: str = "") -> str:
    """The register of which a file most probably speaks: by its headers, and by what the file is called."""
    called = next((key for pattern, key in FILES if pattern.search(as_compared(name))), "")
    found = [as_compared(header) for header in headers if header]

    def known(registered: Registered) -> tuple[int, int]:
        required = {one.key for one in registered.required()}
        keys = [registered.headers[header] for header in found if header in registered.headers]
        told = len(set(keys)) + sum(key in required for key in set(keys)) + 3 * (registered.key == called)
        return told, -list(REGISTERED).index(registered.key)

    return max(REGISTERED.values(), key=known).key


def columns_of(table: Table) -> list[Column]:
    """The columns of a table with examples of what stands in them."""
    step = max(1, -(-len(table.rows) // LOOKED_AT))
    some = table.rows[::step]
    found = []
    for header in filter(None, table.columns):
        texts = [text for row in some if (text := row.cells[header].strip())]
        shown = [text[:80] for text in dict.fromkeys(texts)][:EXAMPLES]
        found.append(Column(header, shown, round(len(texts) * 100 / len(some)) if some else 0))
    return found


def propose(table: Table, registered: Registered, areas: Areas | None = None) -> list[Column]:
    """The columns with what each probably means; a field is given to the column for which most speaks."""
    columns = columns_of(table)
    step = max(1, -(-len(table.rows) // LOOKED_AT))
    guesses: list[Guess] = []
    ours = is_ours((column.header for column in columns), registered)
    for column in columns:
        texts = [text for row in table.rows[::step] if (text := row.cells[column.header].strip())]
        named = _by_name(column, registered, ours=ours)
        counted = not ours and is_running(column.header, texts)
        named = [guess for guess in named if not (counted and guess.key == "key")]
        if not ours and NOTES.search(as_compared(column.header)):
            column.why = _("it may hold notes for yourselves: choose")
            continue
        guesses += [guess for guess in named if ours or _can_be(registered.by_key[guess.key], texts)]
        if not ours:
            guesses += _by_content(column, texts, registered, areas or Areas.here())
    _give(columns, _summed(guesses), registered)
    if any(column.key == "address" for column in columns):
        for column in columns:
            if not column.key and is_house_number(column.header):
                column.key, column.why = "address", _("it is called so")
    return columns


RUNNING = frozenset({"n", "nr", "num", "no", "progr", "prog", "progressivo", "n progressivo", "numero progressivo",
                     "riga", "n riga", "n ordine", "numero ordine", "n d ordine", "row", "row number", ""})  # fmt: skip
# Columns in which offices write what is meant for themselves: it would be published as what a body does.
NOTES = re.compile(r"\b(?:note|annotazion[ei]|osservazion[ei]|appunti|comment[io]|notes|remarks?|comments?)\b")


def is_running(header: str, texts: Sequence[str]) -> bool:
    """Whether a column counts the rows of this file alone: the next file gives its numbers to other records.

    `texts` may be some of its cells, in their order.
    """
    if as_compared(header) in RUNNING:
        return True
    plain = [text.removesuffix(".0") for text in texts]
    if len(plain) < 2 or not all(text.isascii() and text.isdigit() and len(text) < 8 for text in plain):
        return False
    found = [int(text) for text in plain]
    steps = {after - before for before, after in pairwise(found)}
    return found[0] in (0, 1) and len(steps) == 1 and min(steps) > 0


def is_house_number(header: str) -> bool:
    """Whether a column holds the numbers of houses, beside one with the streets."""
    return as_compared(header) in {"civico", "numero civico", "n civico", "num civico", "house number"}


# What cells must be able to say of a field; where most cannot, its name was another's.
READ: dict[Kind, Callable[[Field, str], object]] = {
    Kind.COUNT: lambda one, text: cells.count_of(text),
    Kind.YEAR: lambda one, text: cells.year_of(text),
    Kind.DATE: lambda one, text: cells.day_of(text),
    Kind.DATES: lambda one, text: dates_in(text),
    Kind.YES_NO: lambda one, text: cells.flag_of(text),
    Kind.CHOICE: lambda one, text: cells.choice_of(one.options, text),
    Kind.LON: lambda one, text: cells.coordinate_of(text, "."),
    Kind.LAT: lambda one, text: cells.coordinate_of(text, "."),
    Kind.POINT: lambda one, text: cells.point_of(text),
}


def _can_be(one: Field, texts: list[str]) -> bool:
    read = READ.get(one.kind)
    if read is None or not texts:
        return True
    readable = 0
    for text in texts[:DISTINCT]:
        try:
            read(one, text)
        except cells.Unreadable:
            continue
        readable += 1
    return readable * 2 >= len(texts[:DISTINCT])


def _by_name(column: Column, registered: Registered, *, ours: bool) -> list[Guess]:
    header = as_compared(column.header)
    key = registered.headers.get(header, "")
    if key:
        one = registered.by_key[key]
        if one.kind == Kind.NUMBER_HERE and not ours:
            return [Guess(50, column.header, "key", _("a number of the source"))] if "key" in registered.by_key else []
        exact = header in {as_compared(text) for text in (*one.labels(), one.key)} and one.exported
        return [Guess(100 if exact else 70, column.header, key, _("it is called so"))]
    name = _within(header, registered)
    if not name:
        return []
    return [Guess(40 + min(len(name), 20) / 2, column.header, registered.headers[name], _("its name says so"))]


def _within(header: str, registered: Registered) -> str:
    """The longest known name in a header: as words of it, or at its beginning where it is written together."""
    # Yes or no, one of a list: too short a word in a long header would be taken for them.
    told = {Kind.NUMBER_HERE, Kind.KEY, Kind.YES_NO, Kind.CHOICE, Kind.DATE, Kind.TOLD}
    names = [name for name, key in registered.headers.items() if registered.by_key[key].kind not in told]
    names.sort(key=len, reverse=True)
    words, together = f" {header} ", header.replace(" ", "")
    found = next((name for name in names if len(name) >= 4 and f" {name} " in words), "")
    if not found and " " not in header:
        found = next((name for name in names if len(name) >= 6 and together.startswith(name.replace(" ", ""))), "")
    return found


# --- what stands in a column ------------------------------------------------------------------------------------------
def _by_content(column: Column, texts: list[str], registered: Registered, areas: Areas) -> list[Guess]:
    if not texts:
        return []
    found = []
    for kind, looks, why in LOOKS:
        share = sum(map(looks, texts)) / len(texts)
        if share >= ENOUGH:
            keys = [one.key for one in registered.fields if one.kind == kind and one.key not in NOT_BY_CONTENT]
            found += [Guess(35 * share, column.header, key, str(why)) for key in keys[:1]]
    if "tax_code" in registered.by_key:
        share = sum(_is_tax_code(text) for text in texts) / len(texts)
        if share >= ENOUGH:
            found.append(Guess(38 * share, column.header, "tax_code", _("it holds tax codes")))
    some = list(dict.fromkeys(texts))[:DISTINCT]
    found += _lists(column, some, registered)
    found += _areas(column, some, registered, areas)
    return found


def _lists(column: Column, some: list[str], registered: Registered) -> list[Guess]:
    """Code lists whose labels stand in a column."""
    found = []
    for one in registered.fields:
        if one.kind not in {Kind.CODE, Kind.CODES}:
            continue
        parts = {part for text in some for part in ([text] if one.kind == Kind.CODE else _parts(text))}
        share = sum(codes.find(one.list, part) is not None for part in parts) / max(len(parts), 1)
        if share >= 0.5:
            words = {"field": str(one.label)}
            found.append(
                Guess(34 * share, column.header, one.key, _("it holds values of the list “%(field)s”") % words)
            )
    return found


def _parts(text: str) -> list[str]:
    try:
        return cells.parts_of(text)
    except cells.Unreadable:
        return [text]


def _areas(column: Column, some: list[str], registered: Registered, areas: Areas) -> list[Guess]:
    key = "area" if "area" in registered.by_key else "areas"
    named = [text for text in some if any(char.isalpha() for char in text)]
    if len(named) < 0.7 * len(some):
        return []
    share = sum(bool(areas.called(part)) for text in named for part in _parts(text)[:1]) / len(named)
    return [Guess(36 * share, column.header, key, _("it holds names of areas"))] if share >= 0.5 else []


def _is_email(text: str) -> bool:
    return bool(EMAIL.search(text))


def _is_phone(text: str) -> bool:
    first = re.split(r"[;/\n,]|\s-\s", text)[0].strip()
    digits = re.sub(r"\D", "", first)
    return len(digits) >= 6 and len(digits) > 0.5 * len(first) and (is_mobile(first) or is_switchboard(first))


def _is_site(text: str) -> bool:
    first = text.split()[0]
    return "@" not in text and (bool(DOMAIN.match(first)) or (first.startswith(("http", "www.")) and is_address(first)))


def _is_day(text: str) -> bool:
    try:
        cells.day_of(text)
    except cells.Unreadable:
        return False
    return True


def _is_tax_code(text: str) -> bool:
    return bool(cells.TAX_CODE.match(re.sub(r"\s", "", text).upper()))


def _between(low: float, high: float) -> Callable[[str], bool]:
    def looks(text: str) -> bool:
        if not re.fullmatch(r"\d{1,2}[.,]\d{3,}", text):
            return False
        return low <= float(text.replace(",", ".")) <= high

    return looks


def _is_point(text: str) -> bool:
    return bool(re.fullmatch(r"[(\[]?\s*\d{1,2}\.\d{3,}\s*[,; ]\s*\d{1,2}\.\d{3,}\s*[)\]]?", text))


LOOKS: tuple[tuple[Kind, Callable[[str], bool], Promise], ...] = (
    (Kind.EMAILS, _is_email, gettext_lazy("it holds e-mail addresses")),
    (Kind.SITES, _is_site, gettext_lazy("it holds addresses of pages")),
    (Kind.PHONES, _is_phone, gettext_lazy("it holds telephone numbers")),
    (Kind.DATE, _is_day, gettext_lazy("it holds dates")),
    (Kind.LAT, _between(35.0, 47.5), gettext_lazy("it holds latitudes of Italy")),
    (Kind.LON, _between(6.0, 19.0), gettext_lazy("it holds longitudes of Italy")),
    (Kind.POINT, _is_point, gettext_lazy("it holds points")),
)


# --- who gets what ----------------------------------------------------------------------------------------------------
def _summed(guesses: list[Guess]) -> list[Guess]:
    """What name and content say together of one column and field."""
    found: dict[tuple[str, str], Guess] = {}
    for guess in guesses:
        known = found.get((guess.header, guess.key))
        if known is None:
            found[guess.header, guess.key] = guess
        else:
            known.score += guess.score
            known.why = "; ".join(dict.fromkeys([known.why, guess.why]))
    return sorted(found.values(), key=lambda guess: -guess.score)


def _give(columns: list[Column], guesses: list[Guess], registered: Registered) -> None:
    by_header = {column.header: column for column in columns}
    given: set[str] = set()
    for guess in guesses:
        column, one = by_header[guess.header], registered.by_key[guess.key]
        if column.key or (guess.key in given and not _joins(one)) or not one.loaded:
            if not column.key and not one.loaded and guess.score >= 100:
                column.why = _("told by our exports only")
            continue
        if one.kind in {Kind.LON, Kind.LAT} and "point" in given:
            continue
        column.key, column.why = guess.key, guess.why
        given.add(guess.key)


def _joins(one: Field) -> bool:
    return one.kind in JOINING
