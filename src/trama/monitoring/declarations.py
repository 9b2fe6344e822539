"""What monitoring offers to the others: what waits for whom, and its rows that follow an organisation when united."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.core.actor import STAFF, Actor
from trama.core.declarations import Alert, Alerts, Linked, RecordSection, declare
from trama.monitoring.choices import WaveState
from trama.monitoring.given import answers_of
from trama.monitoring.models import Invitation, Sheet, Wave
from trama.monitoring.objectives.of_programme import plans_of
from trama.ui.numbers import day, number


def what_waits(actor: Actor) -> list[Alert]:
    """The silent sheets of open waves: those of a worker's areas, those that ask who speaks for an organisation."""
    waves = list(Wave.objects.filter(state=WaveState.OPEN).order_by("answer_by", "pk"))
    if not waves:
        return []
    silent = Sheet.objects.filter(wave__in=waves).silent().order_by()
    found: list[Alert] = []
    if actor.holds(STAFF):
        counts = dict(silent.visible_to(actor).values_list("wave").annotate(n=Count("pk")))
        for wave in waves:
            if n := counts.get(wave.pk, 0):
                said = ngettext("%(n)s silent sheet, by %(day)s", "%(n)s silent sheets, by %(day)s", n)
                address = reverse("monitoring:sheets", args=[wave.pk]) + "?answer=waiting"
                found.append(_alert(wave, said, n, address, wave.name))
    if actor.organisations:
        found += _asked(actor, waves)
    return found


def _asked(actor: Actor, waves: list[Wave]) -> list[Alert]:
    """The sheets that ask the organisations for which the actor speaks, by wave: their links went out by mail."""
    rows = Invitation.objects.filter(
        sheet__wave__in=waves, sheet__in=Sheet.objects.silent(), organisation__in=actor.organisations,
        used_at__isnull=True, is_unsent=False,
    ).exclude(email="")  # fmt: skip
    own = (get_user_model().objects.filter(pk=actor.user or 0).values_list("email", flat=True).first() or "").lower()
    found = []
    for wave in waves:
        sent = list(rows.filter(sheet__wave=wave).order_by("pk").values_list("sheet", "email", "organisation"))
        if not sent:
            continue
        n = len({sheet for sheet, _email, _body in sent})
        said = ngettext("%(n)s sheet asks for you, by %(day)s", "%(n)s sheets ask for you, by %(day)s", n)
        # The box of a colleague is not told.
        to_oneself = own and any(email == own for _sheet, email, _body in sent)
        how = (
            _now("the link was sent by mail to %(email)s")
            if to_oneself
            else _now("the link was sent by mail to those who speak for your organisation")
        )
        address = reverse("network:organisation", args=[sent[0][2]])
        found.append(_alert(wave, said, n, address, f"{wave.name}: {how % {'email': own}}"))
    return found


def _alert(wave: Wave, said: str, count: int, address: str, detail: str) -> Alert:
    level = "late" if wave.answer_by < timezone.localdate() else "attention"
    title = said % {"n": number(count), "day": day(wave.answer_by)}
    return Alert(title, address, level=level, due=wave.answer_by, detail=detail)


declare(
    Alerts("waves", _("Monitoring"), what_waits),
    # Of whatever can be monitored: the page of a record of another app shows it without a word of ours.
    RecordSection("answers", "", _("Answers to the waves"), "monitoring/_answers.html", answers_of, order=90),
    RecordSection(
        "objectives",
        "experiences.experience",
        _("Objectives"),
        "monitoring/objectives/_of_programme.html",
        plans_of,
        order=80,
    ),
    # A personal link speaks in the name of a body: of the one that it became part of.
    Linked(Invitation, "organisation"),
)
