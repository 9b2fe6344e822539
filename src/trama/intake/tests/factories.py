"""A small city and its files, written for a test."""

from __future__ import annotations

import json
from pathlib import Path

from trama.core.actor import SYSTEM
from trama.territory import actions
from trama.territory.models import Area

TOWN = "999001"


def town() -> Area:
    """A municipality without areas below it."""
    return actions.add_area(SYSTEM, name="Borgo Prova", kind="municipality", code=TOWN)


def square(west: float, south: float, side: float = 0.01) -> list[list[list[float]]]:
    """The ring of a square."""
    east, north = round(west + side, 4), round(south + side, 4)
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def write_areas(folder: Path, names: list[str] | None = None) -> Path:
    """Four areas in two districts, side by side, names in capitals."""
    wanted = names or ["VIA MONDO", "LA BIRRA", "SAN VITALE", "CORTE"]
    features = [
        {
            "type": "Feature",
            "properties": {
                "cod": number + 1,
                "area": name,
                "cod_q": 10 + min(number // 2, 1),
                "quart": ["Nord", "Sud"][min(number // 2, 1)],
            },
            "geometry": {"type": "Polygon", "coordinates": square(round(11.30 + 0.01 * number, 2), 44.50)},
        }
        for number, name in enumerate(wanted)
    ]
    path = folder / "aree.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


# ruff: noqa: E501
RESOURCES = """\ufeffID;PUNTO;QUARTIERE;NOME;ATTIVITA';TEL;MAIL;ENTE;ACCESSO
r1;"44.505, 11.305";Nord;"Corso di italiano

Per chi arriva";Corsi di italiano;"051 123456
333 1234567";info@armonie.example;Associazione Armonie;Accesso libero
r2;"44.505, 11.315";Sud;Mensa;Mense e distribuzione alimentare;;;associazione  ARMONIE;Accesso libero
r3;"44.505, 11.325";Sud;Sportello;Servizi informativi e di orientamento;;;Caritas in collaborazione con Auser;Accesso libero
r4;"44.505, 11.335";Sud;Ballo;Attività inventata;;;;Accesso libero
r5;oggi;Sud;Ginnastica;Attività sportive e motorie;;;;Accesso libero
"""


def write_resources(folder: Path, text: str = RESOURCES) -> Path:
    """Five resources: r2 states the wrong district, r4 an unknown activity, r5 no point."""
    path = folder / "risorse.csv"
    path.write_text(text, encoding="utf-8")
    return path


AREAS_STEP = """
[[steps]]
kind = "areas"
name = "aree"
source = "s"
file = "aree.geojson"
parent = "999001"
[[steps.levels]]
kind = "district"
name = "quart"
code = "cod_q"
prefix = "Q"
[[steps.levels]]
kind = "statistical_area"
name = "area"
code = "cod"
prefix = "A"
title_case = true
"""
RESOURCES_STEP = """
[[steps]]
kind = "resources"
name = "risorse"
source = "s"
file = "risorse.csv"
table = { separator = ";" }
key = "ID"
split_name = true
point = { column = "PUNTO" }
check = [{ column = "QUARTIERE", kind = "district" }]
when_gone = "close"
[steps.columns]
name = "NOME"
activity = "ATTIVITA'"
access = "ACCESSO"
[steps.contacts]
phone = "TEL"
email = "MAIL"
[steps.promoter]
column = "ENTE"
several = ["in collaborazione"]
"""
HEAD = """
format = 1
key = "prova"
title = "Prova"
[[sources]]
key = "s"
title = "Dati di prova"
"""
