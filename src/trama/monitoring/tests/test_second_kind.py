"""Something else than experiences is monitored by declaring it: `monitoring` and its pages know nothing of it."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from trama.accounts.models import User
from trama.core.actor import Actor
from trama.core.declarations import Asked, Described, Monitored, Referent, Tally, gathered
from trama.monitoring import actions, comparing, freezing, paper
from trama.monitoring.models import FrozenFigure, Sheet, Wave
from trama.monitoring.tests.factories import SITE, make_town
from trama.network.models import Membership, Organisation, OrganisationContact

pytestmark = pytest.mark.django_db


def _write(pk: int, **values: object) -> None:
    Organisation.objects.filter(pk=pk).update(**values)


def _apply(actor: Actor, pk: int, values: dict) -> None:
    if values.get("address") == "?":
        raise ValidationError({"address": "Where is that?"})
    _write(pk, description=values["description"], address=values["address"])


def _content(pks):
    return {
        row.pk: {"name": row.name, "starts_on": f"{row.founded_year}-01-01" if row.founded_year else None,
                 "ends_on": row.closed_on.isoformat() if row.closed_on else None, "sensitive": row.is_sensitive,
                 "description": row.description, "address": row.address, "ets": row.is_ets}
        for row in Organisation.objects.filter(pk__in=pks).order_by("pk")
    }  # fmt: skip


def _referents(pks):
    rows = OrganisationContact.objects.filter(organisation__in=pks, kind="email").order_by("pk")
    return {row.organisation_id: [Referent(row.value, row.organisation.name, row.organisation_id)]
            for row in rows.select_related("organisation")}  # fmt: skip


def _tallies(contents):
    ets = sum(one["ets"] is True for one in contents)
    n = len(contents)
    return [Tally("records", "Associations", n, str(n), n, n), Tally("ets", "Of the third sector", ets, str(ets), n, n)]


ASSOCIATIONS = Monitored(
    key="associations",
    title="Associations",
    counted=lambda n: f"{n} associations",
    fields=(Asked("description", "What it does", "long"), Asked("address", "Where it is")),
    kinds=lambda: [("ets", "Third sector"), ("other", "Others")],
    in_scope=lambda scope: Organisation.objects.filter(Q(area__in=scope.areas)).order_by("pk"),
    described=lambda pks: {
        row.pk: Described(row.name, row.area_id, "ets" if row.is_ets else "other", row.is_sensitive)
        for row in Organisation.objects.filter(pk__in=pks)
    },
    content=_content,
    referents=_referents,
    url=lambda pk: f"/realta/{pk}/",
    may_answer=lambda actor, pk: actor.everywhere(["plan_office"]) or bool(actor.areas) or pk in actor.organisations,
    confirm=lambda actor, pk: None,
    apply=_apply,
    end=lambda actor, pk, day: _write(pk, closed_on=day),
    tallies=_tallies,
    doubts=lambda one, earlier, scope: [] if one["address"] else [("address", "Nobody knows where it is.")],
    measures=(("records", "Associations", lambda one: 1),),
    distinct=(),
    definitions=lambda: {"codes": {}, "order": []},
)


def test_a_second_kind_lives_a_whole_wave_through_the_same_pages(monkeypatch, client, mailoutbox):
    monkeypatch.setitem(gathered.monitored, "associations", ASSOCIATIONS)
    town = make_town()
    Organisation.objects.update(area=town.areas["west"])
    user = User.objects.create_user("piano")
    Membership.objects.create(user=user, role="plan_office", area=town.areas["city"])
    client.force_login(user)
    chosen = client.get("/rilevazioni/nuova/")
    assert "?what=associations" in chosen.content.decode()
    data = {"name": "Associazioni", "promoter": "Comune", "starts_on": "2024-01-01", "ends_on": "2024-12-31",
            "answer_by": timezone.localdate().replace(year=timezone.localdate().year + 1, day=1).isoformat(),
            "areas": [town.areas["city"].pk], "rule": "active", "remind_after": 10, "last_call": 3, "aim": 80,
            "times_apart": 10}  # fmt: skip
    counted = client.post("/rilevazioni/nuova/?what=associations", {**data, "count": "1"})
    assert "2 associations" in counted.content.decode()
    assert client.post("/rilevazioni/nuova/?what=associations", data).status_code == 302
    assert client.get("/rilevazioni/nuova/?what=nothing").status_code == 404
    wave = Wave.objects.get()
    assert (wave.what, wave.state) == ("associations", "draft")
    client.post(f"/rilevazioni/{wave.pk}/fai/open/")
    links = {message.to[0]: re.findall(r"(/rilevazioni/scheda/[^\s]+)", message.body) for message in mailoutbox}
    assert {box: len(found) for box, found in links.items()} == {
        "info@circolo.example": 1,
        "info@biblioteca.example": 1,
    }
    (link,) = links["info@circolo.example"]
    bearer = client.__class__()
    assert "What it does" in bearer.get(link).content.decode()
    refused = bearer.post(link, {"answer": "updated", "description": "Si sta insieme.", "address": "?"})
    assert "Where is that?" in refused.content.decode()
    bearer.post(link, {"answer": "updated", "description": "Si sta insieme.", "address": "Via Uno 1"})
    sheet = Sheet.objects.get(record=town.club.pk)
    assert (sheet.answer, sheet.kind) == ("updated", "ets")
    wave.refresh_from_db()
    handed = actions.hand_out(town.keeper, [Sheet.objects.get(record=town.library.pk)], SITE)
    assert paper.pdf(wave, handed, ASSOCIATIONS, []).startswith(b"%PDF")
    for page in ("", "schede/", "qualita/", f"schede/{sheet.pk}/", "domande/"):
        assert client.get(f"/rilevazioni/{wave.pk}/{page}").status_code == 200, page
    client.post(f"/rilevazioni/{wave.pk}/fai/close/")
    wave.refresh_from_db()
    assert (wave.state, freezing.holds(wave)) == ("closed", True)
    assert list(FrozenFigure.objects.filter(wave=wave).order_by("position").values_list("key", "number")) == [
        ("records", 1),
        ("ets", 1),
    ]
    closed = client.get(f"/rilevazioni/{wave.pk}/").content.decode()
    assert "Of the third sector" in closed
    second = actions.open_wave(
        town.keeper, actions.save_wave(town.keeper, {**_again(wave), "areas": [town.areas["city"].pk]})
    )
    for one in Sheet.objects.filter(wave=second):
        actions.answer(town.keeper, one, "confirmed", channel="phone")
    second = actions.close_wave(town.keeper, second)
    found = comparing.compare(wave, second)
    assert dict(+found.counts) == {"continued": 1, "newly_covered": 1}
    address = f"/rilevazioni/{second.pk}/confronto/{wave.pk}/"
    assert client.get(address).status_code == 200
    assert client.get(f"/rilevazioni/{wave.pk}/confronto/{second.pk}/")["Location"] == address, "never backwards"


def _again(wave: Wave) -> dict:
    return {"name": "Ancora", "promoter": "Comune", "researcher": "", "what": wave.what, "starts_on": date(2025, 1, 1),
            "ends_on": date(2025, 12, 31), "answer_by": wave.answer_by, "kinds": [], "rule": "active",
            "remind_after": 10}  # fmt: skip
