"""The recipe of a load: how the official files of a city become records. Data in TOML, checked key by key.

A recipe names its sources and its steps in order. What a key means is written in docs/recipes.md; a key that is not
known is refused with its line and the nearest known one, so that a typing error never passes for a choice.
"""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
import types
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.utils.translation import gettext as _

from trama.core.legible import shown
from trama.intake.toml_words import in_words, lines_of

FORMAT, ANY = 1, "any"  # areas of any kind
LONGEST = 1_000_000  # characters of a recipe


class RecipeError(ValueError):
    """A recipe or a file that cannot be understood; the message says where, in one sentence."""


@dataclass(frozen=True)
class SourceSpec:
    """A published data set: where its figures come from, and where it can be taken again."""

    key: str
    title: str
    publisher: str = ""
    url: str = ""
    licence: str = ""
    dataset: str = ""
    file: str = ""
    download: str = ""
    published_on: str = ""
    retrieved_on: str = ""
    note: str = ""


@dataclass(frozen=True)
class PortalSpec:
    """The open-data portal: `{dataset}` and `{format}` are put into `export`."""

    export: str
    max_megabytes: int = 200
    timeout_seconds: int = 60


@dataclass(frozen=True)
class CodeSpec:
    """A value that this city adds to an open list."""

    list: str
    value: str
    label_it: str
    label_en: str
    description: str = ""


@dataclass(frozen=True)
class Rule:
    """Rows in which a column bears one of these values; `why` is printed with the verdict."""

    column: str
    values: list[str]
    why: str = ""


@dataclass(frozen=True)
class NamesSpec:
    """Where the well-written names stand, when a file bears them in capitals."""

    file: str
    column: str


@dataclass(frozen=True)
class LevelSpec:
    """One level of areas in a boundary file; every level but the last is dissolved from the one below it."""

    kind: str
    name: str
    code: str = ""
    prefix: str = ""
    title_case: bool = False
    names: NamesSpec | None = None
    rename: dict[str, str] = field(default_factory=dict)
    other_names: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class AreaColumn:
    """How a row says which area it speaks of: in a column, or (of values) each number in the header of its own."""

    kind: str
    column: str = ""
    headers: list[str] = field(default_factory=list)
    by: str = "name"
    # Also wholes of the areas: the municipality and the levels between, as sums of what adds up.
    sum_up_to: list[str] = field(default_factory=list)
    # The code of the area in which all of them lie, where two cities bear the same names or local codes.
    within: str = ""
    # Rows of areas that are not here: "refuse" each one, or "skip" them (a national file) and say how many.
    unknown: str = "refuse"
    names: dict[str, str] = field(default_factory=dict)  # what else the file calls some: its text = the area's code


@dataclass(frozen=True)
class IndicatorSpec:
    """A number of the territory: what it is, and where it is read."""

    code: str
    name_it: str
    name_en: str
    version: str = "1"
    description_it: str = ""
    description_en: str = ""
    unit_it: str = ""
    unit_en: str = ""
    theme: str = ""
    decimals: int = 0
    polarity: str = "neutral"
    adds_up: bool = False
    centre: float | None = None
    compare_within: str = ""
    position: int = 100
    value: str = ""
    where: dict[str, str] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    # One column per year: year = column
    columns: dict[str, str] = field(default_factory=dict)
    # A number outside of these is refused
    least: float | None = None
    most: float | None = None
    excluded: Rule | None = None
    except_years: dict[str, str] = field(default_factory=dict)
    # numerator and denominator, both indicators of this step; the result is times 100
    share: list[str] = field(default_factory=list)
    people: bool = False  # it counts persons: small numbers are told to nobody (`context.people`)
    part_of: str = ""  # "of which": the indicator of which it counts some


