"""Sheets on paper: a PDF with a page or two for each record, what is known of it, and a QR code that opens it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import qrcode
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trama.core import apart, facts
from trama.core.declarations import Monitored
from trama.monitoring.choices import QuestionType
from trama.monitoring.forms import SheetForm
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.questions import Question, when_asked
from trama.ui.draw import fonts
from trama.ui.numbers import day

PRESS = Path(__file__).parent / "paper_press.py"
TEMPLATE = Path(__file__).parent / "typst" / "sheets.typ"
SECONDS = 120  # by the clock, on a machine that has much to do
MOST = 300  # sheets in one file: more is a parcel, not a stapled pile


class NotPrinted(RuntimeError):
    """The sheets could not be printed."""


def qr_svg(address: str) -> str:
    """The QR code of an address as a drawing, with its quiet zone."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(address)
    code.make(fit=True)
    matrix = code.get_matrix()
    bars = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            width = next((n for n, dark in enumerate(row[x:]) if not dark), len(row) - x)
            if width:
                bars.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width + 1
    side = len(matrix)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path d="{"".join(bars)}"/></svg>'


def pdf(wave: Wave, handed: Sequence[tuple[Sheet, str]], monitored: Monitored, questions: Sequence[Question]) -> bytes:
    """The sheets with their links (`actions.hand_out`) as a tagged PDF. Raises NotPrinted."""
    contents: dict[int, dict[str, Any]] = {}
    records = [sheet.record for sheet, _link in handed]
    for start in range(0, len(records), 500):
        contents |= monitored.content(records[start : start + 500])
    sheets = []
    for sheet, link in handed:
        form = SheetForm(monitored=monitored, content=contents.get(sheet.record, {}), questions=questions, sheet=sheet)
        sheets.append({
            "title": sheet.title,
            "number": str(sheet.pk),
            "area": sheet.area.name if sheet.area else "",
            "link": link,
            "qr": qr_svg(link),
            "known": form.known(),
        })  # fmt: skip
    document = {"sheets": sheets, "questions": _asked(questions), "words": _words(wave), "lang": get_language() or "it"}
    document["date"] = timezone.localdate().isoformat()
    with tempfile.TemporaryDirectory(prefix="trama-paper-") as name:
        path = Path(name) / "sheets.json"
        path.write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")
        try:
            with apart.answer(PRESS, [name, str(TEMPLATE), str(fonts())], SECONDS) as told:
                return told.read()
        except apart.NoAnswer as error:
            raise NotPrinted(_("The sheets could not be printed. Try with fewer of them.")) from error


def _asked(questions: Sequence[Question]) -> list[dict[str, Any]]:
    by_key = {question.key: question for question in questions}
    number, found = 0, []
    for question in questions:
        number += not question.is_note
        told = when_asked(question, by_key)
        found.append({
            "number": "" if question.is_note else str(number),
            "text": question.text,
            "hint": question.hint,
            "when": _("Only if %(what)s.") % {"what": told} if told else "",
            "options": [words for _value, words in question.choices()],
            "several": question.type == QuestionType.MANY,
            "kind": question.type,
        })  # fmt: skip
    return found


def _words(wave: Wave) -> dict[str, str]:
    body = facts.facts().get(facts.BODY_NAME, "") or wave.promoter
    back_to = f"{wave.promoter} ({settings.CONTACT})" if settings.CONTACT else wave.promoter
    return {
        "title": _("Sheets of “%(wave)s”") % {"wave": wave.name},
        "head": f"{body} · {wave.name}",
        "asks": _("%(who)s asks you: is it still so?") % {"who": wave.promoter},
        "back": _("Give it back by %(day)s to %(who)s; or answer from a phone, framing the code, until %(last)s.")
        % {"day": day(wave.answer_by), "who": back_to, "last": day(wave.links_until)},
        "why": _(
            "You are asked because you carry it, or know it. What you write mends the sheet of this activity; who "
            "fills it in is not published."
        ),
        "number": _("Sheet n."),
        "page": _("page"),
        "of": _("of"),
        "qr": _("Code that opens this sheet on a phone"),
        "confirmed": _("Yes, it is all right"),
        "updated": _("Something has changed (write it beside)"),
        "ended": _("It has ended, on"),
        "not_mine": _("It is not mine; who could know:"),
        "field": _("What"),
        "known": _("As we know it"),
        "right": _("What is right"),
        "also": _("We also ask"),
        "several": _("several answers are possible"),
        "nobody": _("No names of persons, nothing about their health."),
        "who": _("Who fills it in (organisation or office):"),
    }
