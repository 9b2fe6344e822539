"""Additional questions from an XLSForm: a workbook of which a part is understood, and the rest refused by its place.

Understood are the sheets `survey`, `choices` and `settings`; the types text, integer, decimal, date, note, select_one,
select_multiple, and groups, which fall apart into their questions; the columns name, label and hint (in Italian and
English), required, relevant, constraint and constraint_message. `appearance` and the words of other languages are left
out, and that is said. pyxform reads the workbook in a process of its own and says what is wrong with it as a form.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trama.core import apart
from trama.monitoring import questions as asking
from trama.monitoring.choices import QuestionType
from trama.monitoring.questions import Question

READER = Path(__file__).parent / "xlsform_reader.py"
SECONDS = 60  # by the clock, on a machine that has much to do
MOST_BYTES = 2 * 1024 * 1024
SUFFIXES = (".xlsx", ".xls")
MOST_SAID = 12
TYPES = {
    "text": QuestionType.TEXT,
    "string": QuestionType.TEXT,
    "integer": QuestionType.WHOLE,
    "int": QuestionType.WHOLE,
    "decimal": QuestionType.NUMBER,
    "date": QuestionType.DATE,
    "note": QuestionType.NOTE,
}
CHOOSING = {
    "select_one": QuestionType.ONE,
    "select one": QuestionType.ONE,
    "select one from": QuestionType.ONE,
    "select1": QuestionType.ONE,
    "select_multiple": QuestionType.MANY,
    "select multiple": QuestionType.MANY,
    "select all that apply from": QuestionType.MANY,
}
BEGINS = ("begin_group", "begin group")
ENDS = ("end_group", "end group")
SPOKEN = ("label", "hint", "constraint_message")  # columns that speak a language
PLAIN = {"type": "type", "name": "name", "required": "required", "relevant": "relevant", "constraint": "constraint",
         "relevance": "relevant", "constraint message": "constraint_message"}  # fmt: skip
LEFT_OUT = ("appearance", "notes", "comments", "$given_name")
YES, NO = ("yes", "true", "true()", "1", "sì", "si"), ("no", "false", "false()", "0", "")
LANGUAGES = {"italiano": "it", "italian": "it", "it": "it", "english": "en", "inglese": "en", "en": "en"}


@dataclass
class Form:
    """What was read: the questions, and what the reader should know."""

    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Reading:
    """The work on one workbook: what it holds, and what is wrong with it so far."""

    language: str = "it"
    wrong: list[str] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    lists: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)  # the rows of each list of options
    options: dict[str, list[tuple[str, dict[str, str]]]] = field(default_factory=dict)  # of those that were read
    columns: set[tuple[str, str]] = field(default_factory=set)  # those that were refused: once is enough

    def refuse(self, sheet: str, row: int, column: str, said: str) -> None:
        """Note what is wrong, and where."""
        place = {"sheet": sheet, "row": row, "column": column, "said": said}
        self.wrong.append(_("Sheet “%(sheet)s”, row %(row)s, column “%(column)s”: %(said)s") % place)


def read(name: str, content: bytes) -> Form:
    """The questions of a workbook. Raises ValidationError with one sentence for each thing that is wrong, and where."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValidationError(_("An XLSForm is an Excel workbook: its name ends in .xlsx or .xls."))
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file is larger than 2 MB: an XLSForm is small."))
    return understood(_read_apart(suffix, content))


def understood(found: Mapping[str, Any]) -> Form:
    """The questions of what `xlsform_reader` told of a workbook. Raises ValidationError."""
    if not found["survey"]:
        said = _as_pyxform_says(found["error"]) if found["error"] else ""
        raise ValidationError(said or _("There is no sheet “survey” with questions in this workbook."))
    reading = _Reading(language=_default_language(found["settings"]))
    reading.lists = _lists(found["choices"])
    questions = _questions(found["survey"], reading)
    if not reading.wrong and found["error"]:
        reading.wrong.append(_as_pyxform_says(found["error"]))
    if not reading.wrong and not questions:
        reading.wrong.append(_("There is no sheet “survey” with questions in this workbook."))
    if not reading.wrong and len(questions) > asking.MOST:
        reading.wrong.append(
            _("More than %(n)s questions: who answers from a phone will give up.") % {"n": asking.MOST}
        )
    if reading.wrong:
        more = len(reading.wrong) - MOST_SAID
        raise ValidationError(
            reading.wrong[:MOST_SAID] + ([_("And %(n)s more of this kind.") % {"n": more}] if more > 0 else [])
        )
    return Form(questions, list(reading.notes))


