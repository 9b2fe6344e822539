"""Additional questions: conditions, answers, and the workbooks they come from."""

from __future__ import annotations

import io
from datetime import date

import pytest
import xlsxwriter
from django.core.exceptions import ValidationError
from django.utils import translation

from trama.monitoring import conditions, questions, xlsform
from trama.monitoring.questions import Question

SURVEY = [
    ["type", "name", "label::Italiano (it)", "label::English (en)", "hint::Italiano (it)", "required", "relevant",
     "constraint", "constraint_message::Italiano (it)"],
    ["note", "intro", "Poche domande sulla sede.", "A few questions on your premises."],
    ["select_one yn", "home", "Avete una sede?", "Do you have premises?", "", "yes"],
    ["begin_group", "place", "La sede", "The premises", "", "", "${home} = 'si'"],
    ["integer", "rooms", "Quante stanze?", "How many rooms?", "Senza i bagni", "yes", "", ". > 0 and . <= 50",
     "Da 1 a 50 stanze."],
    ["select_multiple when", "open", "Quando è aperta?", "When is it open?", "", "", "${rooms} >= 2"],
    ["end_group"],
    ["decimal", "metres", "Quanti metri?", "", "", "", "selected(${open}, 'evening') and not(${rooms} = 3)"],
    ["date", "since", "Da quando?", "", "", "", "", ". <= today()"],
    ["text", "more", "Altro?"],
]  # fmt: skip
CHOICES = [
    ["list_name", "name", "label::Italiano (it)", "label::English (en)"],
    ["yn", "si", "Sì", "Yes"],
    ["yn", "no", "No", "No"],
    ["when", "morning", "mattina", "in the morning"],
    ["when", "evening", "sera", "in the evening"],
]


def book(survey=SURVEY, choices=CHOICES, **sheets) -> bytes:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as made:
        for name, lines in {"survey": survey, "choices": choices, **sheets}.items():
            sheet = made.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line)
    return output.getvalue()


def told(survey, choices=CHOICES):
    """What the reading process tells of these sheets: one process for each test would cost a second."""

    def rows(lines):
        return [{"row": n, "cells": {head: text for head, text in zip(lines[0], line, strict=False) if text}}
                for n, line in enumerate(lines[1:], start=2)]  # fmt: skip

    return {"error": "", "survey": rows(survey), "choices": rows(choices), "settings": []}


def changed(row: int, column: str, text: str) -> list[list[str]]:
    """The form with one cell changed; `row` as the workbook counts it."""
    lines = [[*line, *[""] * (len(SURVEY[0]) - len(line))] for line in SURVEY]
    place = next(n for n, head in enumerate(SURVEY[0]) if head.partition("::")[0] == column)
    lines[row - 1][place] = text
    return lines


@pytest.fixture(scope="module")
def form():
    return xlsform.read("domande.xlsx", book())


def test_a_workbook_becomes_questions_that_speak_two_languages(form):
    by_key = {question.key: question for question in form.questions}
    assert list(by_key) == ["intro", "home", "place", "rooms", "open", "metres", "since", "more"]
    assert [by_key[key].type for key in by_key] == ["note", "one", "note", "whole", "many", "number", "date", "text"]
    assert (by_key["home"].required, by_key["more"].required) == (True, False)
    assert by_key["place"].relevant == "${home} = 'si'"
    assert by_key["open"].relevant == "(${home} = 'si') and (${rooms} >= 2)"
    with translation.override("en"):
        assert by_key["home"].text == "Do you have premises?"
        assert by_key["home"].choices() == [("si", "Yes"), ("no", "No")]
        assert by_key["metres"].text == "Quanti metri?"  # no English was written: better Italian than nothing
    with translation.override("it"):
        assert (by_key["rooms"].text, by_key["rooms"].hint) == ("Quante stanze?", "Senza i bagni")
        assert questions.when_asked(by_key["rooms"], by_key) == "“Avete una sede?” è “Sì”"
    # What is stored and read again is the same.
    assert questions.read(questions.written(form.questions)) == form.questions


def test_skip_logic_constraints_and_kinds_are_asked_of_the_answers(form):
    asked = form.questions

    def kept(**given):
        return questions.accepted(asked, given)

    def refused(**given):
        with pytest.raises(ValidationError) as error:
            kept(**given)
        return error.value.message_dict

    assert kept(home="no", rooms="7", open=["morning"], metres="20") == {"home": "no"}
    assert list(refused()) == ["home"]
    assert list(refused(home="si")) == ["rooms"]
    assert refused(home="si", rooms="0")["rooms"] == ["Da 1 a 50 stanze."]
    assert list(refused(home="si", rooms="2,5")) == ["rooms"]
    assert list(refused(home="perhaps")) == ["home"]
    assert kept(home="si", rooms="1", open=["evening"]) == {"home": "si", "rooms": 1}
    whole = {"home": "si", "rooms": 2, "open": ["morning", "evening"], "metres": 80.5}
    assert kept(home="si", rooms="2", open=["evening", "morning"], metres="80,5") == whole
    assert "metres" not in kept(home="si", rooms="3", open=["evening"], metres="80")
    assert list(refused(home="no", since="2999-01-01")) == ["since"]
    assert kept(home="no", since="2020-02-29")["since"] == "2020-02-29"


