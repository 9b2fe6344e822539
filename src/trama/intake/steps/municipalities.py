"""Municipalities from the national package, and the union that they form."""

from __future__ import annotations

from django.utils.translation import gettext as _

from trama.intake.recipe import MunicipalityStep, RecipeError
from trama.intake.steps.run import Run
from trama.intake.verdicts import StepReport
from trama.territory import finding, imports
from trama.territory.actions import TerritoryError
from trama.territory.italy import UnknownMunicipality


def load_municipalities(run: Run, step: MunicipalityStep, report: StepReport) -> None:
    """Bring the municipalities of a step, their boundaries and residents up to date."""
    if not step.municipalities:
        raise RecipeError(_("the step “%(name)s” names no municipality.") % {"name": step.name})
    try:
        verdicts = imports.load_municipalities(run.actor, step.municipalities, step.union or None)
    except UnknownMunicipality as error:
        raise RecipeError(str(error)) from error
    except TerritoryError as error:
        raise RecipeError("; ".join(error.messages)) from error
    for number, verdict in enumerate(verdicts, start=1):
        report.rows += 1
        if verdict.outcome == "new":
            report.new += 1
        elif verdict.outcome == "changed":
            report.updated += 1
        else:
            report.same += 1
        for note in [
            *verdict.notes,
            *([_("shape repaired: %(what)s") % {"what": verdict.repair}] if verdict.repair else []),
        ]:
            report.say("noted", note, row=number, label=verdict.name)
        if verdict.area is not None and verdict.area.pk not in run.roots:
            run.roots.append(verdict.area.pk)
    finding.forget()
    run.forget_areas()
