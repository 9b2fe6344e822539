"""Indices as data: drafts, publishing that freezes, versions, the text that is exchanged, pages, files, commands."""

from __future__ import annotations

import csv
import html
import io
import json
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from trama.accounts.models import User
from trama.core import search
from trama.core.actor import NOBODY, SYSTEM, Actor, Grant
from trama.core.history import verify
from trama.core.models import AuditEntry, Source
from trama.insight.actions import indices as actions
from trama.insight.analysis import composite
from trama.insight.indices import exchange, files, tables, wording
from trama.insight.indices.hundred import about_hundred
from trama.insight.indices.reading import agrees, definition_of, index_of, thawed
from trama.insight.indices.shapes import Definition, Domain, Part
from trama.insight.indices.wording import hundred
from trama.insight.indices.worked import typical, worked
from trama.insight.models import FrozenIndex, IndexDefinition
from trama.network.models import Membership
from trama.territory.comparing import same_definition
from trama.territory.models import Area, ContextDefinition, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_area, square

pytestmark = pytest.mark.django_db
# The vector computed by hand (`domain.md` §4.1): four areas, three indicators.
BY_HAND = {"Alba": (10, 2, 30), "Bosco": (20, 4, 10), "Colle": (15, 8, 20), "Duna": (5, 6, 40)}
AMPI_PLUS = {"Alba": 92.9630, "Bosco": 103.1034, "Colle": 112.4242, "Duna": 109.3548}


@pytest.fixture
def town() -> Area:
    town = make_area("Borgo", "municipality", None, square(0, 0, 5, 1), code="BORGO")
    source = Source.objects.create(key="prova", title="Dati di prova", licence="CC BY 4.0", publisher="Comune di Borgo")
    known = [
        ContextIndicator.objects.create(
            code=code, name_it=f"Indicatore {code}", name_en=f"Indicator {code}", unit_it="%"
        )
        for code in ("uno", "due", "tre")
    ]
    for n, (name, figures) in enumerate(BY_HAND.items()):
        area = make_area(name, "district", town, square(n, 0), code=f"BORGO-{name[0]}")
        for indicator, value in zip(known, figures, strict=True):
            ContextValue.objects.create(area=area, indicator=indicator, year=2022, value=value, source=source)
    return town


def definition(**fields: Any) -> Definition:
    parts = tuple(Part(f"Indicatore {code}", indicator=code) for code in ("uno", "due", "tre"))
    stated = {"code": "prova", "kind": "district", "under": "BORGO", "years": (2022,), "parts": parts, **fields}
    return Definition("Indice di prova", "Trial index", **stated)


@pytest.fixture
def published(town: Area) -> IndexDefinition:
    row = actions.save_index(SYSTEM, definition())
    actions.publish_index(SYSTEM, row)
    return row


def values_of(row: IndexDefinition) -> dict[str, float]:
    index = index_of(row)
    return {place.name: float(index.values[0, n]) for n, place in enumerate(index.figures.areas)}


# --- publishing ---------------------------------------------------------------------------------------------------
def test_a_published_index_stands_among_the_indicators(published: IndexDefinition) -> None:
    assert values_of(published) == pytest.approx(AMPI_PLUS, abs=1e-4)
    indicator = ContextIndicator.objects.get(code="index_prova")
    assert (indicator.version, indicator.centre, indicator.polarity, indicator.theme) == ("1", 100, "negative", "index")
    # Its scale comes from these districts: elsewhere the same number means another thing.
    assert indicator.compare_within == "municipality"
    stored = {value.area.name: value for value in ContextValue.objects.filter(indicator=indicator)}
    assert {name: value.value for name, value in stored.items()} == pytest.approx(AMPI_PLUS, abs=1e-4)
    assert {value.version for value in stored.values()} == {"1"}
    source = stored["Alba"].source
    assert source is not None
    assert source.licence == "CC BY 4.0"
    assert published.frozen.content_hash in source.note
    assert verify().problem == ""


def test_figures_that_change_later_do_not_touch_what_was_published(published: IndexDefinition) -> None:
    before = files.json_text(index_of(published))
    ContextValue.objects.filter(indicator__code="uno").update(value=1)
    ContextIndicator.objects.filter(code="due").update(name_it="Altro nome", unit_it="€")
    Area.objects.filter(name="Alba").update(name="Alba Nuova")
    again = index_of(IndexDefinition.objects.get(pk=published.pk))
    assert files.json_text(again) == before
    assert agrees(again)


