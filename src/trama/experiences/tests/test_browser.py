"""The sheet on a phone, with a real browser: two minutes, saved by itself, nothing typed is ever lost."""

from __future__ import annotations

import re

import pytest

from trama.experiences import actions
from trama.experiences.models import Experience
from trama.experiences.tests.factories import make_organisation
from trama.experiences.tests.lists import load_lists
from trama.network.middleware import actor_of
from trama.network.models import Membership
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(django_user_model):
    load_lists()
    city = make_city()
    user = django_user_model.objects.create_user("giulia", password=None, first_name="Giulia", last_name="Ferri")
    Membership.objects.create(user=user, role="community_worker", area=city["city"])
    return user


@pytest.fixture
def draft(worker):
    return actions.save_experience(actor_of(worker.pk, "Giulia Ferri"), {"name": "Bozza", "kind": "event"})


def test_from_a_phone_in_a_square(worker, open_page):
    from playwright.sync_api import expect

    page = open_page("/esperienze/nuova/", width=360, height=740, user=worker)
    page.get_by_label("Titolo").fill("Merenda in piazza")
    page.get_by_text("Evento", exact=True).click()
    page.locator("#id_areas").fill("Mulino, Ovest")
    page.get_by_label("In una riga").fill("Una merenda con chi passa, ogni primo sabato.")
    page.get_by_role("heading", name="Quanti").click()
    page.locator("#id_beneficiaries").fill("30")
    page.get_by_role("heading", name="Con chi").click()
    page.locator("#id_parts-0-organisation").fill("Gruppo mamme")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for button in page.locator("button:visible, summary:visible").all():
        assert button.bounding_box()["height"] >= 43.5, button.inner_text()
    page.get_by_role("button", name="Pubblica").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merenda in piazza")
    expect(page.get_by_text("Pubblicata: adesso la possono leggere tutti.")).to_be_visible()
    record = Experience.objects.get()
    assert (record.kind_id, record.beneficiaries, record.beneficiaries_precision) == (
        "experience_kind:event",
        30,
        "estimated",
    )
    assert record.participations.get().organisation.name == "Gruppo mamme"
    # What the device kept is gone, now that it is saved.
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('trama:experience'))") == []


def test_a_draft_saves_itself_and_survives_a_lost_connection(worker, draft, open_page):
    from playwright.sync_api import expect

    page = open_page(f"/esperienze/{draft.pk}/modifica/", width=360, height=740, user=worker)
    said = page.locator("[data-said]")
    page.get_by_label("In una riga").fill("Scritto sul posto")
    expect(said).to_have_text(re.compile(r"Salvato alle \d\d:\d\d"), timeout=15000)
    assert Experience.objects.get().summary == "Scritto sul posto"
    # The van leaves the village.
    lost = {"now": True}
    page.route(
        "**/salva.json",
        lambda route: route.fulfill(status=200, body="<html>no network</html>") if lost["now"] else route.continue_(),
    )
    page.get_by_label("In una riga").fill("Scritto sul furgone")
    expect(said).to_have_text(re.compile("Manca la connessione"), timeout=15000)
    assert Experience.objects.get().summary == "Scritto sul posto"
    assert "Scritto sul furgone" in page.evaluate("JSON.stringify({...localStorage})")
    lost["now"] = False
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(said).to_have_text(re.compile(r"Salvato alle \d\d:\d\d"), timeout=15000)
    assert Experience.objects.get().summary == "Scritto sul furgone"


def test_a_new_sheet_that_was_left_is_offered_again(worker, open_page):
    from playwright.sync_api import expect

    page = open_page("/esperienze/nuova/", width=360, height=740, user=worker)
    page.get_by_label("Titolo").fill("Lasciata a metà")
    page.get_by_text("Gruppo", exact=True).click()
    expect(page.locator("[data-said]")).to_have_text(re.compile("Tenuto su questo dispositivo"), timeout=15000)
    page.goto("/esperienze/")
    page.goto("/esperienze/nuova/")
    expect(page.get_by_label("Titolo")).to_have_value("")
    page.get_by_role("button", name="Riprendi").click()
    expect(page.get_by_label("Titolo")).to_have_value("Lasciata a metà")
    expect(page.get_by_label("Gruppo", exact=True)).to_be_checked()


def test_organisations_are_suggested_while_typing(worker, open_page):
    from playwright.sync_api import expect

    make_organisation("Parrocchia di Santa Maria")
    page = open_page("/esperienze/nuova/", width=1280, user=worker)
    page.get_by_role("heading", name="Con chi").click()
    page.locator("#id_parts-0-organisation").press_sequentially("Parr")
    expect(page.locator("datalist option[value='Parrocchia di Santa Maria']")).to_have_count(1, timeout=15000)
    page.get_by_role("button", name="Un'altra realtà").click()
    expect(page.locator("#id_parts-1-organisation")).to_be_focused()
