"""The additional questions of a wave: what they are, whether they hold together, and what an answer is worth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trama.monitoring.choices import QuestionType

MOST = 20
CHOOSING = (QuestionType.ONE, QuestionType.MANY)


@dataclass(frozen=True)
class Question:
    """One question. `after` is the key of a choice question, `on` the option at which this one is asked."""

    key: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    required: bool = False
    after: str = ""
    on: str = ""


def read(stored: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Questions as a version holds them."""
    return [Question(**{**item, "options": tuple(item.get("options", ()))}) for item in stored]


def written(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as JSON."""
    return [{**asdict(question), "options": list(question.options)} for question in questions]


def check(questions: Sequence[Question]) -> None:
    """Raise ValidationError with one sentence per thing that does not hold together."""
    wrong = []
    if len(questions) > MOST:
        wrong.append(_("More than %(n)s questions: who answers from a phone will give up.") % {"n": MOST})
    known: dict[str, Question] = {}
    for number, question in enumerate(questions, start=1):
        where = _("Question %(n)s: ") % {"n": number}
        if not question.label.strip():
            wrong.append(where + _("write what is asked."))
        if question.type in CHOOSING and len(question.options) < 2:
            wrong.append(where + _("write at least two options, one per line."))
        if len(set(question.options)) < len(question.options):
            wrong.append(where + _("an option is there twice."))
        if question.key in known or not re.fullmatch(r"[a-z0-9_]{1,40}", question.key):
            wrong.append(where + _("it has no name of its own."))
        if question.after:
            earlier = known.get(question.after)
            if earlier is None:
                wrong.append(where + _("it depends on a question that does not come before it."))
            elif question.on not in earlier.options:
                wrong.append(
                    where + _("“%(option)s” is no option of the question it depends on.") % {"option": question.on}
                )
        known[question.key] = question
    if wrong:
        raise ValidationError(wrong)


def is_asked(question: Question, answers: Mapping[str, Any], questions: Mapping[str, Question]) -> bool:
    """Whether a question is asked after these answers (and the one it depends on is asked itself)."""
    if not question.after:
        return True
    earlier = questions.get(question.after)
    if earlier is None or not is_asked(earlier, answers, questions):
        return False
    given = answers.get(question.after)
    return question.on in given if isinstance(given, list) else question.on == given


def accepted(questions: Sequence[Question], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that are kept: those of questions that are asked, each as JSON of its type.

    Raises ValidationError by key of the question.
    """
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    by_key = {question.key: question for question in questions}
    for question in questions:
        if not is_asked(question, kept, by_key):
            continue
        try:
            value = _value(question, given.get(question.key))
        except ValueError as error:
            wrong[question.key] = str(error)
            continue
        if value in (None, "", []):
            if question.required:
                wrong[question.key] = _("This one is needed.")
            continue
        kept[question.key] = value
    if wrong:
        raise ValidationError(wrong)
    return kept


def _value(question: Question, raw: Any) -> Any:
    if question.type == QuestionType.MANY:
        chosen = [item for item in (raw or []) if item]
        if not set(chosen) <= set(question.options):
            raise ValueError(_("Choose among the options."))
        return chosen
    text = " ".join(str(raw or "").replace("\x00", "").split())[:1000]
    if not text:
        return None
    if question.type == QuestionType.NUMBER:
        if not re.fullmatch(r"-?\d{1,9}([.,]\d{1,4})?", text):
            raise ValueError(_("Write a number, for instance 12."))
        number = float(text.replace(",", "."))
        return int(number) if number.is_integer() else number
    if question.type == QuestionType.DATE:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise ValueError(_("Write a day.")) from error
    if question.type == QuestionType.ONE and text not in question.options:
        raise ValueError(_("Choose among the options."))
    return text
