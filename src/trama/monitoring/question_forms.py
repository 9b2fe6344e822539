"""The additional questions of a wave as they are written on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trama.core.search import fold
from trama.monitoring.choices import QuestionType
from trama.monitoring.questions import MOST, Question


class QuestionForm(forms.Form):
    """One line of the page that builds the questions."""

    label = forms.CharField(label=_("What is asked"), max_length=300, required=False)
    type = forms.ChoiceField(label=_("Kind of answer"), choices=QuestionType.choices, required=False)
    options = forms.CharField(
        label=_("Options, one per line"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=6000,
        help_text=_("Only for one choice or several choices. With an English word, if you want: sì | yes"),
    )  # fmt: skip
    required = forms.BooleanField(label=_("An answer is needed"), required=False)
    after = forms.IntegerField(label=_("Only after question number"), min_value=1, max_value=MOST, required=False)
    on = forms.CharField(label=_("if the answer is"), max_length=200, required=False)
    english = forms.CharField(label=_("In English"), max_length=300, required=False)
    hint = forms.CharField(label=_("What helps to answer"), max_length=300, required=False)
    relevant = forms.CharField(
        label=_("Another condition"), max_length=1000, required=False,
        help_text=_("As an XLSForm writes it, with the names of questions: ${d1} > 10"),
    )  # fmt: skip
    constraint = forms.CharField(
        label=_("What an answer has to be like"), max_length=1000, required=False,
        help_text=_("The dot is the answer: . >= 0 and . <= 100"),
    )  # fmt: skip
    refusal = forms.CharField(label=_("What is said if it is not"), max_length=300, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, field in self.fields.items():
            # A line without text is left out: what a question has to have is asked of lines that are filled in.
            needed = name in {"label", "type"}
            field.remark = _("needed") if needed else _("if it is needed")  # type: ignore[attr-defined]

    FURTHER = ("english", "hint", "relevant", "constraint", "refusal")

    def further(self) -> list[Any]:
        """The bound fields that most questions do without."""
        return [self[name] for name in self.FURTHER]

    @property
    def opens(self) -> bool:
        """Whether one of these holds something."""
        return any(self[name].value() or self[name].errors for name in self.FURTHER)


QuestionSet = forms.formset_factory(QuestionForm, extra=3, max_num=MOST, validate_max=True)


class QuestionFile(forms.Form):
    """A workbook with questions."""

    file = forms.FileField(
        label=_("XLSForm (.xlsx or .xls)"), widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls"})
    )


def questions_from(forms_: Any, earlier: Sequence[Question]) -> list[Question]:
    """The questions of the page; a question that stood there keeps its key, so that answers stay its own."""
    wanted = [(place, form.cleaned_data) for place, form in enumerate(forms_) if (form.cleaned_data or {}).get("label")]
    taken = {question.key for question in earlier}
    found: list[Question] = []
    numbers: dict[int, str] = {}
    fresh = len(earlier)
    for place, data in wanted:
        was = earlier[place] if place < len(earlier) else None
        if was is None:
            fresh += 1
            while f"d{fresh}" in taken:
                fresh += 1
        key = was.key if was else f"d{fresh}"
        numbers[place + 1] = key
        after = numbers.get(data["after"] or 0, "?" if data["after"] else "")
        on = _value_of(" ".join(data["on"].split()), next((one for one in found if one.key == after), None))
        found.append(_question_from(data, key, after, on if after else "", was))
    return found


def _question_from(data: Mapping[str, Any], key: str, after: str, on: str, was: Question | None) -> Question:
    known = was or Question(key, "", "text")
    options, words = _options_from(data, known)
    return replace(
        known,
        label=data["label"].strip(),
        type=data["type"],
        options=options,
        option_words=words,
        required=data["required"] and data["type"] != QuestionType.NOTE,
        after=after,
        on=on,
        words=_spoken(known.words, "en", data["english"]),
        hints=_spoken(known.hints, "it", data["hint"]),
        refusal=_spoken(known.refusal, "it", data["refusal"]),
        relevant=data["relevant"].strip(),
        constraint=data["constraint"].strip(),
    )


def _value_of(on: str, asked: Question | None) -> str:
    """The value of an option that was named by its words."""
    if asked is None:
        return on
    exactly = {_in_italian(asked, value): value for value in asked.options}
    # Who writes “si” means “Sì”, unless two answers differ in capitals or accents alone.
    loosely = {fold(words): value for words, value in exactly.items()} if len(exactly) == len(asked.options) else {}
    if len(loosely) < len(exactly):
        loosely = {}
    return exactly.get(on) or (on if on in asked.options else loosely.get(fold(on), on))


def _spoken(words: Mapping[str, str], language: str, text: str) -> dict[str, str]:
    """The same words by language, one of them as it was typed; an empty one is none."""
    return {key: said for key, said in {**words, language: text.strip()}.items() if said}


def _options_from(data: Mapping[str, Any], known: Question) -> tuple[tuple[str, ...], dict[str, Mapping[str, str]]]:
    """The options that were typed, one per line. One whose words stood there before keeps its value."""
    if data["type"] not in (QuestionType.ONE, QuestionType.MANY):
        return (), {}
    values = {known.option_words.get(value, {}).get("it") or value: value for value in known.options}
    options: list[str] = []
    words: dict[str, Mapping[str, str]] = {}
    for line in data["options"].splitlines():
        italian, _bar, english = (" ".join(part.split()) for part in line.partition("|"))
        if not italian:
            continue
        value = values.get(italian, italian)
        options.append(value)
        said = _spoken({} if value == italian else {"it": italian}, "en", english)
        if said:
            words[value] = said
    return tuple(options), words


def shown(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as the page that builds them shows them."""
    places = {question.key: place for place, question in enumerate(questions, start=1)}
    by_key = {question.key: question for question in questions}
    return [
        {
            "label": question.label,
            "type": question.type,
            "options": "\n".join(_option_line(question, value) for value in question.options),
            "required": question.required,
            "after": places.get(question.after),
            "on": _in_italian(by_key.get(question.after), question.on),
            "english": question.words.get("en", ""),
            "hint": question.hints.get("it", ""),
            "relevant": question.relevant,
            "constraint": question.constraint,
            "refusal": question.refusal.get("it", ""),
        }
        for question in questions
    ]


def _in_italian(question: Question | None, value: str) -> str:
    return (question.option_words.get(value, {}).get("it") if question else "") or value


def _option_line(question: Question, value: str) -> str:
    english = question.option_words.get(value, {}).get("en", "")
    return _in_italian(question, value) + (f" | {english}" if english else "")


# --- after closing ------------------------------------------------------------------------------------------------