@dataclass(frozen=True)
class StateSpec:
    """The column that says of each number whether it is estimated, missing (and why) or excluded.

    `values` gives the state for each text; without it the texts are the observation status of SDMX.
    """

    column: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a person decided about a break of scale of an indicator in a year.

    `do` is "multiply" (by `factor`), "keep", "leave_out" or "exclude"; for the areas named in `areas`, for all but
    those named in `all_but`, or for all, as the file writes them.
    """

    indicator: str
    year: int
    do: str
    factor: float = 1.0
    areas: list[str] = field(default_factory=list)
    all_but: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TableSpec:
    """How a text file is written."""

    separator: str = ""
    encoding: str = ""
    decimal: str = "."
    sheet: str = ""
    records: str = ""
    header_row: int = 1


@dataclass(frozen=True)
class ContactColumns:
    """Columns that hold ways to reach somebody; a cell may hold several, one per line."""

    phone: str = ""
    email: str = ""
    web: str = ""
    social: str = ""
    person: str = ""


@dataclass(frozen=True)
class PointSpec:
    """Where the point of a row stands: in one column ("lat, lon" or the reverse) or in two."""

    column: str = ""
    order: str = "lat, lon"
    lon: str = ""
    lat: str = ""


@dataclass(frozen=True)
class KindRule:
    """Names that match this pattern (regular expression, case apart) are of this kind."""

    pattern: str
    kind: str
    ets: bool | None = None
    formal: bool | None = None
    public_body: bool = False


@dataclass(frozen=True)
class PromoterSpec:
    """The body that offers a resource: kept as written; marked when it names several."""

    column: str
    role: str = "promoter"
    several: list[str] = field(default_factory=list)
    kinds: list[KindRule] = field(default_factory=list)


@dataclass(frozen=True)
class CheckSpec:
    """An area that the row states: it must be the one in which the point lies."""

    column: str
    kind: str


@dataclass(frozen=True)
class Step:
    """What every step has: a name to call it by, and its source."""

    kind: str
    name: str
    source: str = ""
    file: str = ""
    note: str = ""


@dataclass(frozen=True)
class MunicipalityStep(Step):
    """Municipalities with boundary and residents, from the national package."""

    municipalities: list[str] = field(default_factory=list)
    union: str = ""
    home: str = ""
    body_name: str = ""


@dataclass(frozen=True)
class AreasStep(Step):
    """Areas below a municipality, from a boundary file."""

    parent: str = ""
    crs: str = ""
    levels: list[LevelSpec] = field(default_factory=list)
    when_gone: str = "report"


@dataclass(frozen=True)
class ValuesStep(Step):
    """Numbers about areas, long (a column of years) or wide (one column per year)."""

    area: AreaColumn | None = None
    year: str = ""
    fixed_year: int | None = None
    years_in_columns: bool = False
    only_years: list[int] = field(default_factory=list)
    table: TableSpec = TableSpec()
    skip: list[Rule] = field(default_factory=list)
    state: StateSpec | None = None
    # a column with a power of ten by which the numbers are multiplied (SDMX's UNIT_MULT)
    multiplier: str = ""
    indicators: list[IndicatorSpec] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    when_gone: str = "report"


@dataclass(frozen=True)
class RecordsStep(Step):
    """What steps that bring in one record per row have in common."""

    key: str | list[str] = ""
    prefix: str = ""
    columns: dict[str, str | list[str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    title_case: list[str] = field(default_factory=list)
    point: PointSpec | None = None
    area: AreaColumn | None = None
    within: str = ""
    contacts: ContactColumns | None = None
    check: list[CheckSpec] = field(default_factory=list)
    skip: list[Rule] = field(default_factory=list)
    table: TableSpec = TableSpec()
    when_gone: str = "report"


@dataclass(frozen=True)
class ResourcesStep(RecordsStep):
    """Resources and services offered."""

    split_name: bool = False
    promoter: PromoterSpec | None = None
    targets: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class PlacesStep(RecordsStep):
    """Places: libraries, schools, squares."""


@dataclass(frozen=True)
class OrganisationsStep(RecordsStep):
    """Organisations, one per row."""

    kinds: list[KindRule] = field(default_factory=list)


@dataclass(frozen=True)
class RegisterStep(Step):
    """Any spreadsheet of a register: `columns` gives the header (or several) of each field. See docs/recipes.md."""

    register: str = ""
    prefix: str = ""
    columns: dict[str, str | list[str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    table: TableSpec = TableSpec()
    by_hand: str = "keep"
    empty: str = "leave"
    unknown: str = "refuse"
    possible: str = "leave"
    bad_cells: str = "refuse"
    decisions: dict[str, str] = field(default_factory=dict)


STEPS: dict[str, type[Step]] = {
    "municipality": MunicipalityStep,
    "areas": AreasStep,
    "values": ValuesStep,
    "resources": ResourcesStep,
    "places": PlacesStep,
    "organisations": OrganisationsStep,
    "register": RegisterStep,
}


@dataclass(frozen=True)
class Recipe:
    """A whole recipe."""

    format: int
    key: str
    title: str
    steps: list[Step]
    description: str = ""
    portal: PortalSpec | None = None
    sources: list[SourceSpec] = field(default_factory=list)
    codes: list[CodeSpec] = field(default_factory=list)

    def source(self, key: str) -> SourceSpec | None:
        """The source that bears this key."""
        return next((source for source in self.sources if source.key == key), None)


# --- reading ------------------------------------------------------------------------------------------------------
@dataclass
class _Reader:
    """Builds the shapes above from what TOML holds, and says where something is wrong."""

    name: str
    lines: dict[tuple[str | int, ...], int]

    def fail(self, path: tuple[str | int, ...], sentence: str) -> RecipeError:
        """The error at this path, with its line when it can be told."""
        line = 0
        for length in range(len(path), 0, -1):
            line = self.lines.get(path[:length], 0)
            if line:
                break
        where = _("%(file)s, line %(line)s") % {"file": self.name, "line": line} if line else self.name
        return RecipeError(f"{where}: {sentence}")

    def build(self, cls: type[Any], data: Any, path: tuple[str | int, ...]) -> Any:
        """An instance of a shape from a table."""
        if not isinstance(data, dict):
            raise self.fail(path, _("“%(key)s” must be a table.") % {"key": path[-1] if path else "?"})
        if cls is Step:
            kind = data.get("kind", "")
            if kind not in STEPS:
                raise self.fail((*path, "kind"), _unknown(str(kind), STEPS, _("kind of step")))
            cls = STEPS[kind]
        hints = get_type_hints(cls)
        known = {item.name: item for item in fields(cls)}
        for key in data:
            if key not in known:
                raise self.fail((*path, key), _unknown(key, known, _("key")))
        values = {key: self.convert(hints[key], value, (*path, key)) for key, value in data.items()}
        for name, item in known.items():
            if name not in values and item.default is MISSING and item.default_factory is MISSING:
                raise self.fail(path, _("the key “%(key)s” is missing.") % {"key": name})
        return cls(**values)

    def convert(self, hint: Any, value: Any, path: tuple[str | int, ...]) -> Any:
        """A value as its type wants it."""
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            options = [option for option in get_args(hint) if option is not type(None)]
            for option in options:
                if self._fits(option, value):
                    return self.convert(option, value, path)
            return self.convert(options[0], value, path)
        if is_dataclass(hint) and isinstance(hint, type):
            return self.build(hint, value, path)
        if origin is list:
            if not isinstance(value, list):
                raise self.fail(path, _("“%(key)s” must be a list.") % {"key": path[-1]})
            return [self.convert(get_args(hint)[0], item, (*path, index)) for index, item in enumerate(value)]
        if origin is dict:
            if not isinstance(value, dict):
                raise self.fail(path, _("“%(key)s” must be a table.") % {"key": path[-1]})
            return {str(key): self.convert(get_args(hint)[1], item, (*path, key)) for key, item in value.items()}
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
            wanted = {str: _("a text"), int: _("a whole number"), float: _("a number"), bool: _("true or false")}
            raise self.fail(path, _("“%(key)s” must be %(what)s.") % {"key": path[-1], "what": wanted[hint]})
        self._check_plain(value, path)
        return value

    def _check_plain(self, value: Any, path: tuple[str | int, ...]) -> None:
        if isinstance(value, (int, float)) and not abs(value) < 1e15:
            raise self.fail(path, _("“%(key)s” is no number that can be used.") % {"key": path[-1]})
        if isinstance(value, str) and "\x00" in value:
            raise self.fail(path, _("“%(key)s” holds a sign that cannot be seen: delete it.") % {"key": path[-1]})

    @staticmethod
    def _fits(option: Any, value: Any) -> bool:
        origin = get_origin(option) or option
        if is_dataclass(origin):
            return isinstance(value, dict)
        return isinstance(value, origin) and not (origin is int and isinstance(value, bool))


def _unknown(key: str, known: Any, what: str) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    if near:
        return _("the %(what)s “%(key)s” is not known: did you mean “%(near)s”?") % {
            "what": what,
            "key": key,
            "near": near[0],
        }
    return _("the %(what)s “%(key)s” is not known; known are: %(known)s.") % {
        "what": what,
        "key": key,
        "known": ", ".join(known),
    }


def parse(text: str, name: str) -> Recipe:
    """Read a recipe from its text; `name` is the file's, for the errors."""
    if len(text) > LONGEST:
        raise RecipeError(_("%(file)s: a recipe is a small text file, this one is too big.") % {"file": shown(name)})
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(in_words(shown(name), error)) from error
    except (RecursionError, ValueError) as error:
        raise RecipeError(_("%(file)s: this is no recipe.") % {"file": shown(name)}) from error
    reader = _Reader(shown(name), lines_of(text))
    recipe: Recipe = reader.build(Recipe, data, ())
    if recipe.format != FORMAT:
        raise reader.fail(("format",), _("this Trama reads recipes of format %(format)s.") % {"format": FORMAT})
    _check(recipe, reader)
    return recipe


