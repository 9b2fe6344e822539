"""The sheet behind a link, on a small telephone, with a real browser."""

from __future__ import annotations

import pytest

from trama.monitoring import actions
from trama.monitoring.models import Sheet
from trama.monitoring.questions import Question
from trama.monitoring.tests.factories import make_open_wave, make_town
from trama.network.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_sheet_is_answered_on_a_telephone_and_the_link_has_done_its_work(open_page, live_server):
    from playwright.sync_api import expect

    town = make_town()
    wave = make_open_wave(town)
    questions = [
        Question("d1", "Avete una sede?", "one", ("sì", "no")),
        Question("d2", "Di quanti metri?", "number", after="d1", on="sì"),
    ]
    actions.save_questions(town.keeper, wave, questions)
    Membership.objects.create(user_id=town.keeper.user, role="plan_office", area=town.areas["city"])
    lunch = town.experiences[0]
    sheet = Sheet.objects.get(wave=wave, record=lunch.pk)
    ((_sheet, link),) = actions.hand_out(town.keeper, [sheet], f"{live_server.url}/")
    page = open_page(link.removeprefix(live_server.url), width=360, height=740)
    expect(page.get_by_role("heading", level=1)).to_have_text("Pranzo")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Di quanti metri?")).to_be_hidden()
    page.get_by_text("sì", exact=True).click()
    page.get_by_label("Di quanti metri?").fill("80")
    page.get_by_text("Qualcosa è cambiato").click()
    page.locator("#id_volunteers").fill("15")
    for button in page.locator("main button:visible, main summary:visible").all():
        if button.get_attribute("aria-hidden") != "true":
            assert button.bounding_box()["height"] >= 43.5, button.inner_text()
    # The key Enter saves what was typed: it does not confirm what was there before.
    page.locator("#id_volunteers").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Grazie")
    lunch.refresh_from_db()
    sheet.refresh_from_db()
    assert (lunch.volunteers, sheet.answer, sheet.channel) == (15, "updated", "link")
    assert sheet.answers == {"d1": "sì", "d2": 80}
