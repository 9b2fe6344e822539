"""Sentences made from the numbers of a wave, which agree with them: none, one, many, about, more than."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trama.core.declarations import Monitored
from trama.monitoring.models import Wave
from trama.reports.phrases import listed
from trama.reports.waves.counted import Cut, Number, Row
from trama.ui.numbers import day, is_english, number, percent

ENOUGH = 10  # of fewer records nothing is called the most frequent

# What is said of the value that a list has most often.
LEADING = {
    "aim": gettext_lazy("The most frequent aim is “%(name)s”"),
    "target": gettext_lazy("Most often it is for “%(name)s”"),
    "need": gettext_lazy("The most frequent need is “%(name)s”"),
    "instrument": gettext_lazy("The most frequent instrument is “%(name)s”"),
    "public_service": gettext_lazy("The public service most often connected is “%(name)s”"),
    "service_role": gettext_lazy("The most frequent role of the social service is “%(name)s”"),
    "kind": gettext_lazy("The most frequent kind is “%(name)s”"),
    "resources": gettext_lazy("The kind of organisation that takes part most often is “%(name)s”"),
    "funding": gettext_lazy("The fund named most often is “%(name)s”"),
    "phase": gettext_lazy("At the end of the period most were “%(name)s”"),
    "theme": gettext_lazy("The most frequent theme is “%(name)s”"),
    "purpose": gettext_lazy("The most frequent purpose is “%(name)s”"),
}


def period(wave: Wave) -> str:
    """The days that a wave looks at."""
    return _("from %(start)s to %(end)s") % {"start": in_words(wave.starts_on), "end": in_words(wave.ends_on)}


def in_words(when: date) -> str:
    """A day within a sentence: in Italian the first of a month is an ordinal ("1° gennaio 2024")."""
    text = day(when)
    return text if is_english() or when.day != 1 else text.replace("1 ", "1° ", 1)


def organisations(count: Number) -> str:
    """ "165 realtà", "una realtà", "nessuna realtà"."""
    if not count.value:
        return _("no organisation")
    return ngettext("one organisation", "%(n)s organisations", count.value) % {"n": count.text}


def volunteers(count: Number) -> str:
    """ "oltre 500 volontari", "nessun volontario", or why the number is not told."""
    if count.value is None:
        return _("volunteers in a number that is protected") if count.known else _("volunteers whose number is unknown")
    if not count.value:
        return _("no volunteer")
    return ngettext("%(n)s volunteer", "%(n)s volunteers", count.value) % {"n": count.text}


def reached(count: Number) -> str:
    """ "circa 6.900 persone raggiunte", "nessuna persona raggiunta", or why the number is not told."""
    if count.value is None:
        if count.known:
            return _("people reached in a number that is protected")
        return _("people reached whose number is unknown")
    if not count.value:
        return _("no person reached")
    return ngettext("%(n)s person reached", "%(n)s people reached", count.value) % {"n": count.text}


def totals(monitored: Monitored, whole: dict[str, Number]) -> str:
    """ "147 esperienze, 165 realtà, oltre 500 volontari e circa 6.900 persone raggiunte"."""
    parts = [monitored.counted(whole["records"].value or 0)]
    for key, said in (("organisations", organisations), ("volunteers", volunteers), ("beneficiaries", reached)):
        if key in whole:
            parts.append(said(whole[key]))
    return listed(parts)


def known_for(count: Number) -> str:
    """Of how many records a figure is known."""
    if count.is_complete:
        return _("known for all %(base)s") % {"base": number(count.base)} if count.base > 1 else ""
    return _("known for %(known)s of %(base)s") % {"known": number(count.known), "base": number(count.base)}


def leading(cut: Cut) -> Row | None:
    """The value that most records have, where there is one and there are records enough to say so."""
    told = [row for row in cut.rows if row.number.value]
    if cut.known < ENOUGH or not told:
        return None
    top = max(row.number.value or 0 for row in told)
    first = [row for row in told if row.number.value == top]
    return first[0] if len(first) == 1 and len(told) > 1 else None


def of_known(row: Row, cut: Cut) -> str:
    """ "80 su 147 (54 %)"."""
    return _("%(count)s of %(known)s (%(share)s)") % {
        "count": row.number.text,
        "known": number(cut.known),
        "share": percent(row.share, 0),
    }


def finding(cut: Cut) -> str:
    """What a cut says, in a few words: the title of its drawing."""
    first = leading(cut)
    if first is None:
        return cut.label
    return _("%(name)s: %(share)s") % {"name": first.name, "share": of_known(first, cut)}


def sentence(cut: Cut) -> str:
    """What a cut says: the most frequent, those that follow, how many say nothing."""
    parts = []
    first = leading(cut)
    if not cut.known:
        return _("No sheet states it: %(label)s.") % {"label": cut.label.lower()}
    if first is not None:
        text = str(LEADING.get(cut.key, gettext_lazy("The most frequent is “%(name)s”"))) % {"name": first.name}
        parts.append(_("%(text)s: %(share)s.") % {"text": text, "share": of_known(first, cut)})
        parts += _following([row for row in cut.rows if row is not first and row.number.value])
    elif cut.known < ENOUGH:
        text = ngettext(
            "Only one sheet states it: too few to call anything frequent.",
            "Only %(n)s sheets state it: too few to call anything frequent.",
            cut.known,
        )
        parts.append(text % {"n": number(cut.known)})
    elif len(cut.rows) > 1:
        parts.append(_("No value stands out: %(names)s.") % {"names": listed([_named(row) for row in cut.rows[:3]])})
    else:
        parts.append(_("All that state it say “%(name)s”.") % {"name": cut.rows[0].name})
    if cut.missing:
        text = ngettext("One sheet does not state it.", "%(n)s sheets do not state it.", cut.missing)
        parts.append(text % {"n": number(cut.missing)})
    return " ".join(parts)


def _named(row: Row) -> str:
    return _("“%(name)s” (%(count)s)") % {"name": row.name, "count": row.number.text}


def _following(rows: Sequence[Row]) -> list[str]:
    """The one or two values that come next, without those that share their number with a third."""
    shown = [row for row in rows[:2] if len(rows) <= 2 or (row.number.value or 0) > (rows[2].number.value or 0)]
    if not shown:
        return []
    text = ngettext("Then comes %(names)s.", "Then come %(names)s.", len(shown))
    return [text % {"names": listed([_named(row) for row in shown])}]


def base_of(cut: Cut) -> str:
    """Of what the shares are; several answers are not forced to 100 (Caritas, Rapporto povertà 2014, table 5)."""
    pattern = _("Base: %(base)s sheets.")
    if cut.missing:
        pattern = ngettext(
            "Base: the one sheet of %(base)s that states it.",
            "Base: the %(known)s sheets of %(base)s that state it.",
            cut.known,
        )
    text = pattern % {"known": number(cut.known), "base": number(cut.base)}
    if cut.several:
        return text + " " + _("One sheet may state several: the shares add up to more than 100.")
    return text


def source_of(wave: Wave) -> str:
    """Where the figures of the report come from."""
    return _("Source: %(wave)s, %(promoter)s; frozen on %(day)s") % {
        "wave": wave.name,
        "promoter": wave.promoter,
        "day": day(wave.closed_at),
    }
