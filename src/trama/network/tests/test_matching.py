"""Finding organisations by name: the very same one, look-alikes, and strings that name several."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from trama.core.actor import NOBODY, SYSTEM
from trama.network.matching import match_all, match_organisation, names_several, suggest
from trama.network.models import Organisation, OrganisationName
from trama.network.tests.factories import organisation

pytestmark = pytest.mark.django_db


def test_the_same_name_is_found_whatever_its_dress() -> None:
    caritas = organisation("Caritas Diocesana di Imola")
    for written in ("caritas diocesana di imola", "CARITAS  DIOCESANA, DI IMOLA", "Cáritas diocesana di Imola."):
        assert match_organisation(written) == caritas
    assert match_organisation("Caritas Diocesana") is None
    assert match_organisation("") is None


def test_another_name_counts_and_a_shared_one_finds_nobody() -> None:
    one, other = organisation("Auser Bologna"), organisation("Auser Imola")
    OrganisationName(organisation=one, name="Auser").save()
    assert match_organisation("AUSER") == one
    OrganisationName(organisation=other, name="auser").save()
    assert match_organisation("AUSER") is None


def test_an_organisation_called_like_its_own_other_name_is_one() -> None:
    one = organisation("Auser")
    OrganisationName(organisation=one, name="AUSER").save()
    assert match_organisation("Auser") == one


def test_many_names_take_two_queries(django_assert_num_queries: object) -> None:
    made = {organisation(f"Circolo {number}").name for number in range(5)}
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = match_all([*made, "Nessuno"])
    assert found["Nessuno"] is None
    assert {name for name, pk in found.items() if pk} == made


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Assocaizaione Albero di Cirene", "Associazione Albero di Cirene"),
        ("Albero di Cirene", "Associazione Albero di Cirene"),
        ("parrocchia san giacomo", "Parrocchia di San Giacomo Maggiore"),
        ("Ordine avvocati", "Ordine degli avvocati di Bologna"),
        ("Polisporiva Zolino", "Polisportiva Zolino"),
    ],
)
def test_a_name_misspelt_or_cut_is_guessed(typed: str, meant: str) -> None:
    for name in (
        "Associazione Albero di Cirene",
        "Parrocchia di San Giacomo Maggiore",
        "Ordine degli avvocati di Bologna",
        "Polisportiva Zolino",
        "Associazione culturale Youkali",
        "Parrocchia di Santa Rita",
    ):
        organisation(name)
    assert suggest(typed, NOBODY)[0].name == meant


def test_an_unlike_name_and_a_hidden_one_are_not_offered() -> None:
    organisation("Associazione Albero di Cirene")
    hidden = organisation("Casa delle donne", is_sensitive=True)
    assert suggest("Bocciofila Sesto", NOBODY) == []
    assert suggest("Casa delle done", NOBODY) == []
    assert [like.pk for like in suggest("Casa delle done", SYSTEM)] == [hidden.pk]


def test_guessing_among_ten_thousand_is_quick() -> None:
    words = ["aurora", "ponte", "mulino", "stella", "fiume", "quercia", "sole", "arco", "vela", "rosa"]
    rows = []
    for number in range(10_000):
        name = f"Associazione {words[number % 10]} {words[number // 10 % 10]} {number // 100}"
        rows.append(Organisation(name=name, normalised_name=name.casefold()))
    Organisation.objects.bulk_create(rows)
    suggest("Associazione quercia stella 4", NOBODY)
    start = time.process_time()  # not the clock: other tests run beside this one
    found = suggest("Asociazione querca stella 42", NOBODY)
    assert time.process_time() - start < 0.5
    assert any("quercia stella" in like.name for like in found)


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("ARAD Bologna in collaborazione con Auser", True),
        ("AIAS Bologna in rete con Centro Antartide", True),
        ("Aics Bologna\nYoukali Aps", True),
        ("Cadiai Cooperativa sociale, We World", True),
        ("Comune di Bologna e Associazione Eccetera Aps", True),
        ("Comune di Bologna gestito dalla cooperativa Cidas", True),
        ("ente promotore Asp città di Bologna- ente gestore Piazza Grande", True),
        ("Servizio affidato dal Comune di Bologna a Opengroup", True),
        ("Servizio gestito da Opengroup per il Comune di Bologna", True),
        ("Servizio di Ancescao presso Casa di Quartiere Saffi", True),
        ("ASP città di Bologna_Società Dolce", True),
        ("Servizio del terzo settore gestito da Caritas Bologna", False),
        ("Servizio del terzo settore, gestito da Mondo Donna onlus", False),
        ("Servizio gestito dal terzo settore", False),
        ("Servizio gestito dall'Arcigay Provinciale Il Cassero", False),
        ("Parrocchia dei Santi Giovanni Battista e Gemma Galgani", False),
        ("Settore Biblioteche e Welfare culturale del Comune di Bologna", False),
        ("Servizio del Comune di Bologna, Dipartimento welfare, Settore sociale", False),
        ("cna confederazione nazionale dell'artigianato e della piccola e media impresa", False),
        ("Arad Aps (Associazione Ricerca, Assistenza Demenze)", False),
        ("Auser Territoriale Bologna Odv - ETS Ass. per l'invecchiamento attivo", False),
        ("Servizio del terzo settore - Sos Donna, una linea telefonica contro la violenza", False),
        ("Associazione Albero di Cirene", False),
        ("", False),
    ],
)
def test_which_strings_name_several_bodies(text: str, several: bool) -> None:
    assert names_several(text) is several


def test_on_the_map_of_bologna_some_promoters_are_marked(shared: Path) -> None:
    """Of 302 distinct strings, those marked were read one by one: 4 name a single body with an explanation."""
    file = shared / "data" / "bologna-risorse-sociali" / "mappa-delle-risorse-sociali.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        written = {row["ENTE PROMUOVENTE"] for row in csv.DictReader(opened, delimiter=";")} - {""}
    assert len(written) == 302
    marked = {text for text in written if names_several(text)}
    assert len(marked) == 92
    missed = [text for text in written - marked if "collaborazione" in text or "\n" in text or "ente gestore" in text]
    assert missed == []
