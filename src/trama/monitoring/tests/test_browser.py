"""A whole wave in a real browser: the plan office at a desk, referents on small telephones, a worker with paper."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests import accessibility

from trama.accounts.models import User
from trama.experiences.models import Experience
from trama.experiences.tests.factories import make_experience
from trama.monitoring import actions, freezing
from trama.monitoring.models import Invitation, Sheet, Wave
from trama.monitoring.tests.factories import make_open_wave, make_town
from trama.monitoring.tests.test_questions import book
from trama.network.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


def _town():
    """A town that was monitored once before."""
    town = make_town()
    user = User.objects.create_user("piano", email="piano@example.org")
    Membership.objects.create(user=user, role="plan_office", area=town.areas["city"])
    first = make_open_wave(town)
    for experience in town.experiences[:2]:
        actions.answer(town.keeper, Sheet.objects.get(wave=first, record=experience.pk), "confirmed", channel="meeting")
    actions.close_wave(town.keeper, first)
    make_experience("Orto", areas=[town.areas["west"]], organisations=[(town.club, "promoter")], volunteers=4,
                    beneficiaries=20, starts_on=date(2025, 3, 1))  # fmt: skip
    return user


def _links(mailoutbox):
    """The links of the letters so far: by the title above each."""
    text = "\n".join(message.body for message in mailoutbox)
    return dict(re.findall(r"^(\w+)\nhttp://[^/]+(/rilevazioni/scheda/\S+)$", text, re.MULTILINE))


def _prepared(page, expect, tmp_path):
    """Prepare a wave on the page, with questions from a workbook."""
    page.get_by_role("link", name="Prepara una rilevazione").click()
    page.get_by_label("Nome").fill("Seconda")
    page.get_by_label("Promossa da").fill("Comune di Borgo")
    page.locator("#id_starts_on").fill("2025-01-01")
    page.locator("#id_ends_on").fill("2025-12-31")
    page.get_by_label("Borgo").check()
    page.get_by_role("button", name="Conta quante ne raggiunge").click()
    expect(page.get_by_role("status").first).to_contain_text("4 esperienze")
    accessibility.check(page)
    page.get_by_role("button", name="Salva").click()
    page.get_by_role("link", name="Domande aggiuntive").click()
    page.get_by_text("Da un foglio di calcolo").click()
    broken, good = tmp_path / "rotto.xlsx", tmp_path / "domande.xlsx"
    broken.write_bytes(book([["type", "name", "label"], ["geopoint", "dove", "Dove?"]]))
    good.write_bytes(book())
    page.get_by_label("XLSForm").set_input_files(broken)
    page.get_by_role("button", name="Leggi e salva").click()
    expect(page.get_by_role("alert")).to_contain_text("Foglio “survey”, riga 2, colonna “type”: “geopoint”")
    page.get_by_label("XLSForm").set_input_files(good)
    page.get_by_role("button", name="Leggi e salva").click()
    expect(page.get_by_text("Lette e salvate 6 domande.")).to_be_visible()
    accessibility.check(page)
    page.get_by_role("navigation", name="Sei qui").get_by_text("Seconda").click()
    page.get_by_role("link", name="Apri la rilevazione").click()
    expect(page.get_by_text("Partono 2 lettere")).to_be_visible()
    accessibility.check(page)
    page.get_by_role("button", name="Sì, aprila e spedisci").click()
    expect(page.get_by_text("Partite 2 lettere.").or_(page.get_by_text("2 lettere"))).to_be_visible()
    accessibility.check(page)


def _answered_on_a_phone(page, expect):
    """Skip logic with the script, a number mended, the key Enter."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Pranzo")
    expect(page.get_by_label("Quante stanze?")).to_be_hidden()
    page.get_by_label("Sì", exact=True).check()
    page.get_by_label("Quante stanze?").fill("2")
    page.get_by_label("sera").check()
    page.get_by_label("Quanti metri?").fill("80,5")
    page.get_by_label("Quante stanze?").fill("3")
    expect(page.get_by_label("Quanti metri?")).to_be_hidden()
    page.get_by_text("Qualcosa è cambiato").click()
    page.locator("#id_volunteers").fill("15")
    accessibility.check(page)
    for button in page.locator("main button:visible, main summary:visible").all():
        if button.get_attribute("aria-hidden") != "true":
            assert button.bounding_box()["height"] >= 43.5, button.inner_text()
    # The key Enter saves what was typed: it does not confirm what was there before.
    page.locator("#id_volunteers").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Grazie")
    lunch = Experience.objects.get(name="Pranzo")
    sheet = Sheet.objects.get(wave__name="Seconda", record=lunch.pk)
    assert (lunch.volunteers, sheet.answer, sheet.channel) == (15, "updated", "link")
    assert sheet.answers == {"home": "si", "rooms": 3, "open": ["evening"]}


