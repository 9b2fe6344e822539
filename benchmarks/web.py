"""Pages, exports and search of a large installation, as a browser asks for them, beside the bare SQL that they need."""

from __future__ import annotations

import http.client
import sqlite3
from pathlib import Path
from urllib.parse import quote

from benchmarks import counting
from benchmarks.measure import Result, median_ms
from benchmarks.server import memory_mib, serving

PAGES = [
    # name, address, milliseconds asked for, bare SQL
    ("home", "/", 50, "count"),
    ("page of an area", "/territorio/B-D2/", 50, "count"),
    ("register, page 1", "/esperienze/", 50, "page1"),
    ("register, page 100", "/esperienze/?page=100", 50, "page100"),
    ("register, page 1 of organisations", "/realta/", 50, ""),
    ("text search, everything", f"/cerca/?q={quote('orto solidarietà')}", 50, "search"),
    ("text search in the register", f"/esperienze/?q={quote('orto solidarietà')}", 50, "search"),
    ("two-field filter", "/esperienze/?kind=project&target=elderly", 50, "filter"),
    ("detail", "/esperienze/5000/", 50, "detail"),
    ("crosstab over 10,000 resources, asked again", "/numeri/resources/?rows=activity&cols=zone", 50, "crosstab"),
    (
        "crosstab over 100,000 experiences, asked again",
        "/numeri/experiences/?rows=target&cols=district",
        300,
        "crosstab100k",
    ),
    ("map points, first view", "/esperienze/mappa/punti.json", 200, "points"),
    ("CSV of 10,000 resources", "/risorse/esporta.csv", 500, "dump"),
    ("XLSX of 10,000 resources", "/risorse/esporta.xlsx", 1500, "dump"),
]
SQL = {
    "count": "SELECT count(*) FROM experiences_experience WHERE state='published' AND is_sensitive=0",
    "page1": "SELECT * FROM experiences_experience WHERE state='published' AND is_sensitive=0 "
    "ORDER BY starts_on DESC, name LIMIT 25",
    "page100": "SELECT id FROM experiences_experience WHERE state='published' AND is_sensitive=0 "
    "ORDER BY starts_on DESC, name LIMIT 25 OFFSET 2475",
    "search": "SELECT count(*) FROM core_search_fts WHERE core_search_fts MATCH 'ort* AND solidar*'",
    "filter": "SELECT count(*) FROM experiences_experience WHERE state='published' AND is_sensitive=0 AND "
    "kind_id='experience_kind:project' AND id IN (SELECT experience_id FROM experiences_experiencecode "
    "WHERE code_id='target:elderly')",
    "detail": "SELECT * FROM experiences_experience WHERE id=5000",
    "crosstab": counting.RESOURCES,
    "crosstab100k": counting.EXPERIENCES,
    "points": "SELECT x/4000, y/4000, count(*) FROM experiences_experience WHERE state='published' GROUP BY 1, 2",
    "dump": "SELECT * FROM directory_resource",
}


def _get(connection: http.client.HTTPConnection, address: str) -> bytes:
    connection.request("GET", address, headers={"Accept-Encoding": "identity", "Accept-Language": "it"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{address}: {response.status}")
    return body


def main(home: Path) -> list[Result]:
    """Time every page; the first asking of each is the warming up.

    Crosstabs are remembered until something changes: what the first asking costs is measured in `benchmarks.counting`.
    """
    database = sqlite3.connect(home / "trama.sqlite3")
    database.execute("PRAGMA mmap_size=268435456")
    results = []
    with serving(home) as (port, pid):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for name, address, target, bare in PAGES:
            try:
                ours = median_ms(lambda a=address: _get(connection, a))  # type: ignore[misc]
            except RuntimeError as error:
                results.append(Result(name, float("inf"), target, detail=str(error)))
                continue
            bound = None
            if bare:
                bound = median_ms(lambda s=SQL[bare]: database.execute(s).fetchall())  # type: ignore[misc]
            results.append(Result(name, ours, target, bound, "bare SQL"))
        results.append(Result("memory of the server, two workers", memory_mib(pid), 250, unit="MiB"))
    return results + counting.measured(home)
