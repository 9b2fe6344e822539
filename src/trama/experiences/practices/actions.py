"""Every change to good-practice sheets: one transaction, the rows, the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import codes, history, search
from trama.core.actor import Actor
from trama.core.legible import legible
from trama.core.models import Code
from trama.experiences import actions as experiences
from trama.experiences.choices import ExperienceState
from trama.experiences.models import PRACTICE_FACETS, PRACTICE_TEXTS, Experience, Practice, PracticeCode
from trama.experiences.practices.reach import reach_in
from trama.territory import finding

PLAIN = ("name", *PRACTICE_TEXTS)


class SheetChanged(Exception):
    """Somebody else saved the sheet after this form was opened. Nothing was written."""

    def __init__(self, practice: Practice) -> None:
        super().__init__(_("Somebody else changed this sheet in the meantime."))
        self.practice = practice


# --- who may --------------------------------------------------------------------------------------------------------
def may_edit(actor: Actor, practice: Practice) -> bool:
    """Whoever may change the experience may change what is told of it."""
    return experiences.may_edit(actor, practice.experience)


def may_publish(actor: Actor, experience: Experience) -> bool:
    """Whether the actor may show a sheet of this experience to everybody: as for the experience itself."""
    return experiences.may_edit(actor, experience) and experiences.may_publish(actor, experience)


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied(_("You may not change this sheet."))


def locked(practice: Practice) -> Practice:
    """The row as it is now, kept from others until the transaction ends."""
    return Practice.objects.select_for_update(of=("self",)).select_related("experience").get(pk=practice.pk)


# --- saving ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def save_practice(
    actor: Actor,
    data: Mapping[str, Any],
    practice: Practice | None = None,
    *,
    experience: Experience | None = None,
    expected: datetime | None = None,
) -> Practice:
    """Write a sheet, new (of `experience`) or known. What `data` does not name stays as it is.

    `data` holds texts by their names and `codes` as `{facet: [values]}`. Raises ValidationError by field,
    PermissionDenied, and SheetChanged when the sheet is no longer as it was at `expected` (its `edited_at`).
    """
    before: dict[str, Any] | None = None
    was: dict[str, Any] = {}
    if practice is None:
        if experience is None:
            raise ValidationError({"experience": _("Say of which experience you tell.")})
        practice = Practice(experience=experience, author_id=actor.user)
    else:
        practice = locked(practice)
        if expected is not None and practice.edited_at != expected:
            raise SheetChanged(practice)
        before, was = history.state_of(practice), codes_of(practice)
    _refuse_unless(may_edit(actor, practice))
    for name in PLAIN:
        if name in data:
            text = legible(str(data[name] or ""))
            setattr(practice, name, " ".join(text.split()) if name == "name" else text)
    if not practice.name:
        raise ValidationError({"name": _("Give the sheet a title: what others would look for.")})
    if practice.state == ExperienceState.PUBLISHED:
        _refuse_unless(may_publish(actor, practice.experience))
        if missing := missing_texts(practice) | reach_told(practice):
            raise ValidationError(missing)
    practice.full_clean(exclude=["experience", "author"])
    practice.save()
    _write_codes(practice, data.get("codes"))
    now = codes_of(practice)
    extra = {key: [was.get(key, []), now[key]] for key in now if was.get(key, []) != now[key]}
    if before is not None and not extra and not history.differences(practice, before):
        return practice
    practice.edited_at = timezone.now()
    Practice.objects.filter(pk=practice.pk).update(edited_at=practice.edited_at)
    history.record(actor, "created" if before is None else "changed", practice, before, extra)
    return practice


def codes_of(practice: Practice) -> dict[str, list[str]]:
    """The codes of a sheet by facet, as the audit keeps them."""
    found: dict[str, list[str]] = {facet: [] for facet in PRACTICE_FACETS}
    rows = PracticeCode.objects.filter(practice=practice).order_by("code_id")
    for facet, code in rows.values_list("facet", "code_id"):
        found[facet].append(code)
    return found


def _write_codes(practice: Practice, wanted: Mapping[str, Iterable[str]] | None) -> None:
    for facet, values in (wanted or {}).items():
        if facet not in PRACTICE_FACETS:
            raise ValidationError(_("“%(facet)s” is not something a sheet is told apart by.") % {"facet": facet})
        keys = list(dict.fromkeys(_code(facet, value) for value in values))
        rows = PracticeCode.objects.filter(practice=practice, facet=facet)
        known = set(rows.order_by().values_list("code_id", flat=True))
        rows.exclude(code__in=keys).delete()
        PracticeCode.objects.bulk_create(
            [PracticeCode(practice=practice, facet=facet, code_id=key) for key in keys if key not in known]
        )


def _code(facet: str, value: Any) -> str:
    key = str(value) if str(value).startswith(f"{facet}:") else codes.key(facet, str(value))
    if key not in codes.all_codes() and not Code.objects.filter(pk=key).exists():
        raise ValidationError({facet: _("“%(value)s” is not in the list.") % {"value": str(value)[:60]}})
    return key


# --- its life -------------------------------------------------------------------------------------------------------
def missing_texts(practice: Practice) -> dict[str, str]:
    """The texts without which a sheet helps nobody and that are still empty, by field, each as a sentence."""
    needed = {
        "summary": _("Two lines that make somebody want to read on."),
        "problem": _("Which problem it answered: without it nobody knows whether it is theirs."),
        "done": _("What was done, step by step."),
        "worked": _("What worked, and how you know."),
        "conditions": _("What must be there for it to work elsewhere too."),
    }
    return {name: said for name, said in needed.items() if not getattr(practice, name).strip()}


def reach_told(practice: Practice) -> dict[str, str]:
    """The texts in which a telephone number, a mail box or a tax code stands, by field, each as a sentence."""
    return {name: said for name in PLAIN if (said := reach_in(getattr(practice, name)))}


def missing_for_publishing(practice: Practice) -> dict[str, str]:
    """What a draft still needs before everybody reads it."""
    missing = missing_texts(practice) | reach_told(practice)
    if practice.experience.state != ExperienceState.PUBLISHED:
        missing["experience"] = _("The experience itself is still a draft: publish it first.")
    return missing


def _changed(actor: Actor, verb: str, practice: Practice, may: bool, **fields: Any) -> Practice:
    """Set some fields of a locked sheet and write the act."""
    _refuse_unless(may)
    before = history.state_of(practice)
    for name, value in fields.items():
        setattr(practice, name, value)
    practice.save(update_fields=list(fields))
    history.record(actor, verb, practice, before)
    return practice


@transaction.atomic
def publish_practice(actor: Actor, practice: Practice) -> Practice:
    """Show a sheet to everybody. Raises ValidationError by field when something is still missing."""
    row = locked(practice)
    _refuse_unless(may_edit(actor, row))
    if missing := missing_for_publishing(row):
        raise ValidationError(missing)
    may = may_publish(actor, row.experience)
    return _changed(actor, "published", row, may, state=ExperienceState.PUBLISHED, edited_at=timezone.now())


@transaction.atomic
def unpublish_practice(actor: Actor, practice: Practice) -> Practice:
    """Take a sheet back to draft."""
    row = locked(practice)
    may = may_publish(actor, row.experience)
    return _changed(actor, "unpublished", row, may, state=ExperienceState.DRAFT, edited_at=timezone.now())


@transaction.atomic
def confirm_practice(actor: Actor, practice: Practice) -> Practice:
    """Whoever answers for it says that the sheet still holds today."""
    row = locked(practice)
    return _changed(actor, "confirmed", row, may_edit(actor, row), confirmed_on=timezone.localdate())


@transaction.atomic
def mark_practice_used(actor: Actor, practice: Practice) -> Practice:
    """Whoever took it up, and may change what was made of it, says that it worked there too."""
    row = locked(practice)
    _refuse_unless(Practice.objects.visible_to(actor).filter(pk=row.pk).exists())
    return _changed(actor, "used", row, took_it_up(actor, row), used_on=timezone.localdate())


def took_it_up(actor: Actor, practice: Practice) -> bool:
    """Whether one of the experiences that were taken from this sheet is the actor's to change."""
    rows = Experience.objects.visible_to(actor).filter(taken_from=practice).order_by("pk")[:50]
    return actor.is_known and any(experiences.may_edit(actor, row) for row in rows)


