"""Two records become one and everything follows; undone, every row of every table is as it was."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from trama.core import facts, search
from trama.core.actor import SYSTEM, Actor
from trama.core.declarations import gathered, links_to
from trama.core.models import SearchEntry
from trama.directory.models import Promotion, Resource
from trama.experiences.models import Experience, Funding, Participation
from trama.network import actions
from trama.network.merging import keys_onto, row_of
from trama.network.models import (
    Membership,
    Merge,
    Organisation,
    OrganisationContact,
    OrganisationName,
    Proposal,
    Seat,
    Tie,
    now_at,
)
from trama.network.tests.factories import actor, code, contact, organisation, user
from trama.territory import finding
from trama.territory.models import Area, AreaClosure

pytestmark = pytest.mark.django_db
# What an undo adds to, or makes anew: the chain, the journal itself, the index.
APART = {"core.auditentry", "core.audithead", "network.merge", "core.searchentry", "core.searchterm"}


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours, and what can be found of each record."""
    tables = {
        model._meta.label_lower: [row_of(row) for row in model._default_manager.order_by("pk")]
        for model in apps.get_models()
        if model.__module__.startswith("trama.") and model._meta.label_lower not in APART
    }
    entries = SearchEntry.objects.order_by("kind", "object_id").values("kind", "object_id", "title", "stems")
    return {**tables, "found": list(entries)}


def town(name: str) -> Area:
    made = Area.objects.create(code=name.upper(), name=name, kind="municipality")
    AreaClosure.objects.create(area=made, ancestor=made, ancestor_kind=made.kind, distance=0)
    return made


def community(dice: random.Random, area: Area) -> list[Organisation]:
    """Five organisations with everything that can point to one, now meeting in the same record, now not."""
    bodies = [
        organisation(f"Circolo {n}", area=area, acronym=dice.choice(["", "CRC"]), address=dice.choice(["", f"via {n}"]))
        for n in range(5)
    ]
    roles = [code("tie_role", "promoter"), code("tie_role", "partner")]
    resources = [
        Resource.objects.create(name=f"Corso {n}", activity=code("activity", "a"), area=area) for n in range(3)
    ]
    experiences = [
        Experience.objects.create(name=f"Festa {n}", kind=code("experience_kind", "event"), area=area) for n in range(3)
    ]
    who = user()
    for body in bodies:
        for kind, value in dice.sample([("phone", "051 1"), ("email", "info@x.example"), ("web", "x.example")], 2):
            contact(body, kind, value, label=dice.choice(["", "segreteria"]))
        OrganisationName(organisation=body, name=dice.choice(["Il circolo", f"Circolo numero {body.pk}"])).save()
        Seat(organisation=body, address=dice.choice(["piazza 1", "piazza 2"]), opening=dice.choice(["", "sera"])).save()
        Membership.objects.create(user=who, role="org_contact", organisation=body)
        for resource in dice.sample(resources, 2):
            Promotion.objects.create(resource=resource, organisation=body, role=dice.choice(roles))
        for experience in dice.sample(experiences, 2):
            Participation.objects.create(
                experience=experience, organisation=body, role=roles[0], gives=dice.choice(["", "sale"])
            )
        Funding.objects.create(experience=dice.choice(experiences), funder=body, year=2024, amount="10.50")
        for other in dice.sample([one for one in bodies if one != body], 2):
            Tie.objects.create(one=body, other=other, role=roles[1], purpose=dice.choice(["", "feste"]))
    for one, other in [(0, 1), (1, 2), (2, 0), (3, 4), (4, 1)]:
        decision = dice.choice(["", "different", "later"])
        Proposal.objects.create(
            one=bodies[one], other=bodies[other], probability=0.9, tier="probable", decision=decision
        )
    search.rebuild()
    return bodies


def test_every_key_onto_an_organisation_is_declared() -> None:
    declared = {(linked.model, linked.field) for linked in links_to(Organisation)}
    # Also those that have no name on this side (`related_name="+"`).
    assert set(keys_onto(Organisation)) == declared
    for linked in gathered.links.values():
        names = {field.name for field in linked.model._meta.fields} | {f.attname for f in linked.model._meta.fields}
        assert {linked.field, *linked.fills, *linked.alike_by} <= names


