"""Every page that can be reached along links answers, in both languages, for whoever is signed in."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from tests.pages.crawl import visit

# However much a territory holds: a page asks a bounded number of times.
MOST_QUERIES = 60

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.mark.parametrize("language", ["it", "en"])
def test_an_empty_installation_has_no_dead_page(language: str) -> None:
    call_command("prepare", verbosity=0)
    done = visit(None, language)
    assert done.html
    assert not done.wrong, "\n".join(done.wrong)


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_demonstration_has_no_dead_page(language: str) -> None:
    from trama.accounts.models import User

    call_command("prepare", verbosity=0)
    call_command("demo", verbosity=0)
    people = list(User.objects.filter(is_demonstration=True, is_active=True).values_list("username", flat=True))
    assert people
    wrong = []
    for person in [None, *people]:
        done = visit(person, language, of_a_kind=3 if person is None else 1)
        assert len(done.opened) > 10
        wrong += [f"{person or 'nobody'}: {sentence}" for sentence in done.wrong]
        wrong += [f"{address}: {count} queries" for address, count in done.queries.items() if count > MOST_QUERIES]
    assert not wrong, "\n".join(wrong)
