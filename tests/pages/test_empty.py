"""An installation in which nothing stands yet answers on every page, in both languages."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from tests.pages.crawl import LANGUAGES, visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_installation_has_no_dead_page(language: str) -> None:
    call_command("prepare", verbosity=0)
    done = visit(None, language)
    assert done.html
    assert not done.wrong, "\n".join(done.wrong)
