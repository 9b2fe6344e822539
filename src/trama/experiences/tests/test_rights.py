"""Who sees and who changes an experience: actor × record, near misses included."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied

from trama.core.actor import NOBODY, SYSTEM
from trama.experiences import actions
from trama.experiences.models import Experience
from trama.experiences.tests.factories import actor_with, make_experience, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db

AUTHOR = 77


@pytest.fixture
def world():
    city = make_city()
    mine, other, partner = make_organisation("Mia"), make_organisation("Altra"), make_organisation("Partner")
    bodies = [(mine, "promoter"), (partner, "partner")]
    rows = {
        "public": make_experience("public", areas=[city["west"]], organisations=bodies),
        "draft": make_experience("draft", areas=[city["west"]], organisations=bodies, state="draft"),
        "sensitive": make_experience("sensitive", areas=[city["west"]], organisations=bodies, is_sensitive=True),
        "written": make_experience("written", areas=[city["west"]], state="draft"),
        "nowhere": make_experience("nowhere", state="draft"),
    }
    # The author is a user without a login here: the filter works on the number alone.
    return city, rows, mine, other, partner


def actors(world):
    city, _rows, mine, other, partner = world
    return {
        "nobody": NOBODY,
        "system": SYSTEM,
        "citizen": actor_with("citizen", city["west"]),
        "volunteer": actor_with("volunteer", city["west"]),
        "worker here": actor_with("community_worker", city["west"]),
        "worker above": actor_with("community_worker", city["city"]),
        "worker below": actor_with("community_worker", city["mill"]),
        "worker elsewhere": actor_with("community_worker", city["east"]),
        "worker everywhere": actor_with("community_worker"),
        "health partner here": actor_with("partner_health", city["west"]),
        "evaluator here": actor_with("evaluator", city["west"]),
        "contact of the promoter": actor_with("org_contact", organisation=mine),
        "contact of a partner": actor_with("org_contact", organisation=partner),
        "contact of another": actor_with("org_contact", organisation=other),
        "volunteer of the promoter": actor_with("volunteer", organisation=mine),
    }


SEES = {
    "nobody": {"public"},
    "citizen": {"public"},
    "volunteer": {"public"},
    "evaluator here": {"public"},
    "worker elsewhere": {"public"},
    "worker below": {"public"},
    "contact of another": {"public"},
    "worker here": {"public", "draft", "sensitive", "written"},
    "worker above": {"public", "draft", "sensitive", "written"},
    "health partner here": {"public", "draft", "sensitive", "written"},
    "contact of the promoter": {"public", "draft", "sensitive"},
    "contact of a partner": {"public", "draft", "sensitive"},
    "volunteer of the promoter": {"public", "draft", "sensitive"},
    "worker everywhere": {"public", "draft", "sensitive", "written", "nowhere"},
    "system": {"public", "draft", "sensitive", "written", "nowhere"},
}
CHANGES = {
    "worker here": {"public", "draft", "sensitive", "written"},
    "worker above": {"public", "draft", "sensitive", "written"},
    "worker everywhere": {"public", "draft", "sensitive", "written", "nowhere"},
    "system": {"public", "draft", "sensitive", "written", "nowhere"},
    "contact of the promoter": {"public", "draft", "sensitive"},
}


@pytest.mark.parametrize("who", sorted(SEES))
def test_who_sees_what(world, who):
    actor = actors(world)[who]
    assert set(Experience.objects.visible_to(actor).values_list("name", flat=True)) == SEES[who]
    assert Experience.objects.visible_to(actor).count() == len(SEES[who]), "no row comes twice"


@pytest.mark.parametrize("who", sorted(SEES))
def test_who_changes_what(world, who):
    actor = actors(world)[who]
    assert {name for name, row in world[1].items() if actions.may_edit(actor, row)} == CHANGES.get(who, set())


def test_the_author_sees_and_finishes_the_draft_until_it_is_published(world, django_user_model):
    city, rows, *_ = world
    user = django_user_model.objects.create_user("giulia", password=None)
    moved = actor_with("community_worker", city["east"], user=user.pk)
    assert not actions.may_edit(moved, rows["written"])
    Experience.objects.filter(pk=rows["written"].pk).update(author=user)
    row = Experience.objects.get(pk=rows["written"].pk)
    assert Experience.objects.visible_to(moved).filter(pk=row.pk).exists()
    assert actions.may_edit(moved, row)
    # Near misses: the same user without any role left; somebody else with the same role; the record once published.
    assert not actions.may_edit(replace(moved, grants=frozenset(), areas_by_role=()), row)
    assert not actions.may_edit(actor_with("community_worker", city["east"], user=user.pk + 1), row)
    Experience.objects.filter(pk=row.pk).update(state="published")
    assert not actions.may_edit(moved, Experience.objects.get(pk=row.pk))


def test_a_draft_for_another_territory_is_kept_but_not_published(world, django_user_model):
    load_lists()
    city, *_ = world
    user = django_user_model.objects.create_user("giulia", password=None)
    worker = actor_with("community_worker", city["east"], user=user.pk)
    data = {"name": "Altrove", "kind": "event", "summary": "…", "areas": [city["west"].pk]}
    from datetime import date

    record = actions.save_experience(worker, {**data, "starts_on": date(2024, 1, 1)})
    with pytest.raises(PermissionDenied):
        actions.publish(worker, record)
    assert Experience.objects.get(pk=record.pk).state == "draft"
    actions.save_experience(worker, {"areas": [city["west"].pk, city["east"].pk]}, record)
    actions.publish(worker, record)
    with pytest.raises(PermissionDenied):  # nor is it moved away once it is public
        actions.save_experience(worker, {"areas": [city["west"].pk]}, record)
    assert Experience.objects.get(pk=record.pk).areas.count() == 2


def test_only_coordinators_of_its_areas_mark_a_good_practice(world):
    city, rows, *_ = world
    judges = {
        "plan office here": actor_with("plan_office", city["west"]),
        "plan office above": actor_with("plan_office", city["city"]),
        "coordinator everywhere": actor_with("technical_coordinator"),
    }
    for actor in judges.values():
        assert actions.may_judge(actor, rows["public"])
    for actor in (
        actor_with("plan_office", city["east"]),
        actor_with("community_worker", city["west"]),
        actor_with("evaluator", city["west"]),
        NOBODY,
    ):
        assert not actions.may_judge(actor, rows["public"])


@pytest.mark.parametrize(
    ("role", "may"),
    [("community_worker", True), ("org_contact", True), ("citizen", False), ("evaluator", False), ("volunteer", False)],
)
def test_who_may_record_a_new_one(world, role, may):
    load_lists()
    city, _rows, mine, *_ = world
    actor = actor_with(role, None if role == "org_contact" else city["west"], mine if role == "org_contact" else None)
    actor = replace(actor, user=None, system=False)
    if may:
        assert actions.save_experience(actor, {"name": "Nuova", "kind": "event"}).state == "draft"
    else:
        with pytest.raises(PermissionDenied):
            actions.save_experience(actor, {"name": "Nuova", "kind": "event"})
