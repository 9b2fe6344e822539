"""What the columns of a file probably mean: from their names, from their content, and from the areas that are here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from django.utils.text import slugify

from trama.intake.context.cells import code_of, number_of, read_cell, year_of
from trama.intake.context.known import as_known, free_code
from trama.intake.context.mapping import YES, Mapping, Named
from trama.intake.recipe import ANY
from trama.intake.rows import Row, Table
from trama.network.models import normalised
from trama.territory.choices import RANK, AreaKind
from trama.territory.models import Area, ContextIndicator

LOOKED_AT = 1500  # rows, spread over the file, to guess what a column holds
MOST_PARTS = 15  # different texts, to tell rows apart (sexes, sizes of household)
MOST_NAMED = 60
MOST_TAKEN = 12  # of more than these, none is taken before somebody chooses
HEADS = {
    "year": re.compile(r"\b(anno|year|time period|tempo|time|periodo|mese|month|data|date|giorno|day)\b"),
    "code": re.compile(r"\b(cod|codice|code|istat|pro com|procom|itter107|ref area|territorio|geo|id|area)\b"),
    "excluded": re.compile(r"esclus|exclud"),
    "state": re.compile(r"\b(obs status|status|stato|flag codes?|flags?)\b"),
    "multiplier": re.compile(r"\bunit mult\b"),
    "value": re.compile(r"\b(obs value|valore|value|osservazione)\b"),
}
# A header that names a kind of area speaks of that kind alone.
KINDS = (
    (re.compile(r"\b(statistic[ah]e?|asc)\b"), AreaKind.STATISTICAL_AREA),
    (re.compile(r"\bsezion[ei]\b|\bsection"), AreaKind.SECTION),
    (re.compile(r"\b(comun[ei]|municipalit|procom|pro com)"), AreaKind.MUNICIPALITY),
    (re.compile(r"\bprovinc"), AreaKind.PROVINCE),
    (re.compile(r"\bregion"), AreaKind.REGION),
    (re.compile(r"\bzona|\bzone"), AreaKind.ZONE),
)
# What SDMX puts beside the dimensions, and says nothing of the area.
SDMX_NOTES = re.compile(
    r"\b(dataflow|structure|structure id|structure name|action|decimals|obs pre break|conf status|base per|time format|"
    r"title|comment obs|note.*|unit measure)\b"
)
RATE = re.compile(r"%|\bperc|percent|\bquota\b|\btasso\b|\bshare\b|\brate\b|incidenza")
SIGNED = re.compile(r"variazione|saldo|incremento|ricambio|change|balance|crescita")
MEAN = re.compile(r"\bmedi[oaie]\b|median[oaie]?|pro ?capite|\bmean\b|per head|indice|index|\bivsm\b|\bidise\b")
# Persons whom a service met: not those of the registers of residents, which are published as they are.
MET = re.compile(
    r"\b(contatt[oi]|contacts?|utent[ie]|users|colloqui|accessi|accolt[ei]|incontrat[ei]|ascoltat[ei]|nuov[eio]"
    r"|new ones|person[ae] (?:incontrate|seguite|accolte|raggiunte)|richiest[ae])\b"
)
OF_WHICH = re.compile(r"^(di cui|dei quali|delle quali|of which)\b")
MONTHS = re.compile(r"\b(mese|month|giorno|day|data|date|settimana|week)\b")
MONEY = re.compile(r"reddit|euro|€|ammontare|imponibile|importo|income|spesa")
HEADCOUNT = {
    "famiglie": ("famiglie", "households"),
    "femmine": ("persone", "people"),
    "maschi": ("persone", "people"),
    "residenti": ("persone", "people"),
    "popolazione": ("persone", "people"),
    "contribuenti": ("persone", "people"),
    "dipendenti": ("persone", "people"),
    "frequenza": ("persone", "people"),
    "istituzioni": ("istituzioni", "institutions"),
    "abitazioni": ("abitazioni", "dwellings"),
    "households": ("famiglie", "households"),
    "population": ("persone", "people"),
    "residents": ("persone", "people"),
}
TRANSLATED = {  # of our own workbook
    **dict.fromkeys(("contatti", "contacts"), ("Contatti", "Contacts")),
    **dict.fromkeys(("di cui nuovi", "of which new"), ("Di cui nuovi", "Of which new")),
}
INDEX = re.compile(r"indice|index|\bivsm\b|\bidise\b|fragil|vulnerab|\bmpi\b|\bampi\b")
ONE_CITY = re.compile(r"\bidise\b|fragil")
LETTER = re.compile(r"[^\W\d_]")
YEAR_IN_NAME = re.compile(r"(?<!\d)(19|20)\d{2}(?!\d)")


def head(column: str) -> str:
    """A header as it is compared: words in small letters."""
    return normalised(re.sub(r"^([A-Z][A-Z0-9_]*): .*", r"\1", column))


# --- areas --------------------------------------------------------------------------------------------------------
@dataclass
class AreaKeys:
    """The areas that are here, by what a file may call them: kind and way → key → how many bear it."""

    keys: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, rows: Iterable[Area]) -> AreaKeys:
        """The keys of these areas."""
        found = cls()
        for area in rows:
            found.totals[area.kind] += 1
            names = {normalised(name) for name in (area.name, *area.other_names.splitlines()) if name.strip()}
            for name in names:
                found._add(area.kind, "name", name)
                found._add(ANY, "name", name)
            found.totals[ANY] += 1
            found._add(area.kind, "code", bare(area.code))
            if area.local_code:
                found._add(area.kind, "local_code", bare(area.local_code))
        return found

    def _add(self, kind: str, by: str, key: str) -> None:
        self.keys.setdefault((kind, by), Counter())[key] += 1


def bare(code: str) -> str:
    """A code without leading zeros and without its label."""
    return code_of(code).removesuffix(".0").lstrip("0").casefold() or "0"


@dataclass(frozen=True)
class AreaGuess:
    """A column that names areas: of which kind, how, how many areas it finds and which part of its texts."""

    column: str
    kind: str
    by: str
    found: int
    share: float


def area_guesses(table: Table, keys: AreaKeys) -> list[AreaGuess]:
    """The columns that may name areas, the best first."""
    guesses = []
    for column in filter(None, table.columns):
        texts = {row.cells[column].strip() for row in table.rows} - {""}
        if not texts:
            continue
        codes = {bare(item) for item in texts}
        # Only what holds letters is a name: a file may hold a hundred thousand different numbers.
        names = {normalised(item) for item in texts if LETTER.search(item)}
        said = next((kind for pattern, kind in KINDS if pattern.search(head(column))), "")
        for (kind, by), known in keys.keys.items():
            if said and kind != said:
                continue
            wanted = names if by == "name" else codes
            if not wanted:
                continue
            found = sum(known[key] == 1 for key in wanted if key in known)
            share = found / len(wanted)
            covers = found / keys.totals[kind]
            # A national file names the areas that are here among many: enough if it names nearly all of them.
            certain = by == "code" and (said or max(map(len, known)) >= 5)
            likely = share >= 0.6 or ((found >= 3 or certain) and covers >= 0.6)
            # Small numbers are local codes of something everywhere: only where the header says so.
            if by == "local_code" and not (HEADS["code"].search(head(column)) and found >= 2):
                likely = False
            # So are the codes of provinces and regions.
            if by == "code" and max(map(len, known)) < 5 and not (said or HEADS["code"].search(head(column))):
                likely = False
            if found and likely:
                guesses.append(AreaGuess(column, kind, by, found, share))
    order = {"code": 0, "local_code": 1, "name": 2}
    guesses = [guess for guess in guesses if guess.kind != ANY or not _one_kind(guess, guesses)]
    rank = {**RANK, ANY: -1}
    return sorted(guesses, key=lambda guess: (-guess.found, -rank[guess.kind], order[guess.by], guess.column))


def _one_kind(wide: AreaGuess, guesses: Sequence[AreaGuess]) -> bool:
    """Whether one kind of areas says as much of a column as all kinds together, or it speaks of other places too."""
    others = [one.share for one in guesses if one.column == wide.column and one.kind != ANY]
    return wide.share < 0.8 or max(others, default=0) >= (0.8 if wide.share < 1 else 1)


# --- numbers ------------------------------------------------------------------------------------------------------
def sample(table: Table) -> Sequence[Row]:
    """Rows from the whole length of a file, as many as are looked at."""
    return table.rows[:: max(1, -(-len(table.rows) // LOOKED_AT))]


def decimal_sign(table: Table, columns: Sequence[str]) -> tuple[str, bool]:
    """The decimal sign of the numbers in these columns, and whether that is certain ("1.234" alone tells nothing).

    In a workbook only the numbers that are texts have one.
    """
    workbook = table.name.lower().endswith((".xlsx", ".xls", ".ods"))
    comma = point = doubt = False
    plain = 0.0
    for row in sample(table):
        for column in columns:
            text = re.sub(r"[\s\u00a0\u202f'%€]", "", row.cells[column]).lstrip("+-−")
            if workbook and re.fullmatch(r"\d+(\.\d+)?", text):
                continue
            if re.fullmatch(
                r"\d{1,3}(\.\d{3})+,\d+|\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d+|\d{1,3}(\.\d{3}){2,}|0,\d+", text
            ):
                comma = True
            elif re.fullmatch(
                r"\d{1,3}(,\d{3})+\.\d+|\d+\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d+|\d{1,3}(,\d{3}){2,}|0\.\d+", text
            ):
                point = True
            elif re.fullmatch(r"\d{1,3}[.,]\d{3}", text):
                doubt = True
                sign = "," if "," in text else "."
            elif text.isascii() and text.isdigit():
                plain = max(plain, float(text[:18]))
    if comma != point:
        return ("," if comma else "."), True
    if not doubt:
        return ".", True
    # Who groups thousands would write 12.000 too: a long number without a point speaks for decimals.
    if plain >= 1000:
        return sign, False
    return ("." if sign == "," else ","), False


def holds_numbers(table: Table, column: str, decimal: str) -> bool:
    """Whether a column holds numbers (and reasons for missing ones)."""
    numbers = texts = 0
    for row in sample(table):
        cell = row.cells[column].strip()
        if not cell:
            continue
        try:
            value, _state = read_cell(cell, decimal, machine=True)
        except ValueError:
            texts += 1
        else:
            numbers += value is not None
    return numbers > 0 and numbers >= 4 * texts


def holds_years(table: Table, column: str) -> bool:
    """Whether nearly all cells of a column state a year."""
    cells = [row.cells[column].strip() for row in sample(table)]
    filled = [cell for cell in cells if cell]
    years = [year for cell in filled if (year := year_of(cell)) is not None]
    return bool(filled) and len(years) >= 0.95 * len(filled) and len(set(years)) <= 80


# --- the whole proposal -------------------------------------------------------------------------------------------
def propose(table: Table, mapping: Mapping) -> Mapping:
    """Fill a mapping with what the columns probably mean; what cannot be told stays a note."""
    rows = Area.objects.in_force().order_by("pk").only("code", "name", "other_names", "local_code", "kind")
    guesses = area_guesses(table, AreaKeys.of(rows))
    heads = {column: head(column) for column in table.columns if column}
    mapping.sdmx = {"obs value", "time period"} <= set(heads.values())
    roles: dict[str, str] = dict.fromkeys(heads, "note")
    guesses = [guess for guess in guesses if not holds_years(table, guess.column)]
    if not guesses and (named := _in_headers(table, mapping, AreaKeys.of(rows))):
        roles |= named
    elif guesses:
        best = guesses[0]
        mapping.kind, mapping.by = best.kind, best.by
        mapping.unknown = "skip" if best.share < 0.6 else "refuse"
        roles[best.column] = "area"
        for guess in guesses[1:]:
            if roles[guess.column] == "note":
                roles[guess.column] = "area_name"
    for column, name in heads.items():
        if roles[column] == "note" and "area_value" not in roles.values():
            roles[column] = _role(table, column, name, mapping)
    _only_one(roles, "year")
    numbers = [column for column, role in roles.items() if role in {"value", "year_value", "area_value"}]
    mapping.decimal, _certain = decimal_sign(table, numbers)
    # A comma is only understood once the sign is known.
    for column in numbers:
        if roles[column] != "area_value" and not holds_numbers(table, column, mapping.decimal):
            roles[column] = "note"
    mapping.years = {column: _year_in(column) for column, role in roles.items() if role == "year_value"}
    mapping.roles = roles
    mapping.excluded = excluding(table, mapping.column("excluded"))
    _parts(table, mapping)
    if not mapping.column("year") and not mapping.years:
        years = {match.group() for match in YEAR_IN_NAME.finditer(table.name)}
        mapping.fixed_year = int(years.pop()) if len(years) == 1 else None
    return mapping


HEADER = "header"  # the name of no column of a file: under it stand the headers, to be looked at as texts


def _in_headers(table: Table, mapping: Mapping, keys: AreaKeys) -> dict[str, str]:
    """The roles of the columns of a file that has one for each area; empty where headers name no areas.

    Areas that are not here stand among them too (a total, a name written otherwise): the dry run asks about them.
    """
    columns = [column for column in table.columns if column]
    pseudo = Table(table.name, [HEADER], [Row(1, {HEADER: column}) for column in columns])
    found = [guess for guess in area_guesses(pseudo, keys) if guess.found >= FEWEST_HEADERS]
    if not found:
        return {}
    best = found[0]
    named = {column for column in columns if _key_of(column, best.by) in keys.keys[(best.kind, best.by)]}
    first = next(place for place, column in enumerate(columns) if column in named)
    roles: dict[str, str] = {}
    for place, column in enumerate(columns):
        if column in named or (place > first and any(holds_numbers(table, column, sign) for sign in ".,")):
            roles[column] = "area_value"
    rest = [column for column in columns if column not in roles]
    year = next((column for column in rest if holds_years(table, column)), "")
    told = [column for column in rest if column != year and _tells_apart(table, column, year)]
    roles |= {year: "year"} if year else {}
    roles |= {told[0]: "indicator"} if told else {}
    mapping.kind, mapping.by = best.kind, best.by
    mapping.unknown = "skip" if best.share < 0.6 else "refuse"
    # What is not said is nothing: a code of the indicator beside its name is not a number of an area.
    return roles | {column: "note" for column in rest if column not in roles}


FEWEST_HEADERS = 3


def _key_of(text: str, by: str) -> str:
    return normalised(text) if by == "name" else bare(text)


def _tells_apart(table: Table, column: str, year: str) -> bool:
    """Whether a column of texts names what each row of a year counts."""
    texts = [row.cells[column].strip() for row in table.rows]
    if not any(LETTER.search(text) for text in texts) or len(set(texts)) > MOST_NAMED:
        return False
    keys = {(row.cells[column].strip(), year_of(row.cells[year]) if year else None) for row in table.rows}
    return len(keys) == len(table.rows)


def excluding(table: Table, column: str) -> list[str]:
    """The texts of a column of exclusions that mean that an area is excluded."""
    texts = {row.cells[column].strip() for row in table.rows} if column else set()
    return sorted(text for text in texts if text.casefold() in YES)


def _role(table: Table, column: str, name: str, mapping: Mapping) -> str:
    """What a column that names no area holds."""
    if mapping.sdmx:
        exact = {"obs value": "value", "time period": "year", "obs status": "state", "unit mult": "multiplier"}
        return exact.get(name, "note")
    texts = {row.cells[column].strip() for row in table.rows} - {""}
    if HEADS["excluded"].search(name) and len(texts) <= 3:
        return "excluded"
    if HEADS["year"].search(name) and holds_years(table, column):
        return "year"
    if HEADS["state"].search(name) and texts and all(len(text) <= 3 for text in texts):
        return "state"
    if re.search(r"\b(cod|codice|code|id)\b|^(eta|age|sesso|sex|classe)$", name) or (
        len(texts) == 1 and len(table.rows) > 5
    ):
        return "note"
    if any(holds_numbers(table, column, sign) for sign in ".,"):
        if holds_years(table, column) and not YEAR_IN_NAME.search(column):
            return "year"
        return "year_value" if YEAR_IN_NAME.search(column) else "value"
    return "note"


def _only_one(roles: dict[str, str], role: str) -> None:
    for column in [column for column, found in roles.items() if found == role][1:]:
        roles[column] = "note"


def _year_in(column: str) -> str:
    found = YEAR_IN_NAME.search(column)
    return found.group() if found else ""


def _parts(table: Table, mapping: Mapping) -> None:
    """Columns that tell rows of the same area and year apart, where there are such rows."""
    area, year = mapping.column("area"), mapping.column("year")
    if not area:
        return
    # Months of a year are one year: its rows are added up, or told apart.
    keys = Counter((row.cells[area], year_of(row.cells[year]) if year else None) for row in table.rows)
    if not keys or max(keys.values()) == 1:
        return
    for column, role in mapping.roles.items():
        if role != "note" or MONTHS.search(head(column)) or (mapping.sdmx and SDMX_NOTES.search(head(column))):
            continue
        texts = {row.cells[column].strip() for row in table.rows}
        per_area: dict[str, set[str]] = {}
        for row in table.rows:
            per_area.setdefault(row.cells[area], set()).add(row.cells[column])
        # What never differs inside an area says something of the area, not of the row.
        if 1 < len(texts) <= MOST_PARTS and any(len(found) > 1 for found in per_area.values()):
            mapping.roles[column] = "part"


# --- indicators ---------------------------------------------------------------------------------------------------
def propose_indicators(table: Table, mapping: Mapping) -> list[Named]:
    """The indicators that follow from the columns; those that are here already take their own definition."""
    found: list[Named] = []
    stems: dict[str, dict[str, str]] = {}
    for column in mapping.columns("year_value"):
        stem = " ".join(YEAR_IN_NAME.sub(" ", column.replace("_", " ")).split()).strip(" -–()")
        stems.setdefault(stem, {})[mapping.years.get(column) or _year_in(column)] = column
    for stem, columns in stems.items():
        name = stem or _stem_of(mapping.file)
        fresh = _with_parts(table, mapping, name, next(iter(columns.values())), columns)
        for one in fresh:
            one.from_file = not stem
        found += fresh
    found += _of_headers(table, mapping)
    for column in mapping.columns("value"):
        name = _stem_of(mapping.file) if mapping.sdmx else column
        found += _with_parts(table, mapping, name, column, {})
    parts = _of_which(found)
    known = {item.code: item for item in ContextIndicator.objects.filter(code__in=[one.code for one in found])}
    taken: Counter[str] = Counter()
    for one in found:
        taken[one.code] += 1
        if taken[one.code] > 1:
            one.code = f"{one.code[:56]}_{taken[one.code]}"
        elif one.code in known and known[one.code].is_computed:
            one.code = free_code(one.code)
        elif one.code in known:
            as_known(one, known[one.code])
    for one, whole in parts:
        one.part_of = whole.code
    if len(found) > MOST_TAKEN:
        for one in found:
            one.take = False
    return found[:MOST_NAMED]


def _of_headers(table: Table, mapping: Mapping) -> list[Named]:
    """The indicators of a file with one column for each area: one for each text of the column that names them."""
    columns = mapping.columns("area_value")
    if not columns:
        return []
    teller = mapping.column("indicator")
    if not teller:
        one = _named(table, mapping, _stem_of(mapping.file), "", {column: column for column in columns})
        one.columns, one.from_file = {}, True
        return [one]
    found = []
    for text in dict.fromkeys(row.cells[teller].strip() for row in table.rows):
        if not text:
            continue
        rows = [row for row in table.rows if row.cells[teller].strip() == text]
        part = Table(table.name, table.columns, rows)
        one = _named(part, mapping, text, "", {column: column for column in columns})
        one.columns, one.where = {}, {teller: text}
        found.append(one)
    return found


def _of_which(found: Sequence[Named]) -> list[tuple[Named, Named]]:
    """“Contatti”, and beside it “di cui nuovi”: a part of what stands before it, under the same name of a desk."""
    whole, called = "", ("", "")
    pairs: list[tuple[Named, Named]] = []
    for one in found:
        if OF_WHICH.match(head(one.value)):
            part = next((other for other in found if other.value == whole and other.where == one.where), None)
            called = called if one.where else (one.name_it, one.name_en)
            if part is not None and part.people:
                pairs.append((one, part))
                one.people = one.adds_up = True
                one.code = f"{part.code[:30]}_{one.code}"[:60]
                one.name_it, one.name_en = (
                    f"{of}, {_small(which or own)}"[:200]
                    for of, which, own in zip(
                        (part.name_it, part.name_en), called, (one.name_it, one.name_en), strict=True
                    )
                )
        elif one.value:
            whole, called = one.value, ("", "")
    return pairs


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def code_from(name: str) -> str:
    """The code that follows from a name."""
    return slugify(head(name)).replace("-", "_")[:60].strip("_")


def _stem_of(name: str) -> str:
    stem = name.rsplit(".", 1)[0]
    return " ".join(YEAR_IN_NAME.sub(" ", stem.replace("_", " ").replace("-", " ")).split())[:120]


def _with_parts(table: Table, mapping: Mapping, name: str, column: str, columns: dict[str, str]) -> list[Named]:
    whole = _named(table, mapping, name, column, columns)
    parts = mapping.columns("part")
    stands = list(columns.values()) or [column]
    if not parts or (not whole.adds_up and _repeats(table, mapping, stands)):
        return [whole]
    if mapping.sdmx:
        # Totals stand among the rows of SDMX: rows are never summed, each combination is an indicator.
        combinations = Counter(tuple(row.cells[part] for part in parts) for row in table.rows)
        return [
            _part(mapping, whole, dict(zip(parts, texts, strict=True)))
            for texts, _count in combinations.most_common(40)
        ]
    found = [whole] if whole.adds_up else []
    for part in parts:
        texts = Counter(row.cells[part].strip() for row in table.rows)
        found += [_part(mapping, whole, {part: text}) for text in sorted(texts)]
    return found


def _repeats(table: Table, mapping: Mapping, stands: Sequence[str]) -> bool:
    """Whether all rows of an area and year state the same numbers: then nothing has to tell them apart."""
    area, year = mapping.column("area"), mapping.column("year")
    seen: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        said = [row.cells[name] for name in stands]
        if seen.setdefault((row.cells[area] if area else "", row.cells[year] if year else ""), said) != said:
            return False
    return True


def _part(mapping: Mapping, whole: Named, where: dict[str, str]) -> Named:
    values = {**vars(whole), "where": where, "columns": dict(whole.columns)}
    said = ", ".join(text.partition(": ")[2] or text for text in where.values())
    one = Named(**values)
    one.name_it, one.name_en = f"{whole.name_it}: {said}"[:200], f"{whole.name_en}: {said}"[:200]
    one.code = slugify(f"{whole.code} {said}").replace("-", "_")[:60].strip("_")
    # A part that is a sum of rows is taken only when somebody wants it.
    one.take = mapping.sdmx or len(mapping.columns("part")) == 1
    return one


def _named(table: Table, mapping: Mapping, name: str, column: str, columns: dict[str, str]) -> Named:
    words = head(name)
    numbers = _numbers(table, columns.values() or [column], mapping.decimal)
    one = Named(code=slugify(words).replace("-", "_")[:60].strip("_") or "indicator", name_it="", name_en="")
    readable = " ".join(name.replace("_", " ").split())
    one.name_it = one.name_en = (readable[:1].upper() + readable[1:])[:200]
    one.name_it, one.name_en = TRANSLATED.get(words, (one.name_it, one.name_en))
    one.value, one.columns = ("" if columns else column), dict(columns)
    counts = ContextIndicator.objects.filter(code=one.code, counts_people=True).exists()
    wholes = sum(value == int(value) for value in numbers)
    # A slip among the persons whom a service met does not make a mean of them.
    whole = counts or wholes == len(numbers) or (MET.search(words) is not None and 2 * wholes >= len(numbers))
    one.decimals = 0 if whole else 1
    if RATE.search(name.casefold()) and (SIGNED.search(words) or not numbers or max(numbers) <= 1000):
        one.unit_it = one.unit_en = "%"
        if not SIGNED.search(words) and _mostly(0 <= value <= 100 for value in numbers):
            one.least, one.most = 0.0, 100.0
    elif MEAN.search(words) or not whole:
        if MONEY.search(words):
            one.unit_it = one.unit_en = "€"
            one.decimals = 0
    else:
        _count(one, words, numbers)
    one.people, one.adds_up = one.people or counts, one.adds_up or counts
    if INDEX.search(words) and numbers and 80 <= median(numbers) <= 120:
        one.centre, one.polarity = 100.0, "negative"
        if ONE_CITY.search(words):
            one.compare_within = "municipality"
    return one


def _count(one: Named, words: str, numbers: Sequence[float]) -> None:
    """A number of things or of euro: it adds up, and is not below zero."""
    one.adds_up = not SIGNED.search(words)
    one.people = one.adds_up and MET.search(words) is not None
    # "Famiglie residenti" counts households: the first noun says what.
    if nouns := [noun for noun in HEADCOUNT if noun in words]:
        one.unit_it, one.unit_en = HEADCOUNT[min(nouns, key=words.index)]
    if MONEY.search(words) and not one.unit_it:
        one.unit_it = one.unit_en = "€"
    if one.people or (one.adds_up and _mostly(value >= 0 for value in numbers)):
        one.least = 0.0


def _mostly(fits: Iterable[bool]) -> bool:
    """Whether nearly all numbers fit: the few that do not are to be told, and not to make the rule."""
    found = list(fits)
    return bool(found) and sum(found) >= 0.95 * len(found)


def _numbers(table: Table, columns: Iterable[str], decimal: str) -> list[float]:
    found = []
    for column in columns:
        for row in sample(table):
            try:
                found.append(number_of(row.cells[column], decimal, machine=True))
            except ValueError:
                continue
    return found