def _read_apart(suffix: str, content: bytes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="trama-") as folder:
        path = Path(folder) / f"form{suffix}"
        path.write_bytes(content)
        try:
            with apart.answer(READER, [str(path)], SECONDS) as told:
                found: dict[str, Any] = json.load(told)
        except (apart.NoAnswer, ValueError) as error:
            raise ValidationError(_("This file cannot be read as a workbook. Save it again as .xlsx.")) from error
    return found


def _as_pyxform_says(said: str) -> str:
    """What pyxform says (in English, with a row where it knows one), in a sentence that says where."""
    row = re.search(r"\[row : (\d+)\]", said)
    text = " ".join(re.sub(r"\[row : \d+\]", "", said).split())[:400]
    if row:
        return _("Sheet “survey”, row %(row)s: pyxform says “%(said)s”") % {"row": row.group(1), "said": text}
    return _("This is not a form that holds together. pyxform says “%(said)s”") % {"said": text}


# --- columns and languages ----------------------------------------------------------------------------------------
def _language(words: str) -> str:
    """The language that the heading of a column names: "Italiano (it)" → "it"; "" if it is neither of ours."""
    code = re.search(r"\(([A-Za-z]{2})(?:[-_][A-Za-z]+)?\)\s*$", words)
    return LANGUAGES.get((code.group(1) if code else words).strip().lower(), "")


def _default_language(settings: Sequence[Mapping[str, Any]]) -> str:
    for row in settings:
        for heading, value in row["cells"].items():
            if heading.strip().lower() == "default_language":
                return _language(str(value)) or "it"
    return "it"


def _cells(sheet: str, row: Mapping[str, Any], known: Mapping[str, str], reading: _Reading) -> dict[str, Any]:
    """The cells of a row by what they are: plain columns by name, spoken ones as `{language: words}`."""
    found: dict[str, Any] = {name: {} for name in SPOKEN}
    for heading, value in row["cells"].items():
        text = str(value).strip()
        if not text:
            continue
        head, _colons, rest = heading.strip().partition("::") if "::" in heading else heading.strip().partition(":")
        column = known.get(head.strip().lower(), head.strip().lower())
        if column in SPOKEN:
            language = _language(rest) if rest.strip() else reading.language
            if language:
                found[column][language] = text
            else:
                reading.notes[_("The words of the column “%(column)s” are left out.") % {"column": heading}] = None
            if column != "constraint_message" and "${" in text:
                reading.refuse(
                    sheet, row["row"], heading, _("words that change with an answer (${ }) are not possible.")
                )
        elif column in known.values():
            found[column] = text
        elif column in LEFT_OUT or not heading.strip():
            reading.notes[_("The column “%(column)s” is left out.") % {"column": heading or "?"}] = None
        elif text.lower() not in NO and (sheet, heading) not in reading.columns:
            reading.columns.add((sheet, heading))
            reading.refuse(
                sheet, row["row"], heading, _("this column is not understood. Empty it, or ask in another way.")
            )
    return found


LISTS = {"list_name": "list_name", "list name": "list_name", "name": "name", "value": "name"}


