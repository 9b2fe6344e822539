"""The additional questions of a wave: what they are, whether they hold together, and what an answer is worth.

Built on the page or read from an XLSForm, they are the same thing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trama.monitoring import conditions
from trama.monitoring.choices import QuestionType

MOST = 40
MOST_OPTIONS = 60
CHOOSING = (QuestionType.ONE, QuestionType.MANY)
MOST_CHARACTERS = 1000
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True)
class Question:
    """One question.

    `options` are the values of a choice, in its order; what is read instead of a value stands in `option_words`, by
    value and language. `words` and `hints` are by language; `label` is what is asked where a language has no words of
    its own. It is asked when `on` is chosen in the question `after`, and when `relevant` holds of the answers before it
    (`conditions`); `constraint` is asked of its answer, and `refusal` (by language) says what is wrong.
    """

    key: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    required: bool = False
    after: str = ""
    on: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    option_words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    relevant: str = ""
    constraint: str = ""
    refusal: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What is asked, in the language of the reader."""
        return _said(self.words, self.label)

    @property
    def hint(self) -> str:
        """What helps to answer, in the language of the reader."""
        return _said(self.hints, "")

    @property
    def is_note(self) -> bool:
        """Whether it only says something and asks nothing."""
        return self.type == QuestionType.NOTE

    def choices(self) -> list[tuple[str, str]]:
        """The options: value, and what is read of it."""
        return [(value, self.option(value)) for value in self.options]

    def option(self, value: str) -> str:
        """What is read of an option, in the language of the reader."""
        return _said(self.option_words.get(value, {}), value)

    def answer_text(self, value: Any) -> str:
        """An answer in words."""
        if isinstance(value, list):
            return ", ".join(self.option(item) for item in value)
        return self.option(value) if self.type in CHOOSING else str(value)


def _said(words: Mapping[str, str], otherwise: str) -> str:
    language = (get_language() or "it").split("-")[0]
    return words.get(language) or otherwise or next((text for text in words.values() if text), "")


