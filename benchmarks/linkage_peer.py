"""The same list linked by Trama and by Splink, in the same run: `linkage_peer.py RECORDS.csv TRUTH.csv`.

Wants the environment of `make oracles` (PYTHONPATH=src). Splink gets what it asks for: cleaned names, words, blocking
rules, its own training without labels; its threshold is the best one, chosen with the truth in hand, which favours it.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from itertools import combinations
from pathlib import Path

from trama.network.analysis import names
from trama.network.analysis.linkage import link
from trama.network.analysis.pairs import Party

Pairs = set[tuple[int, int]]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scores(found: Pairs, true: Pairs) -> tuple[float, float, float]:
    """Precision, recall, F1."""
    right = len(found & true)
    precision, recall = right / max(1, len(found)), right / len(true)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def told(name: str, score: tuple[float, ...], seconds: float) -> str:
    """One line of the result."""
    precision, recall, f1 = score
    return f"{name:<8}precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f}, {seconds:.1f} s of processor"


def ours(rows: list[dict[str, str]]) -> Pairs:
    """What Trama joins."""
    parties = [
        Party(
            row["id"],
            row["denominazione"],
            place=row["comune"],
            wider=row["prov"],
            marks=frozenset(mark for mark in ("volontariato", "asd") if row[mark]),
            lists=frozenset(row["anni"].split("|")),
        )
        for row in rows
    ]
    return {pair for group in link(parties).groups for pair in combinations(group, 2)}


def splink_scores(rows: list[dict[str, str]]) -> list[tuple[float, int, int]]:
    """What Splink gives: (match weight, row, row)."""
    import logging

    import pyarrow as pa
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    table = []
    for number, row in enumerate(rows):
        name = names.read(row["denominazione"])
        table.append(
            {
                "unique_id": number,
                "name": " ".join(name.telling),
                "first_word": name.telling[0] if name.telling else "",
                "last_word": name.telling[-1] if name.telling else "",
                "together": name.together,
                "comune": row["comune"],
                "prov": row["prov"],
            }
        )
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compare.JaroWinklerAtThresholds("name", [0.97, 0.92, 0.85, 0.75]),
            compare.LevenshteinAtThresholds("together", [1, 3, 6]),
            compare.ExactMatch("comune").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("together"),
            block_on("prov", "first_word"),
            block_on("comune", "last_word"),
            block_on("prov", "substr(together, 1, 5)"),
        ],
    )
    linker = Linker(DuckDBAPI().register(pa.Table.from_pylist(table)), settings)
    linker.training.estimate_probability_two_random_records_match([block_on("together", "prov")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("comune", "last_word"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("together"))
    found = linker.inference.predict(threshold_match_weight=-10)
    rows_found = found.as_record_list()
    return [(row["match_weight"], row["unique_id_l"], row["unique_id_r"]) for row in rows_found]


def main(records: Path, truth: Path) -> None:
    """Print both, with the seconds of processor that each took."""
    rows, known = read(records), {row["id"]: row["codice_fiscale"] for row in read(truth)}
    bodies: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        bodies[known[row["id"]]].append(number)
    true = {pair for members in bodies.values() for pair in combinations(members, 2)}
    start = time.process_time()
    found = ours(rows)
    taken = time.process_time() - start
    print(told("Trama", scores(found, true), taken))
    start = time.process_time()
    weighed = splink_scores(rows)
    taken = time.process_time() - start
    best = max(
        scores({(min(a, b), max(a, b)) for weight, a, b in weighed if weight >= least}, true)[::-1]
        for least in range(-8, 25)
    )
    print(told("Splink", best[::-1], taken))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