@pytest.mark.parametrize(
    ("row", "column", "text", "said"),
    [
        (2, "type", "geopoint", "Foglio “survey”, riga 2, colonna “type”: “geopoint” non si può chiedere"),
        (3, "type", "select_one nothing", "riga 3, colonna “type”: l'elenco “nothing” non è nel foglio “choices”"),
        (3, "type", "select_one yn or_other", "riga 3, colonna “type”"),
        (5, "name", "home", "riga 5, colonna “name”: un'altra domanda ha lo stesso nome"),
        (5, "name", "", "riga 5, colonna “name”"),
        (5, "required", "${home} = 'si'", "riga 5, colonna “required”"),
        (5, "constraint", "regex(., '(a+)+$')", "riga 5, colonna “constraint”: “regex”"),
        (5, "constraint", ". >", "riga 5, colonna “constraint”: la condizione si interrompe"),
        (6, "relevant", "${metres} > 3", "riga 6, colonna “relevant”: parla di “metres”, che non si chiede prima"),
        (6, "relevant", "${home} = 'maybe'", "riga 6, colonna “relevant”: “maybe” non è un'opzione di “home”"),
        (7, "type", "text", "riga 4, colonna “type”: il gruppo che comincia qui non finisce"),
        (10, "label", "Ciao ${home}", "riga 10, colonna “label::Italiano (it)”"),
        (10, "label", "", "riga 10, colonna “label”: scrivi che cosa si chiede"),
    ],
)
def test_a_form_that_does_not_hold_gets_the_sentence_that_says_where(row, column, text, said):
    with translation.override("it"), pytest.raises(ValidationError) as error:
        xlsform.understood(told(changed(row, column, text)))
    assert any(said in sentence for sentence in error.value.messages), error.value.messages


def test_files_that_are_no_form_are_refused_in_a_sentence():
    cases = [
        ("a.csv", b"type,name\n", ".xlsx"),
        ("a.xlsx", b"", ""),
        ("a.xls", b"PK\x03\x04 nonsense", ""),
        ("a.xlsx", b"x" * (xlsform.MOST_BYTES + 1), "2 MB"),
        ("a.xlsx", book([["label", "label", "type"], ["x", "y", "text"]]), "pyxform"),
    ]
    for name, content, said in cases:
        with translation.override("it"), pytest.raises(ValidationError) as error:
            xlsform.read(name, content)
        assert any(said in sentence for sentence in error.value.messages), (name, error.value.messages)
    several = [*CHOICES, ["yn", "si", "Ancora"], ["yn", "due parole", "x"]]
    for rows, said in (
        (told([["type", "name", "label"]]), "survey"),
        (told(SURVEY, several), "riga 6, colonna “name”: l'opzione “si” c'è due volte"),
        (told(SURVEY, several), "riga 7, colonna “name”: “due parole”"),
        (told([["type", "name", "label"], *[["text", f"n{n}", "?"] for n in range(41)]]), "40"),
    ):
        with translation.override("it"), pytest.raises(ValidationError) as error:
            xlsform.understood(rows)
        assert any(said in sentence for sentence in error.value.messages), error.value.messages


def test_questions_go_out_as_a_workbook_and_come_back_the_same(form):
    out = xlsform.written(form.questions, "Domande", 3)
    assert xlsform.read("di ritorno.xlsx", out).questions == form.questions
    # Those built on the page have options with blanks: the workbook gives these a name, and keeps the words.
    built = [
        Question("d1", "Avete una sede?", "one", ("sì", "no, mai"), required=True),
        Question("d2", "Perché?", "text", after="d1", on="no, mai"),
    ]
    first, second = xlsform.read("x.xlsx", xlsform.written(built, "x", 1)).questions
    assert (first.options, first.option("o2"), second.relevant) == (("sì", "o2"), "no, mai", "selected(${d1}, 'o2')")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("${n} > 3", True),
        ("${n} = '5'", True),
        ("${missing} > 3", False),
        ("not(${missing} > 3)", True),
        ("${missing} = ''", True),
        ("${t} != ''", True),
        ("selected(${m}, 'a') and count-selected(${m}) = 2", True),
        ("selected(${m}, 'c') or string-length(${t}) >= 4", True),
        ("selected(${t}, 'ciao')", True),
        ("${d} < today()", True),
        ("${d} >= '2026-01-01'", False),
        ('${n} > -1 and (${n} < 2 or ${t} = "ciao")', True),
    ],
)
def test_conditions_are_asked_as_an_xlsform_means_them(text, holds):
    answers = {"n": 5, "t": "ciao", "m": ["a", "b"], "d": "2025-12-31"}
    assert conditions.holds(conditions.read(text), answers, today=date(2026, 5, 1)) is holds


@pytest.mark.parametrize(
    "text",
    ["", "${a}", "1 +", "${a} == 2", "${a} = 1 and", "(" * 30 + "1=1" + ")" * 30, "pulldata('x')", "${a} = 1) ",
     "position(..) = 1", "selected('a', 'b')", "x" * 2000, "${a} ' = 1"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(conditions.NotUnderstood):
        conditions.read(text)