def read(stored: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Questions as a version holds them."""
    return [Question(**{**item, "options": tuple(item.get("options", ()))}) for item in stored]


def written(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as JSON; what is not said is left out."""
    kept = ("key", "label", "type", "options", "required", "after", "on")
    return [
        {name: value for name, value in {**asdict(question), "options": list(question.options)}.items()
         if name in kept or value}
        for question in questions
    ]  # fmt: skip


# --- whether they hold together -----------------------------------------------------------------------------------
def check(questions: Sequence[Question]) -> None:
    """Raise ValidationError with one sentence per thing that does not hold together."""
    wrong = []
    if len(questions) > MOST:
        wrong.append(_("More than %(n)s questions: who answers from a phone will give up.") % {"n": MOST})
    known: dict[str, Question] = {}
    for number, question in enumerate(questions, start=1):
        where = _("Question %(n)s: ") % {"n": number}
        wrong += [where + said for _column, said in problems(question, known)]
        known[question.key] = question
    if wrong:
        raise ValidationError(wrong)


def problems(question: Question, known: Mapping[str, Question]) -> list[tuple[str, str]]:
    """What is wrong with a question after those that are `known`: the column of an XLSForm it stands in, a sentence."""
    found = []
    if not question.label.strip():
        found.append(("label", _("write what is asked.")))
    if question.type not in QuestionType.values:
        found.append(("type", _("this kind of answer is not known.")))
    if question.type in CHOOSING and len(question.options) < 2:
        found.append(("type", _("write at least two options, one per line.")))
    if len(question.options) > MOST_OPTIONS:
        found.append(("type", _("more than %(n)s options are too many to choose from.") % {"n": MOST_OPTIONS}))
    if len(set(question.options)) < len(question.options):
        found.append(("type", _("an option is there twice.")))
    if question.key in known:
        found.append(("name", _("another question has the same name.")))
    elif not KEY.fullmatch(question.key):
        found.append(("name", _("it has no name of its own.")))
    return found + _depends(question, known) + _conditions(question, known)


def _depends(question: Question, known: Mapping[str, Question]) -> list[tuple[str, str]]:
    if not question.after:
        return []
    earlier = known.get(question.after)
    if earlier is None:
        return [("relevant", _("it depends on a question that does not come before it."))]
    if question.on not in earlier.options:
        if not earlier.options:
            return [("relevant", _("the question it depends on has no options to choose among."))]
        accepted_ = ", ".join(f"“{earlier.option(value)}”" for value in earlier.options)
        said = _("“%(option)s” is no answer to the question it depends on: write one of %(options)s.")
        return [("relevant", said % {"option": question.on, "options": accepted_})]
    return []


def _conditions(question: Question, known: Mapping[str, Question]) -> list[tuple[str, str]]:
    found = []
    for column, text in (("relevant", question.relevant), ("constraint", question.constraint)):
        if not text:
            continue
        try:
            tree = conditions.read(text)
        except conditions.NotUnderstood as error:
            found.append((column, str(error)))
            continue
        if column == "relevant" and conditions.speaks_of_itself(tree):
            found.append((column, _("whether it is asked cannot depend on its own answer (the dot).")))
        if column == "constraint" and question.is_note:
            found.append((column, _("a note has no answer to look at.")))
        found += [
            (column, _("it speaks of “%(name)s”, which is not asked before it.") % {"name": name})
            for name in dict.fromkeys(conditions.names(tree))
            if name not in known or known[name].is_note
        ]
        for name, option in conditions.choices(tree):
            asked = known.get(name) if name else question
            if asked is not None and asked.options and option not in asked.options:
                said = _("“%(option)s” is no option of “%(name)s”.") % {"option": option, "name": asked.key}
                found.append((column, said))
    return found


# --- answers ------------------------------------------------------------------------------------------------------
def trees(question: Question) -> list[conditions.Tree]:
    """The conditions under which a question is asked."""
    found: list[conditions.Tree] = []
    if question.after:
        found.append(["selected", ["ref", question.after], question.on])
    if question.relevant:
        found.append(conditions.read(question.relevant))
    return found


def asked_when(question: Question) -> conditions.Tree | None:
    """The condition under which a question is asked; None: always."""
    found = trees(question)
    return None if not found else found[0] if len(found) == 1 else ["and", *found]


def is_asked(question: Question, answers: Mapping[str, Any], questions: Mapping[str, Question]) -> bool:
    """Whether a question is asked after these answers; those to questions that are not asked do not count."""
    found = trees(question)
    wanted = {name for tree in found for name in conditions.names(tree)}
    counting = {
        name: answers[name]
        for name in wanted
        if name in answers and (name not in questions or is_asked(questions[name], answers, questions))
    }
    return all(conditions.holds(tree, counting) for tree in found)


def accepted(questions: Sequence[Question], given: Mapping[str, Any], *, needed: bool = True) -> dict[str, Any]:
    """The answers that are kept: those of questions that are asked, each as JSON of its type.

    `needed`: whether the questions that ask for an answer insist on it; of what has ended nobody has to tell more.
    What is skipped counts as not answered for all that depends on it. Raises ValidationError by key of the question.
    """
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for question in questions:
        if question.is_note or not all(conditions.holds(tree, kept) for tree in trees(question)):
            continue
        try:
            value = _value(question, given.get(question.key))
        except ValueError as error:
            wrong[question.key] = str(error)
            continue
        if value in (None, "", []):
            if question.required and needed:
                wrong[question.key] = _("This one is needed.")
            continue
        kept[question.key] = value
        if question.constraint and not conditions.holds(conditions.read(question.constraint), kept, value):
            wrong[question.key] = _said(question.refusal, "") or _("This cannot be right: look at it again.")
    if wrong:
        raise ValidationError(wrong)
    return kept


def _value(question: Question, raw: Any) -> Any:
    if question.type == QuestionType.MANY:
        chosen = [item for item in (raw or []) if item]
        if not set(chosen) <= set(question.options):
            raise ValueError(_("Choose among the options."))
        return [option for option in question.options if option in chosen]
    text = " ".join(str(raw or "").replace("\x00", "").split())[:MOST_CHARACTERS]
    if not text:
        return None
    if question.type == QuestionType.WHOLE:
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise ValueError(_("Write a whole number, for instance 12."))
        return int(text)
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


# --- in words -----------------------------------------------------------------------------------------------------
def when_asked(question: Question, questions: Mapping[str, Question]) -> str:
    """Under which condition a question is asked, in words: for paper, and where no script runs. "" if always."""
    tree = asked_when(question)
    return _told(tree, questions) if tree else ""


def _told(tree: conditions.Tree, questions: Mapping[str, Question]) -> str:
    word, parts = tree[0], tree[1:]
    if word in {"and", "or"}:
        between = _(" and ") if word == "and" else _(" or ")
        return between.join(
            f"({_told(part, questions)})" if part[0] in {"and", "or"} else _told(part, questions) for part in parts
        )
    if word == "not":
        return _("not (%(what)s)") % {"what": _told(parts[0], questions)}
    if word == "selected":
        return _("to %(what)s you answered %(value)s") % _sides(["=", parts[0], ["text", parts[1]]], questions)
    sentences = {
        "=": _("%(what)s is %(value)s"),
        "!=": _("%(what)s is not %(value)s"),
        "<": _("%(what)s is less than %(value)s"),
        "<=": _("%(what)s is at most %(value)s"),
        ">": _("%(what)s is more than %(value)s"),
        ">=": _("%(what)s is at least %(value)s"),
    }
    if word in {"=", "!="} and parts[1] == ["text", ""]:
        sentence = _("%(what)s has no answer") if word == "=" else _("%(what)s has an answer")
        return sentence % {"what": _operand(parts[0], None, questions)}
    return sentences[word] % _sides(tree, questions)


def _sides(tree: conditions.Tree, questions: Mapping[str, Question]) -> dict[str, str]:
    _word, left, right = tree
    about = questions.get(left[1]) if left[0] == "ref" else None
    return {"what": _operand(left, None, questions), "value": _operand(right, about, questions)}


def _operand(node: conditions.Tree, about: Question | None, questions: Mapping[str, Question]) -> str:
    if node[0] == "text":
        return f"“{about.option(node[1]) if about and node[1] in about.options else node[1]}”"
    if node[0] == "number":
        return str(node[1])
    if node[0] == "today":
        return _("today")
    if node[0] == "self":
        return _("the answer")
    if node[0] == "ref":
        asked = questions.get(node[1])
        return f"“{asked.text if asked else node[1]}”"
    inner = _operand(node[1], None, questions)
    sentence = _("how many you chose in %(what)s") if node[0] == "count" else _("the length of the answer to %(what)s")
    return sentence % {"what": inner}