def test_what_was_frozen_cannot_be_changed_or_deleted_and_an_altered_one_is_seen(published: IndexDefinition) -> None:
    frozen = published.frozen
    with pytest.raises(TypeError):
        frozen.save()
    with pytest.raises(TypeError):
        frozen.delete()
    FrozenIndex.objects.filter(pk=frozen.pk).update(content=frozen.content.replace("112.4242", "99.4242"))
    altered = FrozenIndex.objects.get(pk=frozen.pk)
    assert altered.content != frozen.content
    from trama.core import memo

    memo.forget_all()
    with pytest.raises(ValueError, match="was altered"):
        thawed(altered)


def test_a_published_version_does_not_change_and_a_new_one_replaces_it(published: IndexDefinition) -> None:
    with pytest.raises(ValidationError, match=r"new version|nuova versione"):
        actions.save_index(SYSTEM, definition(penalty="minus"), published)
    draft = actions.new_version(SYSTEM, published)
    assert draft.version == 2
    assert definition_of(draft).parts == definition_of(published).parts
    with pytest.raises(ValidationError, match=r"already a draft|già la bozza"):
        actions.new_version(SYSTEM, published)
    actions.save_index(SYSTEM, replace(definition_of(draft), penalty="minus"), draft)
    actions.publish_index(SYSTEM, draft)
    published.refresh_from_db()
    draft.refresh_from_db()
    assert (published.state, draft.state) == ("superseded", "published")
    assert values_of(published) == pytest.approx(AMPI_PLUS, abs=1e-4)
    indicator = ContextIndicator.objects.get(code="index_prova")
    assert (indicator.version, indicator.polarity) == ("2", "positive")
    assert ContextDefinition.objects.get(indicator=indicator).version == "1"
    assert ContextValue.objects.get(indicator=indicator, area__name="Alba").value == pytest.approx(87.0370, abs=1e-4)
    verbs = list(
        AuditEntry.objects.filter(kind="insight.indexdefinition").order_by("number").values_list("verb", flat=True)
    )
    assert verbs == ["created", "published", "created", "changed", "superseded", "published"]


def test_domains_are_published_too_and_excluded_areas_say_so(town: Area) -> None:
    excluded = make_area("Parco", "district", town, code="BORGO-P")
    lacking = make_area("Enea", "district", town, code="BORGO-E")
    for indicator in ContextIndicator.objects.filter(code__in=["uno", "due", "tre"]):
        ContextValue.objects.create(area=excluded, indicator=indicator, year=2022, state="excluded")
        if indicator.code != "tre":
            ContextValue.objects.create(area=lacking, indicator=indicator, year=2022, value=7)
    ContextValue.objects.filter(area__name="Duna", indicator__code="uno").update(state="estimated")
    parts = tuple(replace(p, domain="b" if p.indicator == "tre" else "a") for p in definition().parts)
    row = actions.save_index(
        SYSTEM, definition(parts=parts, domains=(Domain("Primo", "", "a", 1), Domain("Due", "", "b", 2)))
    )
    actions.publish_index(SYSTEM, row)
    states = dict(ContextValue.objects.filter(indicator__code="index_prova__a").values_list("area__name", "state"))
    assert states == {
        **dict.fromkeys(("Alba", "Bosco", "Colle"), "value"),
        "Duna": "estimated",
        "Enea": "missing",
        "Parco": "excluded",
    }
    index = index_of(row)
    assert index.values[0, 0] == pytest.approx((index.computed.parts["a"].value[0, 0] + 2 * 110) / 3)
    told = wording.without(index, 0)
    assert (told.areas, told.valued, told.excluded, told.lacking) == (6, 4, 1, (("Indicatore tre", 1),))


