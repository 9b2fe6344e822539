"""What a person said of a spreadsheet of records: kept beside it between the pages, written as a recipe, remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from trama.intake.context.mapping import inline, scalar, text
from trama.intake.models import Load
from trama.intake.recipe import RegisterStep, TableSpec
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.fields import Kind, Registered, as_compared
from trama.intake.registers.proposing import Column, is_house_number

MAPPING = ".register.json"  # no file that is sent may begin with a point
# What is remembered of a load for the next file with the same header.
REMEMBERED = ("register", "prefix", "columns", "values", "fixed", "by_hand", "empty", "unknown", "possible")
STEP = "righe"


@dataclass
class Mapping:
    """A spreadsheet, what each of its columns means, and what becomes of what is not plain."""

    file: str
    register: str
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    header_row: int = 1
    encoding: str = ""
    separator: str = ""
    records: str = ""
    columns: list[Column] = field(default_factory=list)
    rows: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)  # rows that cannot be read
    ours: bool = False  # the header is that of our own export
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    title: str = ""
    publisher: str = ""
    licence: str = ""
    key: str = ""  # of the source
    prefix: str = ""  # under which rows without a key of their own are found again
    by_hand: str = "keep"
    empty: str = "leave"
    unknown: str = "refuse"
    possible: str = "leave"
    bad_cells: str = "refuse"  # of this file alone: "leave_out" loads rows without the cells that cannot be read
    decisions: dict[str, str] = field(default_factory=dict)  # row → "same", "new" or "leave"
    like: int = 0  # the load from which it was remembered

    @property
    def registered(self) -> Registered:
        return REGISTERED[self.register]

    @property
    def table(self) -> TableSpec:
        """How the file is to be read."""
        return TableSpec(
            self.separator, self.encoding, sheet=self.sheet, header_row=self.header_row, records=self.records
        )

    def taken(self) -> dict[str, list[str]]:
        """For each field the headers of its columns, in the order of the file."""
        found: dict[str, list[str]] = {}
        for column in self.columns:
            if column.key:
                found.setdefault(column.key, []).append(column.header)
        # The number of a house stands behind its street.
        return {key: sorted(headers, key=is_house_number) for key, headers in found.items()}

    def missing(self) -> list[str]:
        """The labels of the fields without which no row can be loaded, and that no column holds."""
        taken = {*self.taken(), *self.fixed}
        return [str(one.label) for one in self.registered.required() if one.key not in taken]

    def step(self) -> RegisterStep:
        """What the recipe says."""
        columns: dict[str, str | list[str]] = {
            key: headers[0] if len(headers) == 1 else headers for key, headers in self.taken().items()
        }
        return RegisterStep(
            "register",
            STEP,
            source=self.key,
            file=self.file,
            register=self.register,
            prefix=self.prefix,
            columns=columns,
            values=self.values,
            fixed=self.fixed,
            table=self.table,
            by_hand=self.by_hand,
            empty=self.empty,
            unknown=self.unknown,
            possible=self.possible,
            bad_cells=self.bad_cells,
            decisions=self.decisions,
        )


def keep(folder: Path, mapping: Mapping) -> None:
    """Write the mapping beside its file."""
    (folder / MAPPING).write_text(json.dumps(asdict(mapping), ensure_ascii=False), encoding="utf-8")


def kept(folder: Path) -> Mapping | None:
    """The mapping beside a file; None when there is none."""
    path = folder / MAPPING
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    data["columns"] = [Column(**item) for item in data["columns"]]
    data["faults"] = [tuple(item) for item in data["faults"]]
    return Mapping(**data)


# --- as a recipe ------------------------------------------------------------------------------------------------------
def recipe_of(mapping: Mapping, *, decisions: bool = False) -> str:
    """The recipe that does what the mapping says: TOML, as docs/recipes.md describes it.

    Without `decisions` it can be kept for the next file: what was said of single rows is of this file alone.
    """
    key, title = mapping.key or mapping.register, mapping.title or mapping.file
    lines = ["format = 1", f"key = {text(key)}", f"title = {text(title)}", ""]
    lines += ["[[sources]]", f"key = {text(key)}", f"title = {text(title)}", f"file = {text(mapping.file)}"]
    said = {"publisher": mapping.publisher, "licence": mapping.licence}
    lines += [f"{name} = {text(value)}" for name, value in said.items() if value]
    step, plain = mapping.step(), RegisterStep("register", STEP)
    lines += ["", "[[steps]]", 'kind = "register"', f"name = {text(STEP)}", f"source = {text(key)}"]
    for name in ("register", "file", "prefix", "by_hand", "empty", "unknown", "possible"):
        if (value := getattr(step, name)) != getattr(plain, name):
            lines.append(f"{name} = {scalar(value)}")
    table = {
        item.name: value
        for item in fields(TableSpec)
        if (value := getattr(step.table, item.name)) != getattr(TableSpec(), item.name)
    }
    lines += [f"table = {inline(table)}"] if table else []
    lines += [f"fixed = {inline(step.fixed)}"] if step.fixed else []
    lines += ["", "[steps.columns]", *(f"{name} = {scalar(value)}" for name, value in step.columns.items())]
    for name, values in step.values.items():
        lines += ["", f"[steps.values.{name}]", *(f"{text(word)} = {text(value)}" for word, value in values.items())]
    if decisions and step.bad_cells != plain.bad_cells:
        lines.insert(lines.index("[steps.columns]") - 1, f"bad_cells = {scalar(step.bad_cells)}")
    if decisions and step.decisions:
        lines += ["", "[steps.decisions]", *(f"{text(row)} = {text(said)}" for row, said in step.decisions.items())]
    return "\n".join(lines) + "\n"


# --- remembered -------------------------------------------------------------------------------------------------------
def mark_of(headers: Sequence[str]) -> str:
    """What tells one header of a file from another: its columns in their order; “why” of rows to mend apart."""
    told = "\n".join(name for header in headers if header and (name := as_compared(header)) not in {"perche", "why"})
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def about(step: RegisterStep, headers: Sequence[str]) -> dict[str, Any]:
    """What is kept with a load, so that the next file with this header is understood at once."""
    return {"header": mark_of(headers), "mapping": {name: getattr(step, name) for name in REMEMBERED}}


def remembered(headers: Sequence[str]) -> Load | None:
    """The latest load of a file with this header."""
    return Load.objects.filter(outcome__header=mark_of(headers)).order_by("-pk").first()


def as_before(mapping: Mapping, load: Load) -> None:
    """Take over what was said of a former file with the same header."""
    said = load.outcome["mapping"]
    fields_of = REGISTERED[said["register"]].by_key
    of_header = {
        as_compared(header): key
        for key, value in said["columns"].items()
        if key in fields_of
        for header in ([value] if isinstance(value, str) else value)
    }
    for column in mapping.columns:
        column.key = of_header.get(as_compared(column.header), "")
    for name in REMEMBERED:
        if name != "columns":
            setattr(mapping, name, said[name])
    mapping.like = load.pk
    source = load.outcome.get("source", {})
    mapping.key, mapping.title = source.get("key", mapping.key), source.get("title", mapping.title)
    mapping.publisher, mapping.licence = source.get("publisher", ""), source.get("licence", "")


def words_fields(mapping: Mapping) -> list[str]:
    """The fields in which texts of the file stand for values of ours."""
    kinds = {Kind.CODE, Kind.CODES, Kind.AREA, Kind.AREAS}
    return [key for key in mapping.taken() if mapping.registered.by_key[key].kind in kinds]
