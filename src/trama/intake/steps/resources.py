"""Resources and services offered, and the bodies that promote them."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.utils.translation import gettext as _

from trama.core import bulk, codes
from trama.core.history import Act, differences, kind_of
from trama.directory.models import Promotion, Resource, ResourceCode, ResourceContact
from trama.intake import files
from trama.intake.recipe import KindRule, PromoterSpec, RecipeError, ResourcesStep
from trama.intake.steps.records import (
    CHUNK,
    LOADED,
    Refused,
    Sheet,
    Written,
    open_sheet,
    read_contacts,
    read_drafts,
    sync,
    sync_contacts,
)
from trama.intake.steps.run import Run
from trama.intake.verdicts import StepReport
from trama.network.following import Moves, bodies_named
from trama.network.matching import names_several
from trama.network.models import Organisation, normalised

PROMOTERS_BY_HAND = "promoters"  # as the history of a resource calls a change of who offers it
FIELDS = frozenset({"name", "description", "activity", "access", "opening", "address", "directions_url", "targets"})


def load_resources(run: Run, step: ResourcesStep, report: StepReport) -> None:
    """Read the file and bring resources, their promoters, contacts and targets up to date."""
    sheet = open_sheet(run, step, report, FIELDS)
    if step.promoter:
        check_kinds(step.promoter.kinds)
        sheet.columns[step.promoter.column] = sheet.table.column(step.promoter.column)
    drafts = read_drafts(sheet, _fields)
    for draft in drafts:
        draft.more["targets"] = step.targets.get(draft.fields["activity_id"] or "", [])
        read_contacts(sheet, draft, f"{draft.fields['name']} {draft.fields['promoter_text']}")
    written = sync(run, step, report, Resource, drafts)
    sync_contacts(run, report, ResourceContact, "resource_id", written.drafts, written.touched)
    _sync_codes(report, written)
    if step.promoter:
        _sync_promoters(run, step, report, written)


def _fields(sheet: Sheet, row: files.Row) -> dict[str, Any]:
    step = sheet.step
    assert isinstance(step, ResourcesStep)  # noqa: S101
    name, description = sheet.text(row, "name"), sheet.text(row, "description")
    if step.split_name:
        # The title stands before the first blank line, or (without one) before the first line break.
        parts = re.split(r"\r?\n\s*\r?\n|\r?\n", name, maxsplit=1)
        rest = parts[1].strip() if len(parts) > 1 else ""
        name, description = parts[0], "\n\n".join(text for text in (rest, description) if text)
    name = " ".join(name.split())
    if not name:
        column = step.columns.get("name", "name")
        sheet.report.refuse(row.number, column if isinstance(column, str) else column[0], _("there is no title"))
        raise Refused
    promoter = sheet.cell(row, step.promoter.column) if step.promoter else ""
    is_several = bool(promoter) and sheet.once("several", promoter, lambda: several(promoter, step.promoter))
    return {
        "name": name[:250],
        "description": description,
        "activity_id": sheet.code(row, "activity", "activity"),
        "access_id": sheet.code(row, "access", "access"),
        "opening": sheet.text(row, "opening"),
        "address": sheet.text(row, "address")[:200],
        "directions_url": sheet.text(row, "directions_url")[:600],
        "promoter_text": promoter[:400],
        # A string that was split already waits for nobody.
        "promoter_to_split": is_several and not sheet.once("moves", "", Moves).of_text(promoter),
    }


def several(text: str, spec: PromoterSpec | None) -> bool:
    """Whether a string seems to name several bodies: by the marks of the recipe, else by what names look like."""
    if spec is None:
        return False
    return names_several(text) or any(re.search(pattern, text, re.IGNORECASE) for pattern in spec.several)


def _sync_codes(report: StepReport, written: Written) -> None:
    """For whom: the targets that the recipe derives from the activity."""
    wanted = {
        (pk, codes.key("target", value)) for pk, draft in written.drafts.items() for value in draft.more["targets"]
    }
    if not wanted:
        return
    known = set(ResourceCode.objects.filter(facet="target").values_list("resource_id", "code_id"))
    new = [ResourceCode(resource_id=pk, facet="target", code_id=code) for pk, code in sorted(wanted - known)]
    bulk.insert(new)
    if new:
        report.related["changed"] = report.related.get("changed", 0) + len(new)


def check_kinds(rules: list[KindRule]) -> None:
    """Refuse a rule that gives a kind of organisation that no list knows: the database would, after all the work."""
    known = {code.value for code in codes.codes_of("organisation_kind", also_closed=True)}
    for rule in rules:
        if rule.kind and rule.kind not in known:
            raise RecipeError(
                _("“%(text)s” is not in the list “%(list)s”") % {"text": rule.kind, "list": "organisation_kind"}
            )


def kind_rule(name: str, rules: list[KindRule]) -> KindRule | None:
    """The first rule whose pattern a name matches."""
    return next((rule for rule in rules if re.search(rule.pattern, name, re.IGNORECASE)), None)


def organisation_from(name: str, rules: list[KindRule], **more: Any) -> Organisation:
    """A new organisation from a name as a file writes it."""
    rule = kind_rule(name, rules)
    single = " ".join(name.split())
    return Organisation(
        name=single[:250],
        normalised_name=normalised(single)[:250],
        kind_id=codes.key("organisation_kind", rule.kind) if rule and rule.kind else None,
        is_ets=rule.ets if rule else None,
        is_formal=rule.formal if rule else None,
        is_public_body=bool(rule and rule.public_body),
        **more,
    )


def _sync_promoters(run: Run, step: ResourcesStep, report: StepReport, written: Written) -> None:
    """An organisation for each name (exact normalised names are one), and who promotes what."""
    spec = step.promoter
    assert spec is not None  # noqa: S101
    texts = {draft.fields["promoter_text"] for draft in written.drafts.values()} - {""}
    report.related["promoters"] = len(texts)
    marked = {draft.fields["promoter_text"]: draft.fields["promoter_to_split"] for draft in written.drafts.values()}
    # What people decided since the last load holds: records merged, renamed, strings split into their bodies.
    keys = {text: _promoter_key(run, text) for text in texts}
    bodies = bodies_named(keys)
    # Who promotes a record was written by hand: what its row says brings nobody in.
    used = {
        draft.fields["promoter_text"]
        for pk, draft in written.drafts.items()
        if PROMOTERS_BY_HAND not in written.by_hand.get(pk, ())
    }
    new: dict[str, Organisation] = {}
    for text in sorted(texts & used):
        if keys[text] and not bodies[text] and keys[text] not in new:
            new[keys[text]] = organisation_from(
                text,
                [] if marked[text] else spec.kinds,
                names_several=marked[text],
                source=run.source(step),
                import_key=keys[text],
            )
    Organisation.objects.bulk_create(list(new.values()), batch_size=500)
    if new:
        report.related["organisations"] = len(new)
        report.related["changed"] = report.related.get("changed", 0) + len(new)
        run.changed(Organisation, [row.pk for row in new.values()])
        if not run.dry:
            run.acts += [
                Act(LOADED, kind_of(row), str(row.pk), str(row), differences(row, None)) for row in new.values()
            ]
    bodies = {text: found or ((new[keys[text]].pk,) if keys[text] in new else ()) for text, found in bodies.items()}
    _promotions(run, report, written, bodies, codes.key("tie_role", spec.role))


def _promoter_key(run: Run, text: str) -> str:
    """Under which key the body of this name is loaded; empty for a text without letters."""
    name = normalised(text)[:250]
    return _unique_key(f"{run.recipe.key}:promoter:{name}"[:120], name) if name else ""


def _unique_key(key: str, name: str) -> str:
    """A key of at most 120 characters that a longer name of the same beginning does not share."""
    return key if len(name) < 80 else f"{key[:100]}#{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _promotions(run: Run, report: StepReport, written: Written, bodies: dict[str, tuple[int, ...]], role: str) -> None:
    wanted = {
        (pk, body)
        for pk, draft in written.drafts.items()
        if PROMOTERS_BY_HAND not in written.by_hand.get(pk, ())
        for body in bodies.get(draft.fields["promoter_text"], ())
    }
    existing: dict[tuple[int, int], int] = {}
    pks = list(written.drafts)
    for start in range(0, len(pks), CHUNK):
        rows = Promotion.objects.filter(resource__in=pks[start : start + CHUNK], role=role).order_by("pk")
        found = rows.values_list("resource_id", "organisation_id", "pk")
        existing.update({(resource, body): pk for resource, body, pk in found})
    new = sorted(wanted - set(existing))
    if not run.dry:
        bulk.insert([Promotion(resource_id=pk, organisation_id=body, role_id=role) for pk, body in new])
    # A promoter that the row no longer names goes, unless a person has worked on the record or split the string.
    changed = set(written.changed)
    gone = [
        key
        for (pk, body), key in existing.items()
        if (pk, body) not in wanted and pk in changed and pk not in written.touched
    ]
    Promotion.objects.filter(pk__in=gone).delete()
    if new or gone:
        report.related["changed"] = report.related.get("changed", 0) + len(new) + len(gone)
