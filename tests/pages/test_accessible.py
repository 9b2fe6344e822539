"""Every kind of page, as nobody and as two people of the demonstration, is accessible and fits a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests import accessibility
from tests.pages.crawl import visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Each page is opened once per language and looked at in both widths.
WIDTHS = (360, 1280)


def looked_at(page: Any, address: str, language: str, known: list[str]) -> list[str]:
    """What is wrong with a page in a language, in both widths; `known` are the skeletons of the page by width.

    Contrast does not hang on the language. Where the elements and their classes are the same, it is measured once.
    """
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": page.url}])
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(address)
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        skeleton = f"{width}\n{accessibility.skeleton(page)}"
        found = accessibility.violations(page, colours=skeleton not in known) + accessibility.sideways(page)
        known.append(skeleton)
        wrong += [f"{address} in {language} at {width}: {sentence}" for sentence in found]
    return wrong


@pytest.mark.parametrize("who", [("",), ("community_worker", "dpo_admin")], ids=["nobody", "staff"])
def test_every_page_is_accessible(open_page: Callable[..., Any], who: tuple[str, ...]) -> None:
    from trama.accounts.models import User
    from trama.network.models import Membership

    call_command("prepare", verbosity=0)
    call_command("demo", verbosity=0)
    wrong: list[str] = []
    seen: set[str] = set()
    for role in who:
        held = Membership.objects.in_force().filter(role=role, user__is_demonstration=True)
        person = User.objects.get(pk=held.order_by("pk").values_list("user", flat=True)[:1]) if role else None
        page = open_page("/", user=person)
        for name, address in visit(person and person.username, of_a_kind=2).representatives():
            # What a second person sees of a kind of page differs in its buttons alone.
            if name in seen:
                continue
            seen.add(name)
            known: list[str] = []
            for language, _label in settings.LANGUAGES:
                wrong += [f"{role or 'nobody'} {sentence}" for sentence in looked_at(page, address, language, known)]
    assert seen
    assert not wrong, "\n".join(wrong)
