"""What is asked: about a wave, on a sheet, about a question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.declarations import Asked, Monitored, gathered
from trama.core.meanwhile import SALT, Conflict, MeanwhileForm
from trama.monitoring.actions.making import FIELDS, count_of
from trama.monitoring.choices import BY_WORKER, Answer, QuestionType, Rule
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.permissions import OPENERS
from trama.monitoring.questions import MOST_CHARACTERS, Question, asked_when, when_asked
from trama.territory import finding
from trama.ui.numbers import day
from trama.ui.numbers import number as written

MOST_AREAS = 80  # boxes to tick; beyond that only the wider areas
MOST_PEOPLE = 1_000_000
PRECISIONS = (("exact", _("exact")), ("estimated", _("estimated")), ("unknown", _("I do not know")))


def _day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, required=required, widget=_day_input())


def areas_to_choose(actor: Actor, roles: frozenset[str] = OPENERS) -> list[tuple[int, str]]:
    """The areas on which the actor holds one of these roles, in tree order; the widest when they are many."""
    reach = None if actor.everywhere(roles) else actor.areas_with(roles)
    nodes = [node for node in finding.nodes().values() if node.in_force and (reach is None or node.id in reach)]
    depth = max((node.depth for node in nodes), default=0)
    while len(nodes) > MOST_AREAS and depth > 0:
        depth -= 1
        nodes = [node for node in nodes if node.depth <= depth] or nodes[:MOST_AREAS]
    # Em spaces: one sees what lies below what, and that ticking the one above is enough.
    top = min((node.depth for node in nodes), default=0)
    return [
        (node.id, "\u2003" * (node.depth - top) + node.name) for node in sorted(nodes, key=lambda node: node.position)
    ]


# How many a wave reaches hangs on none of these: it can be asked before a name is found.
NOT_COUNTED = {"name", "promoter", "answer_by", "remind_after", "last_call", "aim", "times_apart"}


class WaveForm(forms.Form):
    """A wave: what is looked at, where, and until when one may answer."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("For instance: Community work, 2026"))
    promoter = forms.CharField(label=_("Promoted by"), max_length=200, help_text=_("The body that asks."))
    researcher = forms.CharField(
        label=_("Carried out by"), max_length=200, required=False, help_text=_("Who gathers and reads the answers.")
    )
    starts_on = _day(_("Period observed: from"))
    ends_on = _day(_("Period observed: until"))
    answer_by = _day(_("Answers until"), _("The links work three days longer."))
    areas = forms.TypedMultipleChoiceField(
        label=_("Where"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What lies below an area belongs to it."),
        error_messages={"required": _("Say where: at least one area.")},
    )
    rule = forms.ChoiceField(label=_("Which ones"), choices=Rule.choices, widget=forms.RadioSelect)
    kinds = forms.MultipleChoiceField(
        label=_("Only some kinds"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("No box ticked: all kinds."),
    )
    remind_after = forms.IntegerField(
        label=_("Days between reminders"), min_value=3, max_value=90, help_text=_("Counted from the opening.")
    )
    last_call = forms.IntegerField(
        label=_("Last reminder: how many days before the end"), min_value=0, max_value=30,
    )  # fmt: skip
    aim = forms.IntegerField(
        label=_("Answers hoped for, in 100 sheets"), min_value=1, max_value=100,
        help_text=_("The board says which areas are still below, and so does whoever closes."),
    )  # fmt: skip
    times_apart = forms.IntegerField(
        label=_("A number is doubted from how many times the last one"), min_value=2, max_value=100,
        help_text=_("Ten: 500 people where there were 50 is worth a second look."),
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, what: str = "experiences", **more: Any) -> None:
        super().__init__(*args, **more)
        self.what = what
        self.is_counting = "count" in self.data
        self.fields["areas"].choices = areas_to_choose(actor)  # type: ignore[attr-defined]
        self.fields["kinds"].choices = list(gathered.monitored[what].kinds())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.is_counting:
            for name in NOT_COUNTED & set(self.errors):
                del self.errors[name]
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _now("The period ends before it starts: which of the two days is right?"))
        last = data.get("answer_by")
        if last and last < timezone.localdate() and not self.is_counting:
            self.add_error("answer_by", _now("This day is past: nobody could answer any more. Choose a later one."))
        return data | {"what": self.what}

    def count(self) -> int:
        """How many records this would ask about."""
        data = self.cleaned_data
        return count_of(self.what, data["areas"], data["starts_on"], data["ends_on"], data["kinds"], data["rule"])


def initial_of(wave: Wave) -> dict[str, Any]:
    """A wave as its form shows it."""
    return {**{name: getattr(wave, name) for name in FIELDS}, "areas": sorted(wave.area_ids())}


# --- a sheet ------------------------------------------------------------------------------------------------------
class SheetForm(MeanwhileForm):
    """The declared fields of a record as they stand, the additional questions, and one of four answers.

    Others may change the record, or answer the same sheet, while it is open in a browser: what only they changed is
    kept, what both changed differently is asked, and nobody confirms what they have not seen.
    """

    # Without a button pressed (the key Enter) the answer is told from what was filled in.
    answer = forms.ChoiceField(
        choices=[choice for choice in Answer.choices if choice[0] != Answer.WAITING], required=False
    )
    ended_on = _day(_("When did it end?"), _("The last day of that month is enough."), required=False)
    note = forms.CharField(
        label=_("Who could know?"),
        max_length=300,
        required=False,
        help_text=_("The name of an organisation or an office."),
    )
    channel = forms.ChoiceField(
        label=_("How did the answer come?"),
        required=False,
        error_messages={"required": _("Say how the answer came.")},
    )
    # The moment of the answer that was shown when the form was opened ("none"): nobody overwrites what they never saw.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    # Sent by a form that came back: who confirms now has seen what they had typed.
    typed_seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, monitored: Monitored, content: Mapping[str, Any], questions: Sequence[Question], sheet: Sheet,
        by_worker: bool = False, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **more)
        self.monitored, self.questions = monitored, questions
        self.sheet, self.is_stale, self.is_unseen = sheet, False, False
        self.starts_on = content.get("starts_on") or ""
        # What the record says while this form is looked at: an answer holds only as long as that is so.
        self.stood = {asked.key: content.get(asked.key) for asked in monitored.fields}
        self.together = tuple((one.key, f"{one.key}_precision") for one in monitored.fields if one.kind == "count")
        self.news: tuple[str, ...] = ()
        self.initial["seen"] = seen_of(sheet)
        if by_worker:
            self.fields["channel"].choices = [(c.value, c.label) for c in BY_WORKER]  # type: ignore[attr-defined]
            self.fields["channel"].required = True
            self.fields["channel"].widget = forms.RadioSelect(choices=self.fields["channel"].choices)  # type: ignore[attr-defined]
        else:
            del self.fields["channel"]
        for asked in monitored.fields:
            self._add_asked(asked, content.get(asked.key))
        for question in (one for one in questions if not one.is_note):
            self.fields[f"q_{question.key}"] = _question_field(question)
            if question.key in sheet.answers:
                self.initial[f"q_{question.key}"] = sheet.answers[question.key]

    def _add_asked(self, asked: Asked, value: Any) -> None:
        given: dict[str, Any] = {"label": asked.label, "help_text": asked.hint, "required": False}
        if asked.kind == "count":
            number = forms.IntegerField(min_value=0, max_value=MOST_PEOPLE, **given)
            number.widget.attrs["inputmode"] = "numeric"
            self.fields[asked.key] = number
            words = _now("%(what)s: how do you know?") % {"what": asked.label}
            known = forms.ChoiceField(label=words, choices=PRECISIONS,
                                      required=False, widget=forms.RadioSelect)  # fmt: skip
            self.fields[f"{asked.key}_precision"] = known
            self.initial[asked.key], self.initial[f"{asked.key}_precision"] = value or (None, "unknown")
        elif asked.kind == "date":
            self.fields[asked.key] = forms.DateField(widget=_day_input(), **given)
            self.initial[asked.key] = date.fromisoformat(value) if value else None
        else:
            widget = forms.Textarea(attrs={"rows": 3}) if asked.kind == "long" else forms.TextInput()
            self.fields[asked.key] = forms.CharField(widget=widget, max_length=4000, **given)
            self.initial[asked.key] = value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        refused = not self._asked_names().isdisjoint(self.errors)
        changed = refused or any(self._is_changed(asked) for asked in self.monitored.fields)
        if not data.get("answer"):
            found = Answer.ENDED if data.get("ended_on") else Answer.UPDATED if changed else ""
            data["answer"] = str(found)
            if not found:
                self.add_error(None, _now("Choose one of the four answers."))
        self._forget_other_sections(data["answer"])
        self.is_stale = bool(self.sheet.answered_at) and data.get("seen") not in {"", None, seen_of(self.sheet)}
        if self.is_stale:
            pass  # before anything else, what was answered meanwhile is to be looked at
        elif unseen := self._unseen(data["answer"]):
            self.is_unseen = True
            said = _now("Meanwhile somebody changed: %(fields)s. See how it stands now, then answer once more.")
            self.add_error(None, said % {"fields": ", ".join(unseen)})
        elif data["answer"] == Answer.CONFIRMED and changed and not data.get("typed_seen"):
            # What was typed is not lost because the other button was nearer: it is asked for, once.
            said = _now("You typed something under “Something has changed”: save it there, or press “Yes” again.")
            self.add_error(None, said)
        elif data["answer"] == Answer.UPDATED:
            self._clean_update(data, changed)
        elif data["answer"] == Answer.ENDED:
            self._refuse_before_start("ended_on", data.get("ended_on"), self.starts_on)
        return data

    # --- others at the same record ---
    def met(self) -> list[str]:
        """The fields of the record and the additional questions: all else is this answer's alone."""
        asked = self._asked_names()
        return [name for name in self.fields if name in asked or name.startswith("q_")]

    def meet(self, record: Model, actor: Actor) -> bool:
        """Bring together what was typed and what others wrote meanwhile (`core.meanwhile`); keeps what they changed."""
        now = {name: self._shown(name) for name in self.met()}
        if self.is_bound:
            base = self._base(now)
            self.news = tuple(name for name in now if now[name] != base.get(name))
        return super().meet(record, actor)

    def _told(self, names: list[str], now: dict[str, Any], record: Model, actor: Actor) -> Conflict:
        told = super()._told(names, now, record, actor)
        # To the bearer of a link no name is told.
        return replace(told, who=_now("somebody else")) if actor.user is None else told

    def _unseen(self, answer: str) -> list[str]:
        """The labels of what others changed and this answer would speak of without having seen it."""
        if answer == Answer.CONFIRMED:
            found = [name for name in self.news if not name.startswith("q_")]
        elif answer == Answer.ENDED:
            found = [name for name in self.news if name == "ends_on"]
        else:
            found = []
        return list(dict.fromkeys(self._label(name.removesuffix("_precision")) for name in found))

    @property
    def said_of_kept(self) -> str:
        """What is said after an update, of what somebody else changed meanwhile; "" if nothing."""
        if not self.kept or self.cleaned_data.get("answer") != Answer.UPDATED:
            return ""
        return _now("What somebody else changed meanwhile is kept: %(fields)s.") % {"fields": ", ".join(self.kept)}

    @property
    def must_choose(self) -> bool:
        """Whether two people changed the same thing differently, and this answer would write one of the two."""
        answer = str(getattr(self, "cleaned_data", {}).get("answer") or "")
        written_ = {Answer.UPDATED: "", Answer.CONFIRMED: "q_", Answer.ENDED: "q_"}
        return answer in written_ and any(one.name.startswith(written_[Answer(answer)]) for one in self.conflicts)

    def _asked_names(self) -> set[str]:
        return {name for asked in self.monitored.fields for name in (asked.key, f"{asked.key}_precision")}

    def _forget_other_sections(self, answer: str) -> None:
        """What stands wrong in the section of another answer is none of this one's business."""
        sections = {Answer.UPDATED: self._asked_names(), Answer.ENDED: {"ended_on"}, Answer.NOT_MINE: {"note"}}
        others = {name for key, names in sections.items() if answer and key != answer for name in names}
        if answer == Answer.NOT_MINE:
            others |= {name for name in self.fields if name.startswith("q_")}
        for name in others & set(self.errors):
            del self.errors[name]

    def _clean_update(self, data: dict[str, Any], changed: bool) -> None:
        if not changed:
            self.add_error(None, _now("You changed nothing: if all is well, confirm it."))
        for asked in self.monitored.fields:
            if asked.kind == "count":
                self._clean_count(asked.key, data)
        start = data.get("starts_on")
        if isinstance(start, date):
            self._refuse_before_start("ends_on", data.get("ends_on"), start.isoformat())

    def _refuse_before_start(self, name: str, stop: Any, start: str) -> None:
        if isinstance(stop, date) and start and stop.isoformat() < start:
            said = _now("It began on %(day)s: it cannot have ended before.") % {"day": day(date.fromisoformat(start))}
            self.add_error(name, said)

    def say_answered_meanwhile(self, sheet: Sheet, who: str) -> None:
        """Ask once more, over the answer that somebody gave meanwhile; who sends the form then has seen it."""
        said = _now("Meanwhile %(who)s answered: “%(answer)s”. Look at it, and answer again only if you have to.")
        self.add_error(None, said % {"who": who, "answer": sheet.get_answer_display()})
        self.sheet = sheet

    def come_back(self) -> None:
        """Prepare to be shown again: whoever sends it then has seen what they typed, and what was answered."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["seen"] = seen_of(self.sheet)
        if self.is_stale or self.is_unseen or self.must_choose:
            now = {name: self._shown(name) for name in self.met()}
            data["base"] = signing.dumps(now, salt=SALT, compress=True)
        if self.is_stale or self._typed_something():
            data["typed_seen"] = "1"
        self.data = data

    def _is_changed(self, asked: Asked) -> bool:
        names = [asked.key, f"{asked.key}_precision"] if asked.kind == "count" else [asked.key]
        sent = [name for name in names if name in self.data and name in self.cleaned_data]
        return any(_plain(self.cleaned_data[name]) != _plain(self.initial.get(name)) for name in sent)

    def _clean_count(self, key: str, data: dict[str, Any]) -> None:
        number, known = data.get(key), data.get(f"{key}_precision") or ""
        if number is None and known in {"exact", "estimated"}:
            self.add_error(key, _now("How many? Write the number, or choose “I do not know”."))
        elif number is not None and known == "unknown":
            self.add_error(key, _now("You wrote a number and “I do not know”: which of the two?"))

    def values(self) -> dict[str, Any]:
        """The declared fields that were changed, as `Monitored.apply` takes them."""
        found: dict[str, Any] = {}
        for asked in filter(self._is_changed, self.monitored.fields):
            value = self.cleaned_data.get(asked.key)
            if asked.kind == "count":
                known = self.cleaned_data.get(f"{asked.key}_precision") or "estimated"
                found[asked.key] = [value, "unknown" if value is None else known]
            elif asked.kind == "date":
                found[asked.key] = value.isoformat() if value else None
            else:
                found[asked.key] = _plain(value)
        return found

    def extra(self) -> dict[str, Any]:
        """The answers to the additional questions, unchecked."""
        return {one.key: self.cleaned_data.get(f"q_{one.key}") for one in self.questions if not one.is_note}

    def given(self) -> dict[str, Any]:
        """What the action `answer` takes."""
        data = self.cleaned_data
        return {
            "values": self.values(),
            "ended_on": data.get("ended_on"),
            "answers": self.extra(),
            "note": data.get("note") or "",
            "seen": data.get("seen") or None,
            "stood": self.stood,
        }

    def take(self, error: ValidationError) -> None:
        """Put what an action refused beside its fields."""
        ended = self.cleaned_data.get("answer") == Answer.ENDED
        for name, messages in getattr(error, "message_dict", {"__all__": error.messages}).items():
            field = name if name in self.fields else f"q_{name}" if f"q_{name}" in self.fields else None
            if ended and (field is None or field in self._asked_names()):
                field = "ended_on"  # of all fields it is the only one that was sent
            for message in messages:
                self.add_error(field, message)

    def known(self) -> list[dict[str, Any]]:
        """What is known of the record, to be read before answering."""
        words = dict(PRECISIONS)
        found = []
        for asked in self.monitored.fields:
            value = self.initial.get(asked.key)
            text = day(value) if asked.kind == "date" and value else str(value if value is not None else "")
            if asked.kind == "count" and value is not None:
                text = f"{written(value)} ({words[self.initial[f'{asked.key}_precision']]})"
            found.append({"label": asked.label, "text": text or _now("not known")})
        return found

    @property
    def opens(self) -> str:
        """The answer whose section is to be shown at once, because something in it was refused; "" if none."""
        if not self.errors:
            return ""
        pressed = str(getattr(self, "cleaned_data", {}).get("answer") or "")
        if not self._asked_names().isdisjoint(self.errors) or pressed == Answer.CONFIRMED:
            return Answer.UPDATED.value if self._typed_something() else ""
        return pressed

    def _typed_something(self) -> bool:
        return bool(self._asked_names() & set(self.errors)) or any(map(self._is_changed, self.monitored.fields))

    def asked_fields(self) -> list[Any]:
        """The bound fields of the record."""
        names = [name for asked in self.monitored.fields for name in (asked.key, f"{asked.key}_precision")]
        return [self[name] for name in names if name in self.fields]

    def question_fields(self) -> list[dict[str, Any]]:
        """The additional questions: the bound field (None: a note), the condition as JSON for the script, in words."""
        by_key = {question.key: question for question in self.questions}
        found = []
        for question in self.questions:
            tree = asked_when(question)
            found.append({
                "question": question,
                "field": None if question.is_note else self[f"q_{question.key}"],
                "when": json.dumps(tree, ensure_ascii=False) if tree else "",
                "told": when_asked(question, by_key),
            })  # fmt: skip
        return found


def seen_of(sheet: Sheet) -> str:
    """What a form remembers of the answer that it showed: its moment."""
    return sheet.answered_at.isoformat() if sheet.answered_at else "none"


def typed_by(data: QueryDict, monitored: Monitored, questions: Sequence[Question]) -> list[tuple[str, str]]:
    """What somebody changed in a form that can no longer be sent: the label of each field, what they typed.

    It is made of what was sent alone, and so tells nobody anything that they did not know.
    """
    try:
        shown = signing.loads(str(data.get("base") or ""), salt=SALT)
    except signing.BadSignature:
        shown = {}
    labels = {one.key: str(one.label) for one in monitored.fields} | {f"q_{one.key}": one.text for one in questions}
    options = {f"q_{one.key}": dict(one.choices()) for one in questions}
    found = []
    for name, label in labels.items():
        typed = [text.replace("\r\n", "\n").strip() for text in data.getlist(name) if text.strip()]
        before = shown.get(name, "")
        if typed and sorted(typed) != (before if isinstance(before, list) else [before]):
            words = options.get(name, {})
            found.append((label, ", ".join(words.get(text, text) for text in typed)[:4000]))
    for name, label in (("ended_on", _now("When did it end?")), ("note", _now("Who could know?"))):
        if text := data.get(name, "").strip():
            found.append((label, text[:300]))
    return found


def _plain(value: Any) -> Any:
    """A text as it is kept, whatever a browser makes of its line ends; nothing is an empty text."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else "" if value is None else value


