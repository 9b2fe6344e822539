"""Every kind of page, as nobody and as two people of the demonstration, is accessible and fits a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from tests import accessibility
from tests.pages.crawl import visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["it", "en"])
def test_every_page_is_accessible(open_page: Callable[..., Any], language: str, width: int) -> None:
    from trama.accounts.models import User
    from trama.network.choices import Role
    from trama.network.models import Membership

    call_command("prepare", verbosity=0)
    call_command("demo", verbosity=0)
    people: list[User | None] = [None]
    for role in (Role.COMMUNITY_WORKER, Role.DPO_ADMIN):
        held = Membership.objects.in_force().filter(role=role, user__is_demonstration=True)
        people.append(User.objects.get(pk=held.order_by("pk").values_list("user", flat=True)[:1]))
    wrong: list[str] = []
    known: set[tuple[bool, str]] = set()
    for person in people:
        page = open_page("/", width=width, language=language, user=person)
        for name, address in visit(person and person.username, language, of_a_kind=2).representatives():
            # What a second person sees of a kind of page differs in its buttons alone.
            if (person is not None, name) in known:
                continue
            known.add((person is not None, name))
            page.goto(address)
            found = accessibility.violations(page) + accessibility.sideways(page)
            wrong += [f"{person or 'nobody'} {address}: {sentence}" for sentence in found]
    assert not wrong, "\n".join(wrong)
