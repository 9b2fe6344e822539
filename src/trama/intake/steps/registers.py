"""Any spreadsheet of a register, as a recipe or a page says what its columns mean."""

from __future__ import annotations

from django.utils.translation import gettext as _

from trama.core.models import AuditHead
from trama.intake.recipe import RegisterStep
from trama.intake.registers import mapping, planning, writing
from trama.intake.registers.planning import Plan
from trama.intake.steps.run import Run
from trama.intake.verdicts import StepReport


def load_register(run: Run, step: RegisterStep, report: StepReport) -> None:
    """Compare each row with what is here, say what becomes of it and, unless this is a dry run, do it."""
    plan = _planned(run, step)
    tell(plan, report)
    if not run.dry:
        source = run.source(step)
        writing.write(run, plan, source)
        run.about |= mapping.about(step, plan.table.columns)
        if source is not None:
            run.about["source"] = {name: getattr(source, name) for name in ("key", "title", "publisher", "licence")}


def plan_early(run: Run, step: RegisterStep) -> None:
    """Make the plan before the transaction begins, for which nobody shall wait; used if nothing happened since."""
    run.plans[step.name] = (_acts(), _plan(run, step))


def _planned(run: Run, step: RegisterStep) -> Plan:
    acts, plan = run.plans.pop(step.name, (None, None))
    if plan is None or acts != _acts():
        plan = _plan(run, step)
    else:
        run.table(step.file, step.table)
    return plan


def _plan(run: Run, step: RegisterStep) -> Plan:
    table = run.table(step.file, step.table)
    return planning.make_plan(run.actor, step, step.prefix or run.recipe.key, table)


def _acts() -> int:
    """The number of the last act that was written down."""
    return AuditHead.objects.filter(pk=1).order_by().values_list("number", flat=True).first() or 0


def tell(plan: Plan, report: StepReport) -> None:
    """Put the verdicts into the report of the load."""
    counts = plan.counts()
    report.plan = plan
    report.rows = len(plan.told)
    report.new, report.same, report.updated = (counts[name] for name in ("new", "same", "updated"))
    # Each row stands in one column: what waits, or stands twice in the file, is left out too.
    report.skipped = counts["left"] + counts["possible"] + counts["duplicate"]
    for told in plan.told:
        if told.outcome == planning.REFUSED:
            for column, why in told.why:
                report.refuse(told.row, column, why, told.label)
        elif told.outcome in {planning.POSSIBLE, planning.DUPLICATE}:
            column, why = told.why[0]
            name = f"{told.label} → {told.record_name}" if told.record_name else told.label
            report.say(told.outcome, why, row=told.row, column=column, label=name)
        elif told.outcome == planning.UPDATED:
            report.say("updated", ", ".join(label for label, _was, _is in told.changes), row=told.row, label=told.label)
            report.fields.update(label for label, _was, _is in told.changes)
        if told.takable:  # what is left alone because of its looks is never left in silence
            words = {"what": told.why[0][1]}
            report.say("noted", _("%(what)s: it is not loaded") % words, row=told.row, label=told.label)
        for column, why in told.dropped if told.outcome in planning.COMING else ():
            report.say("dropped", why, row=told.row, column=column, label=told.label)
        if told.outcome in {planning.NEW, planning.UPDATED}:
            for column, why in told.why:
                report.say("noted", why, row=told.row, column=column, label=told.label)
    if plan.bodies.new:
        report.related["organisations"] = report.related["changed"] = len(plan.bodies.new)
