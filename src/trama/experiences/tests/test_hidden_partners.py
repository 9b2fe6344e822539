"""An organisation that is hidden shows in no count, no line and no money of the experiences that it takes part in."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from trama.core import memo
from trama.core.actor import NOBODY, SYSTEM
from trama.core.registers import Selection
from trama.experiences.declarations import REGISTER
from trama.experiences.models import Experience, Funding, Participation
from trama.experiences.tests.factories import make_experience
from trama.network.tests.factories import organisation
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db


def answers(client: Client, pk: int) -> list[str]:
    """What nobody in particular reads of one experience, in several forms."""
    tables = reverse("insight:crosstab_file", args=["experiences", "json"])
    addresses = [
        reverse("experiences:experience", args=[pk]),
        f"{reverse('experiences:experiences')}?programme={pk}",
        f"{tables}?rows=kind&measure=organisations&programme={pk}",
        f"{tables}?rows=organisation_kind&programme={pk}",
        f"{tables}?rows=organisation_kind&measure=organisations&programme={pk}",
    ]
    # The token of a form differs each time.
    return [re.sub(r'value="[A-Za-z0-9]{64}"', "", client.get(address).content.decode()) for address in addresses]


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside one that is shown"])
def test_nothing_tells_that_a_hidden_organisation_takes_part(client: Client, beside: bool) -> None:
    city = make_city()
    shown, hidden = organisation("Aperta", area=city["mill"]), organisation("La Porta", is_sensitive=True)
    made = make_experience("A", areas=[city["mill"]], organisations=[(shown, "partner")] if beside else [])
    before = answers(client, made.pk)
    Participation.objects.create(experience=made, organisation=hidden, role_id="tie_role:partner")
    memo.forget_all()
    after = answers(client, made.pk)
    for address_before, address_after in zip(before, after, strict=True):
        assert address_before == address_after


def test_the_money_of_a_hidden_funder_names_nobody(client: Client) -> None:
    city = make_city()
    hidden = organisation("La Porta", is_sensitive=True)
    made = make_experience("A", areas=[city["mill"]])
    Funding.objects.create(
        experience=made, funder=hidden, fund="Fondo La Porta", note="nota La Porta", year=2025, amount=900
    )
    assert "La Porta" not in client.get(reverse("experiences:experience", args=[made.pk])).content.decode()


def test_the_number_of_a_draft_is_not_exported() -> None:
    city = make_city()
    draft = make_experience("Bozza", areas=[city["mill"]], state="draft")
    made = make_experience("A", areas=[city["mill"]], parent=draft)
    column = next(column for column in REGISTER.columns if column.key == "parent")
    assert column.batch is not None
    assert column.batch([made.pk], NOBODY) == {}
    assert column.batch([made.pk], SYSTEM) == {made.pk: draft.pk}
    assert Selection().rows(REGISTER, NOBODY).count() == 1
    assert Experience.objects.count() == 2