def test_years_with_a_scale_of_their_own_are_no_series(town: Area) -> None:
    for value in ContextValue.objects.all():
        ContextValue.objects.create(area=value.area, indicator=value.indicator, year=2023, value=value.value)
    for code, goalposts, versions in (("apart", "set", {"1 (2022)", "1 (2023)"}), ("together", "years", {"1"})):
        actions.publish_index(
            SYSTEM, actions.save_index(SYSTEM, definition(code=code, goalposts=goalposts, years=(2022, 2023)))
        )
        values = ContextValue.objects.filter(indicator__code=f"index_{code}")
        assert set(values.order_by().values_list("version", flat=True)) == versions
        assert bool(same_definition(values)) == (code == "together")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"parts": ()}, "almeno un indicatore|at least one indicator"),
        ({"years": ()}, "year|anno"),
        ({"years": (2022, 1999)}, "1999"),
        ({"kind": "municipality"}, "two areas|due aree"),
        ({"goalposts": "given"}, "Indicatore uno|Indicator uno"),
        ({"reference": "area"}, "Indicatore uno|Indicator uno"),
        ({"method": "mpi", "reference": "mean"}, "MPI"),
    ],
)
def test_what_cannot_be_published_says_why(town: Area, fields: dict[str, Any], said: str) -> None:
    row = actions.save_index(SYSTEM, definition(**fields))
    with pytest.raises(ValidationError, match=said):
        actions.publish_index(SYSTEM, row)
    row.refresh_from_db()
    assert row.state == "draft"
    assert not ContextIndicator.objects.filter(code__startswith="index_").exists()


def test_an_index_of_one_town_is_refused_across_towns(town: Area) -> None:
    ContextIndicator.objects.filter(code="uno").update(compare_within="district")
    with pytest.raises(ValidationError, match=r"Indicatore uno|Indicator uno"):
        actions.check(actions.save_index(SYSTEM, definition()))


def test_the_value_of_the_whole_scores_a_hundred(town: Area) -> None:
    for code, value in (("uno", 12), ("due", 5), ("tre", 25)):
        indicator = ContextIndicator.objects.get(code=code)
        ContextValue.objects.create(area=town, indicator=indicator, year=2022, value=value)
    index = actions.check(actions.save_index(SYSTEM, definition(reference="area")))
    assert index.computed.low[0].tolist() == [12 - 7.5, 5 - 3, 25 - 15]
    mean = actions.check(actions.save_index(SYSTEM, definition(code="media", reference="mean", penalty="none")))
    assert float(np.mean(mean.values)) == pytest.approx(100)


def test_who_may_not_keep_an_index_of_an_area_makes_none(town: Area) -> None:
    elsewhere = make_area("Ponte", "municipality", code="PONTE")
    planner = Actor(
        user=1,
        grants=frozenset({Grant("plan_office", elsewhere.pk)}),
        areas=frozenset({elsewhere.pk}),
        areas_by_role=(("plan_office", frozenset({elsewhere.pk})),),
    )
    for actor in (NOBODY, planner):
        with pytest.raises(PermissionDenied):
            actions.save_index(actor, definition())
    row = actions.save_index(SYSTEM, definition())
    for act in (actions.publish_index, actions.new_version, actions.delete_draft):
        with pytest.raises(PermissionDenied):
            act(planner, row)
    with pytest.raises(ValidationError, match=r"code|draft|bozza|breve"):
        actions.save_index(planner, definition(under="PONTE"))


def test_remarks_before_publishing(town: Area) -> None:
    for value in ContextValue.objects.filter(indicator__code="uno"):
        ContextValue.objects.create(
            area=value.area, indicator=value.indicator, year=2023, value=(value.value or 0) * 1000
        )
    for value in ContextValue.objects.filter(indicator__code__in=["due", "tre"], year=2022):
        ContextValue.objects.create(area=value.area, indicator=value.indicator, year=2023, value=value.value)
    index = actions.check(actions.save_index(SYSTEM, definition(years=(2022, 2023))))
    said = wording.remarks(index.definition, index.figures, index, {"due"})
    assert len(said) == 2
    assert "Indicatore uno" in said[0] or "Indicator uno" in said[0]
    assert "12" in said[0]


# --- words --------------------------------------------------------------------------------------------------------
def test_every_refusal_of_the_analysis_that_people_meet_has_words() -> None:
    source = Path(composite.__file__).read_text(encoding="utf-8")
    for sentence in wording.REFUSALS:
        assert f'"{sentence}"' in source, sentence


