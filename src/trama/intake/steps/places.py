"""Places and organisations, one per row."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from trama.core import codes
from trama.intake import files
from trama.intake.recipe import OrganisationsStep, PlacesStep
from trama.intake.steps.records import Refused, Sheet, open_sheet, read_contacts, read_drafts, sync, sync_contacts
from trama.intake.steps.resources import check_kinds, kind_rule
from trama.intake.steps.run import Run
from trama.intake.verdicts import StepReport
from trama.network.models import Organisation, OrganisationContact, normalised
from trama.territory.models import Place

PLACE_FIELDS = frozenset({"name", "kind", "address", "civic_key", "description"})
ORGANISATION_FIELDS = frozenset(
    {"name", "acronym", "kind", "address", "description", "tax_code", "runts_number", "founded_year"}
)


def _name(sheet: Sheet, row: files.Row) -> str:
    name = " ".join(sheet.text(row, "name").split())
    if not name:
        column = sheet.step.columns.get("name", "name")
        sheet.report.refuse(row.number, column if isinstance(column, str) else column[0], _("there is no name"))
        raise Refused
    return name


def _place(sheet: Sheet, row: files.Row) -> dict[str, Any]:
    kind = sheet.code(row, "kind", "place_kind")
    if kind is None:
        sheet.report.refuse(row.number, str(sheet.step.columns.get("kind", "kind")), _("there is no kind of place"))
        raise Refused
    return {
        "name": _name(sheet, row)[:200],
        "kind_id": kind,
        "address": sheet.text(row, "address")[:200],
        "civic_key": sheet.text(row, "civic_key")[:40],
        "description": sheet.text(row, "description"),
    }


def load_places(run: Run, step: PlacesStep, report: StepReport) -> None:
    """Read the file and bring the places up to date."""
    sheet = open_sheet(run, step, report, PLACE_FIELDS)
    sync(run, step, report, Place, read_drafts(sheet, _place))


def _organisation(sheet: Sheet, row: files.Row) -> dict[str, Any]:
    assert isinstance(sheet.step, OrganisationsStep)  # noqa: S101
    name = _name(sheet, row)
    rule = kind_rule(name, sheet.step.kinds)
    kind = sheet.code(row, "kind", "organisation_kind")
    year = sheet.text(row, "founded_year")
    if year and not (year.isdecimal() and len(year) == 4 and 1000 < int(year) <= sheet.run.today.year):
        column = sheet.step.columns.get("founded_year", "founded_year")
        why = _("“%(text)s” is not a year that has been: write it with four digits")
        sheet.report.refuse(row.number, column if isinstance(column, str) else column[0], why % {"text": year[:40]})
        raise Refused
    return {
        "name": name[:250],
        "normalised_name": normalised(name)[:250],
        "acronym": sheet.text(row, "acronym")[:40],
        "kind_id": kind or (codes.key("organisation_kind", rule.kind) if rule and rule.kind else None),
        "is_ets": rule.ets if rule else None,
        "is_formal": rule.formal if rule else None,
        "is_public_body": bool(rule and rule.public_body),
        "address": sheet.text(row, "address")[:200],
        "description": sheet.text(row, "description"),
        "tax_code": sheet.text(row, "tax_code")[:16],
        "runts_number": sheet.text(row, "runts_number")[:20],
        "founded_year": int(year) if year else None,
    }


def load_organisations(run: Run, step: OrganisationsStep, report: StepReport) -> None:
    """Read the file and bring the organisations and their contacts up to date."""
    check_kinds(step.kinds)
    sheet = open_sheet(run, step, report, ORGANISATION_FIELDS)
    drafts = read_drafts(sheet, _organisation)
    for draft in drafts:
        read_contacts(sheet, draft, draft.fields["name"])
    written = sync(run, step, report, Organisation, drafts)
    sync_contacts(run, report, OrganisationContact, "organisation_id", written.drafts, written.touched)