def _not_mine_without_a_script(page, expect):
    """Without a script every question is there, and says when it is wanted; what is missing is said beside it."""
    expect(page.get_by_text("Solo se “Avete una sede?” è “Sì”:").first).to_be_visible()
    page.get_by_label("Sì", exact=True).check()
    page.get_by_role("button", name="Sì, va tutto bene").click()
    expect(page.locator("#id_q_rooms-error")).to_contain_text("Questa serve")
    page.get_by_text("Non è mia").first.click()
    page.get_by_label("Chi potrebbe saperlo?").fill("La scuola")
    page.get_by_role("button", name="Non è mia").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grazie")


def _on_paper(page, expect):
    """The paper is printed, comes back, and is typed in by its number."""
    page.get_by_role("link", name="Tutte le schede").click()
    page.get_by_label("Titolo, o numero sulla carta").fill("dopo")
    page.get_by_role("button", name="Mostra").click()
    page.get_by_label("Su carta: Doposcuola").check()
    accessibility.check(page)
    with page.expect_download() as printed:
        page.get_by_role("button", name="Stampa quelle spuntate").click()
    assert printed.value.path().read_bytes().startswith(b"%PDF")
    number = Sheet.objects.get(wave__name="Seconda", title="Doposcuola").pk
    page.get_by_label("Titolo, o numero sulla carta").fill(f"n. {number}")
    page.get_by_role("button", name="Mostra").click()
    page.get_by_role("link", name="Doposcuola").click()
    accessibility.check(page)
    page.get_by_label("carta", exact=True).check()
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Sì, va tutto bene").click()
    expect(page.get_by_text("Salvata: «Doposcuola».")).to_be_visible()


def _opens_nothing(chromium, live_server, expect, sent):
    """A used link and an expired one say so kindly. (The browser notes their status as an error: no `open_page`.)"""
    there = Invitation.objects.filter(sheet__title="Orto")
    there.update(expires_at=timezone.now() - timedelta(minutes=1))
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE, locale="it")
    page = context.new_page()
    for title, said in (("Pranzo", "A questa scheda è già stato risposto"), ("Orto", "Questo link non vale più")):
        assert page.goto(sent[title]).status == 410
        expect(page.get_by_role("heading", level=1)).to_have_text(said)
        accessibility.check(page)
    context.close()
    there.update(expires_at=timezone.now() + timedelta(days=20))


def test_a_whole_wave(open_page, chromium, live_server, mailoutbox, tmp_path):
    from playwright.sync_api import expect

    user = _town()
    desk = open_page("/rilevazioni/", user=user)
    _prepared(desk, expect, tmp_path)
    wave = Wave.objects.get(name="Seconda")
    sent = _links(mailoutbox)
    assert sent.keys() == {"Pranzo", "Doposcuola", "Orto", "Letture"}
    _answered_on_a_phone(open_page(sent["Pranzo"], **PHONE), expect)
    _not_mine_without_a_script(open_page(sent["Letture"], **PHONE, java_script_enabled=False), expect)
    _opens_nothing(chromium, live_server, expect, sent)
    # Nobody hears for eleven days; one click reminds of the two sheets of the club, in one letter.
    Invitation.objects.update(sent_at=timezone.now() - timedelta(days=11))
    desk.goto(f"/rilevazioni/{wave.pk}/")
    mailoutbox.clear()
    desk.get_by_role("button", name="Sollecita per 2 schede in silenzio").click()
    expect(desk.get_by_text("Sono partite: Una lettera.")).to_be_visible()
    assert [message.to for message in mailoutbox] == [["info@circolo.example"]]
    _on_paper_and_closed(desk, expect, wave)


def _on_paper_and_closed(desk, expect, wave):
    desk.goto(f"/rilevazioni/{wave.pk}/")
    _on_paper(desk, expect)
    desk.goto(f"/rilevazioni/{wave.pk}/qualita/")
    accessibility.check(desk)
    desk.goto(f"/rilevazioni/{wave.pk}/")
    desk.set_viewport_size(PHONE)
    accessibility.check(desk)
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.get_by_role("link", name="Chiudi la rilevazione").click()
    desk.get_by_role("button", name="Chiudi e congela").click()
    expect(desk.get_by_text("Chiusa e congelata.")).to_be_visible()
    accessibility.check(desk)
    wave.refresh_from_db()
    assert (wave.state, freezing.holds(wave)) == ("closed", True)
    desk.get_by_role("link", name="Confronta con la rilevazione precedente").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Seconda")
    counts = desk.get_by_role("table", name="Che cosa ne è stato").locator("tbody tr td").all_inner_texts()
    assert counts == ["0", "1", "1", "0", "0", "0"]
    accessibility.check(desk)