def reckon(text: str) -> float:
    """The result of a sum as it is printed, worked out again from the printed numbers."""
    plain = text.replace(".", "").replace(",", ".") if "," in text else text
    for sign, operator in (("−", "-"), ("×", "*"), ("÷", "/"), ("²", "**2")):
        plain = plain.replace(sign, operator)
    rooted = plain.startswith("√")
    plain = plain.lstrip("√")
    assert set(plain) <= set("0123456789.+-*/() ")
    value = float(eval(plain))  # noqa: S307  checked above: digits and signs alone
    return value**0.5 if rooted else value


@pytest.mark.parametrize(("method", "ddof"), [("ampi", 0), ("mpi", 0), ("ampi", 1)])
def test_the_sums_of_the_worked_area_can_be_done_again_by_hand(town: Area, method: str, ddof: int) -> None:
    parts = tuple(
        replace(p, polarity=-1 if p.indicator == "due" else 1, weight=2 if p.indicator == "uno" else 1)
        for p in definition().parts
    )
    index = actions.check(
        actions.save_index(SYSTEM, definition(method=method, ddof=ddof, goalposts="set", parts=parts))
    )
    area = typical(index, 0)
    assert area is not None
    found = worked(index, 0, area)
    assert found is not None
    (block,) = found.blocks
    for n, step in enumerate(block.steps):
        left, _equals, right = step.reckoning.rpartition(" = ")
        assert reckon(left) == pytest.approx(reckon(right), abs=0.02)
        assert reckon(right) == pytest.approx(index.computed.scaled[0, area, n], abs=0.005)
    for sum_ in (block.averaging, block.spreading, block.reckoning):
        left, _equals, right = sum_.rpartition(" = ")
        assert reckon(left) == pytest.approx(reckon(right), abs=0.02)
    assert reckon(block.score) == pytest.approx(index.values[0, area], abs=0.005)


def test_the_map_is_divided_around_a_hundred() -> None:
    assert [tables.band(value, 2.5) for value in (80, 92.4, 92.5, 97.4, 97.5, 100, 102.5, 102.6, 107.5, 107.6)] == [
        1, 1, 2, 2, 3, 3, 3, 4, 4, 5,
    ]  # fmt: skip
    assert tables.half_width(np.array([99.0, 101.0, np.nan])) == 0.2
    assert tables.half_width(np.linspace(70, 130, 50)) == 6.0


# --- what is exchanged --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", exchange.FORMS)
def test_a_definition_goes_and_comes_back_whole(town: Area, form: str) -> None:
    parts = (
        Part("Uno", indicator="uno", weight=2.5, domain="a", low=0.5, high=30, reference=12),
        Part("Due", indicator="due", polarity=-1, domain="b"),
    )
    written = definition(
        parts=parts,
        domains=(Domain('Primo "a"', "First", "a", 1.5), Domain("Due", "", "b", 1)),
        description_it="Due righe:\n«è» \\ \t fine",
        goalposts="given",
        reference="given",
        ddof=1,
        reference_year=2022,
    )
    text = exchange.text_of(written, form)
    back = exchange.read(text.encode())
    assert exchange.document(back) == exchange.document(written)
    row = actions.save_index(SYSTEM, back)
    assert exchange.text_of(definition_of(row), form) == exchange.text_of(
        replace(back, parts=definition_of(row).parts), form
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 2", "format"),
        ("format = 1", "name_it"),
        ("format = ", "cannot be read|non si legge|leggere"),
        ("[]", "read|legge|leggere"),
        ("format = 1\ncolour = 3", "colour"),
        ('format = 1\nname_it = "a"\ncode = "a"\nkind = "planet"', "kind"),
        ('format = 1\nname_it = "a"\ncode = "a"\nkind = "zone"\nunder = "B"\nyears = ["2022"]', "years"),
        (
            'format = 1\nname_it = "a"\ncode = "a"\nkind = "zone"\nunder = "B"\n[[indicators]]\ncode="x"\nweight=nan',
            "weight",
        ),
        (
            'format = 1\nname_it = "a"\ncode = "a"\nkind = "zone"\nunder = "B"\n[[indicators]]\npolarity = "up"',
            "polarity",
        ),
        ('format = 1\nddof = true\nname_it = "a"', "ddof"),
        ("{" * 100_000, "read|legge|leggere"),
        ('format = 1\n[[domains]]\nkey = "a__b"\nname_it = "a"', "domains.1..key"),
    ],
)
def test_a_text_that_is_no_definition_says_where(text: str, said: str) -> None:
    with pytest.raises(exchange.NotADefinition, match=said):
        exchange.read(text.encode())