@pytest.mark.parametrize("seed", range(6))
def test_merges_undone_in_turn_leave_every_table_as_it_was(seed: int) -> None:
    dice = random.Random(seed)
    bodies = community(dice, town("Borgo"))
    states, done = [dump()], []
    for _turn in range(3):
        kept, gone = dice.sample([body for body in bodies if Organisation.objects.filter(pk=body.pk).exists()], 2)
        chosen = {key: dice.choice(["kept", "gone"]) for key in dice.sample(sorted(actions.CHOICES), 4)}
        if dice.random() < 0.3:
            done.append(actions.split(SYSTEM, gone, [kept, f"Nuova {dice.random()}"]))
        else:
            done.append(actions.merge(SYSTEM, kept, gone, chosen))
        assert not Organisation.objects.filter(pk=gone.pk).exists()
        assert not any(tie.one_id == tie.other_id for tie in Tie.objects.all())
        assert SearchEntry.objects.filter(kind="network.organisation").count() == Organisation.objects.count()
        states.append(dump())
    for merge in reversed(done):
        assert dump() == states.pop()
        actions.undo_merge(SYSTEM, merge)
    assert dump() == states.pop()


def test_nothing_is_lost_and_nothing_is_twice() -> None:
    area = town("Borgo")
    kept = organisation("Arad", area=area, address="via Roma 1", is_public=True)
    gone = organisation("ARAD OdV", area=area, acronym="ARAD", address="via Po 2", is_sensitive=True, import_key="x:1")
    role = code("tie_role", "promoter")
    feast = Experience.objects.create(name="Festa", kind=code("experience_kind", "event"))
    Participation.objects.create(experience=feast, organisation=kept, role=role, gives="")
    Participation.objects.create(experience=feast, organisation=gone, role=role, gives="le sedie")
    Tie.objects.create(one=kept, other=gone, role=role)
    contact(kept, value="051 1")
    contact(gone, value="051 1")
    contact(gone, "email", "info@arad.example")
    before = kept.edited_at
    done = actions.merge(SYSTEM, kept, gone, {"name": "gone"})
    kept.refresh_from_db()
    assert (kept.name, kept.acronym, kept.address, kept.import_key) == ("ARAD OdV", "ARAD", "via Roma 1", "x:1")
    assert kept.is_sensitive, "what was hidden stays hidden"
    assert kept.edited_at > before
    assert [name.name for name in kept.other_names.all()] == ["Arad"]
    assert [seat.address for seat in kept.seats.all()] == ["via Po 2"]
    assert list(Participation.objects.values_list("organisation", "gives")) == [(kept.pk, "le sedie")]
    assert not Tie.objects.exists()
    assert sorted(kept.contacts.values_list("value", flat=True)) == ["051 1", "info@arad.example"]
    assert now_at(gone.pk) == kept.pk
    assert now_at(kept.pk) is None
    other = organisation("Terza", area=area)
    later = actions.merge(SYSTEM, other, kept)
    assert now_at(gone.pk) == other.pk
    with pytest.raises(actions.CannotUndo, match="ARAD OdV"):
        actions.undo_merge(SYSTEM, done)
    actions.undo_merge(SYSTEM, later)
    actions.undo_merge(SYSTEM, done)
    assert now_at(gone.pk) is None


def test_later_edits_stand_in_the_way_and_are_named() -> None:
    kept, gone = organisation("Uno", acronym=""), organisation("Due", acronym="DUE")
    done = actions.merge(SYSTEM, kept, gone)
    actions.save_organisation(SYSTEM, {"acronym": "UNO"}, Organisation.objects.get(pk=kept.pk))
    with pytest.raises(actions.CannotUndo) as refused:
        actions.undo_merge(SYSTEM, done)
    assert len(refused.value.reasons) == 1
    assert "Uno" in refused.value.reasons[0]
    assert not Organisation.objects.filter(pk=gone.pk).exists()
    # An edit of something else does not.
    actions.save_organisation(SYSTEM, {"acronym": "DUE", "description": "nuova"}, Organisation.objects.get(pk=kept.pk))
    actions.undo_merge(SYSTEM, done)
    kept.refresh_from_db()
    assert (kept.acronym, kept.description) == ("", "nuova")
    assert not kept.other_names.exists()


def test_a_contact_taken_away_for_good_does_not_come_back() -> None:
    kept, gone = organisation("Uno"), organisation("Due")
    contact(kept, "mobile", "333 1")
    contact(gone, "mobile", "333 1")
    done = actions.merge(SYSTEM, kept, gone)
    actions.remove_contact(SYSTEM, OrganisationContact.objects.get(organisation=kept))
    assert "333 1" not in str(Merge.objects.get(pk=done.pk).rows)
    actions.undo_merge(SYSTEM, Merge.objects.get(pk=done.pk))
    assert not OrganisationContact.objects.exists()


