"""What each row of a spreadsheet asks for, before it is compared with what is here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from trama.core import codes
from trama.core.search import fold
from trama.experiences.models import MOST_PEOPLE
from trama.intake.files import Row, Table
from trama.intake.recipe import RecipeError, RegisterStep
from trama.intake.registers import cells
from trama.intake.registers.areas import Areas, kind_of_header
from trama.intake.registers.cells import Unreadable
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.details import Details
from trama.intake.registers.fields import Field, Kind, Registered
from trama.intake.registers.footers import footers, take_in, text_of
from trama.intake.registers.sparing import may_be_left_out
from trama.intake.steps.run import title_case
from trama.network.models import normalised
from trama.territory.finding import areas_at, name_of

# What a spreadsheet shows where it could not compute, in English and in Italian.
ERROR = re.compile(r"#(?:DIV/0!|REF!|RIF!|VALUE!|VALORE!|NAME\?|NOME\?|NUM!|NULL!|NULLO!|N/A|N/D|ERR\w*)")
JOINED = {Kind.LONG_TEXT: "\n", Kind.TEXT: ", "}  # several columns of one field; of several values: "; "
MARKED = frozenset("=+-@")
# What stays in capitals where all is written in capitals.
ACRONYMS = re.compile(r"\b(?:odv|aps|ets|asd|ssd|asp|asl|usl|ausl|acli|arci|avis|cgil|cisl|uil|caf|csi|cri)\b", re.I)
LOOKED_AT, CAPITALS = 300, 0.8  # rows, and which part of their texts must be in capitals to be rewritten
# A number of Italy written as a number: fixed ones begin with 0, mobile ones with 3; nor is it one of a service.
SHORT = re.compile(r"(?<!\d)[124-9]\d{7,9}(?!\d)")
WITHOUT_ZERO = re.compile(r"(?!800|803|84[0178]|89[259]|199|178)[124-9]\d{7,9}")
BLANK = frozenset({"n.d.", "n.d", "nd", "n/d", "n. d.", "n.p.", "-", "--", "–", "—", "non disponibile", "non noto"})
BEGINS_BLANK = frozenset("".join(text[0] + text[0].upper() for text in BLANK))
TOTAL = re.compile(
    r"(?:sub[ -]?)?total[ei](?: (?:generale|generali|complessivo|complessivi|parziale|enti|associazioni|organizzazioni"
    r"|realta|servizi|risorse|luoghi|esperienze|righe|schede))?\s*:?\s*[\d.,]*|(?:grand |sub)?total\s*:?\s*[\d.,]*"
)
ENDS = (("starts_on", "ends_on"), ("valid_from", "valid_to"))


@dataclass(slots=True)
class Asked:
    """What a row asks for. `values` are by attribute of the model, `hanging` by field: rows of other tables."""

    number: int  # of the row
    label: str = ""
    here: int | None = None  # the number that a record bears here
    key: str = ""  # as the source calls the row
    values: dict[str, Any] = field(default_factory=dict)
    hanging: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    area_text: str = ""
    area_stated: bool = False  # not only found from the point
    derived: set[str] = field(default_factory=set)  # attributes that no cell states
    area_column: str = ""
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)  # names of areas as written
    doubts: dict[str, tuple[str, str]] = field(default_factory=dict)  # what is refused unless the record settles it
    own_key: str = ""  # under which it is found again when the source bears no key
    coded: tuple[tuple[int], ...] = ()  # areas by their codes: they say it without doubt
    private: frozenset[str] | None = None  # values of contacts that only staff see; None where no cell says it
    vague: set[str] = field(default_factory=set)  # fields of which not all was understood: nothing is taken away
    links: dict[str, int] = field(default_factory=dict)  # by attribute: the row whose new record it points to
    source: str = ""  # the title of what it is known from
    notes: list[tuple[str, str]] = field(default_factory=list)  # column, what was put right
    faults: list[tuple[str, str]] = field(default_factory=list)  # column, why it is refused
    spared: list[tuple[str, str]] = field(default_factory=list)  # cells without which it can be loaded: column, why
    dropped: list[tuple[str, str]] = field(default_factory=list)  # those without which it is loaded

    def states(self, attribute: str) -> bool:
        """Whether a cell says it, rather than that it follows from others."""
        return attribute not in self.derived

    def is_like(self, other: Asked) -> bool:
        """Whether two rows ask for the very same."""
        return (self.values, self.hanging, self.dropped) == (other.values, other.hanging, other.dropped)


@dataclass
class Reader:
    """Reads the rows of one table as the fields of a register."""

    step: RegisterStep
    table: Table
    registered: Registered
    areas: Areas
    columns: list[tuple[Field, list[str]]] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)
    nullable: frozenset[str] = frozenset()
    known: dict[tuple[str, str], Any] = field(default_factory=dict)
    capitals: frozenset[str] = frozenset()  # fields of which every text is in capitals: they are rewritten
    roles: dict[str, str] = field(default_factory=dict)  # what stands in brackets behind a name, as the key of a role

    def __post_init__(self) -> None:
        for key, said in self.step.columns.items():
            one = self._field(key)
            headers = [said] if isinstance(said, str) else list(said)
            self.columns.append((one, [self.table.column(header, first=True) for header in headers if header]))
        for one in map(self._field, self.step.fixed):
            if one.key not in self.step.columns:
                self.columns.append((one, []))
        of_model = {item.attname: item for item in self.registered.model._meta.concrete_fields}
        texts = {name: item for name, item in of_model.items() if isinstance(item, models.CharField)}
        self.lengths = {name: item.max_length for name, item in texts.items() if item.max_length}
        self.nullable = frozenset(name for name, item in of_model.items() if item.null)
        if "id" not in self.step.columns:  # in exports of ours capitals are meant
            self.capitals = frozenset(one.key for one, headers in self.columns if self._is_in_capitals(one, headers))

    def _is_in_capitals(self, one: Field, headers: list[str]) -> bool:
        if one.key not in {"name", "address"} or not headers:
            return False
        rows = self.table.rows[:: max(1, len(self.table.rows) // LOOKED_AT)]
        texts = [text for row in rows if len(text := row.cells[headers[0]].strip()) > 5 and not text.isdigit()]
        return len(texts) >= 5 and sum(text == text.upper() for text in texts) >= CAPITALS * len(texts)

    def _field(self, key: str) -> Field:
        one = self.registered.by_key.get(key)
        if one is None or not one.loaded:
            known = ", ".join(item.key for item in self.registered.loaded())
            raise RecipeError(
                _("the step “%(step)s” cannot fill “%(field)s”; it can fill: %(known)s.")
                % {"step": self.step.name, "field": key, "known": known}
            )
        return one

    @cached_property
    def for_staff(self) -> bool:
        """Whether the file says all that only staff read: in any other, what is not for everybody may be missing."""
        private = {column.key for column in self.registered.register.columns if column.staff}
        return private <= {one.key for one, _headers in self.columns}

    # --- rows
    def rows(self) -> list[Asked]:
        """What every row asks for; with the areas in which its points lie, found in one step."""
        notes = {} if self.ours else footers(self.table, self._names())
        take_in(self.table, notes.values())
        asked = [
            Asked(row.number, text_of(row), faults=[("", A_NOTE)])
            if row.number in notes and not self._is_taken(row)
            else self._row(row)
            for row in self.table.rows
        ]
        for one in asked:
            if one.values.get("lon") == 0 and one.values.get("lat") == 0:  # what programs write where nothing is known
                del one.values["lon"], one.values["lat"]
                one.notes.append(("", _("the point 0, 0 lies in the sea off Africa: it is not taken")))
        placed = [one for one in asked if one.values.get("lon") is not None and one.values.get("lat") is not None]
        found = areas_at([one.values["lon"] for one in placed], [one.values["lat"] for one in placed])
        lost = [one for one, area in zip(placed, found, strict=True) if area is None]
        exchanged = areas_at([one.values["lat"] for one in lost], [one.values["lon"] for one in lost])
        turned = {one.number for one, area in zip(lost, exchanged, strict=True) if area is not None}
        for one, area in zip(placed, found, strict=True):
            self._lies_in(one, area, exchanged=one.number in turned)
        for one in asked:
            self._check(one)
        return asked

    def _row(self, row: Row) -> Asked:
        asked = Asked(row.number)
        for one, headers in self.columns:
            text = self._text(one, row, headers)
            if text == "" or self._is_blank(one, text):
                self._empty(asked, one, headers)
                continue
            try:
                if text[0] == "#" and ERROR.fullmatch(text):
                    why = _("the cell holds an error of the spreadsheet (%(text)s): correct it there")
                    raise Unreadable(why % {"text": text})
                if cells.is_covered(text):
                    continue  # the export did not tell it: what is here stays
                self._put(asked, one, text, headers)
            except Unreadable as error:
                where = asked.spared if may_be_left_out(one) else asked.faults
                where.append((headers[0] if headers else one.key, str(error)))
        if asked.coded:
            asked.hanging["areas"] = asked.coded
            asked.doubts.pop("areas", None)
        if asked.private is None and self.says_private:
            asked.private = frozenset()
        name = str(asked.values.get("name", ""))
        asked.label = name[:200]
        if (
            not self.ours
            and (not name or _is_total(name))
            and any(map(_is_total, row.cells.values()))
            and not self._is_taken(row)
        ):
            asked.label, asked.faults = text_of(row), [("", A_TOTAL)]
        return asked

    def _names(self) -> list[str]:
        """The columns that name a record."""
        return [header for one, headers in self.columns if one.key == "name" for header in headers]

    def _is_taken(self, row: Row) -> bool:
        """Whether somebody said that a line which looks like a note or a total is a record."""
        return self.step.decisions.get(str(row.number)) in TAKEN

    @cached_property
    def ours(self) -> bool:
        """Whether the file is an export of ours: its cells mean what they say."""
        return "id" in self.step.columns

    @cached_property
    def says_private(self) -> bool:
        """Whether a column says which contacts only staff see."""
        return any(one.kind == Kind.PRIVATE for one, _headers in self.columns)

    def _is_blank(self, one: Field, text: str) -> bool:
        """Whether a cell says that nothing is known; of numbers of people and of yes or no that is an answer."""
        if self.ours or (text[0] not in BEGINS_BLANK and text[0].isascii()):
            return False  # most cells: none of those words begins so
        return fold(text) in BLANK and one.kind not in {Kind.COUNT, Kind.YES_NO}

    def _with_zeros(self, asked: Asked, one: Field, text: str, header: str) -> str:
        """Telephone numbers with the zero that a spreadsheet took from them; what was put back stands in the notes."""
        if one.kind != Kind.PHONES or self.ours or not SHORT.search(text):
            return text
        found = []
        for part in cells.parts_of(text):
            bare = part.strip().removesuffix(".0")
            if WITHOUT_ZERO.fullmatch(bare):
                words = {"text": bare, "number": f"0{bare}"}
                asked.notes.append((header, _("“%(text)s” is read as %(number)s: its first zero was lost") % words))
                part = f"0{bare}"
            found.append(part)
        return "; ".join(found)

    def _text(self, one: Field, row: Row, headers: list[str]) -> str:
        if len(headers) == 1:
            found = row.cells[headers[0]].strip()
        else:
            parts = dict.fromkeys(part for header in headers if (part := row.cells[header].strip()))
            found = JOINED.get(one.kind, "; ").join(parts)
        if found[:1] == "'" and found.lstrip("'")[:1] in MARKED and not self.table.literal:
            found = found[1:]  # exports put it before what a spreadsheet would take for a formula
        return found or self.step.fixed.get(one.key, "")

    def _empty(self, asked: Asked, one: Field, headers: list[str]) -> None:
        if self.step.empty != "clear" or not headers or one.required:
            return
        if one.attribute in self.nullable or one.kind in {Kind.TEXT, Kind.LONG_TEXT}:
            asked.values.setdefault(one.attribute, None if one.attribute in self.nullable else "")
        elif one.several and not one.attribute:
            asked.hanging.setdefault(one.key, ())

    def once(self, one: Field, text: str, read: Callable[[], Any]) -> Any:
        """An answer that depends on a text alone, computed once for the whole file."""
        key = (one.key, text)
        if key not in self.known:
            try:
                self.known[key] = read()
            except Unreadable as error:
                self.known[key] = error
        found = self.known[key]
        if isinstance(found, Unreadable):
            raise found
        return found

    # --- cells
    def _put(self, asked: Asked, one: Field, text: str, headers: list[str]) -> None:
        header = headers[0] if headers else one.key
        values = asked.values
        match one.kind:
            case Kind.NUMBER_HERE:
                asked.here = cells.number_here_of(text)
            case Kind.KEY:
                asked.key = text
            case Kind.TEXT | Kind.LONG_TEXT:
                self._put_text(asked, one, text, header)
            case Kind.COUNT:
                self._put_count(asked, one, text)
            case Kind.PRIVATE:
                asked.private = frozenset(map(cells.text_of, cells.parts_of(text)))
            case Kind.SOURCE:
                asked.source = cells.text_of(text)[:200]
            case Kind.AREA_CODES:
                asked.coded = tuple(
                    (area,)
                    for area in self.once(one, text, lambda: [self.areas.coded(p) for p in cells.parts_of(text)])
                )
            case Kind.AREA | Kind.AREA_CODE | Kind.AREAS:
                self._put_area(asked, one, text, header)
            case Kind.POINT:
                values["lon"], values["lat"] = cells.point_of(text)
            case _ if one.attribute:
                # No point comes twice: what it says is not kept.
                unlike = one.kind in {Kind.LON, Kind.LAT}
                found = self._value(one, text) if unlike else self.once(one, text, lambda: self._value(one, text))
                if found is not None or (one.kind == Kind.YES_NO and one.attribute in self.nullable):
                    values[one.attribute] = found
            case _:
                asked.hanging[one.key] = self._hanging(asked, one, self._with_zeros(asked, one, text, header), header)

    def _value(self, one: Field, text: str) -> Any:
        """The value of a field that the model holds itself."""
        match one.kind:
            case Kind.YEAR:
                return cells.year_of(text)
            case Kind.DATE:
                return cells.day_of(text)
            case Kind.YES_NO:
                return cells.flag_of(text)
            case Kind.CODE:
                return cells.stated(one.list, text, self._said(one)) or None
            case Kind.CHOICE:
                return cells.choice_of(one.options, text)
            case Kind.LON | Kind.LAT:
                return cells.coordinate_of(text, self.step.table.decimal)
            case Kind.PLACE:
                return cells.text_of(text)[:400]  # which it is, is found for all rows together
        return cells.number_here_of(text)

    def _said(self, one: Field) -> dict[str, str]:
        """What the recipe says that texts of a field mean."""
        return self.step.values.get(one.key, {})

    def _put_text(self, asked: Asked, one: Field, text: str, header: str) -> None:
        text = text.replace("\r\n", "\n")
        if one.key == "name" and "\n" in text.strip():
            # A title, and what stands under it in the same cell.
            text, _line, rest = text.strip().partition("\n")
            about = "summary" if self.registered.key == "experiences" else "description"
            if not asked.values.get(about):
                asked.values[about] = rest.strip()
        if one.kind == Kind.TEXT:
            text = cells.text_of(text)
            text = ACRONYMS.sub(lambda found: found[0].upper(), title_case(text)) if one.key in self.capitals else text
        if one.attribute == "tax_code":
            text = cells.tax_code_of(one, text)
        most = self.lengths.get(one.attribute, 0)
        if most and len(text) > most:
            words = {"count": most, "text": f"{text[:30]}…"}
            if one.required:
                raise Unreadable(_("“%(text)s” is longer than %(count)s signs") % words)
            asked.notes.append((header, _("“%(text)s” is longer than %(count)s signs, and was cut there") % words))
            text = text[:most]
        asked.values[one.attribute] = text

    def _put_count(self, asked: Asked, one: Field, text: str) -> None:
        count = self.once(one, text, lambda: cells.count_of(text))
        if count is not None and count.number > MOST_PEOPLE:
            raise Unreadable(_("“%(text)s” is more than can be: a typing error?") % {"text": text[:40]})
        asked.values[one.attribute] = count.number if count else None
        if count is None:
            asked.values[f"{one.attribute}_precision"] = "unknown"
        else:
            asked.values.setdefault(f"{one.attribute}_precision", "estimated" if count.estimated else "exact")

    def _put_area(self, asked: Asked, one: Field, text: str, header: str) -> None:
        if one.kind == Kind.AREAS:
            parts = cells.parts_of(text)
            asked.told[one.key] = tuple(parts)
            try:
                found = self.once(one, text, lambda: self._areas_of(parts, kind_of_header(header), self._said(one)))
            except Unreadable as error:
                asked.doubts[one.key] = (header, str(error))  # unless the record here lies in areas of these names
                return
            asked.hanging[one.key] = tuple((area,) for area in found if area)
        elif one.kind == Kind.AREA_CODE:
            asked.values["area_id"] = self.once(one, text, lambda: self.areas.coded(text))
            asked.area_text, asked.area_stated = "", True
        elif "area_id" not in asked.values:
            asked.area_text, asked.area_column = text, header

    def _areas_of(self, parts: list[str], kind: str, said: dict[str, str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self._one_area(part, kind, said) for part in parts))

    def _one_area(self, text: str, kind: str, said: dict[str, str], near: Iterable[int] = ()) -> int:
        if (code := said.get(text)) is not None:
            return self.areas.coded(code) if code else 0
        try:
            return self.areas.one(text, kind, near)
        except Unreadable:
            if self.step.unknown != "refuse":
                return 0
            raise

    def _hanging(self, asked: Asked, one: Field, text: str, header: str) -> tuple[Any, ...]:
        said = self._said(one)
        match one.kind:
            case Kind.PHONES | Kind.EMAILS | Kind.SITES | Kind.PERSONS:
                if one.kind in {Kind.PHONES, Kind.EMAILS} and not self.ours:
                    text, wrong = cells.sound_contacts(one.kind, text)
                    asked.dropped += [(header, why) for why in wrong]
                    if wrong or (not text and self.step.empty != "clear"):
                        asked.vague.add(one.key)
                reached = cells.contacts_of(one.kind, text) if text else ()
                if not reached and one.kind == Kind.SITES:
                    asked.dropped.append((header, _("“%(text)s” is no address of a page") % {"text": text[:40]}))
                return reached
            case Kind.CODES:
                return tuple((key,) for key in self.once(one, text, lambda: cells.codes_of(one.list, text, said)))
            case Kind.ORGANISATIONS if self.registered.key == "resources":
                return tuple(self._body(part, said) for part in cells.parts_of(text))
            case Kind.ORGANISATIONS | Kind.FUNDING | Kind.SEATS | Kind.DATES:
                found = self.details.of(one.kind, text)
                asked.notes += [(header, note) for note in self.details.told()]
                return found
        return tuple((cells.text_of(part)[:250],) for part in cells.parts_of(text))

    @cached_property
    def details(self) -> Details:
        """Reads what hangs on records with more than a name."""
        bodies = self.registered.by_key.get("organisations")
        return Details(partial(self._body, said=self._said(bodies) if bodies else {}), self.areas.told)

    def _body(self, text: str, said: dict[str, str]) -> tuple[str, str]:
        """A name of an organisation and the key of its role: what stands in brackets, where that is a role."""
        name, behind = cells.named_of(text)
        if behind not in self.roles:
            role = codes.find("tie_role", behind) if behind else None
            self.roles[behind] = str(role.id) if role is not None else ""
        key = self.roles[behind]
        if not key:
            name, key = text, codes.key("tie_role", "promoter" if self.registered.key == "resources" else "partner")
        return cells.text_of(said.get(name, name))[:400], key

    # --- what several cells say together
    def _lies_in(self, asked: Asked, area: int | None, *, exchanged: bool) -> None:
        """The area of a row with a point: that of the point, unless the row states another."""
        lon, lat = asked.values["lon"], asked.values["lat"]
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            metres = max(abs(lat), abs(lon)) > 1000
            text = _("the coordinates look like metres: a point is given in degrees (WGS84)")
            self._no_point(asked, text if metres else _("latitude and longitude are no point on the earth"))
            return
        if exchanged:
            self._no_point(asked, _("latitude and longitude seem to be exchanged"))
            return
        stated = self._stated_area(asked, near=[area] if area else [])
        if stated is None:
            if area is not None:
                asked.values["area_id"] = area
            elif self.registered.key != "experiences":
                asked.notes.append(("", _("the point lies in no area that is here")))
        elif self.areas.lies_in(area, stated):
            asked.values["area_id"] = area  # the narrower one
        elif area is not None and not self.areas.lies_in(stated, area):
            words = {"stated": name_of(stated), "found": name_of(area)}
            asked.notes.append(
                (asked.area_column, _("the file says “%(stated)s”, the point lies in “%(found)s”") % words)
            )

    def _no_point(self, asked: Asked, why: str) -> None:
        """A point that cannot be: the row can be loaded without it."""
        asked.values.pop("lon", None)
        asked.values.pop("lat", None)
        asked.spared.append(("", why))

    def _stated_area(self, asked: Asked, near: Iterable[int] = ()) -> int | None:
        """The area that a row states by name (or by code); it is put into the values."""
        if asked.area_text:
            text, asked.area_text = asked.area_text, ""
            one = self.registered.by_key["area"]
            kind = kind_of_header(asked.area_column)
            near = list(near)
            said = self.step.values.get("area", {})
            try:
                found = self.once(one, f"{text} {near}", lambda: self._one_area(text, kind, said, near))
            except Unreadable as error:
                asked.faults.append((asked.area_column, str(error)))
                return None
            if found:
                asked.values["area_id"], asked.area_stated = found, True
            elif self.step.unknown == "skip" and text not in said:
                asked.faults.append((asked.area_column, SKIPPED))
        stated: int | None = asked.values.get("area_id")
        return stated

    def _check(self, asked: Asked) -> None:
        """What a record must hold, and what must fit together; what is missing is told after all cells were read."""
        values = asked.values
        self._stated_area(asked)
        if (values.get("lon") is None) != (values.get("lat") is None):
            self._no_point(asked, _("one of the two coordinates is missing"))
            if any(column in self._of_points for column, _why in asked.spared[:-1]):
                asked.spared.pop()  # it is known why
        for one in self.registered.required():
            if not values.get(one.attribute) and not any(column == one.key for column, _why in asked.faults):
                headers = next((headers for item, headers in self.columns if item is one), [])
                known = {header for header, _why in asked.faults}
                if not known & set(headers):
                    words = {"field": str(one.label)}
                    asked.faults.append((headers[0] if headers else "", _("“%(field)s” is missing") % words))
        for start, end in ENDS:
            first, last = values.get(start), values.get(end)
            if isinstance(first, date) and isinstance(last, date) and last < first:
                asked.faults.append(("", _("the end date comes before the start: which of the two is right?")))
        for name in ("volunteers", "beneficiaries"):
            precision = values.get(f"{name}_precision")
            if precision == "unknown":
                values[name] = None
            elif precision and values.get(name) is None:
                del values[f"{name}_precision"]
        if self.step.bad_cells == "leave_out":
            asked.dropped += asked.spared
        asked.own_key = self._own_key(asked)

    @cached_property
    def _of_points(self) -> frozenset[str]:
        """The columns of coordinates."""
        return frozenset(name for one, names in self.columns if one.kind in {Kind.LON, Kind.LAT} for name in names)

    def _own_key(self, asked: Asked) -> str:
        """What tells a row from the others when the source bears no key: its name, its place, what tells it apart."""
        values = asked.values
        told: list[Any] = [normalised(str(values.get("name", ""))), values.get("area_id")]
        for key in self.registered.apart:
            one = self.registered.by_key[key]
            found = values.get(one.attribute) if one.attribute else asked.hanging.get(key)
            told.append(normalised(found) if isinstance(found, str) and one.kind == Kind.TEXT else found)
        if not any(told[1:]):
            told += [values.get("lon"), values.get("lat")]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _is_total(text: str) -> bool:
    """Whether a cell says that its row sums up others; asked of every row, so that the first letter decides of most."""
    return bool(text) and (text[0] in "stgSTG" or not text[0].isascii()) and bool(TOTAL.fullmatch(fold(text)))


A_TOTAL = "-total-"  # a row that sums up the others
A_NOTE = "-note-"  # a line below the table
TAKEN = frozenset({"take", "same", "new"})  # what was said of a row that is one
SKIPPED = "-left out-"  # a row of another territory, which the person said to leave out


def open_reader(step: RegisterStep, table: Table, areas: Areas | None = None) -> Reader:
    """The reader of a step; raises RecipeError for a register, a field or a column that is not known."""
    registered = REGISTERED.get(step.register)
    if registered is None:
        words = {"step": step.name, "register": step.register, "known": ", ".join(REGISTERED)}
        raise RecipeError(_("the step “%(step)s”: there is no register “%(register)s”; there are: %(known)s.") % words)
    choices = {"by_hand": ("keep", "replace"), "empty": ("leave", "clear"), "unknown": ("refuse", "without", "skip"),
               "possible": ("leave", "same", "new"), "bad_cells": ("refuse", "leave_out")}  # fmt: skip
    for name, known in choices.items():
        if getattr(step, name) not in known:
            words = {"step": step.name, "key": name, "known": ", ".join(known)}
            raise RecipeError(_("the step “%(step)s”: “%(key)s” is one of: %(known)s.") % words)
    return Reader(step, table, registered, areas or Areas.here())
