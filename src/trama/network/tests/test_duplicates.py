"""Possible duplicates: found and explained, decided on the page, old addresses that lead on, strings cut into names."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry
from trama.network import actions
from trama.network.acting import actor_of
from trama.network.analysis.pairs import Party
from trama.network.declarations import what_waits
from trama.network.duplicates import _but_for_place, _place_names
from trama.network.models import Merge, Organisation, Proposal, Seeking
from trama.network.splitting import bodies_in
from trama.network.tests.factories import contact, organisation, user
from trama.territory import finding
from trama.territory.models import Area, AreaClosure


@pytest.mark.parametrize(
    ("text", "known", "bodies"),
    [
        ("ARAD e Arad OdV, Circolo Arci Benassi", [], ["ARAD", "Arad OdV", "Circolo Arci Benassi"]),
        (
            "Caritas diocesana, Caritas parrocchiale San Silverio",
            [],
            ["Caritas diocesana", "Caritas parrocchiale San Silverio"],
        ),
        (
            "Servizio affidato dal Comune di Bologna a Asp Città di Bologna e gestito da La piccola carovana.",
            [],
            ["Comune di Bologna", "Asp Città di Bologna", "piccola carovana"],
        ),
        ("Servizio del terzo settore gestito da Caritas Bologna", [], ["Caritas Bologna"]),
        ("Arad (ricerca, assistenza) in rete con Auser", [], ["Arad (ricerca, assistenza)", "Auser"]),
        ("Comune di Bologna Associazione Auser", ["comune di bologna"], ["Comune di Bologna", "Associazione Auser"]),
        # One body each: a capital in the middle, an office, a conjunction inside a name.
        ("Associazione Amici di Casa Santa Chiara", ["associazione"], ["Associazione Amici di Casa Santa Chiara"]),
        ("Comune di Imola, Servizio anziani", [], ["Comune di Imola, Servizio anziani"]),
        ("Cultura e Sviluppo", [], ["Cultura e Sviluppo"]),
        ("", [], []),
    ],
)
def test_a_string_is_cut_into_names(text: str, known: list[str], bodies: list[str]) -> None:
    assert bodies_in(text, known) == bodies


def search() -> dict[frozenset[str], Proposal]:
    actions.propose(SYSTEM)
    rows = Proposal.objects.select_related("one", "other")
    return {frozenset((row.one.name, row.other.name)): row for row in rows}


@pytest.mark.django_db
def test_pairs_are_proposed_with_reasons_and_decisions_stay() -> None:
    arad, odv = organisation("Arad Imola"), organisation("Arad Imola OdV")
    for one in (arad, odv):
        contact(one, value="0542 123456" if one == arad else "+39 0542 12 34 56")
    parish = organisation("Parrocchia Nostra Signora della Fiducia", "parish")
    caritas = organisation("Caritas parrocchiale Nostra Signora della Fiducia", "caritas")
    organisation("ARAD e Arad OdV, Circolo", names_several=True)
    found = search()
    same = found[frozenset((arad.name, odv.name))]
    assert {"same_phone", "name_but_form"} <= set(same.evidence)
    assert same.tier in {"certain", "probable"}
    look_alike = found.get(frozenset((parish.name, caritas.name)))
    assert look_alike is None or (look_alike.tier == "possible" and "other_kind" in look_alike.evidence)
    assert not any("Circolo" in name for pair in found for name in pair)
    actions.decide(SYSTEM, same, "different")
    again = search()[frozenset((arad.name, odv.name))]
    assert (again.pk, again.decision) == (same.pk, "different")


@pytest.mark.django_db
def test_the_page_decides_and_the_old_address_leads_on(client: Client) -> None:
    one, other = organisation("Arad Imola"), organisation("Arad Imola OdV")
    third = organisation("Arad di Imola", is_sensitive=True)
    pair = Proposal.objects.create(one=one, other=other, probability=0.9, tier="certain", evidence=["name_but_form"])
    client.force_login(user("plan_office"))
    assert "Arad Imola OdV" in client.get(reverse("network:duplicates")).content.decode()
    page = reverse("network:duplicate", args=[pair.pk])
    expected = "|".join(row.edited_at.isoformat() for row in (one, other))
    form = {"decision": "same", "kept": str(one.pk), "name": str(other.pk), "expected": expected}
    assert client.post(page, {**form, "expected": "x"}).status_code == 302
    assert Organisation.objects.filter(pk=other.pk).exists(), "an older state merges nothing"
    client.post(page, form)
    assert Organisation.objects.get(pk=one.pk).name == "Arad Imola OdV"
    nobody = Client()
    old = nobody.get(reverse("network:organisation", args=[other.pk]))
    assert (old.status_code, old["Location"]) == (301, reverse("network:organisation", args=[one.pk]))
    # Merged with a hidden one, it is hidden: the old addresses say nothing to strangers any more.
    actions.merge(SYSTEM, third, Organisation.objects.get(pk=one.pk))
    assert [nobody.get(reverse("network:organisation", args=[row.pk])).status_code for row in (one, other)] == [404] * 2
    assert client.get(reverse("network:organisation", args=[other.pk]))["Location"].endswith(f"/{third.pk}/")
    last = Merge.objects.order_by("-pk")[0]
    client.post(reverse("network:merge_undo", args=[last.pk]))
    assert Organisation.objects.filter(pk=one.pk).exists()


@pytest.mark.django_db
def test_the_certain_ones_together_and_a_string_split_on_the_page(client: Client) -> None:
    rows = [organisation(name) for name in ("Arad Imola", "Arad Imola OdV", "Arad Imola Aps", "Auser", "Auser Odv")]
    pairs = [(0, 1), (1, 2), (3, 4)]
    for a, b in pairs:
        Proposal.objects.create(one=rows[a], other=rows[b], probability=0.99, tier="certain")
    Proposal.objects.create(one=rows[0], other=rows[2], probability=0.5, tier="probable", decision="different")
    client.force_login(user("plan_office"))
    page = reverse("network:duplicates_certain")
    assert "Arad" not in client.get(page).content.decode().split("<main")[1], "of three, two were told apart"
    shown = re.findall(r'name="group" value="([^"]+)"', client.get(page).content.decode())
    client.post(page, {"group": [*shown, f"{rows[0].pk}-{rows[1].pk}"]})
    assert Organisation.objects.count() == 4
    text = organisation("Arad Imola e Circolo Nuovo", names_several=True)
    address = reverse("network:organisation_split", args=[text.pk])
    assert f'<option value="{rows[0].pk}" selected>' in client.get(address).content.decode()
    client.post(address, {"do": "split", "name": ["Arad Imola", "Circolo Nuovo"], "body": [str(rows[0].pk), "new"]})
    assert Organisation.objects.filter(name="Circolo Nuovo").exists()
    assert not Organisation.objects.filter(pk=text.pk).exists()


def test_any_list_is_measured(tmp_path: Path) -> None:
    """Three true pairs by hand: two are found, nothing else is."""
    names = ["Avis Lugo", "Avis Lugo Odv", "Circolo Fiume", "Circolo Fiume Aps", "Rosa Bianca", "Quercia Verde"]
    lines = ["id;nome;comune;ente"]
    lines += [f"{n};{name};Lugo;{n // 2}" for n, name in enumerate(names)]
    path = tmp_path / "enti.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    out, pairs = StringIO(), tmp_path / "coppie.csv"
    wanted = ["duplicates", "--lang", "en", "measure", str(path), "--id", "id", "--name", "nome", "--place", "comune"]
    call_command(*wanted, "--truth", "ente", "--out", str(pairs), stdout=out, stderr=StringIO())
    assert "joined (certain and probable, as groups): precision 1.0000, recall 0.6667" in out.getvalue()
    assert "same name but for the legal form" in pairs.read_text(encoding="utf-8")
    with pytest.raises(CommandError, match="luogo"):
        call_command(*wanted[:-1], "luogo", stdout=out, stderr=StringIO())


@pytest.mark.django_db
def test_duplicates_are_sought_from_the_page(client: Client) -> None:
    """Few names at once; many by a process of its own, of which the page says how far it is."""
    area = Area.objects.create(code="B", name="Borgo", kind="municipality")
    AreaClosure.objects.create(area=area, ancestor=area, ancestor_kind=area.kind, distance=0)
    for name in ("Arad Borgo", "Arad Borgo OdV"):
        organisation(name, area=area)
    keeper = user("technical_coordinator", area)
    client.force_login(keeper)
    queue = reverse("network:duplicates")
    assert "Cerca i doppioni" in client.get(queue).content.decode()
    client.post(reverse("network:duplicates_seek"))
    page = client.get(queue).content.decode()
    assert "Arad Borgo OdV" in page
    assert "Cerca di nuovo" in page
    state = reverse("network:duplicates_seek_state")
    assert client.get(state).json() == {"running": False, "says": ""}

    launched: list[Seeking] = []
    actor = actor_of(keeper.pk, "Anna")
    search = actions.ask_for_search(actor, "it", lambda search, language: launched.append(search))
    assert actions.ask_for_search(actor, "it", lambda search, language: launched.append(search)) == search
    assert launched == [search], "while one is under way no other begins"
    Seeking.objects.filter(pk=search.pk).update(says="12 coppie")
    assert client.get(state).json() == {"running": True, "says": "12 coppie"}
    assert "12 coppie" in client.get(queue).content.decode()
    call_command("duplicates", "find", "--search", str(search.pk), stdout=StringIO(), stderr=StringIO())
    search.refresh_from_db()
    assert (search.is_running, search.failed, search.organisations, search.pairs) == (False, False, 2, 1)
    assert AuditEntry.objects.filter(verb="sought_duplicates").order_by("-number")[0].user == keeper.pk
    with pytest.raises(CommandError):
        call_command("duplicates", "find", "--search", str(search.pk), stdout=StringIO(), stderr=StringIO())
    # A search that was killed is not waited for.
    Seeking.objects.create(said_at=timezone.now() - timedelta(minutes=11))
    assert client.get(state).json()["running"] is False
    client.force_login(user("community_worker", area))
    assert client.post(reverse("network:duplicates_seek")).status_code == 404


@pytest.mark.django_db
def test_a_search_that_breaks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr("trama.network.actions.judging.seek", broken)
    with pytest.raises(MemoryError):
        actions.propose(SYSTEM)
    last = Seeking.objects.get()
    assert (last.failed, last.is_running) == (True, False)


@pytest.mark.django_db
def test_decisions_move_the_weights_of_other_pairs() -> None:
    """Where people say again and again that one shared telephone makes no body, the next such pair is less probable."""
    pairs = []
    plants = [
        "tiglio",
        "quercia",
        "betulla",
        "gelso",
        "frassino",
        "castagno",
        "nocciolo",
        "ciliegio",
        "sambuco",
        "cipresso",
    ]
    for number, plant in enumerate(plants):
        one, other = organisation(f"Circolo {plant}"), organisation(f"Cooperativa {plant}")
        for row in (one, other):
            contact(row, value=f"0542 77{number:04}")
        pairs.append(frozenset((one.name, other.name)))
    first = search()
    before = first[pairs[0]].probability
    for pair in pairs[1:]:
        actions.decide(SYSTEM, first[pair], "different")
    after = search().get(pairs[0])
    assert after is None or after.probability < before - 0.1


def proposed(*names: str, decision: str = "") -> Proposal:
    one, other = (organisation(name) for name in names)
    return Proposal.objects.create(one=one, other=other, probability=0.9, tier="certain", decision=decision)


def as_shown(pair: Proposal, **more: str) -> dict[str, str]:
    """What the form of a pair sends to merge it."""
    expected = "|".join(row.edited_at.isoformat() for row in (pair.one, pair.other))
    return {"decision": "same", "kept": str(pair.one_id), "expected": expected, "seen": pair.decision, **more}


@pytest.mark.django_db
def test_what_another_decided_meanwhile_is_told_and_asked_again(client: Client) -> None:
    pair = proposed("Arad Imola", "Arad Imola OdV")
    client.force_login(who := user("plan_office"))
    page, form = reverse("network:duplicate", args=[pair.pk]), as_shown(pair)
    client.post(page, {"decision": "different", "seen": ""})
    for late in (form, {"decision": "later", "seen": ""}):
        told = client.post(page, late, follow=True).content.decode()
        assert f"Nel frattempo {who.get_full_name()} ha deciso che sono due" in told
    pair.refresh_from_db()
    assert (Organisation.objects.count(), pair.decision) == (2, "different")
    # Asked again, with the decision on the page, the merge is meant; the way back is a link, and leads to the pair.
    told = client.post(page, {**form, "seen": "different"}, follow=True).content.decode()
    done = Merge.objects.get()
    undo = f"{reverse('network:merges')}?number={done.pk}"
    assert f'href="{undo}"' in told
    assert "Arad Imola OdV" in client.get(undo).content.decode()
    gone = client.get(page)
    assert (gone.status_code, "già stata decisa" in gone.content.decode()) == (200, True)
    back = client.post(reverse("network:merge_undo", args=[done.pk]))
    assert (back["Location"], client.get(page).status_code) == (page, 200)
    never = client.get(reverse("network:duplicate", args=[pair.pk + 999]))
    assert (never.status_code, "non è proposta" in never.content.decode()) == (404, True)


@pytest.mark.django_db
def test_a_pair_found_again_keeps_its_address(client: Client) -> None:
    organisation("Arad Imola")
    organisation("Arad Imola OdV")
    stale = proposed("Tiglio", "Quercia")
    found = search()[frozenset(("Arad Imola", "Arad Imola OdV"))]
    Proposal.objects.filter(pk=found.pk).update(probability=0.1, evidence=[])
    again = search()[frozenset(("Arad Imola", "Arad Imola OdV"))]
    assert (again.pk, again.probability, again.evidence) == (found.pk, found.probability, found.evidence)
    assert not Proposal.objects.filter(pk=stale.pk).exists()
    organisation("Arad Imola Aps")
    client.force_login(user("plan_office"))
    told = client.post(reverse("network:duplicates_seek"), follow=True).content.decode()
    assert "coppie nuove: 2; non più proposte: 0" in told
    assert "Coppie nuove: 2" in told


@pytest.mark.django_db
def test_pairs_that_others_decide_stand_apart_and_ours_wait_in_my_day(client: Client) -> None:
    area = Area.objects.create(code="B", name="Borgo", kind="municipality")
    AreaClosure.objects.create(area=area, ancestor=area, ancestor_kind=area.kind, distance=0)
    ours, theirs = proposed("Arad Imola", "Arad Imola OdV"), proposed("Auser Lugo", "Auser Lugo Aps")
    Organisation.objects.filter(pk__in=[ours.one_id, ours.other_id, theirs.one_id]).update(area=area)
    client.force_login(worker := user("community_worker", area))
    queue = reverse("network:duplicates")
    mine = client.get(queue).content.decode()
    assert ("Arad Imola OdV" in mine, "Auser Lugo Aps" in mine) == (True, False)
    assert "Auser Lugo Aps" in client.get(queue, {"state": "others"}).content.decode()
    page = client.get(reverse("network:duplicate", args=[theirs.pk])).content.decode()
    assert ("data-keys-switch" in page, "ufficio di piano" in page.lower()) == (False, True)
    assert "1 di 1" in client.get(reverse("network:duplicate", args=[ours.pk])).content.decode()
    with translation.override("it"):
        assert ("1 coppia di nomi da decidere", queue) in [
            (alert.title, alert.url) for alert in what_waits(actor_of(worker.pk, "Anna"))
        ]


@pytest.mark.django_db
def test_the_name_of_a_place_makes_no_names_alike() -> None:
    Area.objects.create(code="S", name="Spazzate Sassatelli", kind="hamlet")
    finding.forget()
    one, other = (Party((n, 0), f"{name} di Spazzate Sassatelli") for n, name in enumerate(["Coro", "Gruppo ciclisti"]))
    said = _but_for_place(one, other, ("name_alike", "same_marks"), _place_names())
    assert said == ("name_place", "same_marks")
    slip = Party((2, 0), "Corro di Spazzate Sassatelli")
    assert _but_for_place(one, slip, ("name_alike",), _place_names()) == ("name_alike",)
    walkers, band = (
        Party((n, 0), f"{name} di Spazzate Sassatelli") for n, name in enumerate(["Gruppo di cammino", "Banda e coro"])
    )
    assert _but_for_place(walkers, band, ("name_alike",), _place_names()) == ("name_place",)
    finding.forget()


@pytest.mark.django_db
def test_nothing_is_split_into_what_has_no_name_or_another(client: Client) -> None:
    known, text = organisation("Arad Imola"), organisation("Arad Imola e Circolo Nuovo", names_several=True)
    client.force_login(user("plan_office"))
    address = reverse("network:organisation_split", args=[text.pk])
    wrong = [
        (["", ""], [str(known.pk), "new"]),
        (["", ""], ["new", "new"]),
        (["Bocciofila", "Circolo Nuovo"], [str(known.pk), "new"]),
        (["Arad Imola", ""], [str(known.pk), "new"]),
    ]
    for names, bodies in wrong:
        for what in ("preview", "split"):
            page = client.post(address, {"do": what, "name": names, "body": bodies})
            assert (page.status_code, "tr-message-error" in page.content.decode()) == (200, True), names
    assert (Organisation.objects.count(), Merge.objects.count()) == (2, 0)
    form = {"name": ["Arad Imola", "Circolo Nuovo"], "body": [str(known.pk), "new"]}
    told = client.post(address, {"do": "preview", **form}).content.decode()
    assert ("una scheda nuova" in told, Merge.objects.count()) == (True, 0)
    client.post(address, {"do": "split", **form})
    assert Merge.objects.get().bodies[0] == known.pk
