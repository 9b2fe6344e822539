"""What one cell of a spreadsheet says, read as its field wants it; what cannot be read says why in half a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from trama.core import codes, small_counts
from trama.core.columns import out_of_one_cell
from trama.core.search import fold
from trama.intake import files
from trama.intake.registers.fields import Field, Kind
from trama.network.choices import ContactKind
from trama.network.contacts import COVERED, is_mobile, read_addresses, read_emails, read_phones

YES = frozenset({"si", "s", "yes", "y", "1", "true", "vero", "x", "v"})
NO = frozenset({"no", "n", "0", "false", "falso"})
UNKNOWN = frozenset({"?", "-", "–", "non so", "non noto", "n.d.", "nd", "n/d", "not known", "unknown", "n.a.", "na"})
LONGEST_LIST = 200  # values of one cell
DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{2}|\d{4})(?:[ T].*)?$")
YEAR_FIRST = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[ T].*)?$")
ABOUT = re.compile(
    r"^(?:circa|ca\.?|c\.a\.?|~|≈|oltre|piu di|almeno|quasi|stima(?:ti|ta)?|about|over|more than|>)\s*", re.I
)
ABOUT_AFTER = re.compile(r"\s*(?:circa|ca\.?|c\.a\.?|\+|\(stima\)|stimat[ie]|about|or so)$", re.I)
LABELLED = re.compile(r"^(?P<value>.+?)\s*\((?P<label>[^()]*)\)$")
BEHIND = re.compile(r"^(?P<name>.+?)\s*\((?P<said>[^()]+)\)\s*$")
TAX_CODE = re.compile(r"^(?:IT)?(\d{11}|[A-Z]{6}[A-Z0-9]{10})$")


class Unreadable(ValueError):
    """A cell that does not say what its field asks for; the text says why."""


@dataclass(frozen=True)
class Count:
    """A number of people, and whether it is an estimate."""

    number: int
    estimated: bool


def is_covered(text: str) -> bool:
    """Whether a cell holds what an export did not tell its reader: nothing is loaded from it."""
    return COVERED in text or (len(text) in _protected() and fold(text) in _protected()[len(text)])


@cache
def _protected() -> dict[int, frozenset[str]]:
    """What exports say in place of small numbers of persons, by how long it is."""
    said: set[str] = set()
    for language in ("it", "en"):
        with override(language):
            below = (small_counts.THRESHOLD, small_counts.SPECIAL_THRESHOLD)
            said |= {fold(text) for text in (*map(small_counts.fewer_than, below), small_counts.protected())}
    return {length: frozenset(text for text in said if len(text) == length) for length in map(len, said)}


def parts_of(text: str) -> list[str]:
    """The values of a cell that holds several."""
    found = list(dict.fromkeys(out_of_one_cell(text)))
    if len(found) > LONGEST_LIST:
        raise Unreadable(_("the cell holds %(count)s values") % {"count": len(found)})
    return found


def text_of(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def count_of(text: str) -> Count | None:
    """A number of people: "12", "1.200", "circa 80", "oltre 500", "30 ca."; None where it is not known."""
    plain = fold(text_of(text))
    if plain in UNKNOWN:
        return None
    bare = ABOUT_AFTER.sub("", ABOUT.sub("", plain))
    digits = re.sub(r"(?<=\d)[.\s'](?=\d{3}\b)", "", bare)
    if re.fullmatch(r"\d+[.,]0+", digits):
        digits = re.split("[.,]", digits)[0]
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise Unreadable(_("“%(text)s” is not a number of people: write 12, or “circa 80”") % {"text": text[:40]})
    return Count(int(digits), bare != plain)


def year_of(text: str) -> int:
    """A year with four digits that has been (or is)."""
    plain = text.strip().removesuffix(".0")
    if not (plain.isascii() and plain.isdigit() and len(plain) == 4 and 1000 < int(plain) <= timezone.localdate().year):
        found = _try_day(plain)
        if found is None or found > timezone.localdate():
            raise Unreadable(
                _("“%(text)s” is not a year that has been: write it with four digits") % {"text": text[:40]}
            )
        return found.year
    return int(plain)


def day_of(text: str) -> date:
    """A date as people and programs write it, the day before the month."""
    found = _try_day(text.strip())
    if found is None:
        raise Unreadable(_("“%(text)s” is not a date: write it like 31/12/2026") % {"text": text[:40]})
    return found


def _try_day(text: str) -> date | None:
    try:
        if match := YEAR_FIRST.match(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := DAY_FIRST.match(text):
            year = int(match[3])
            year += 0 if year > 99 else 1900 if year > 50 else 2000
            return date(year, int(match[2]), int(match[1]))
    except ValueError:
        return None
    return None


def flag_of(text: str) -> bool | None:
    """Yes or no; None where it is not known."""
    plain = fold(text_of(text))
    if plain in YES:
        return True
    if plain in NO:
        return False
    if plain in UNKNOWN:
        return None
    raise Unreadable(_("“%(text)s” is neither yes nor no") % {"text": text[:40]})


def code_of(list_: str, text: str) -> str:
    """The key of the value of a list that bears this value or this label."""
    found = codes.find(list_, text)
    if found is None:
        raise Unreadable(_("“%(text)s” is not in the list") % {"text": text_of(text)[:60]})
    return str(found.id)


def codes_of(list_: str, text: str, values: dict[str, str]) -> tuple[str, ...]:
    """The keys of the values in a cell; a comma parts them too, where a label does not hold it. `values`: see below."""
    return tuple(
        dict.fromkeys(key for part in _code_parts(list_, text, values) if (key := stated(list_, part, values)))
    )


def _code_parts(list_: str, text: str, values: dict[str, str]) -> list[str]:
    found: list[str] = []
    for part in parts_of(text):
        pieces = [piece.strip() for piece in part.split(",")]
        if len(pieces) > 1 and part not in values and codes.find(list_, part) is None:
            found += [piece for piece in pieces if piece]
        else:
            found.append(part)
    return found


def stated(list_: str, text: str, values: dict[str, str]) -> str:
    """The key of a value: by what somebody said that the text means (`values`; empty: nothing), else by the list."""
    if (said := values.get(text)) is not None:
        return codes.key(list_, said) if said else ""
    return code_of(list_, text)


def choice_of(options: Iterable[tuple[str, str | Promise]], text: str) -> str:
    """One of a closed list, by its value or its name in either language."""
    wanted = fold(text_of(text))
    for language in ("it", "en"):
        with override(language):
            for value, label in options:
                if wanted in (fold(value), fold(str(label))):
                    return value
    known = ", ".join(str(label) for _value, label in options)
    raise Unreadable(_("“%(text)s” is none of these: %(known)s") % {"text": text[:40], "known": known})


def coordinate_of(text: str, decimal: str) -> float:
    """A coordinate in degrees, with the point or the comma."""
    clean = text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        found = files.number(clean, "." if clean != text else decimal)
    except ValueError:
        found = None
    if found is None:
        raise Unreadable(_("“%(text)s” is not a coordinate in degrees") % {"text": text[:40]})
    return found


def point_of(text: str) -> tuple[float, float]:
    """Longitude and latitude of a cell that holds latitude and longitude: "44.49, 11.34", "POINT(11.34 44.49)"."""
    numbers = [float(number) for number in re.findall(r"[-+]?\d{1,7}(?:\.\d+)?", text)]
    if len(numbers) != 2:
        numbers = [float(number.replace(",", ".")) for number in re.findall(r"[-+]?\d{1,3}[,.]\d+", text)]
    if len(numbers) != 2:
        raise Unreadable(_("“%(text)s” is not a point: write it like 44.4949, 11.3426") % {"text": text[:40]})
    one, other = numbers
    return (one, other) if text.strip().upper().startswith(("POINT", "SRID")) else (other, one)


def number_here_of(text: str) -> int:
    """The number that a record bears here."""
    plain = text.strip().removesuffix(".0")
    if not (plain.isascii() and plain.isdigit() and len(plain) < 19):
        raise Unreadable(_("“%(text)s” is no number of a record") % {"text": text[:40]})
    return int(plain)


def named_of(text: str) -> tuple[str, str]:
    """A name, and what stands behind it in brackets."""
    found = BEHIND.match(text)
    return (found["name"], found["said"]) if found else (text, "")


# --- contacts ---------------------------------------------------------------------------------------------------------
READERS = {
    Kind.PHONES: read_phones,
    Kind.EMAILS: read_emails,
    Kind.SITES: read_addresses,
}
SOCIAL = ("facebook.", "instagram.", "fb.com", "youtube.", "linkedin.", "twitter.", "x.com", "t.me", "wa.me", "tiktok.")


def contacts_of(kind: Kind, text: str) -> tuple[tuple[str, str, str], ...]:
    """Ways to reach somebody, as (kind, value, label): our exports write "value (label); value"."""
    found: list[tuple[str, str, str]] = []
    for part in parts_of(text):
        if kind == Kind.PERSONS:
            name, label = named_of(part)
            found.append((str(ContactKind.PERSON), name[:300], label[:120]))
            continue
        match = LABELLED.match(part)
        bare, label = (match["value"], match["label"]) if match else (part, "")
        for reach in READERS[kind](bare):
            value = bare if match and len(READERS[kind](bare)) == 1 and reach.value in bare else reach.value
            found.append((_kind_of(kind, reach.kind, value), value[:300], (label or reach.label)[:120]))
    return tuple(dict.fromkeys(found))


NO_CONTACT = UNKNOWN | {"/", "--", "—", "nessuno", "nessuna", "none"}
FEWEST_DIGITS = 5  # of a telephone that is no short number of public utility
ALPHABETIC = re.compile(r"[^\W\d_]{3,}")
NO_NAMES = frozenset({"tel", "telefono", "cell", "cellulare", "fax", "int", "interno", "num", "numero", "phone"})


def sound_contacts(kind: Kind, text: str) -> tuple[str, list[str]]:
    """A cell of telephones or mail boxes without the parts that are none, and why each is none.

    What says that there is none is left away in silence; a name, or words to a person, stay.
    """
    kept, why = [], []
    for part in parts_of(text):
        if fold(part.strip()) in NO_CONTACT:
            continue
        wrong = _is_no_phone(part) if kind == Kind.PHONES else _is_no_email(part)
        if not wrong:
            kept.append(part)
        elif kind == Kind.PHONES:
            why.append(_("“%(text)s” is no telephone number") % {"text": part[:40]})
        else:
            why.append(_("“%(text)s” is no e-mail address: write it like name@example.org") % {"text": part[:40]})
    return "; ".join(kept), why


def _is_no_phone(part: str) -> bool:
    bare = part.strip()
    if any(word not in NO_NAMES for word in ALPHABETIC.findall(fold(bare))) or "@" in bare:
        return False  # words: whom to ask, when to call
    digits = sum(sign.isdigit() for sign in bare)
    return digits < FEWEST_DIGITS and not re.fullmatch(r"1\d{2,3}", re.sub(r"\D", "", bare))


def _is_no_email(part: str) -> bool:
    if read_emails(part)[0].kind != ContactKind.PERSON:
        return False  # an address of mail, or of a page
    return "@" in part or len(ALPHABETIC.findall(part)) < 2


def _kind_of(kind: Kind, said: str, value: str) -> str:
    if kind == Kind.PHONES and said != ContactKind.PERSON:
        return str(ContactKind.MOBILE if is_mobile(value) else ContactKind.PHONE)
    if kind == Kind.SITES:
        host = fold(value).removeprefix("https://").removeprefix("http://").removeprefix("www.")
        return str(ContactKind.SOCIAL if host.startswith(SOCIAL) else ContactKind.WEB)
    return str(said)


def tax_code_of(field: Field, text: str) -> str:
    """A tax code without blanks, with the zeros that a spreadsheet took from it."""
    bare = re.sub(r"[\s.\-/]", "", text).upper()
    if bare.isascii() and bare.isdigit() and 8 <= len(bare) < 11:
        bare = bare.zfill(11)
    match = TAX_CODE.match(bare)
    if match is None:
        raise Unreadable(
            _("“%(text)s” is not a tax code: eleven digits, or sixteen letters and digits") % {"text": text[:40]}
        )
    return match[1]


def plain(value: Any) -> str:
    """A value in few words, for “from → to”."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
