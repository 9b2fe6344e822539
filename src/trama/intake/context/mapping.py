"""What a person said of the columns of a file: kept beside the file between the pages, and written as a recipe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from trama.intake.recipe import Decision

MAPPING = ".mapping.json"  # no file that is sent may begin with a point
ROLES = (
    "area", "area_name", "year", "value", "year_value", "area_value", "indicator", "part", "state", "excluded",
    "multiplier", "note",
)  # fmt: skip


@dataclass
class Named:
    """An indicator as it is named on the page: its definition, and where its numbers stand."""

    code: str
    name_it: str
    name_en: str
    take: bool = True
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
    least: float | None = None
    most: float | None = None
    people: bool = False
    part_of: str = ""  # the code of the indicator of which it counts some
    value: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    from_file: bool = False  # no header names it: its name is that of the file until somebody gives it one
    is_new_version: bool = False  # the definition is stated anew, under another version

    @property
    def stands(self) -> str:
        """Where its numbers stand, for people."""
        place = ", ".join(dict.fromkeys(self.columns.values())) or self.value
        return " · ".join(filter(None, [place, *(f"{column} = {value}" for column, value in self.where.items())]))


@dataclass
class Mapping:
    """A file, what each of its columns means, the indicators in it, its source, and what was decided."""

    file: str
    sheet: str = ""
    separator: str = ""
    encoding: str = ""
    decimal: str = "."
    header_row: int = 1
    sdmx: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    years: dict[str, str] = field(default_factory=dict)  # column → year, for the role "year_value"
    kind: str = ""
    by: str = "name"
    within: str = ""
    unknown: str = "refuse"
    sum_up_to: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)  # texts of the column of exclusions that exclude
    names: dict[str, str] = field(default_factory=dict)  # what the file calls an area → its code
    fixed_year: int | None = None
    source: dict[str, str] = field(default_factory=dict)
    indicators: list[Named] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def column(self, role: str) -> str:
        """The first column of a role."""
        return next((column for column, found in self.roles.items() if found == role), "")

    def columns(self, role: str) -> list[str]:
        """All columns of a role."""
        return [column for column, found in self.roles.items() if found == role]


def keep(folder: Path, mapping: Mapping) -> None:
    """Write the mapping beside its file."""
    (folder / MAPPING).write_text(json.dumps(asdict(mapping), ensure_ascii=False), encoding="utf-8")


def kept(folder: Path) -> Mapping | None:
    """The mapping beside a file; None when there is none."""
    path = folder / MAPPING
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    data["indicators"] = [Named(**item) for item in data["indicators"]]
    data["decisions"] = [Decision(**item) for item in data["decisions"]]
    return Mapping(**data)


# --- as a recipe --------------------------------------------------------------------------------------------------
LEFT_OUT = {"take", "value", "columns", "where", "is_new_version", "from_file"}
DEFAULTS = {item.name: item.default for item in fields(Named)}


def recipe_of(mapping: Mapping) -> str:
    """The recipe that does what the mapping says: TOML, as docs/recipes.md describes it."""
    key = mapping.source.get("key") or "indicators"
    lines = ["format = 1", f"key = {text(key)}", f"title = {text(mapping.source.get('title') or mapping.file)}", ""]
    lines += ["[[sources]]", f"key = {text(key)}"]
    said = {name: value for name, value in mapping.source.items() if name != "key" and value}
    said.setdefault("title", mapping.file)
    lines += [f"{name} = {text(value)}" for name, value in said.items()]
    lines += ["", "[[steps]]", 'kind = "values"', 'name = "indicatori"', f"source = {text(key)}"]
    lines += _step(mapping)
    taken = {item.code for item in mapping.indicators if item.take}
    counted = {item.code for item in mapping.indicators if item.take and item.people}
    for item in mapping.indicators:
        if item.take:
            item = item if item.part_of in counted and item.people else replace(item, part_of="")
            lines += ["", "[[steps.indicators]]", *_indicator(mapping, item)]
    for decision in mapping.decisions:
        if decision.indicator in taken:
            lines += ["", *decision_lines(decision)]
    return "\n".join(lines) + "\n"


def _step(mapping: Mapping) -> list[str]:
    lines = [f"file = {text(mapping.file)}"]
    table: dict[str, Any] = {}
    for name, default in (("separator", ""), ("encoding", ""), ("decimal", "."), ("sheet", ""), ("header_row", 1)):
        if (value := getattr(mapping, name)) != default:
            table[name] = value
    if table:
        lines.append(f"table = {inline(table)}")
    headers = mapping.columns("area_value")
    area: dict[str, Any] = {"headers": headers} if headers else {"column": mapping.column("area")}
    area |= {"kind": mapping.kind, "by": mapping.by}
    area |= {"sum_up_to": mapping.sum_up_to} if mapping.sum_up_to else {}
    area |= {"within": mapping.within} if mapping.within else {}
    area |= {"unknown": mapping.unknown} if mapping.unknown != "refuse" else {}
    area |= {"names": mapping.names} if mapping.names else {}
    lines.append(f"area = {inline(area)}")
    if year := mapping.column("year"):
        lines.append(f"year = {text(year)}")
    elif not mapping.columns("year_value") and mapping.fixed_year:
        lines.append(f"fixed_year = {mapping.fixed_year}")
    if state := mapping.column("state"):
        lines.append(f"state = {inline({'column': state})}")
    if multiplier := mapping.column("multiplier"):
        lines.append(f"multiplier = {text(multiplier)}")
    return lines


def _indicator(mapping: Mapping, item: Named) -> list[str]:
    lines = []
    for name, default in DEFAULTS.items():
        value = getattr(item, name)
        if name not in LEFT_OUT and (value != default or name in {"code", "name_it", "name_en"}):
            lines.append(f"{name} = {scalar(value)}")
    if item.columns:
        lines.append(f"columns = {inline(item.columns)}")
    elif item.value:
        lines.append(f"value = {text(item.value)}")
    if item.where:
        lines.append(f"where = {inline(item.where)}")
    if excluded := mapping.column("excluded"):
        lines.append(f"excluded = {inline({'column': excluded, 'values': mapping.excluded or list(YES)})}")
    return lines


YES = ("1", "1.0", "sì", "si", "s", "true", "vero", "x", "yes", "y", "esclusa", "escluso", "excluded")


def decision_lines(decision: Decision) -> list[str]:
    """A decision as it stands in a recipe."""
    lines = ["[[steps.decisions]]", f"indicator = {text(decision.indicator)}", f"year = {decision.year}"]
    lines.append(f"do = {text(decision.do)}")
    if decision.do == "multiply":
        lines.append(f"factor = {scalar(float(decision.factor))}")
    named = {"areas": decision.areas, "all_but": decision.all_but}
    return [*lines, *(f"{name} = {scalar(list(names))}" for name, names in named.items() if names)]


def text(value: str) -> str:
    """A text in TOML. What JSON escapes is what TOML escapes too, but for the sign of deletion."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def scalar(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, dict):
        return inline(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    return repr(value)


def inline(values: dict[str, Any]) -> str:
    """A table in TOML on one line."""
    return "{ " + ", ".join(f"{_key(name)} = {scalar(value)}" for name, value in values.items()) + " }"


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else text(name)