def test_only_who_writes_in_the_area_of_both_merges() -> None:
    borgo, ponte = town("Borgo"), town("Ponte")
    one, other, hidden = (organisation(area=borgo), organisation(area=ponte), organisation(area=ponte, is_public=False))
    worker = actor("community_worker", borgo)
    both = Actor(
        user=user().pk, grants=worker.grants, areas_by_role=(("community_worker", frozenset({borgo.pk, ponte.pk})),)
    )
    pair = Proposal.objects.create(one=one, other=other, probability=1, tier="certain")
    veiled = Proposal.objects.create(one=one, other=hidden, probability=1, tier="certain")
    assert set(Proposal.objects.visible_to(worker)) == {pair}, "a hidden one is not even told to be there"
    assert not Proposal.objects.decidable_by(worker).exists()
    assert set(Proposal.objects.decidable_by(both)) == {pair, veiled}
    near_misses = [
        worker,
        actor("partner_health", borgo),
        actor("org_contact", organisation=one),
        actor("citizen"),
        Actor(),
    ]
    for who in near_misses:
        for act in (
            lambda who=who: actions.merge(who, one, other),
            lambda who=who: actions.decide(who, pair, "different"),
            lambda who=who: actions.split(who, other, [one, "Altra"]),
        ):
            with pytest.raises(PermissionDenied):
                act()
    done = actions.merge(both, one, other)
    with pytest.raises(PermissionDenied):
        actions.undo_merge(actor("community_worker", ponte), done)


def test_who_saw_an_older_state_is_stopped() -> None:
    kept, gone = organisation("Uno"), organisation("Due")
    with pytest.raises(actions.ChangedMeanwhile):
        actions.merge(SYSTEM, kept, gone, expected=(kept.edited_at, timezone.now()))
    actions.merge(SYSTEM, kept, gone, expected=(kept.edited_at, gone.edited_at))


def test_a_string_becomes_several_bodies() -> None:
    text = organisation("ARAD e Arad OdV, Circolo Bolognese", names_several=True)
    known = organisation("Arad OdV")
    course = Resource.objects.create(name="Corso", activity=code("activity", "a"))
    role = code("tie_role", "promoter")
    Promotion.objects.create(resource=course, organisation=text, role=role)
    Promotion.objects.create(resource=course, organisation=known, role=role)
    feast = Experience.objects.create(name="Festa", kind=code("experience_kind", "event"))
    Funding.objects.create(experience=feast, funder=text, year=2024, amount=100)
    search.rebuild()
    before = dump()
    done = actions.split(SYSTEM, text, [known, "Circolo Bolognese"])
    new = Organisation.objects.get(name="Circolo Bolognese")
    assert set(Promotion.objects.values_list("organisation", flat=True)) == {known.pk, new.pk}
    assert list(Funding.objects.values_list("funder", flat=True)) == [known.pk], "money is not doubled"
    assert now_at(text.pk) == known.pk
    actions.merge(SYSTEM, organisation("Nuova"), new)
    with pytest.raises(actions.CannotUndo):
        actions.undo_merge(SYSTEM, done)
    actions.undo_merge(SYSTEM, Merge.objects.order_by("-pk")[0])
    Organisation.objects.filter(name="Nuova").delete()
    search.rebuild()
    actions.undo_merge(SYSTEM, done)
    assert dump() == before


def test_what_has_no_area_is_united_by_who_writes_in_the_whole_territory() -> None:
    """Names met in files have no area: who writes at home tidies them, who writes in a part of it does not."""
    home, part = town("Unione"), town("Borgo")
    AreaClosure.objects.create(area=part, ancestor=home, ancestor_kind=home.kind, distance=1)
    facts.set_fact(facts.HOME_AREA, home.code)
    finding.forget()
    placed, met, hidden = organisation(area=part), organisation(), organisation(is_public=False)
    pair = Proposal.objects.create(one=placed, other=met, probability=1, tier="certain")
    Proposal.objects.create(one=placed, other=hidden, probability=1, tier="certain")
    planner, worker = (actor(role, area) for role, area in (("plan_office", home), ("community_worker", part)))
    assert list(Proposal.objects.decidable_by(planner)) == [pair], (
        "hidden ones without an area are for who is everywhere"
    )
    assert not Proposal.objects.decidable_by(worker).exists()
    with pytest.raises(PermissionDenied):
        actions.merge(worker, placed, met)
    with pytest.raises(PermissionDenied):
        actions.merge(planner, placed, hidden)
    planner = Actor(user=user().pk, grants=planner.grants, areas=planner.areas, areas_by_role=planner.areas_by_role)
    actions.undo_merge(planner, actions.merge(planner, met, placed))
    Organisation.objects.filter(pk=met.pk).update(names_several=True)
    assert not actions.say_it_is_one(planner, met).names_several
    facts.set_fact(facts.HOME_AREA, "")
    assert not Proposal.objects.decidable_by(planner).exists()
