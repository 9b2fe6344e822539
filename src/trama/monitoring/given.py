"""What was answered to the additional questions of waves, beside the record that it is about."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Model

from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.monitoring.choices import QuestionType
from trama.monitoring.models import Questionnaire, Sheet, Wave
from trama.monitoring.questions import Question, read
from trama.ui.numbers import day, number


def answers_of(actor: Actor, record: Model) -> dict[str, Any] | None:
    """The additional answers given about a record, wave by wave, the latest period first; None: there are none.

    They are read by those who follow the sheets of a wave in the record's area, and by nobody else: no question tells
    who answers that the public will read it. Only what somebody answered for counts, in the words of the version of
    the questions that was answered.
    """
    whats = [one.key for one in gathered.monitored.values() if one.model is type(record)]
    if not (whats and actor.is_known):
        return None
    rows = Sheet.objects.covered().visible_to(actor).filter(record=record.pk, wave__what__in=whats)
    rows = rows.filter(wave__in=Wave.objects.visible_to(actor).order_by()).select_related("wave")
    sheets = [one for one in rows.order_by("-wave__starts_on", "-wave_id") if one.answers]
    asked = _asked(sheets)
    found = []
    for sheet in sheets:
        questions = asked.get((sheet.wave_id, sheet.answers_version), [])
        lines = [(one.text, in_words(one, sheet.answers[one.key])) for one in questions if one.key in sheet.answers]
        if lines:
            found.append({"wave": sheet.wave, "sheet": sheet, "lines": lines})
    return {"answered": found} if found else None


def in_words(question: Question, value: Any) -> str:
    """An answer as it is read: numbers and days as one writes them."""
    if question.type == QuestionType.DATE:
        return day(date.fromisoformat(value))
    if question.type in (QuestionType.WHOLE, QuestionType.NUMBER):
        return number(value, len(str(value).partition(".")[2]))
    return question.answer_text(value)


def _asked(sheets: list[Sheet]) -> dict[tuple[int, int], list[Question]]:
    """The questions by wave and version."""
    rows = Questionnaire.objects.filter(wave__in=[sheet.wave_id for sheet in sheets]).order_by("wave_id", "version")
    return {(row.wave_id, row.version): read(row.questions) for row in rows} if sheets else {}
