"""Every kind of page, as nobody and as two people of the demonstration, is accessible and fits a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.core.management import call_command

from tests import accessibility
from tests.pages.crawl import visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Each page is opened once per language and looked at in both widths: the telephone's, and the one that shows most.
NARROW, WIDE = 360, 1280


def looked_at(page: Any, address: str, language: str, known: set[str]) -> list[str]:
    """What is wrong with a page in a language, in both widths; `known` are the looks of texts that axe has judged.

    English is the language of the sources, so no label is empty in it that is not in Italian: axe looks at it in one
    width, and whether a word sticks out is asked in both.
    """
    root = urljoin(page.url, "/")
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": root}])
    italian = language == settings.LANGUAGE_CODE
    wrong = []
    first, second = (NARROW, WIDE) if italian else (WIDE, NARROW)
    for width in (first, second):
        if page.viewport_size["width"] != width:
            page.set_viewport_size({"width": width, "height": 900})
        if width == first:
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == language
        found = accessibility.sideways(page)
        if italian or width == WIDE:
            looks = accessibility.looks(page)
            found += accessibility.violations(page, colours=not looks <= known)
            known |= looks
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
    known: set[str] = set()
    for role in who:
        held = Membership.objects.in_force().filter(role=role, user__is_demonstration=True)
        person = User.objects.get(pk=held.order_by("pk").values_list("user", flat=True)[:1]) if role else None
        page = open_page("/", user=person)
        for name, address in visit(person and person.username, of_a_kind=2).representatives():
            # What a second person sees of a kind of page differs in its buttons alone.
            if name in seen:
                continue
            seen.add(name)
            for language, _label in settings.LANGUAGES:
                wrong += [f"{role or 'nobody'} {sentence}" for sentence in looked_at(page, address, language, known)]
    assert seen
    assert not wrong, "\n".join(wrong)
