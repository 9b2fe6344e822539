"""Roles given and ended, people added and taken leave of: by whom, and what it changes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from trama.accounts.models import User
from trama.accounts.tests.factories import is_in, make_user, sign_in
from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry
from trama.network.middleware import actor_of
from trama.network.models import Membership, Organisation
from trama.people import actions
from trama.people.permissions import answers_for
from trama.territory.models import Area, AreaClosure

pytestmark = pytest.mark.django_db


class Ground:
    """A union with two towns, and a club in the first."""

    def __init__(self) -> None:
        self.union = self._area("U", "Unione", None)
        self.borgo = self._area("B", "Borgo", self.union)
        self.ponte = self._area("P", "Ponte", self.union)
        self.club = Organisation.objects.create(name="Circolo", area=self.borgo)

    def _area(self, code: str, name: str, parent: Area | None) -> Area:
        area = Area.objects.create(code=code, name=name, kind="municipality" if parent else "union", parent=parent)
        AreaClosure.objects.create(area=area, ancestor=area, distance=0)
        if parent:
            AreaClosure.objects.create(area=area, ancestor=parent, distance=1)
        return area


@pytest.fixture
def ground() -> Ground:
    return Ground()


def keeper(area: Area | None = None, username: str = "ada") -> tuple[User, Client]:
    user = make_user(username)
    Membership.objects.create(user=user, role="dpo_admin", area=area)
    client = Client()
    client.force_login(user)
    return user, client


# --- roles ----------------------------------------------------------------------------------------------------------
def test_a_role_holds_on_its_area_and_below_from_its_first_to_its_last_day(ground: Ground) -> None:
    user, today = make_user(), timezone.localdate()
    for since, until, held in [
        (None, None, True),
        (today, today, True),
        (today + timedelta(days=1), None, False),
        (None, today - timedelta(days=1), False),
    ]:
        membership = actions.grant_role(SYSTEM, user, "plan_office", area=ground.union, since=since, until=until)
        actor = actor_of(user.pk, "")
        expected = {ground.union.pk, ground.borgo.pk, ground.ponte.pk} if held else set()
        assert actor.areas_with({"plan_office"}) == expected, (since, until)
        membership.delete()


@pytest.mark.parametrize(
    ("role", "where"),
    [
        ("king", {}),
        ("org_contact", {}),
        ("org_contact", {"area": "borgo"}),
        ("plan_office", {"organisation": "club"}),
        ("volunteer", {"organisation": "club", "area": "borgo"}),
    ],
)
def test_roles_that_make_no_sense_are_not_given(ground: Ground, role: str, where: dict[str, str]) -> None:
    with pytest.raises(actions.NotPossible):
        actions.grant_role(SYSTEM, make_user(), role, **{k: getattr(ground, v) for k, v in where.items()})
    assert not Membership.objects.exists()


def test_a_role_that_ends_before_it_begins_is_refused_by_the_action_and_by_the_database(ground: Ground) -> None:
    user, today = make_user(), timezone.localdate()
    days = {"since": today, "until": today - timedelta(days=1)}
    with pytest.raises(actions.NotPossible):
        actions.grant_role(SYSTEM, user, "plan_office", **days)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=user, role="plan_office", **days)


def test_giving_a_role_twice_makes_one_row_and_one_entry(ground: Ground) -> None:
    user = make_user()
    for _ in range(2):
        actions.grant_role(SYSTEM, user, "plan_office", area=ground.borgo)
    assert Membership.objects.count() == 1
    entry = AuditEntry.objects.get(verb="granted_role")
    assert entry.object_id == str(user.pk)
    assert entry.changes == {"role": "plan_office", "area": "Borgo"}


def test_a_role_that_ended_opens_nothing_at_once(ground: Ground) -> None:
    user = make_user()
    held = actions.grant_role(SYSTEM, user, "plan_office", area=ground.borgo)
    actions.revoke_role(SYSTEM, held)
    assert actor_of(user.pk, "").grants == frozenset()
    held.refresh_from_db()
    assert held.until == timezone.localdate() - timedelta(days=1)
    begun_today = actions.grant_role(SYSTEM, user, "plan_office", since=timezone.localdate())
    actions.revoke_role(SYSTEM, begun_today)
    assert actor_of(user.pk, "").grants == frozenset()
    assert AuditEntry.objects.filter(verb="revoked_role").count() == 2


def test_the_last_administrator_stays(ground: Ground) -> None:
    user, _ = keeper()
    with pytest.raises(actions.NotPossible):
        actions.revoke_role(SYSTEM, Membership.objects.get())
    with pytest.raises(actions.NotPossible):
        actions.close_person(SYSTEM, user)
    other, _ = keeper(username="bea")
    actions.close_person(SYSTEM, user)
    assert actor_of(other.pk, "").everywhere({"dpo_admin"})


# --- who administers an area reaches that area ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("area", "organisation", "may"),
    [("Borgo", "", True), ("Ponte", "", False), ("Unione", "", False), ("", "", False), ("", "Circolo", True)],
)
def test_the_administrator_of_a_town_gives_roles_there_alone(
    ground: Ground, area: str, organisation: str, may: bool
) -> None:
    _, client = keeper(ground.borgo)
    person = make_user("bruno")
    Membership.objects.create(user=person, role="citizen", area=ground.borgo)
    role = "org_contact" if organisation else "dpo_admin"
    data = {"role": role, "area": area, "organisation": organisation}
    response = client.post(f"/persone/{person.pk}/ruolo/", data)
    assert response.status_code == (302 if may else 200)
    assert Membership.objects.filter(user=person, role=role).exists() is may


def test_nobody_takes_over_the_account_of_somebody_who_reaches_further(ground: Ground) -> None:
    _, client = keeper(ground.borgo)
    chief = make_user("chief")
    Membership.objects.create(user=chief, role="dpo_admin")
    Membership.objects.create(user=chief, role="citizen", area=ground.borgo)
    assert client.get(f"/persone/{chief.pk}/").status_code == 200, "a role in Borgo makes them visible there"
    data = {"first_name": "x", "last_name": "x", "email": "mine@example.org"}
    assert client.post(f"/persone/{chief.pk}/modifica/", data).status_code == 404
    assert client.post(f"/persone/{chief.pk}/invita/").status_code == 404
    chief.refresh_from_db()
    assert chief.email == "chief@comune.example"
    assert not mail.outbox


def test_a_role_of_tomorrow_counts_too(ground: Ground) -> None:
    user, _ = keeper(ground.borgo)
    person = make_user("bruno")
    Membership.objects.create(user=person, role="citizen", area=ground.borgo)
    assert answers_for(actor_of(user.pk, ""), person)
    Membership.objects.create(user=person, role="dpo_admin", since=timezone.localdate() + timedelta(days=1))
    assert not answers_for(actor_of(user.pk, ""), person)


def test_roles_elsewhere_are_not_shown(ground: Ground) -> None:
    _, client = keeper(ground.borgo)
    person = make_user("bruno")
    Membership.objects.create(user=person, role="citizen", area=ground.borgo)
    Membership.objects.create(user=person, role="mediator", area=ground.ponte)
    for address in ("/persone/", f"/persone/{person.pk}/"):
        page = client.get(address).content.decode()
        assert "Borgo" in page
        assert "Ponte" not in page, address


# --- adding people ----------------------------------------------------------------------------------------------------
INVITED = {
    "first_name": "Niccolò",
    "last_name": "D'Àvila",
    "email": "nick@comune.example",
    "role": "plan_office",
    "area": "borgo",
}


def test_a_person_is_added_gets_a_link_chooses_a_password_and_is_in(
    ground: Ground, django_capture_on_commit_callbacks: Any
) -> None:
    _, client = keeper()
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post("/persone/aggiungi/", INVITED, follow=True)
    assert "riceverà il link" in response.content.decode()
    user = User.objects.get(email="nick@comune.example")
    assert user.username == "niccolo.davila"
    assert not user.has_usable_password()
    (message,) = mail.outbox
    assert message.to == ["nick@comune.example"]
    assert "Ciao Niccolò," in message.body
    link = re.search(r"http://testserver(/\S+)", message.body)
    assert link
    new = Client()
    form = new.get(link.group(1), follow=True)
    password = "three green wooden chairs"
    new.post(form.request["PATH_INFO"], {"password1": password, "password2": password})
    inside, _ = sign_in("niccolo.davila", password)
    assert is_in(inside)
    assert actor_of(user.pk, "").areas_with({"plan_office"}) == {ground.borgo.pk}
    verbs = list(AuditEntry.objects.order_by("number").values_list("verb", flat=True))
    assert verbs[-6:] == ["created", "granted_role", "invited", "read", "changed_password", "signed_in"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"email": "ADA@comune.example"}, "ha già questo indirizzo"),
        ({"email": ""}, "obbligatorio"),
        ({"area": "Nowhere"}, "Non c&#x27;è nulla che si chiami"),
        ({"role": "org_contact", "area": ""}, "per una realtà"),
        ({"since": "2026-02-02", "until": "2026-01-01"}, "prima di cominciare"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_half_done(ground: Ground, change: dict[str, str], word: str) -> None:
    _, client = keeper()
    response = client.post("/persone/aggiungi/", INVITED | change)
    assert response.status_code == 200
    assert word in response.content.decode()
    assert User.objects.count() == 1
    assert not mail.outbox


def test_two_of_the_same_name_get_two_user_names(ground: Ground) -> None:
    _, client = keeper()
    client.post("/persone/aggiungi/", INVITED)
    client.post("/persone/aggiungi/", INVITED | {"email": "other@comune.example"})
    assert set(User.objects.values_list("username", flat=True)) == {"ada", "niccolo.davila", "niccolo.davila2"}


def test_an_area_is_found_by_code_by_name_and_by_what_the_list_suggests(ground: Ground) -> None:
    from trama.people.forms import areas_called, organisations_called, suggestion

    for text in ("B", "borgo", suggestion(ground.borgo)):
        assert list(areas_called(text)) == [ground.borgo]
    for text in ("CIRCOLO", suggestion(ground.club)):
        assert list(organisations_called(text)) == [ground.club]
    Organisation.objects.create(name="Circolo", area=ground.ponte)
    assert len(organisations_called("circolo")) == 2


# --- taking leave -----------------------------------------------------------------------------------------------------
def test_closing_ends_all_roles_and_shuts_the_door(ground: Ground) -> None:
    _, client = keeper()
    person = make_user("bruno", first_name="Zelinda")
    for role, where in (("plan_office", {"area": ground.borgo}), ("volunteer", {"organisation": ground.club})):
        Membership.objects.create(user=person, role=role, **where)
    inside, _ = sign_in("bruno")
    assert client.get(f"/persone/{person.pk}/chiudi/").status_code == 200
    client.post(f"/persone/{person.pk}/chiudi/")
    assert inside.get("/oggi/").status_code == 302
    assert actor_of(person.pk, "").grants == frozenset()
    page = client.get(f"/persone/{person.pk}/").content.decode()
    assert "bruno" not in page
    assert "Zelinda" not in page


# --- the command line -------------------------------------------------------------------------------------------------
def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    call_command("user", *words)
    return capsys.readouterr().out


def test_the_first_administrator_comes_from_the_command_line(
    capsys: pytest.CaptureFixture[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        said = run(capsys, "add", "ada", "--email", "ada@comune.example", "--name", "Ada Neri", "--admin")
    user = User.objects.get()
    assert user.get_full_name() == "Ada Neri"
    assert actor_of(user.pk, "").everywhere({"dpo_admin"})
    assert "/accedi/password/reset/key/" in said
    assert len(mail.outbox) == 1
    entries = AuditEntry.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        again = run(capsys, "add", "ada", "--email", "ada@comune.example", "--name", "Ada Neri", "--admin")
    assert "already there" in again
    assert (User.objects.count(), Membership.objects.count(), AuditEntry.objects.count()) == (1, 1, entries)
    assert len(mail.outbox) == 1


def test_a_password_given_to_the_command_is_held_to_the_same_rules(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMA_PASSWORD", "short")
    with pytest.raises(CommandError, match="12"):
        run(capsys, "add", "ada", "--password")
    assert not User.objects.exists(), "nothing half done"
    monkeypatch.setenv("TRAMA_PASSWORD", "three green wooden chairs")
    run(capsys, "add", "ada", "--password")
    assert is_in(sign_in("ada")[0])


def test_roles_from_the_command_line(capsys: pytest.CaptureFixture[str], ground: Ground) -> None:
    make_user("anna")
    assert run(capsys, "role", "anna", "plan_office", "--area", "B") == "anna is plan_office on Borgo (B).\n"
    run(capsys, "role", "anna", "plan_office", "--area", "borgo")
    assert Membership.objects.count() == 1
    run(capsys, "role", "anna", "org_contact", "--organisation", "circolo", "--until", "2099-06-30")
    listed = run(capsys, "list")
    assert "plan_office on Borgo (B)" in listed
    assert "until 2099-06-30" in listed
    assert "no longer" in run(capsys, "role", "anna", "plan_office", "--area", "B", "--end")
    assert "nothing changed" in run(capsys, "role", "anna", "plan_office", "--area", "B", "--end")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("role", "nobody", "plan_office"), "Nobody is called nobody"),
        (("role", "anna", "plan_office", "--area", "X9"), "No area is called “X9”"),
        (("role", "anna", "org_contact"), "organi|realtà"),
        (("add", "other", "--email", "anna@comune.example"), "already has the address"),
    ],
)
def test_errors_are_one_sentence(
    capsys: pytest.CaptureFixture[str], ground: Ground, words: tuple[str, ...], sentence: Any
) -> None:
    make_user("anna")
    with pytest.raises(CommandError, match=sentence) as caught:
        run(capsys, *words)
    assert "\n" not in str(caught.value)
    assert User.objects.count() == 1
