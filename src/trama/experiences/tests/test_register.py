"""The register of experiences: filters, axes, columns, masking, bounded queries; what the other pages gather."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone, translation

from trama.core import search
from trama.core.actor import NOBODY, SYSTEM
from trama.core.registers import Selection
from trama.experiences.declarations import (
    REGISTER,
    dates_between,
    of_organisation,
    organisations_of,
    what_is_done,
    what_waits,
)
from trama.experiences.models import Experience
from trama.experiences.tests.factories import (
    actor_with,
    indexed,
    make_date,
    make_experience,
    make_funding,
    make_organisation,
)
from trama.experiences.tests.lists import load_lists
from trama.territory.tests.factories import inside, make_city, make_place

pytestmark = pytest.mark.django_db


def found(query: str, actor=NOBODY) -> set[str]:
    selection = Selection.read(REGISTER, QueryDict(query), actor)
    rows = list(selection.rows(REGISTER, actor).values_list("name", flat=True))
    assert len(rows) == len(set(rows)), "no row comes twice"
    return set(rows)


@pytest.fixture
def three():
    load_lists()
    city = make_city()
    public, hidden = make_organisation("Parrocchia"), make_organisation("Casa rifugio", is_sensitive=True)
    programme = make_experience("Programma", kind="programme", areas=[city["city"]], starts_on=date(2021, 9, 1))
    make_experience(
        "Doposcuola",
        areas=[city["mill"], city["east"]],
        organisations=[(public, "promoter"), (hidden, "partner"), (public, "host")],
        codes=[("target", "children"), ("target", "elderly"), ("aim", "inclusion")],
        starts_on=date(2024, 12, 31),
        parent=programme,
        volunteers=3,
        beneficiaries=(40, "estimated"),
        confirmed_on=timezone.localdate(),
        service_role_id="service_role:fed",
    )
    make_experience(
        "Festa",
        kind="event",
        areas=[city["east"]],
        organisations=[(hidden, "promoter")],
        codes=[("target", "elderly")],
        starts_on=date(2025, 1, 1),
        ends_on=date(2025, 1, 1),
        is_good_practice=True,
        is_city_wide=True,
    )
    make_experience("Bozza", areas=[city["east"]], state="draft")
    return city, public, hidden, programme


ALL = {"Programma", "Doposcuola", "Festa"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ALL),
        ("kind=event", {"Festa"}),
        ("kind=event&kind=programme", {"Festa", "Programma"}),
        ("kind=nonsense", set()),
        ("area=BORGO", ALL),
        ("area=BORGO-O", {"Doposcuola"}),
        ("area=BORGO-E", {"Doposcuola", "Festa"}),
        ("district=BORGO-E&target=children", {"Doposcuola"}),
        ("target=elderly", {"Doposcuola", "Festa"}),
        ("target=-", {"Programma"}),
        ("target=elderly&kind=event", {"Festa"}),
        ("year=2024", {"Doposcuola"}),
        ("year=2021&year=2025", {"Programma", "Festa"}),
        ("year=12345678901234567890", set()),
        ("year=x", set()),
        ("phase=ongoing", {"Programma", "Doposcuola"}),
        ("phase=ended", {"Festa"}),
        ("phase=ended&phase=ongoing", ALL),
        ("good_practice=1", {"Festa"}),
        ("city_wide=0", {"Programma", "Doposcuola"}),
        ("to_confirm=1", {"Programma", "Festa"}),
        ("to_confirm=0", {"Doposcuola"}),
        ("service_role=fed", {"Doposcuola"}),
        ("service_role=-", {"Programma", "Festa"}),
        ("volunteers_known=exact", {"Doposcuola"}),
        ("beneficiaries_known=unknown", {"Programma", "Festa"}),
        ("state=draft", ALL),  # only who signed in filters by state
        ("programme=99999999999999999999999", set()),
        ("organisation=%27%3B--", set()),
    ],
)
def test_a_filter_gives_these_rows(three, query, names):
    assert found(query) == names


def test_a_draft_is_found_by_who_may_see_it(three):
    city, *_ = three
    worker = actor_with("community_worker", city["east"])
    assert found("state=draft", worker) == {"Bozza"}
    assert found("state=draft", actor_with("community_worker", city["west"])) == set()


def test_a_hidden_organisation_narrows_to_nothing_for_anybody(three):
    _city, public, hidden, programme = three
    assert found(f"organisation={public.pk}") == {"Doposcuola"}
    for actor in (NOBODY, SYSTEM, actor_with("plan_office")):
        assert found(f"organisation={hidden.pk}", actor) == set()
    assert found(f"programme={programme.pk}") == {"Programma", "Doposcuola"}
    selection = Selection.read(REGISTER, QueryDict(f"organisation={hidden.pk}"), NOBODY)
    assert hidden.name not in str(selection.chips(REGISTER, NOBODY))
    selection = Selection.read(REGISTER, QueryDict(f"organisation={public.pk}"), NOBODY)
    assert public.name in str(selection.chips(REGISTER, NOBODY))


def test_a_hidden_organisation_is_in_no_column_search_or_axis(three):
    load_lists()
    _city, _public, hidden, _programme = three
    record = Experience.objects.get(name="Doposcuola")
    assert hidden.name in organisations_of([record.pk], SYSTEM)[record.pk]
    assert organisations_of([record.pk], NOBODY) == {record.pk: "Parrocchia (promotore); Parrocchia (ospita)"}
    indexed(*Experience.objects.all())
    assert found("q=casa+rifugio") == set()
    assert found("q=parrocchia") == {"Doposcuola"}
    dimension = REGISTER.dimension("organisation_kind")
    grouped = dimension.group(Experience.objects.filter(name="Festa"), "value")
    assert list(grouped.values_list("value", flat=True)) == [None]


def test_words_of_area_kind_and_codes_find_it_and_what_is_hidden_does_not(three):
    load_lists()
    city, *_ = three
    secret = make_place("Capannone abbandonato", area=city["mill"], is_public=False)
    record = make_experience("Camminata", areas=[city["mill"]], places=[secret], codes=[("need", "loneliness")])
    indexed(record)
    for text in ("camminata", "camminta", "mulino", "ovest", "solitudine"):
        assert found(f"q={text}") == {"Camminata"}, text
    assert found("q=capannone") == set()


def test_a_sensitive_experience_is_found_by_who_may_see_it_only(three):
    city, *_ = three
    record = make_experience("Ascolto riservato", areas=[city["west"]], is_sensitive=True)
    indexed(record)
    assert found("q=riservato") == set()
    assert found("q=riservato", actor_with("social_worker", city["west"])) == {"Ascolto riservato"}
    results, _query = search.search(NOBODY, "riservato")
    assert results == []


@pytest.mark.parametrize("order", ["newest", "name", "edited"])
def test_each_order_reads_along_an_index(three, order, django_assert_num_queries):
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("the plan is SQLite's")
    city, *_ = three
    actors = (NOBODY, SYSTEM, actor_with("community_worker", city["west"]))
    for actor in actors:
        selection = Selection(order=order)
        rows = selection.ordered(REGISTER, selection.rows(REGISTER, actor)).values_list("pk", flat=True)[2475:2500]
        sql, parameters = rows.query.get_compiler(connection=connection).as_sql()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
            plan = " | ".join(row[3] for row in cursor.fetchall())
        assert "USING COVERING INDEX" in plan, plan
        assert "USE TEMP B-TREE" not in plan, plan


def test_pages_ask_a_bounded_number_of_queries(three, client, django_assert_max_num_queries):
    city, public, *_ = three
    lon, lat = inside(0, 0)
    places = [make_place(f"Luogo {n}", lon=lon, lat=lat, area=city["mill"]) for n in range(3)]
    rows = [
        make_experience(
            f"Esperienza {n}",
            areas=[city["mill"], city["east"]],
            places=places,
            organisations=[(public, "partner"), (make_organisation(), "promoter")],
            codes=[("target", "children"), ("aim", "inclusion"), ("need", "loneliness")],
        )
        for n in range(30)
    ]
    for n in range(6):
        make_funding(rows[0], 2020 + n, 100)
        make_date(rows[0], 2030, 1, n + 1, 10)
    with django_assert_max_num_queries(20):
        assert client.get("/esperienze/").status_code == 200
    with django_assert_max_num_queries(30):
        assert client.get("/esperienze/tabella/").status_code == 200
    with django_assert_max_num_queries(35):
        assert client.get("/esperienze/esporta.csv").getvalue().count(b"Esperienza ") == 30
    with django_assert_max_num_queries(26):
        page = client.get(f"/esperienze/{rows[0].pk}/")
    assert page.status_code == 200
    with django_assert_max_num_queries(12):
        assert client.get(f"/esperienze/{rows[0].pk}/genealogia/").status_code == 200


def test_exports_carry_every_field_and_hide_the_difficult_from_strangers(three, client):
    record = Experience.objects.get(name="Doposcuola")
    Experience.objects.filter(pk=record.pk).update(critical_points="pochi volontari", outputs="un gruppo")
    make_funding(record, 2024, 1200)
    rows = client.get("/esperienze/esporta.json").getvalue().decode()
    assert all(text in rows for text in ("un gruppo", "2024: 1200", "Mulino; Est"))
    assert "pochi volontari" not in rows
    assert "Casa rifugio" not in rows


# --- what other pages gather ----------------------------------------------------------------------------------------
def test_the_section_of_an_area_counts_what_goes_on_there(three):
    city, *_ = three
    with translation.override("en"):
        section = what_is_done(NOBODY, city["city"])
        east = what_is_done(NOBODY, city["east"])
        hill = what_is_done(NOBODY, city["hill"])
    assert (section["total"], section["ended"]) == (2, 1)
    assert section["volunteers"] == {"text": "at least 3", "known": "known for 1 of 2"}
    assert section["beneficiaries"]["text"] == "about 40"
    assert [(item["label"], item["count"]) for item in section["groups"][0][1]] == [("Programme", 1), ("Activity", 1)]
    assert section["groups"][1][1][0]["query"] == "area=BORGO&phase=ongoing&aim=inclusion"
    assert (east["total"], east["ended"]) == (1, 1)
    assert hill["total"] == 0
    assert found(section["groups"][1][1][0]["query"]) == {"Doposcuola"}, "the link shows what it counts"


def test_the_page_of_an_organisation_names_partners_that_one_may_see(three):
    _city, public, hidden, _programme = three
    other = make_organisation("Scuola")
    make_experience("Insieme", organisations=[(public, "partner"), (other, "partner"), (hidden, "partner")])
    section = of_organisation(NOBODY, public)
    assert {item["row"].name: item["roles"] for item in section["items"]} == {
        "Doposcuola": "ospita, promotore",
        "Insieme": "partner",
    }
    assert [(partner["name"], partner["count"]) for partner in section["partners"]] == [("Scuola", 1)]
    assert ("Casa rifugio", 2) in [(p["name"], p["count"]) for p in of_organisation(SYSTEM, public)["partners"]]
    assert of_organisation(NOBODY, make_organisation()) is None


def test_the_calendar_shows_dates_of_what_one_may_see(three):
    city, *_ = three
    shown, draft = Experience.objects.get(name="Festa"), Experience.objects.get(name="Bozza")
    square = make_place("Piazza", area=city["east"])
    secret = make_place("Nascosto", area=city["east"], is_public=False)
    make_date(shown, 2026, 2, 4, 9, place=square, area=city["east"], title="apertura")
    make_date(shown, 2026, 2, 5, 9, place=secret, area=city["east"], cancelled_because="maltempo")
    make_date(shown, 2026, 3, 1, 9, area=city["west"])
    make_date(draft, 2026, 2, 4, 10, area=city["east"])
    first, last = date(2026, 2, 1), date(2026, 2, 28)
    entries = dates_between(NOBODY, first, last, None)
    assert [(e.title, e.place, e.cancelled, e.note) for e in entries] == [
        ("Festa: apertura", "Piazza", False, ""),
        ("Festa", "Est", True, "maltempo"),
    ]
    assert len(dates_between(actor_with("community_worker", city["east"]), first, last, None)) == 3
    assert dates_between(NOBODY, first, last, [city["west"].pk]) == []
    assert len(dates_between(NOBODY, first, date(2026, 3, 31), [city["west"].pk])) == 1


def test_what_waits_for_me(three):
    city, public, *_ = three
    me = actor_with("community_worker", city["west"], user=5)
    now = timezone.now()
    make_experience("Vecchia bozza", state="draft", author_id=5, edited_at=now - timedelta(days=8))
    make_experience("Bozza di ieri", state="draft", author_id=5, edited_at=now - timedelta(days=1))
    make_experience("Decaduta", author_id=5, confirmed_on=timezone.localdate() - timedelta(days=400))
    make_experience("Appena scritta", author_id=5)
    make_experience("Finita", author_id=5, ends_on=date(2024, 2, 1), edited_at=now - timedelta(days=200))
    make_experience("Di altri", state="draft", edited_at=now - timedelta(days=30))
    with translation.override("en"):
        alerts = what_waits(me)
    assert [(a.title, a.url.endswith("/modifica/")) for a in alerts] == [
        ("Draft to finish: Vecchia bozza", True),
        ("Draft to finish: Bozza di ieri", True),
        ("Is it still right? Decaduta", False),
    ]
    assert alerts[0].detail == "left 8 days ago"
    contact = actor_with("org_contact", organisation=public, user=6)
    make_experience("Nostra", organisations=[(public, "promoter")], edited_at=now - timedelta(days=200))
    make_experience("Di un amico", organisations=[(public, "partner")], edited_at=now - timedelta(days=200))
    with translation.override("en"):
        assert [a.title for a in what_waits(contact)] == ["Is it still right? Nostra"]
    assert what_waits(NOBODY) == []