@transaction.atomic
def take_up(actor: Actor, practice: Practice, area: int | None = None, name: str = "") -> Experience:
    """A new draft experience in another area, made from the sheet; both remember it.

    Without a `name` it bears that of the experience, with the place where it is done.
    """
    row = locked(practice)
    _refuse_unless(Practice.objects.visible_to(actor).filter(pk=row.pk).exists())
    place = finding.nodes()[area].name if area in finding.nodes() else _("elsewhere")
    name = " ".join(legible(name).split())[:250] or f"{row.experience.name[:180]} ({place[:60]})"
    made = experiences.copy_as_template(actor, row.experience, area, sheet=row, name=name)
    history.record(actor, "taken_up", row, history.state_of(row), {"taken_up": [None, made.pk]})
    return made


@transaction.atomic
def delete_practice(actor: Actor, practice: Practice) -> None:
    """Throw the draft of a sheet away. What was published is never deleted, only taken back."""
    row = locked(practice)
    _refuse_unless(may_edit(actor, row))
    if row.state != ExperienceState.DRAFT:
        raise ValidationError(_("Only drafts are thrown away; take it back to draft first."))
    if row.taken_up.exists():
        raise ValidationError(_("It was taken up elsewhere: the trace of where that comes from would be lost."))
    before = history.state_of(row)
    pk, kind, label = row.pk, history.kind_of(row), str(row)
    row.delete()
    lost = {name: [value, None] for name, value in before.items() if value}
    history.record_many(actor, [history.Act("deleted", kind, str(pk), label, lost)])
    search.refresh(Practice, [pk])