def test_an_indicator_that_is_not_known_here_is_named(town: Area) -> None:
    with pytest.raises(ValidationError, match="quattro"):
        actions.save_index(SYSTEM, definition(parts=(Part("Quattro", indicator="quattro"),)))
    assert not IndexDefinition.objects.exists()


# --- pages --------------------------------------------------------------------------------------------------------
class Forms(HTMLParser):
    """The fields of a page with what stands in them, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.select = self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "select":
            self.select = a["name"]
        elif tag == "option" and self.select and "selected" in a:
            self.data[self.select] = [a.get("value", "")]
        elif tag == "textarea":
            self.textarea = a["name"]
        elif tag == "input" and a.get("name") and (a.get("type") not in {"checkbox", "radio"} or "checked" in a):
            self.data.setdefault(a["name"], []).append(a.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.textarea = ""

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.data[self.textarea] = [data.strip("\n")]


@pytest.fixture
def planner(client: Client) -> Client:
    user = User.objects.create(username="piano", password="!")
    Membership.objects.create(user=user, role="plan_office")
    client.force_login(user)
    return client


def test_making_an_index_from_the_first_page_to_the_published_one(town: Area, planner: Client) -> None:
    begun = planner.post("/numeri/indici/nuovo/", {"name_it": "Fragilità, prova", "where": "district:BORGO"})
    assert begun["Location"] == "/numeri/indici/fragilita_prova/v1/modifica/"
    page = Forms()
    page.feed(planner.get(begun["Location"]).content.decode())
    keys = {one.code: one.pk for one in ContextIndicator.objects.all()}
    sent = {**page.data, "years": "2022", "penalty": "plus"}
    refused = planner.post(begun["Location"], {**sent, "years": [], f"use_{keys['uno']}": "1"})
    assert refused.status_code == 200
    for code, weight, domain in (("uno", "1,5", "Casa"), ("due", "1", "casa"), ("tre", "1", "Lavoro")):
        sent |= {
            f"use_{keys[code]}": "-1" if code == "due" else "1",
            f"weight_{keys[code]}": weight,
            f"domain_{keys[code]}": domain,
        }
    saved = planner.post(begun["Location"], sent)
    assert saved.status_code == 302, saved.context["form"].errors
    assert saved["Location"] == "/numeri/indici/fragilita_prova/v1/"
    row = IndexDefinition.objects.get()
    found = definition_of(row)
    assert {part.indicator: (part.polarity, part.weight, part.domain) for part in found.parts} == {
        "uno": (1, 1.5, "casa"),
        "due": (-1, 1.0, "casa"),
        "tre": (1, 1.0, "lavoro"),
    }
    page = Forms()
    page.feed(planner.get(begun["Location"]).content.decode())
    assert page.data["domain_weight_casa"] == ["1,0"]
    planner.post(begun["Location"], {**page.data, "domain_weight_lavoro": "3"})
    assert definition_of(row).domain("lavoro").weight == 3
    assert Client().get("/numeri/indici/fragilita_prova/v1/").status_code == 404
    assert b"fragilita_prova" not in Client().get("/numeri/indici/").content
    preview = planner.get("/numeri/indici/fragilita_prova/v1/").content.decode()
    assert "/publish/" in preview
    planner.post("/numeri/indici/fragilita_prova/v1/publish/")
    row.refresh_from_db()
    assert row.state == "published"
    shown = Client().get("/numeri/indici/fragilita_prova/", follow=True)
    assert shown.redirect_chain[-1][0] == "/numeri/indici/fragilita_prova/v1/"
    text = shown.content.decode()
    assert row.frozen.content_hash in text
    assert "/publish/" not in text
    assert planner.get("/numeri/indici/fragilita_prova/v1/modifica/").status_code == 404


def test_the_page_works_any_area_through_and_is_in_the_order_of_names(
    published: IndexDefinition, client: Client
) -> None:
    page = client.get("/numeri/indici/prova/v1/?area=BORGO-C&anno=2022").content.decode()
    assert "(15 − 5) ÷ (20 − 5) × 60 + 70 = 110,00" in page
    assert "112,4" in page
    places = [page.index(f">{name}</a></th>") for name in sorted(BY_HAND)]
    assert places == sorted(places)
    assert page.count("<path") >= 4  # the map
    assert client.get("/numeri/indici/prova/v1/?area=NOWHERE&anno=9999").status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/numeri/indici/prova/v1/")
    assert len(queries) < 40


def test_a_draft_that_cannot_be_computed_says_why_and_offers_no_publishing(town: Area, planner: Client) -> None:
    actions.save_index(SYSTEM, definition(parts=()))
    page = planner.get("/numeri/indici/prova/v1/").content.decode()
    assert "/publish/" not in page
    assert 'role="alert"' in page
    answer = planner.post("/numeri/indici/prova/v1/publish/", follow=True)
    assert answer.status_code == 200
    assert IndexDefinition.objects.get().state == "draft"


def test_a_preview_says_when_an_indicator_was_redefined_between_the_years(town: Area, planner: Client) -> None:
    for value in ContextValue.objects.all():
        version = "2" if value.indicator.code == "due" else "1"
        ContextValue.objects.create(
            area=value.area, indicator=value.indicator, year=2023, value=value.value, version=version
        )
    actions.save_index(SYSTEM, definition(years=(2022, 2023)))
    page = planner.get("/numeri/indici/prova/v1/").content.decode()
    assert page.count("Indicatore due: ") == 1
    assert "Indicatore uno: " not in page


def test_a_definition_is_taken_up_for_other_areas(published: IndexDefinition, planner: Client) -> None:
    text = planner.get("/numeri/indici/prova/v1/definizione.toml").content.replace(b'"prova"', b'"copia"')
    text = text.replace(b'"BORGO"', b'"ALTROVE"')
    sent = io.BytesIO(text)
    sent.name = "copia.toml"
    refused = planner.post("/numeri/indici/importa/", {"sent": sent, "under": ""})
    assert refused.status_code == 200
    assert "ALTROVE" in refused.content.decode()
    sent.seek(0)
    taken = planner.post("/numeri/indici/importa/", {"sent": sent, "under": "district:BORGO"})
    assert taken["Location"] == "/numeri/indici/copia/v1/"
    assert planner.post("/numeri/indici/copia/v1/delete/")["Location"] == "/numeri/indici/"
    assert not IndexDefinition.objects.filter(code="copia").exists()


def test_files_hold_the_status_of_every_value(published: IndexDefinition, client: Client) -> None:
    make_area("Enea", "district", Area.objects.get(code="BORGO"), code="BORGO-E")
    draft = actions.new_version(SYSTEM, published)
    actions.publish_index(SYSTEM, draft)
    content = client.get("/numeri/indici/prova/v2/valori.csv").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(content)))
    rows = {row["area_name"]: row for row in table}
    assert float(rows["Colle"]["value"]) == pytest.approx(112.4242, abs=1e-4)
    assert (rows["Enea"]["value"], rows["Enea"]["status"], rows["Colle"]["status"]) == ("", "missing", "value")
    told = json.loads(client.get("/numeri/indici/prova/v2/valori.schema.json").content)
    assert [field["name"] for field in told["fields"]] == list(table[0])
    assert len({tuple(row[name] for name in told["primaryKey"]) for row in table}) == len(table)
    assert {row["status"] for row in table} <= set(told["fields"][6]["constraints"]["enum"])
    found = json.loads(client.get("/numeri/indici/prova/v2/valori.json").content)
    assert found["sha256"] == FrozenIndex.objects.get(definition=draft).content_hash
    assert {line["status"] for line in found["figures"] if line["area"] == "BORGO-E"} == {"missing"}
    workbook = zipfile.ZipFile(io.BytesIO(client.get("/numeri/indici/prova/v2/valori.xlsx").content))
    assert len([name for name in workbook.namelist() if "worksheets/sheet" in name]) == 3


# --- commands -----------------------------------------------------------------------------------------------------
def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("index", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_an_index_from_the_command_line(town: Area, tmp_path: Any) -> None:
    file = tmp_path / "prova.toml"
    file.write_text(exchange.text_of(definition(), "toml"), encoding="utf-8")
    assert json.loads(run("import", file, "--json"))["state"] == "draft"
    computed = json.loads(run("compute", "prova", "--year", "2022", "--json"))
    assert {line["area_name"]: line["value"] for line in computed["results"]} == pytest.approx(AMPI_PLUS, abs=1e-4)
    assert len(json.loads(run("publish", "prova", "--json"))["sha256"]) == 64
    assert [one["state"] for one in json.loads(run("list", "--json"))] == ["published"]
    assert json.loads(run("show", "prova", "--json"))["intact"] is True
    assert run("export", "prova") == file.read_text(encoding="utf-8")
    assert "112,4" in run("compute", "prova")
    assert "Colle" in run("compute", "prova", "--csv")
    for wrong in ("show altro", "publish prova", "compute prova --year 1999", "import none.toml"):
        with pytest.raises(CommandError):
            run(*wrong.split())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": "mpi", "goalposts": "set"}, "media delle aree in quell'anno"),
        ({"reference": "none"}, "non è la media delle aree"),
        ({"reference": "area", "reference_year": 2021}, "nel suo insieme nel 2021"),
        ({"reference": "mean"}, "media delle aree in quell'anno"),
        ({"reference": "given"}, "valore di riferimento"),
    ],
)
def test_a_hundred_means_what_the_definition_says(fields: dict[str, Any], said: str) -> None:
    with translation.override("it"):
        assert said in hundred(definition(**fields))


def test_page_indicator_and_report_say_the_same_of_a_hundred(published: IndexDefinition, client: Client) -> None:
    with translation.override("it"):
        meant = hundred(definition_of(published))
        assert about_hundred(ContextIndicator.objects.get(code="index_prova")) == meant
    for address in ("/numeri/indici/prova/v1/", "/numeri/indicatori/index_prova/"):
        assert meant in html.unescape(client.get(address).content.decode())


def test_publishing_and_deleting_ask_before_and_withdrawing_wants_a_reason(town: Area, planner: Client) -> None:
    row = actions.save_index(SYSTEM, definition())
    for what in ("publish", "delete"):
        assert planner.get(f"/numeri/indici/prova/v1/{what}/").status_code == 200
    assert planner.get("/numeri/indici/prova/v1/withdraw/").status_code == 404
    assert IndexDefinition.objects.get(pk=row.pk).state == "draft"  # to be asked changes nothing
    planner.post("/numeri/indici/prova/v1/publish/")
    assert planner.get("/numeri/indici/prova/v1/publish/").status_code == 404
    planner.post("/numeri/indici/prova/v1/withdraw/", {"reason": " "})
    assert IndexDefinition.objects.get(pk=row.pk).state == "published"
    planner.post("/numeri/indici/prova/v1/withdraw/", {"reason": "Un dato era sbagliato"})
    row.refresh_from_db()
    assert (row.state, row.withdrawn_because) == ("withdrawn", "Un dato era sbagliato")
    assert not ContextValue.objects.filter(indicator__code="index_prova").exists()
    assert "Un dato era sbagliato" in Client().get("/numeri/indici/prova/v1/").content.decode()
    assert "index_prova" not in Client().get("/numeri/indicatori/").content.decode()
    with pytest.raises(ValidationError):
        actions.withdraw_index(SYSTEM, row, "di nuovo")
    assert actions.new_version(SYSTEM, row).version == 2


def test_indicators_and_indices_are_found_by_search(published: IndexDefinition, client: Client) -> None:
    search.refresh(ContextIndicator)
    assert "/numeri/indici/prova/v1/" in client.get("/cerca/", {"q": published.name_it}).content.decode()
    assert "/numeri/indicatori/uno/" in client.get("/cerca/", {"q": "indicatore uno"}).content.decode()
    data = client.get("/dati-aperti/").content.decode()
    assert all(file in data for file in ("/numeri/indicatori/uno/tabella.csv", "/numeri/indici/prova/v1/valori.xlsx"))
