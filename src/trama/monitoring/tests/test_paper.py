"""Sheets on paper: which are printed, for whom, and what the code on them holds."""

from __future__ import annotations

import re

import pytest
import qrcode

from trama.accounts.models import User
from trama.monitoring import actions, links, paper, xlsform
from trama.monitoring.models import Invitation, Sheet
from trama.monitoring.tests.factories import SITE, make_open_wave, make_town
from trama.network.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def town():
    return make_town()


def signed_in(client, town, role, area):
    user = User.objects.create_user(f"{role}-{area}")
    Membership.objects.create(user=user, role=role, area=town.areas[area])
    client.force_login(user)
    return user


def test_the_code_is_the_address_square_by_square():
    address = "https://trama.example.org/rilevazioni/scheda/abcDEF123_-/"
    svg = paper.qr_svg(address)
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(address)
    code.make(fit=True)
    drawn = {
        (int(x) + step, int(y))
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg)
        for step in range(int(width))
    }
    assert drawn == {(x, y) for y, row in enumerate(code.get_matrix()) for x, dark in enumerate(row) if dark}


def test_all_silent_sheets_of_a_list_are_printed_each_with_a_link_that_opens_it(town, client, monkeypatch):
    wave = make_open_wave(town)
    actions.save_questions(town.keeper, wave, xlsform.example())
    address = f"/rilevazioni/{wave.pk}/schede/carta/"
    signed_in(client, town, "community_worker", "hill")
    nothing = client.post(address, {"all": "1"})  # nothing here is theirs
    assert (nothing.status_code, nothing["Location"]) == (302, f"/rilevazioni/{wave.pk}/schede/")
    signed_in(client, town, "community_worker", "city")
    lunch = Sheet.objects.get(wave=wave, record=town.experiences[0].pk)
    actions.answer(town.keeper, lunch, "confirmed", channel="phone", answers={"sede": "no"})
    handed = []
    monkeypatch.setattr(paper, "pdf", lambda wave, found, *more: handed.extend(found) or b"%PDF")
    monkeypatch.setattr(paper, "MOST", 1)
    for title in ("Doposcuola", "Letture", "Doposcuola"):  # what was printed stands at the end of the pile
        printed = client.post(address, {"all": "1"})
        assert (printed.status_code, printed["Cache-Control"]) == (200, "no-store")
        assert handed[-1][0].title == title
    assert Invitation.objects.filter(on_paper=True).count() == 3
    for sheet, link in handed:
        opened = client.__class__().get(link.removeprefix("http://testserver"))
        assert opened.status_code == 200
        assert f">{sheet.title}</h1>" in opened.content.decode()
        assert Invitation.objects.get(digest=links.digest_of(link.rstrip("/").rpartition("/")[2])).sheet == sheet
    # Narrowed to an area, and to what is there.
    monkeypatch.setattr(paper, "MOST", 300)
    handed.clear()
    client.post(address, {"all": "1", "area": str(town.areas["west"].pk)})
    assert [sheet.title for sheet, _link in handed] == []
    client.post(address, {"all": "1", "q": "lett"})
    assert [sheet.title for sheet, _link in handed] == ["Letture"]


def test_the_paper_is_a_tagged_pdf_whatever_is_written_on_it(town):
    import pikepdf

    wave = make_open_wave(town)
    actions.save_questions(town.keeper, wave, xlsform.example())
    Sheet.objects.filter(wave=wave).update(title='#set text(red) "$x$" \\ *a* <b> @c')
    sheets = list(Sheet.objects.filter(wave=wave).order_by("pk"))
    from trama.core.declarations import gathered

    content = paper.pdf(wave, actions.hand_out(town.keeper, sheets, SITE), gathered.monitored["experiences"],
                        xlsform.example())  # fmt: skip
    import io

    with pikepdf.open(io.BytesIO(content)) as document:
        assert len(document.pages) >= len(sheets)
        assert bool(document.Root.MarkInfo.Marked)
