"""Every page that can be reached along links answers, in both languages, for whoever is signed in."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from tests.pages.crawl import LANGUAGES, name_of, visit
from trama.core.declarations import gathered
from trama.monitoring.models import Yardstick

# However much a territory holds: a page asks a bounded number of times.
MOST_QUERIES = 60


def most(address: str) -> int:
    """How often a page may ask. The file of a report prints every indicator and every register: what it is, of how many
    it is known, and what hangs on its records several times."""
    if name_of(address) == "monitoring:objective_plan":
        # Each of its numbers is counted in every kind of area, however many records there are; then it is remembered.
        return MOST_QUERIES + 4 * Yardstick.objects.count()
    if name_of(address) != "reports:territory_file":
        return MOST_QUERIES
    return MOST_QUERIES + 3 * (len(gathered.indicators) + len(gathered.registers))


# The demonstration is built once (tests.sharing).
pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module")
def demonstration(taken_back: None) -> None:
    """The demonstration, built once for both languages and taken back at the end."""
    call_command("prepare", verbosity=0)
    call_command("demo", verbosity=0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demonstration_has_no_dead_page(demonstration: None, language: str) -> None:
    from trama.accounts.models import User
    from trama.network.choices import Role

    accounts = User.objects.filter(is_demonstration=True, is_active=True)
    if language == "en" or connection.vendor != "sqlite":
        # What a role sees hangs neither on the language nor on the database: one who writes and one who administers
        # are enough.
        accounts = accounts.filter(memberships__role__in=(Role.COMMUNITY_WORKER, Role.DPO_ADMIN))
    people = list(accounts.order_by("username").values_list("username", flat=True).distinct())
    assert people
    wrong = []
    for person in [None, *people]:
        done = visit(person, language, of_a_kind=3 if person is None else 1)
        assert len(done.opened) > 10
        wrong += [f"{person or 'nobody'}: {sentence}" for sentence in done.wrong]
        wrong += [f"{address}: {count} queries" for address, count in done.queries.items() if count > most(address)]
    assert not wrong, "\n".join(wrong)