def _question_field(question: Question) -> forms.Field:
    field = _plain_field(question)
    # Whether it is needed hangs on other answers: `questions.accepted` asks for it.
    field.remark = _("an answer is needed") if question.required else ""  # type: ignore[attr-defined]
    return field


def _plain_field(question: Question) -> forms.Field:
    given: dict[str, Any] = {"label": question.text, "help_text": question.hint, "required": False}
    options = question.choices()
    if question.type == QuestionType.MANY:
        return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **given)
    if question.type == QuestionType.ONE:
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **given)
    if question.type == QuestionType.NUMBER:
        return forms.CharField(max_length=15, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **given)
    if question.type == QuestionType.WHOLE:
        return forms.CharField(max_length=11, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **given)
    if question.type == QuestionType.DATE:
        return forms.CharField(widget=_day_input(), **given)
    return forms.CharField(max_length=MOST_CHARACTERS, widget=forms.Textarea(attrs={"rows": 2}), **given)


class DelegateForm(forms.Form):
    """Somebody else who knows."""

    email = forms.EmailField(label=_("E-mail"), error_messages={"invalid": _("This is not an e-mail address.")})
    name = forms.CharField(label=_("Who it is"), max_length=200, required=False)


class ReasonForm(forms.Form):
    """Why a closed wave is opened again."""

    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ErratumForm(forms.Form):
    """What is wrong in a closed wave."""

    figure = forms.ChoiceField(
        label=_("What it is about"), help_text=_("The figures as they were frozen; the last choice is for a text.")
    )  # fmt: skip
    other = forms.CharField(label=_("Which text, if it is no figure"), max_length=200, required=False)
    was = forms.CharField(
        label=_("What was printed"), max_length=300, required=False, help_text=_("Left empty: the frozen figure.")
    )  # fmt: skip
    should_be = forms.CharField(label=_("What is right"), max_length=300)
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, printed: Mapping[str, str], **more: Any) -> None:
        """`printed`: the frozen figures, what each is called and what was printed of it."""
        super().__init__(*args, **more)
        self.printed = printed
        options = [(name, f"{name}: {text}") for name, text in printed.items()]
        self.fields["figure"].choices = [("", "—"), *options, (OTHER, _now("Something else"))]  # type: ignore[attr-defined]
        for name in ("other", "was"):
            self.fields[name].remark = _("if it is needed")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("figure") == OTHER:
            for name in ("other", "was"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _now("Write it: it is no figure of the list."))
        elif data.get("figure"):
            data["was"] = data.get("was") or self.printed[data["figure"]]
        return data

    def given(self) -> dict[str, str]:
        """What the action `write_erratum` takes."""
        data = self.cleaned_data
        about = data["other"] if data["figure"] == OTHER else data["figure"][:200]
        return {"figure": about, **{name: data[name] for name in ("was", "should_be", "reason")}}


OTHER = "?"


def suggested() -> dict[str, Any]:
    """What a new wave starts from: the last whole year, answers within a month."""
    today = timezone.localdate()
    return {
        "starts_on": date(today.year - 1, 1, 1),
        "ends_on": date(today.year - 1, 12, 31),
        "answer_by": date.fromordinal(today.toordinal() + 30),
        "rule": Rule.ACTIVE.value,
        "remind_after": 10,
        "last_call": 3,
        "aim": 80,
        "times_apart": 10,
    }
