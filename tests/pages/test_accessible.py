"""Every kind of page, as nobody and as two people of the demonstration, is accessible and fits a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from tests import accessibility
from tests.pages.crawl import visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Each page is opened once per language and looked at in both widths: the telephone's, and the one that shows most.
NARROW, WIDE = 360, 1280


# The one script of every page; it moves nothing that is asked about here.
OF_EVERY_PAGE = re.compile(r"\S*/ui/ui\.js")


@dataclass
class Judge:
    """Looks at pages in one tab, and remembers what axe has judged: the same is not judged again."""

    page: Any
    client: Client
    looks: set[str] = field(default_factory=set)
    # What a wider window shows or hides, on pages that were judged in it.
    changes: set[str] = field(default_factory=set)

    def wrong_with(self, address: str, html: str) -> list[str]:
        """What is wrong with a page in both languages and both widths; `html` is what it answers in Italian.

        English is the language of the sources: a page that has no other skeleton in it than in Italian has no label
        that is empty in it alone. Whether a word sticks out is asked in every case.
        """
        wrong = []

        def tell(language: str, width: int, found: list[str]) -> None:
            wrong.extend(f"{address} in {language} at {width}: {sentence}" for sentence in found)

        self.show("it", address, html, NARROW)
        tell("it", NARROW, accessibility.sideways(self.page) + self.judged())
        before = accessibility.seen(self.page)
        self.widen(WIDE)
        changes = accessibility.changed(self.page, before)
        found = accessibility.sideways(self.page)
        looks = accessibility.looks(self.page)
        if changes is None or not changes <= self.changes or not looks <= self.looks:
            found += self.judged()
            self.changes |= changes or set()
        tell("it", WIDE, found)
        skeleton = accessibility.skeleton(self.page)
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        self.show("en", address, self.client.get(address).content.decode(), WIDE)
        found = accessibility.sideways(self.page)
        if accessibility.skeleton(self.page) != skeleton or not accessibility.looks(self.page) <= self.looks:
            found += self.judged()
        tell("en", WIDE, found)
        self.widen(NARROW)
        tell("en", NARROW, accessibility.sideways(self.page))
        return wrong

    def judged(self) -> list[str]:
        """What axe says of the page as it is shown now."""
        return accessibility.violations(self.page, self.looks)

    def widen(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})

    def show(self, language: str, address: str, html: str, width: int) -> None:
        """Load the page; one that has no script and no style of its own is put in place of another such page."""
        if self.page.viewport_size["width"] != width:
            self.widen(width)
        wanted = accessibility.resources(self.page, html)
        plain = [one for one in wanted.split() if one.endswith(".js") and not OF_EVERY_PAGE.fullmatch(one)] == []
        if plain and wanted == accessibility.resources(self.page):
            accessibility.put(self.page, html)
        else:
            root = urljoin(self.page.url, "/")
            self.page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": root}])
            self.page.goto(address)
        assert self.page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("who", [("",), ("community_worker", "dpo_admin")], ids=["nobody", "staff"])
def test_every_page_is_accessible(open_page: Callable[..., Any], who: tuple[str, ...]) -> None:
    from trama.accounts.models import User
    from trama.network.models import Membership

    call_command("prepare", verbosity=0)
    call_command("demo", verbosity=0)
    wrong: list[str] = []
    seen: set[str] = set()
    judge: Judge | None = None
    for role in who:
        held = Membership.objects.in_force().filter(role=role, user__is_demonstration=True)
        person = User.objects.get(pk=held.order_by("pk").values_list("user", flat=True)[:1]) if role else None
        page, client = open_page("/", user=person), Client()
        if person:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        judge = Judge(page, client, judge.looks, judge.changes) if judge else Judge(page, client)
        done = visit(person and person.username, of_a_kind=2)
        # What a second person sees of a kind of page differs in its buttons alone.
        new = [(name, address) for name, address in done.representatives() if name not in seen]
        # Those with the same scripts and styles stand together.
        for name, address in sorted(new, key=lambda one: (accessibility.resources(page, done.html[one[1]]), one)):
            seen.add(name)
            wrong += [f"{role or 'nobody'} {found}" for found in judge.wrong_with(address, done.html[address])]
    assert seen
    assert not wrong, "\n".join(wrong)