def _lists(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each list of options; what nobody asks about is never looked at."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        for heading, value in row["cells"].items():
            if LISTS.get(heading.strip().lower()) == "list_name":
                found.setdefault(str(value).strip(), []).append(row)
    return found


def _options(name: str, reading: _Reading) -> list[tuple[str, dict[str, str]]]:
    """The options of a list: the name of each, and its words by language."""
    if name in reading.options:
        return reading.options[name]
    found: dict[str, dict[str, str]] = {}
    for row in reading.lists[name]:
        cells = _cells("choices", row, LISTS, reading)
        value, said = cells.get("name", ""), ""
        if not value:
            said = _("write the name of the option.")
        elif re.search(r"\s|,", value):
            said = _("“%(name)s” has a blank or a comma in it: a name has none.") % {"name": value[:60]}
        elif value in found:
            said = _("the option “%(name)s” is there twice.") % {"name": value[:60]}
        if said:
            reading.refuse("choices", row["row"], "name", said)
        if not cells["label"]:
            reading.refuse("choices", row["row"], "label", _("write what is read of this option."))
        found[value] = cells["label"]
    return reading.options.setdefault(name, list(found.items()))


# --- questions ----------------------------------------------------------------------------------------------------
def _questions(rows: Sequence[Mapping[str, Any]], reading: _Reading) -> list[Question]:
    found: dict[str, Question] = {}
    groups: list[tuple[str, int]] = []  # under which conditions what follows is asked, and where each began
    for row in rows:
        cells = _cells("survey", row, PLAIN, reading)
        kind = " ".join(cells.get("type", "").split())
        if not kind:
            if cells.get("name") or cells["label"]:
                reading.refuse("survey", row["row"], "type", _("write the kind of question."))
            continue
        if kind.lower() in BEGINS:
            groups.append((cells.get("relevant", ""), row["row"]))
            if cells["label"]:
                _add(_heading(cells, groups, row), row, found, reading)
            continue
        if kind.lower() in ENDS:
            if not groups:
                reading.refuse("survey", row["row"], "type", _("a group ends here that did not begin."))
            else:
                groups.pop()
            continue
        question = _question(kind, cells, groups, row, reading)
        if question is not None:
            _add(question, row, found, reading)
    for _relevant, began in groups:
        reading.refuse("survey", began, "type", _("the group that begins here does not end."))
    return list(found.values())


def _add(question: Question, row: Mapping[str, Any], found: dict[str, Question], reading: _Reading) -> None:
    for column, said in asking.problems(question, found):
        reading.refuse("survey", row["row"], column, said)
    found[question.key if question.key not in found else f"{question.key} {row['row']}"] = question


def _joined(*texts: str) -> str:
    parts = [text.strip() for text in texts if text.strip()]
    return " and ".join(f"({text})" for text in parts) if len(parts) > 1 else "".join(parts)


def _heading(cells: Mapping[str, Any], groups: Sequence[tuple[str, int]], row: Mapping[str, Any]) -> Question:
    """The label of a group stands before its questions as a note."""
    name = cells.get("name") or f"group_{row['row']}"
    relevant = _joined(*(text for text, _row in groups))
    return Question(
        name, _first(cells["label"]), QuestionType.NOTE.value, words=_words(cells["label"]), relevant=relevant
    )


def _first(words: Mapping[str, str]) -> str:
    return words.get("it") or next(iter(words.values()), "")


def _words(words: Mapping[str, str]) -> dict[str, str]:
    """The words by language, without the Italian ones that the label holds already."""
    return {language: text for language, text in words.items() if language != "it"}


def _question(
    kind: str, cells: Mapping[str, Any], groups: Sequence[tuple[str, int]], row: Mapping[str, Any], reading: _Reading
) -> Question | None:
    number = row["row"]
    type_, list_name = _kind(kind)
    if type_ is None:
        said = _("“%(kind)s” is not possible on a sheet: text, integer, decimal, date, note, select_one and "
                 "select_multiple are.") % {"kind": kind[:60]}  # fmt: skip
        reading.refuse("survey", number, "type", said)
        return None
    options: list[tuple[str, dict[str, str]]] = []
    if type_ in asking.CHOOSING:
        if list_name not in reading.lists:
            said = _("the list “%(name)s” is not in the sheet “choices”.") % {"name": list_name[:60]}
            reading.refuse("survey", number, "type", said)
            return None
        options = _options(list_name, reading)
    required = cells.get("required", "").lower()
    if required not in YES and required not in NO:
        reading.refuse("survey", number, "required", _("write yes or no: a condition is not possible here."))
    label = cells["label"]
    return Question(
        key=cells.get("name", ""),
        label=_first(label),
        type=type_.value,
        options=tuple(value for value, _labels in options),
        required=required in YES and type_ != QuestionType.NOTE,
        words=_words(label),
        hints=cells["hint"],
        option_words=dict(options),
        relevant=_joined(*(text for text, _row in groups), cells.get("relevant", "")),
        constraint=cells.get("constraint", ""),
        refusal=cells["constraint_message"],
    )


def _kind(text: str) -> tuple[QuestionType | None, str]:
    """The kind of a question and the list that it chooses from."""
    if text.lower() in TYPES:
        return TYPES[text.lower()], ""
    for words in sorted(CHOOSING, key=len, reverse=True):
        if text.lower().startswith(f"{words} "):
            rest = text[len(words) :].strip()
            # "or_other", a second word, and files of options ask for more than a list.
            return (CHOOSING[words], rest) if rest and " " not in rest else (None, "")
    return None, ""


# --- and back -----------------------------------------------------------------------------------------------------
def written(questions: Sequence[Question], title: str, version: int) -> bytes:
    """The questions as an XLSForm, to be changed in a spreadsheet, used elsewhere, and loaded again."""
    import io

    import xlsxwriter

    output = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    bold = book.add_format({"bold": True, "bottom": 1})
    for name, lines in (
        ("survey", _survey_lines(questions)),
        ("choices", _choices_lines(questions)),
        ("settings", [["form_title", "version", "default_language"], [title, str(version), "Italiano (it)"]]),
    ):
        sheet = book.add_worksheet(name)
        sheet.set_column(0, 20, 24)
        sheet.freeze_panes(1, 0)
        for number, line in enumerate(lines):
            for place, text in enumerate(line):
                sheet.write_string(number, place, text, *([bold] if number == 0 else []))
    book.close()
    return output.getvalue()


IT, EN = "Italiano (it)", "English (en)"
NAMES = {"text": "text", "whole": "integer", "number": "decimal", "date": "date", "note": "note"}


def _named(question: Question) -> dict[str, str]:
    """A name without blanks for each option: its own, where it is one."""
    return {
        value: f"o{number}" if re.search(r"\s|,", value) else value
        for number, value in enumerate(question.options, start=1)
    }


def _survey_lines(questions: Sequence[Question]) -> Iterator[list[str]]:
    by_key = {question.key: question for question in questions}
    yield ["type", "name", *(f"{column}::{language}" for column in SPOKEN for language in (IT, EN)),
           "required", "relevant", "constraint"]  # fmt: skip
    for number, question in enumerate(questions, start=1):
        kind = NAMES.get(question.type)
        if kind is None:
            kind = f"select_{'one' if question.type == QuestionType.ONE else 'multiple'} l{number}"
        after = ""
        if question.after in by_key:
            after = f"selected(${{{question.after}}}, '{_named(by_key[question.after])[question.on]}')"
        spoken = ({"it": question.label, **question.words}, question.hints, question.refusal)
        yield [
            kind,
            question.key,
            *(words.get(language, "") for words in spoken for language in ("it", "en")),
            "yes" if question.required else "",
            _joined(after, question.relevant),
            question.constraint,
        ]


def _choices_lines(questions: Sequence[Question]) -> Iterator[list[str]]:
    yield ["list_name", "name", f"label::{IT}", f"label::{EN}"]
    for number, question in enumerate(questions, start=1):
        for value, name in _named(question).items():
            words = question.option_words.get(value, {})
            yield [f"l{number}", name, words.get("it", value), words.get("en", "")]


def example() -> list[Question]:
    """Questions to begin with, for who has none yet: one of each kind, with skip logic."""
    return [
        Question("sede", "Avete una sede?", QuestionType.ONE.value, ("si", "no"), required=True,
                 words={"en": "Do you have premises?"},
                 option_words={"si": {"it": "Sì", "en": "Yes"}, "no": {"it": "No", "en": "No"}}),
        Question("stanze", "Quante stanze?", QuestionType.WHOLE.value, words={"en": "How many rooms?"},
                 hints={"it": "Senza i bagni", "en": "Without bathrooms"}, relevant="${sede} = 'si'",
                 constraint=". > 0 and . <= 50", refusal={"it": "Da 1 a 50 stanze.", "en": "From 1 to 50 rooms."}),
        Question("quando", "Quando è aperta?", QuestionType.MANY.value, ("mattina", "sera"),
                 words={"en": "When is it open?"}, relevant="${sede} = 'si'",
                 option_words={"mattina": {"en": "in the morning"}, "sera": {"en": "in the evening"}}),
        Question("altro", "C'è altro da dire?", QuestionType.TEXT.value, words={"en": "Anything else?"}),
    ]  # fmt: skip
