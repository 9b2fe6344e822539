from __future__ import annotations

import pytest
from django.test import Client

from trama.accounts.models import User
from trama.core import facts
from trama.core.models import AuditEntry
from trama.network.choices import Role
from trama.network.middleware import actor_of
from trama.network.models import Membership, Organisation
from trama.people import actions
from trama.territory.models import Area, AreaClosure

pytestmark = pytest.mark.django_db


@pytest.fixture
def ground() -> tuple[Area, Area, Organisation]:
    home = Area.objects.create(code="U1", name="Unione", kind="union")
    town = Area.objects.create(code="M1", name="Comune", kind="municipality", parent=home)
    for ancestor, area, distance in ((home, home, 0), (town, town, 0), (home, town, 1)):
        AreaClosure.objects.create(ancestor=ancestor, area=area, distance=distance)
    return home, town, Organisation.objects.create(name="Circolo", area=town)


def sign_in(username: str, password: str) -> Client:
    client = Client()
    client.post("/accedi/login/", {"login": username, "password": password})
    return client


def test_there_is_one_login_per_role_and_each_opens_the_door(ground: tuple[Area, Area, Organisation]) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    made = actions.create_demonstration_logins(*ground)
    assert [role for role, _, _ in made] == Role.values
    for role, username, password in made:
        client = sign_in(username, password)
        user = User.objects.get(pk=client.session["_auth_user_id"])
        assert user.is_demonstration
        assert actor_of(user.pk, "").roles == {role}
    assert User.objects.count() == len(Role)


def test_the_administrator_of_the_demonstration_is_one_everywhere(ground: tuple[Area, Area, Organisation]) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    actions.create_demonstration_logins(*ground)
    user = User.objects.get(username="amministratore")
    assert actor_of(user.pk, "").everywhere({Role.DPO_ADMIN})


def test_making_them_again_changes_nothing(ground: tuple[Area, Area, Organisation]) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    actions.create_demonstration_logins(*ground)
    before = list(User.objects.order_by("pk").values()), list(Membership.objects.order_by("pk").values())
    entries = AuditEntry.objects.count()
    actions.create_demonstration_logins(*ground)
    assert (list(User.objects.order_by("pk").values()), list(Membership.objects.order_by("pk").values())) == before
    assert AuditEntry.objects.count() == entries


def test_an_account_that_somebody_closed_opens_again_with_the_stated_password(
    ground: tuple[Area, Area, Organisation],
) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    actions.create_demonstration_logins(*ground)
    user = User.objects.get(username="cittadina")
    user.set_password("something else entirely")
    user.is_active = False
    user.save()
    actions.create_demonstration_logins(*ground)
    assert "_auth_user_id" in sign_in("cittadina", "trama-di-prova").session


def test_without_the_fact_none_is_made(ground: tuple[Area, Area, Organisation]) -> None:
    with pytest.raises(actions.NotPossible):
        actions.create_demonstration_logins(*ground)
    assert not User.objects.exists()


def test_when_the_fact_is_taken_away_they_open_nothing(ground: tuple[Area, Area, Organisation]) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    made = actions.create_demonstration_logins(*ground)
    inside = sign_in("operatrice", "trama-di-prova")
    assert inside.get("/oggi/").status_code == 200
    facts.set_fact(facts.DEMONSTRATION, False)
    assert inside.get("/oggi/").status_code == 302, "a session from before still opens the door"
    for _, username, password in made:
        assert "_auth_user_id" not in sign_in(username, password).session


def test_the_login_page_lists_them_in_a_demonstration_alone(ground: tuple[Area, Area, Organisation]) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    actions.create_demonstration_logins(*ground)
    page = Client().get("/accedi/login/?login=antenna").content.decode()
    assert "trama-di-prova" in page
    assert 'value="antenna"' in page
    facts.set_fact(facts.DEMONSTRATION, False)
    page = Client().get("/accedi/login/?login=antenna").content.decode()
    assert "trama-di-prova" not in page
    assert 'value="antenna"' not in page
    assert "Antenna del territorio" not in page


def test_a_person_who_already_has_such_a_name_is_left_alone(ground: tuple[Area, Area, Organisation]) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    person = User.objects.create_user("antenna", password="a real password")
    with pytest.raises(ValueError, match="username"):
        actions.create_demonstration_logins(*ground)
    person.refresh_from_db()
    assert not person.is_demonstration
    assert person.check_password("a real password")