CARRIED = Path(__file__).resolve().parent.parent / "recipes"  # where an installed Trama has the recipes of the checkout


def where(path: Path) -> Path:
    """The file that is meant: the path itself or, where there is none, the recipe of that name that Trama carries.

    `recipes/bologna.toml` so works in the checkout and beside an installed Trama.
    """
    carried = CARRIED / path.name
    named = path.parent in {Path(), Path("recipes")}
    return carried if named and not path.exists() and carried.is_file() else path


def read(path: Path) -> Recipe:
    """Read a recipe from a file."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST * 4 + 1)
    except OSError as error:
        raise RecipeError(_("There is no recipe %(file)s, or it cannot be opened.") % {"file": path}) from error
    return parse_bytes(content, path.name)


def parse_bytes(content: bytes, name: str) -> Recipe:
    """Read a recipe from the bytes of its file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError(
            _("%(file)s, line %(line)s: a recipe is a text in UTF-8, and this is not: save it again as UTF-8.")
            % {"file": shown(name), "line": line}
        ) from error
    return parse(text, name)


def _check(recipe: Recipe, reader: _Reader) -> None:
    """What the shapes cannot say: names are unique, sources exist, patterns are well written."""
    seen: set[str] = set()
    for number, step in enumerate(recipe.steps):
        path = ("steps", number)
        if step.name in seen:
            raise reader.fail((*path, "name"), _("two steps are called “%(name)s”.") % {"name": step.name})
        seen.add(step.name)
        if step.source and recipe.source(step.source) is None:
            keys = [source.key for source in recipe.sources]
            raise reader.fail((*path, "source"), _unknown(step.source, keys, _("source")))
        if step.kind != "municipality" and not step.file:
            raise reader.fail(path, _("the step “%(name)s” names no file.") % {"name": step.name})
        _check_choices(step, path, reader)
        if getattr(step, "when_gone", "report") not in {"report", "close"}:
            raise reader.fail((*path, "when_gone"), _("“when_gone” is either “report” or “close”."))
        if isinstance(step, ValuesStep):
            _check_values(step, reader, path)
        for pattern in _patterns(step):
            try:
                re.compile(pattern)
            except re.error as error:
                sentence = _("the pattern “%(pattern)s” is not well written: %(why)s.")
                raise reader.fail(path, sentence % {"pattern": pattern, "why": error}) from error


