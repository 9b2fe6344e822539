"""Published tables on which others tried their protection (`standards/sdc`), and pytauargus as a second opinion."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from trama.insight.analysis.disclosure import Sum, Table, grid, interval, is_safe, unsafe
from trama.insight.analysis.suppression import hidden


@pytest.fixture
def vectors(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "standards" / "sdc" / "sdctable-vectors.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def with_margins(rows: list[list[int]]) -> list[list[int]]:
    counts = [[*row, sum(row)] for row in rows]
    return [*counts, [sum(column) for column in zip(*counts, strict=True)]]


def test_the_cheapest_pattern_is_the_published_optimum(vectors: dict[str, Any]) -> None:
    vector = vectors["primary_and_secondary"]
    frequencies = vector["freq"]
    table = grid(with_margins([[frequencies[region]["male"], frequencies[region]["female"]] for region in "ABCD"]))
    # Published positions count from 1, the totals first: (total, male, female) for total, A, B, C, D.
    published = {5 + 3 * i + j: 3 * i + j for i in range(4) for j in range(2)}
    small = [place for place, value in enumerate(table.values) if 0 < value < 3]
    assert small == [published[place] for place in vector["primary"][0]["suppressed"]]
    away = hidden(table, small, 2)
    assert away == {published[place] for place in vector["secondary_for_primary_cell_6"]["OPT"]}


def attacked(vector: dict[str, Any]) -> tuple[Table, dict[str, int], set[int]]:
    table = grid(with_margins([[vector["table"][r][c] for c in vector["cols"]] for r in vector["rows"]]))
    at = {f"{r},{c}": i * 5 + j for i, r in enumerate(vector["rows"]) for j, c in enumerate(vector["cols"])}
    return table, at, {at[f"{r},{c}"] for r, c in vector["suppressed"]}


def test_two_hidden_in_every_line_are_not_enough(vectors: dict[str, Any]) -> None:
    vector = vectors["attack_two_per_line_is_not_enough"]
    table, at, away = attacked(vector)
    for name, expected in vector["attacker_interval_nonneg"].items():
        assert interval(table, away, at[name]) == tuple(expected), name
    told = [name for name, place in at.items() if place in away and not is_safe(table, away, place, 1, 0)]
    assert told == vector["disclosed_exactly"]
    for name, expected in vector["after_one_more_suppression_interval_of_w,b"].items():
        assert interval(table, away | {at[name]}, at["w,b"]) == tuple(expected), name
    more = hidden(table, away, 1, 0) - away
    assert more == {at["x,d"]}, "one more, the cheapest that helps"


def test_linked_tables_are_protected_together(vectors: dict[str, Any]) -> None:
    cells = vectors["linked_tables"]["cells"]
    counts = [cell["n"] for cell in cells]

    def lines(*axes: str) -> Table:
        values, sums = list(counts), []
        for axis in axes:
            for value in dict.fromkeys(cell[axis] for cell in cells):
                parts = tuple(place for place, cell in enumerate(cells) if cell[axis] == value)
                sums.append(Sum(len(values), parts))
                values.append(sum(counts[part] for part in parts))
        return Table(tuple(values), tuple(sums), (), frozenset(range(len(counts), len(values))))

    small = [place for place, value in enumerate(counts) if 0 < value <= 3]
    names = [cell["region"] for cell in cells]
    assert [names[place] for place in small] == list("ABKLM")
    for axis in ("county", "group"):
        assert hidden(lines(axis), small, 1, 0) == set(small), "each table alone needs nothing more"
    linked = lines("county", "group")
    assert unsafe(linked, set(small), small, 1, 0) == [names.index("K")], "known from the two totals"
    assert {names[place] for place in hidden(linked, small, 1, 0) - set(small)} == {"N"}


def test_two_lone_contributors_do_not_tell_each_other(vectors: dict[str, Any]) -> None:
    cells = vectors["singletons"]["table"]
    table = grid([*([value] for value in cells.values()), [sum(cells.values())]])
    small = [place for place, value in enumerate(table.values) if value == 1]
    away = hidden(table, small, 1)
    assert len(away - set(small)) == 1
    # Who is one of them knows that figure; the other must still not be known.
    for knows, other in (small, small[::-1]):
        assert is_safe(table, away - {knows}, other, 1)


def test_a_second_opinion_on_the_optimum(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytauargus, asked for the optimum, hides the same figures; the audit here finds its choice safe too."""
    argus = pytest.importorskip("pytauargus")
    monkeypatch.chdir(tmp_path)  # its solver leaves logs where it stands
    with (shared / "standards" / "sdc" / "sdctable-microdata1.csv").open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    columns = {name: [row[name] for row in records] for name in ("region", "gender")}
    columns["val"] = [float(row["val"]) for row in records]
    found = argus.protect(columns, ["region", "gender"], "val", "FREQ(3,10)", "OPT(1)", workdir=str(tmp_path))
    cells = found.tables[0].rows
    hidden_there = {
        (str(cell["region"]).strip(), str(cell["gender"]).strip()) for cell in cells if cell["status"] in ("U", "M")
    }
    counts = [[sum(r["region"] == a and r["gender"] == b for r in records) for b in ("male", "female")] for a in "ABCD"]
    table = grid(with_margins(counts))
    small = [place for place, value in enumerate(table.values) if 0 < value < 3]
    here = {("ABCD"[place // 3], ("male", "female")[place % 3]) for place in hidden(table, small, 2)}
    assert here == hidden_there
