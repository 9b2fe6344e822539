"""Clustering and need beside supply as pages, files and commands, over a town of six by six areas."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import numpy as np
import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from trama.core import memo
from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.models import Source
from trama.experiences.models import Experience
from trama.insight import clustering, need_pages, needs
from trama.insight.area_values import NothingToSay, offers, values_of
from trama.insight.clustering import Asked
from trama.insight.tests.factories import REGISTER, make_experience
from trama.territory import finding
from trama.territory.models import Area, ContextIndicator, ContextValue, Place
from trama.territory.tests.factories import make_area, make_place, square

pytestmark = pytest.mark.django_db
SIDE = 6
LEVEL = "statistical_area"
CLUSTERS, NEEDS = "/numeri/raggruppamenti/", "/numeri/bisogno-e-offerta/"
GRADIENT = [float(x + y) for y in range(SIDE) for x in range(SIDE)]
BOARD = [float((x + y) % 2) for y in range(SIDE) for x in range(SIDE)]
NOISE = np.random.default_rng(11).permutation(np.arange(36.0)).tolist()


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def town() -> list[Area]:
    city = make_area("Borgo", "municipality", None, square(0, 0, SIDE, SIDE), code="BORGO")
    areas = [
        make_area(f"Rione {y}{x}", LEVEL, city, square(x, y), code=f"R{y}{x}") for y in range(SIDE) for x in range(SIDE)
    ]
    finding.forget()
    return areas


def indicator(code: str, areas: list[Area], values: list[float | None], year: int = 2023, **fields: Any) -> None:
    source, _made = Source.objects.get_or_create(
        key="town", defaults={"title": "Il file", "publisher": "Comune di Borgo", "licence": "CC BY 4.0"}
    )
    one, _made = ContextIndicator.objects.get_or_create(
        code=code, defaults={"name_it": f"Indice {code}", "name_en": f"Index {code}", **fields}
    )
    for area, value in zip(areas, values, strict=True):
        state = "value" if value is not None else "excluded"
        ContextValue.objects.create(
            area=area, indicator=one, year=year, value=value, state=state, version=one.version, source=source
        )


def ask(code: str, **more: Any) -> clustering.Clustering:
    return clustering.examine(NOBODY, Asked(code, LEVEL, more.pop("year", 2023), **more))


def text(client: Client, address: str, **query: Any) -> str:
    client.cookies["django_language"] = "en"
    response = client.get(address, query, headers={"Accept-Language": "en"})
    assert response.status_code == 200
    return response.content.decode()


# --- does it cluster ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "verdict", "sentence"),
    [
        (GRADIENT, "alike", "Neighbouring areas resemble each other."),
        (BOARD, "unlike", "Neighbouring areas differ from each other more than they would by chance."),
        (NOISE, "none", "No evident clustering."),
    ],
)
def test_one_sentence_and_groups_only_where_neighbours_are_alike(
    client: Client, town: list[Area], values: list[float], verdict: str, sentence: str
) -> None:
    indicator("need", town, values)  # type: ignore[arg-type]
    found = ask("need", rule="rook")
    assert (found.verdict, clustering.sentence(found)) == (verdict, sentence)
    assert "a sign only if that happens fewer than 25 times in 999" in clustering.meaning(found)
    page = text(client, CLUSTERS, indicator="need", neighbours="rook")
    assert sentence in page
    assert "36 of 36 areas" in page
    assert "Comune di Borgo, Il file (CC BY 4.0)" in page
    data = json.loads(text(client, f"{CLUSTERS}tabella.json", indicator="need", neighbours="rook"))
    assert (data["answer"], data["moran"]["i"]) == (verdict, pytest.approx(found.test.value))
    is_alike = verdict == "alike"
    assert ("tr-choropleth" in page) == is_alike
    assert ("high value among high values" in page) == is_alike
    assert (data["local"] is not None) == is_alike
    assert any(area["group"] for area in data["areas"]) == is_alike
    if is_alike:
        high = {line.area.name for line in found.groups["high_among_high"]}
        assert "Rione 55" in high
        assert "Rione 00" not in high
        assert {line.area.name for line in found.groups["low_among_low"]} >= {"Rione 00"}


def test_who_is_left_out_is_said(client: Client, town: list[Area]) -> None:
    indicator("need", town[:34], [None, None, *GRADIENT[2:34]], 2022)
    make_area("Senza confini", LEVEL, Area.objects.get(code="BORGO"), code="NOSHAPE")
    indicator("need", [Area.objects.get(code="NOSHAPE")], [3.0], 2022)
    island = make_area("Isola", LEVEL, Area.objects.get(code="BORGO"), square(20, 20), code="ISOLA")
    indicator("need", [island], [4.0], 2022)
    found = ask("need", year=2022)
    said = " ".join(clustering.left_out(found))
    assert "area excluded by the source: Rione 00, Rione 01" in said
    assert "no value in the file: Rione 54, Rione 55" in said
    assert "without a boundary: Senza confini" in said
    assert "Without neighbours: Isola" in said
    assert len(found.lines) == 33
    page = text(client, CLUSTERS, indicator="need")
    assert "34 of 38 areas" in page
    rows = list(csv.DictReader(io.StringIO(text(client, f"{CLUSTERS}tabella.csv", indicator="need").lstrip("\ufeff"))))
    states = {row["code"]: row["status"] for row in rows}
    assert (len(rows), states["R00"], states["R55"], states["NOSHAPE"]) == (38, "excluded", "absent", "no_boundary")
    assert next(row for row in rows if row["code"] == "R00")["value"] == ""


def test_what_one_source_excludes_is_left_out_of_shares_too_unless_asked(client: Client, town: list[Area]) -> None:
    indicator("index", town, [None, *GRADIENT[1:]], 2021)
    indicator("share", town, [1000.0, *GRADIENT[1:]], 2023)
    assert len(ask("share").lines) == 35
    assert "excluded by “Il file”, 2021: Rione 00" in " ".join(clustering.left_out(ask("share")))
    assert len(ask("share", also_excluded=True).lines) == 36
    assert "excluded=1" in text(client, CLUSTERS, indicator="share")
    assert "36 of 36 areas" in text(client, CLUSTERS, indicator="share", excluded="1")


def test_what_cannot_be_answered_is_said_in_a_sentence(client: Client, town: list[Area]) -> None:
    indicator("flat", town, [5.0] * 36)
    indicator("few", town[:5], GRADIENT[:5])
    bare = [make_area(f"Punto {n}", "hamlet", None, code=f"P{n}") for n in range(12)]
    indicator("bare", bare, [float(n) for n in range(12)])
    for code, sentence in (
        ("flat", "All areas have the same value"),
        ("few", "Only 5 areas have a value"),
        ("bare", "both a value and a boundary"),
    ):
        assert sentence in text(client, CLUSTERS, indicator=code)
        answer = client.get(f"{CLUSTERS}tabella.csv", {"indicator": code})
        assert answer.status_code == 400
    assert client.get(CLUSTERS, {"indicator": "nothing"}).status_code == 404
    assert client.get(f"{CLUSTERS}tabella.pdf", {"indicator": "flat"}).status_code == 404
    assert "Index few" not in text(client, CLUSTERS), "offered is only what enough areas have"
    # Nonsense in an address is left aside.
    assert client.get(CLUSTERS, {"indicator": "flat", "year": "²", "reach": "nan", "level": "x"}).status_code == 200
    assert "no area" in text(client, CLUSTERS, indicator="flat", within="nowhere").lower()


def test_an_index_of_one_town_is_not_laid_over_two(town: list[Area]) -> None:
    other = make_area("Ponte", "municipality", None, square(8, 0, 4, 3), code="PONTE")
    more = [make_area(f"P{n}", LEVEL, other, square(8 + n % 4, n // 4), code=f"PO{n}") for n in range(12)]
    finding.forget()
    indicator("idise", [*town, *more], [*GRADIENT, *GRADIENT[:12]], compare_within="municipality")
    with pytest.raises(NothingToSay, match="only be compared inside the same municipality"):
        ask("idise")
    assert len(ask("idise", within="BORGO").lines) == 36
    assert len(ask("idise", within="PONTE").lines) == 12


def test_rules_of_neighbours_and_what_is_proposed(client: Client, town: list[Area]) -> None:
    indicator("need", town, GRADIENT)  # type: ignore[arg-type]
    indicator("need", town[:10], GRADIENT[:10], 2024)
    assert [ask("need", rule=rule).weights.rule for rule in clustering.RULES] == list(clustering.RULES)
    assert ask("need", rule="nearest", reach=3).weights.counts.tolist() == [3] * 36
    offer = offers()[0]
    assert (offer.level("nowhere"), offer.year(LEVEL), offer.year(LEVEL, 2023)) == (LEVEL, 2024, 2023)
    assert "nearly every area" in text(client, CLUSTERS, indicator="need", neighbours="distance", reach="400")
    page = text(client, CLUSTERS, indicator="need", year="2023", neighbours="distance", reach="2,5")
    assert "within 2.5 km" in page
    assert "fewer than thirty areas" not in page
    assert "fewer than thirty areas" in text(client, CLUSTERS, indicator="need", year="2024")


def test_a_long_list_is_cut_but_never_a_group(
    client: Client, town: list[Area], monkeypatch: pytest.MonkeyPatch
) -> None:
    indicator("need", town, GRADIENT)  # type: ignore[arg-type]
    monkeypatch.setattr("trama.insight.cluster_pages.MOST_LINES", 5)
    page = text(client, CLUSTERS, indicator="need")
    assert "more areas are in the downloads" in page
    table = page[page.index("<tbody>") :]
    for lines in ask("need").groups.values():
        assert all(line.area.name in table for line in lines)
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"{CLUSTERS}tabella.xlsx", {"indicator": "need"}).content), read_only=True
    )
    assert sum(1 for _row in book.worksheets[0].iter_rows()) == 3 + 36


def test_the_command(town: list[Area], tmp_path: Any) -> None:
    indicator("need", town, GRADIENT)  # type: ignore[arg-type]

    def run(*arguments: Any) -> str:
        out = io.StringIO()
        call_command("clusters", *arguments, "--lang", "en", stdout=out, stderr=io.StringIO())
        return out.getvalue()

    assert "need" in run()
    assert "Neighbouring areas resemble each other." in run("need")
    data = json.loads(run("need", "--level", LEVEL, "--year", "2023", "--permutations", "99", "--json"))
    assert (data["moran"]["permutations"], data["weights"]["rule"], len(data["areas"])) == (99, "queen", 36)
    assert run("need", "--csv").count("\n") == 37
    run("need", "--xlsx", str(tmp_path / "t.xlsx"))
    assert (tmp_path / "t.xlsx").stat().st_size > 1000
    for wrong in (["other"], ["need", "--year", "1900"], ["need", "--level", "zone"], ["need", "--permutations", "5"]):
        with pytest.raises(CommandError):
            run(*wrong)


# --- need beside supply -------------------------------------------------------------------------------------------
@pytest.fixture
def registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)


@pytest.mark.usefixtures("registers")
def test_areas_of_high_need_and_little_supply_are_named(client: Client, town: list[Area]) -> None:
    indicator("need", town, GRADIENT, polarity="negative")  # type: ignore[arg-type]
    indicator("households", town, [1000.0, 0.0, *[500.0] * 34], adds_up=True, unit_en="households")
    for area in town[:30]:
        make_place(area=area)
    for _again in range(2):
        make_place(area=town[0])
    register = gathered.registers["places"]
    found = needs.compare(NOBODY, register, needs.Asked("need", LEVEL, 2023, "places", per="households"))
    by_code = {line.area.code: line for line in found.lines}
    assert (by_code["R00"].count, by_code["R00"].supply) == (3, 3.0)
    assert (by_code["R02"].count, by_code["R02"].supply) == (1, 2.0)
    assert (by_code["R55"].count, by_code["R55"].supply, by_code["R55"].stands_out) == (0, 0.0, True)
    assert (by_code["R01"].status, by_code["R01"].supply, by_code["R01"].compared) == ("no_base", None, False)
    assert {line.area.code for line in found.with_nothing} == {f"R5{x}" for x in range(6)}
    high, low = (
        sum(getattr(line, of) == third for line in found.compared) for of, third in (("need", 2), ("listed", 0))
    )
    assert f"High: the {high} of 35 areas with the highest values; little: the {low} with" in needs.meaning(found)
    assert f"about {high * low / 35:.0f} ({high} × {low} : 35)" in needs.meaning(found)
    assert "In 6 of the 35 areas nothing is listed." in text(client, NEEDS, indicator="need", count="places.records")
    page = text(client, NEEDS, indicator="need", count="places.records", per="households")
    # All but one of the areas in which anything is listed have one place: the caution says on what the thirds rest.
    assert "In 28 of the 29 areas in which anything is listed there are one or two records only" in page
    assert "A list is not the reality" in page
    assert "this is no ranking" in page
    assert "the base is not known: Rione 01" in page
    rows = csv.DictReader(
        io.StringIO(text(client, f"{NEEDS}tabella.csv", indicator="need", count="places.records").lstrip("\ufeff"))
    )
    out = {row["code"]: row for row in rows}
    assert (out["R55"]["stands_out"], out["R55"]["need"], out["R55"]["supply"]) == ("1", "high", "low")
    assert (out["R01"]["count_status"], out["R01"]["per_1000"]) == ("no_base", "")
    document = json.loads(text(client, f"{NEEDS}tabella.json", indicator="need", count="places.records"))
    assert document["stand_out"] == [line.area.code for line in found.standing_out]


@pytest.mark.usefixtures("registers")
def test_where_a_low_value_is_much_need(town: list[Area]) -> None:
    indicator("income", town, GRADIENT, polarity="positive")  # type: ignore[arg-type]
    make_place(area=town[35])
    found = needs.compare(NOBODY, gathered.registers["places"], needs.Asked("income", LEVEL, 2023, "places"))
    classes = {line.area.code: line.need for line in found.lines}
    assert (classes["R00"], classes["R55"], found.turned) == (2, 0, True)
    assert "lowest values" in needs.meaning(found)


@pytest.mark.usefixtures("registers")
def test_supply_is_narrowed_to_one_kind_and_stays_protected(client: Client, town: list[Area]) -> None:
    indicator("need", town, GRADIENT, polarity="negative")  # type: ignore[arg-type]
    for number, area in enumerate(town):
        make_experience("school", areas=[area], volunteers=40 + number)
        make_experience("lunch", areas=[area], volunteers=2 if number == 7 else 60 + number)
    make_experience("lunch", areas=[town[3]], volunteers=50)
    query = {"indicator": "need", "count": "experiences.records", "per": "-", "only": "kind:lunch"}
    page = text(client, NEEDS, **query)
    assert "counted is only tipo “lunch”" in page
    assert '<option value="kind:lunch" selected>' in page
    rows = list(csv.DictReader(io.StringIO(text(client, f"{NEEDS}tabella.csv", **query).lstrip("\ufeff"))))
    assert {row["only"] for row in rows} == {"kind:lunch"}
    assert {row["code"]: row["count"] for row in rows}["R03"] == "2"
    assert {row["count"] for row in rows} == {"1", "2"}, "of both kinds there would be two and three"
    # The persons of one kind are protected by themselves, though together they were many enough.
    found = needs.compare(NOBODY, REGISTER, needs.Asked("need", LEVEL, 2023, "experiences", "volunteers"))
    assert {line.status for line in found.lines} <= {"value", "estimated"}
    asked = needs.Asked("need", LEVEL, 2023, "experiences", "volunteers", only="kind:lunch")
    hidden = {line.area.code for line in needs.compare(NOBODY, REGISTER, asked).lines if line.status == "suppressed"}
    assert hidden > {"R11"}, "another one too, or the total would give it away"
    with pytest.raises(NothingToSay, match="narrowed"):
        needs.compare(NOBODY, REGISTER, needs.Asked("need", LEVEL, 2023, "experiences", only="kind:nothing"))
    assert "counted is only" not in text(client, NEEDS, **query | {"only": "activity:nothing"}), "left aside"
    # Another register cannot be narrowed so: that is said, not done in silence.
    make_place(area=town[1])
    other = text(client, NEEDS, **query | {"count": "places.records"})
    assert "cannot be narrowed to “lunch”, as was chosen before: all are counted." in other
    assert "counted is only" not in other
    assert "all are counted" not in page


def test_a_small_rate_is_told_from_none(town: list[Area]) -> None:
    printed_ = [need_pages._rate(value) for value in (None, 0.0, 0.042, 0.004, 0.25, 12.34, 0.0000001)]
    assert printed_ == ["–", "0.0", "0.04", "0.004", "0.2", "12.3", "0.0000"]


@pytest.mark.usefixtures("registers")
def test_protected_counts_of_persons_stand_nowhere(client: Client, town: list[Area]) -> None:
    indicator("need", town, GRADIENT, polarity="negative")  # type: ignore[arg-type]
    secret = 2
    for number, area in enumerate(town):
        make_experience(areas=[area], volunteers=secret if number == 7 else 40 + number)
    query = {"indicator": "need", "count": "experiences.volunteers", "per": "-"}
    asked = needs.Asked("need", LEVEL, 2023, "experiences", "volunteers")
    found = needs.compare(NOBODY, REGISTER, asked)
    hidden = [line for line in found.lines if line.status == "suppressed"]
    assert {line.area.code for line in hidden} > {"R11"}, "another one too, or the total would give it away"
    for line in hidden:
        assert (line.count, line.supply, line.need, line.listed) == (None, None, None, None)
    page = text(client, NEEDS, **query)
    assert "protected: too few persons: Rione" in page
    drawn = json.loads(text(client, f"{NEEDS}tabella.json", **query))
    assert [area["count"] for area in drawn["areas"] if area["count_status"] == "suppressed"] == [None] * len(hidden)
    assert drawn["supply"]["threshold"] == 3

    def told_by(form: str) -> str:
        # A token against forged forms is new each time.
        return re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", client.get(NEEDS + form, query).content.decode())

    forms = ("", "tabella.csv", "tabella.json")
    before = [told_by(form) for form in forms]
    Experience.objects.filter(volunteers=secret).update(volunteers=1)
    memo.forget_all()
    assert [told_by(form) for form in forms] == before, "nothing that is told depends on the small number"
    schema = json.loads(text(client, f"{NEEDS}tabella.schema.json", **query))
    told = next(one for one in schema["fields"] if one["name"] == "count_status")
    assert "suppressed" in told["constraints"]["enum"]
    assert [one["name"] for one in schema["fields"]] == list(drawn["areas"][0])
    points = json.dumps(need_pages.picture_of(found)["chart"].wide)
    assert all(line.area.name not in points for line in hidden)


@pytest.mark.usefixtures("registers")
def test_what_need_and_supply_cannot_say(client: Client, town: list[Area]) -> None:
    assert "To put need beside supply" in text(client, NEEDS)
    indicator("need", town, GRADIENT)  # type: ignore[arg-type]
    make_place(area=Area.objects.get(code="BORGO"))
    assert "1 of 1 records has no area of this kind" in text(client, NEEDS, indicator="need", count="places.records")
    Place.objects.all().delete()
    memo.forget_all()
    assert "Nothing is listed in any of these areas" in text(client, NEEDS, indicator="need", count="places.records")
    for area in town:
        make_place(area=area)
    memo.forget_all()  # no action wrote them
    assert "As much is listed in every area" in text(client, NEEDS, indicator="need", count="places.records")
    assert client.get(NEEDS, {"indicator": "nothing"}).status_code == 404
    assert client.get(f"{NEEDS}tabella.csv", {"indicator": "need", "count": "places.records"}).status_code == 400
    make_place(area=town[0])
    memo.forget_all()
    assert "does not say by itself" in text(client, NEEDS, indicator="need", count="places.records")
    # Nonsense in an address is left aside: the resources are counted, of which there are none.
    assert "Nothing is listed" in text(client, NEEDS, indicator="need", count="nothing.at_all", per="x", year="x")


def test_values_of_a_former_definition_are_not_mixed(town: list[Area]) -> None:
    indicator("need", town, GRADIENT)  # type: ignore[arg-type]
    ContextValue.objects.filter(area=town[0]).update(version="0")
    with pytest.raises(NothingToSay, match="definition changed"):
        values_of(ContextIndicator.objects.get(code="need"), LEVEL, 2023)