DOINGS = ("multiply", "keep", "leave_out", "exclude")


def _check_values(step: ValuesStep, reader: _Reader, path: tuple[str | int, ...]) -> None:
    """Decisions are known ones, about indicators of the step; indicators stand once."""
    codes = [spec.code for spec in step.indicators]
    for code in codes:
        if codes.count(code) > 1:
            raise reader.fail((*path, "indicators"), _("the indicator “%(code)s” stands twice.") % {"code": code})
    for number, decision in enumerate(step.decisions):
        here = (*path, "decisions", number)
        if decision.indicator not in codes:
            raise reader.fail((*here, "indicator"), _unknown(decision.indicator, codes, _("indicator")))
        if decision.do not in DOINGS:
            raise reader.fail((*here, "do"), _unknown(decision.do, DOINGS, _("decision")))
        if decision.do == "multiply" and not 0 < decision.factor < 1e12:
            raise reader.fail((*here, "factor"), _("a decision to multiply needs a “factor” above zero."))
        if decision.areas and decision.all_but:
            raise reader.fail(here, _("a decision names “areas” or “all_but”, not both."))
    if step.area and step.area.unknown not in {"refuse", "skip"}:
        raise reader.fail((*path, "area", "unknown"), _("“unknown” is either “refuse” or “skip”."))


def _check_choices(step: Step, path: tuple[str | int, ...], reader: _Reader) -> None:
    """Words of a recipe of which only a few are understood."""
    point = getattr(step, "point", None)
    if point is not None and point.order.replace(" ", "") not in {"lat,lon", "lon,lat"}:
        raise reader.fail((*path, "point"), _("“order” is either “lat, lon” or “lon, lat”."))
    table = getattr(step, "table", None)
    if table is None:
        return
    if len(table.separator) > 1:
        raise reader.fail((*path, "table"), _("“separator” is one sign: “;”, “,”, “|” or “\\t”."))
    if table.decimal not in {".", ","}:
        raise reader.fail((*path, "table"), _("“decimal” is either “.” or “,”."))
    try:
        known = not table.encoding or codecs.lookup(table.encoding)._is_text_encoding
    except (LookupError, ValueError):
        known = False
    if not known:
        sentence = _("the encoding “%(name)s” is not known; write “utf-8” or “cp1252”.")
        raise reader.fail((*path, "table"), sentence % {"name": shown(table.encoding)})


def _patterns(step: Step) -> list[str]:
    if isinstance(step, ResourcesStep) and step.promoter:
        return [*step.promoter.several, *(rule.pattern for rule in step.promoter.kinds)]
    return [rule.pattern for rule in step.kinds] if isinstance(step, OrganisationsStep) else []
