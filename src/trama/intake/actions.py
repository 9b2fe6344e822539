"""What can be brought in: a recipe with its files. Each load is one transaction, kept with its counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import codes, history, memo, search
from trama.core.actor import Actor
from trama.core.facts import BODY_NAME, DEMONSTRATION, HOME_AREA, facts, set_fact
from trama.core.models import Source
from trama.core.rewinding import Journal
from trama.directory.models import Resource
from trama.experiences.models import Experience, Practice
from trama.intake import backup, causes, emptying, indexing, staging, undoing
from trama.intake.context import undoing as undoing_indicators
from trama.intake.demonstration import (
    doubles,
    experiments,
    invented,
    objectives,
    scene,
    sheets,
    surroundings,
    told,
    waves,
)
from trama.intake.models import Load, RowsToMend
from trama.intake.recipe import (
    AreasStep,
    MunicipalityStep,
    Recipe,
    RecipeError,
    RecordsStep,
    RegisterStep,
    Step,
    TableSpec,
    ValuesStep,
    read,
)
from trama.intake.registers import leftovers
from trama.intake.steps.areas import load_areas
from trama.intake.steps.municipalities import load_municipalities
from trama.intake.steps.places import load_organisations, load_places
from trama.intake.steps.registers import load_register, plan_early
from trama.intake.steps.resources import load_resources
from trama.intake.steps.run import Run
from trama.intake.steps.values import load_values
from trama.intake.verdicts import Report, StepReport, Verdict
from trama.network.actions import propose as seek_duplicates
from trama.network.models import Organisation
from trama.people.actions import create_demonstration_logins
from trama.territory import finding
from trama.territory.italy import UnknownMunicipality, find
from trama.territory.models import Area, Place

Progress = Callable[[str], None]
LOADERS: dict[str, Callable[[Run, Any, StepReport], None]] = {
    "municipality": load_municipalities,
    "areas": load_areas,
    "values": load_values,
    "resources": load_resources,
    "places": load_places,
    "organisations": load_organisations,
    "register": load_register,
}


logger = logging.getLogger(__name__)
UNREADABLE = (
    RecursionError, AttributeError, TypeError, KeyError, IndexError, ValueError, ArithmeticError, OSError, MemoryError,
    DataError, IntegrityError,
)  # fmt: skip


class NotLoaded(RecipeError):
    """A load that was taken back whole; `report` says which rows were refused."""

    def __init__(self, sentence: str, report: Report) -> None:
        super().__init__(sentence)
        self.report = report


def load_recipe(
    actor: Actor,
    recipe: Recipe,
    folder: Path,
    *,
    dry: bool = True,
    strict: bool = False,
    only: str = "",
    progress: Progress | None = None,
    checked: Callable[[Report], None] | None = None,
    replace: bool = True,
) -> Report:
    """Load a recipe from the files in a folder, in one transaction; a dry run does the same and takes it back.

    `only` names the one step to be loaded; `strict` takes everything back when a row is refused (`NotLoaded`).
    `checked` gets the report when all rows are read and nothing is committed yet: who needs no answer between the dry
    run and the load has both for the work of one. Without `replace`, values of another source are not replaced.
    Raises RecipeError when a file is missing or cannot be understood: then nothing is written.
    """
    say = progress or (lambda text: None)
    steps = _chosen(recipe, only)
    run = Run(actor=actor, recipe=recipe, folder=folder, dry=dry, today=timezone.localdate(), say=say)
    report = Report(recipe.key, recipe.title)
    if not dry:
        indexing.finish(say)  # what an earlier load was kept from
    # Before the transaction: who reads slowly must not keep the others from writing.
    _read_files(run, [step for step in steps if only in ("", step.name)])
    # Loads of indicators say what they replace in their own terms.
    by_rows = not dry and not all(step.kind == "values" for step in steps)
    try:
        with transaction.atomic():
            first = history.last_number() + 1
            with undoing.trace(wanted=by_rows) as journal:
                _take_steps(run, report, steps, only, say)
                _refuse(report, dry=dry, strict=strict, replace=replace)
                if checked is not None:
                    checked(report)
                if not dry:
                    _state_facts(run)
            if not dry:
                _conclude(run, report, journal, first, say)
            transaction.set_rollback(dry)
        if not dry:
            indexing.finish(say)
    finally:
        # What was kept in memory may speak of rows that were taken back.
        codes.forget()
        memo.forget_all()
        finding.forget()
    return report


def _refuse(report: Report, *, dry: bool, strict: bool, replace: bool) -> None:
    """Raise NotLoaded where what the rows say must not be written."""
    if strict and report.refused:
        raise NotLoaded(
            _("%(count)s rows are refused, and a strict load takes all or nothing.") % {"count": report.refused},
            report,
        )
    if dry:
        return
    if report.all_refused:
        raise NotLoaded(_("All %(count)s rows are refused.") % {"count": report.refused}, report)
    if report.breaks:
        raise NotLoaded(_undecided(report), report)
    if not replace and report.other_sources:
        raise NotLoaded(_not_replaced(report), report)


def _undecided(report: Report) -> str:
    """Numbers that jump a thousandfold are never written on a guess."""
    told = "; ".join(f"{found.name} {found.year}" for found in report.breaks[:5])
    return _(
        "%(count)s breaks of scale wait for a decision (%(told)s): write it into the recipe, under “decisions”."
    ) % {"count": len(report.breaks), "told": told}


def _not_replaced(report: Report) -> str:
    """Values of another source are replaced only when somebody says so."""
    told = ", ".join(f"{title} ({count})" for title, count in report.other_sources.most_common(5))
    return _("Some values are today of another source (%(told)s): confirm that they are to be replaced.") % {
        "told": told
    }


def _chosen(recipe: Recipe, only: str) -> list[Step]:
    names = [step.name for step in recipe.steps]
    if only and only not in names:
        raise RecipeError(
            _("the recipe has no step “%(name)s”; its steps are: %(names)s.")
            % {"name": only, "names": ", ".join(names)}
        )
    return recipe.steps


@contextmanager
def _said_of(step: Step) -> Iterator[None]:
    """What goes wrong with a step is said with its name, and refused whole."""
    try:
        yield
    except RecipeError as error:
        raise RecipeError(_("step “%(name)s”: %(why)s") % {"name": step.name, "why": error}) from error
    except ValidationError as error:
        why = "; ".join(error.messages)
        raise RecipeError(_("step “%(name)s”: %(why)s") % {"name": step.name, "why": why}) from error
    except UNREADABLE as error:
        # Files of strangers: what the readers did not foresee is refused whole, and nothing is written.
        logger.warning("step %s could not be read", step.name, exc_info=True)
        why = _("“%(file)s” does not have the form that the recipe expects: compare its columns and values with it.")
        why %= {"file": step.file}
        raise RecipeError(_("step “%(name)s”: %(why)s") % {"name": step.name, "why": why}) from error


def _read_files(run: Run, steps: Iterable[Step]) -> None:
    """Read every file that the steps name; the run keeps what was read."""
    for step in steps:
        with _said_of(step):
            if isinstance(step, AreasStep) and step.levels and step.parent:
                run.shapes(step.file, step.crs)
                for level in step.levels:
                    if level.names is not None:
                        run.table(level.names.file, TableSpec())
            elif isinstance(step, (ValuesStep, RecordsStep, RegisterStep)):
                run.table(step.file, step.table)
                if isinstance(step, RegisterStep) and len(run.recipe.steps) == 1:
                    plan_early(run, step)


def _take_steps(run: Run, report: Report, steps: list[Step], only: str, say: Progress) -> None:
    run.prepare()
    for number, step in enumerate(steps, start=1):
        if isinstance(step, MunicipalityStep):
            run.roots += _roots(step)
        if only and step.name != only:
            continue
        say(_("%(number)s/%(count)s %(name)s …") % {"number": number, "count": len(steps), "name": step.name})
        one = StepReport(step.name, step.kind, step.file)
        run.begin()
        begun = time.perf_counter()
        with _said_of(step):
            LOADERS[step.kind](run, step, one)
        run.tell(one)
        one.seconds = time.perf_counter() - begun
        report.steps.append(one)


def _roots(step: MunicipalityStep) -> list[int]:
    """The municipalities of a step that are already there (those that are new are added by the step itself)."""
    wanted = [code for code in step.municipalities if code.isdigit()]
    return list(Area.objects.filter(code__in=wanted).order_by("pk").values_list("pk", flat=True))


def _conclude(run: Run, report: Report, journal: Journal | None, first: int, say: Progress) -> None:
    """Audit, search, and the row that says what was loaded, with what it takes to undo it; inside the transaction."""
    history.record_many(run.actor, run.acts)
    later = indexing.is_big(run.to_index)
    if not later:
        indexing.at_once(run.to_index, say)
    why = causes.of_report(report)
    load = Load.objects.create(
        recipe=run.recipe.title[:200],
        loaded_by=run.actor.name[:150],
        user_id=run.actor.user,
        finished_at=timezone.now(),
        outcome={
            "key": run.recipe.key,
            **run.about,
            "steps": [step.as_dict() for step in report.steps],
            "causes": causes.without_texts(why),
            "verdicts": [_kept(verdict) for verdict in _worth_keeping(report)][:500],
        },
    )
    _keep_to_mend(load, report, why)
    counts = {
        step.name: {
            k: v for k, v in step.as_dict().items() if k in {"new", "same", "updated", "overwritten", "refused", "gone"}
        }
        for step in report.steps
    }
    last = history.record(run.actor, "loaded", load, extra={"steps": counts}).number
    load.outcome["entries"] = [first, last]
    if later:
        load.outcome[indexing.LEFT] = indexing.left_of(run.to_index)
    load.save(update_fields=["outcome"])
    values = undoing_indicators.trace_of(run.written, run.defined) if journal is None else {}
    undoing.keep(load, journal, values)


def _worth_keeping(report: Report) -> Iterator[Verdict]:
    """The verdicts that stay with a load for good; rows of a spreadsheet that were left behind stay for a time only."""
    for step in report.steps:
        for verdict in step.verdicts:
            mended = step.plan is not None and verdict.outcome in causes.PROBLEMS
            if verdict.outcome != "updated" and not mended:
                yield verdict


def _keep_to_mend(load: Load, report: Report, why: list[dict[str, Any]]) -> None:
    """Keep the rows of spreadsheets that were left behind, so that they can be mended after the load too."""
    some = [leftovers.of_plan(step.plan, step.name) for step in report.steps if step.plan is not None]
    some = [one for one in some if one.lines]
    if some:
        count = sum(len(one.lines) for one in some)
        RowsToMend.objects.create(load=load, count=count, causes=why, content=leftovers.pack(some))


def _kept(verdict: Any) -> dict[str, Any]:
    return {
        "step": verdict.step,
        "outcome": verdict.outcome,
        "row": verdict.row,
        "column": verdict.column,
        "label": verdict.label,
        "why": verdict.why,
    }


def _home(step: MunicipalityStep) -> Area | None:
    """The home territory that a step states: an area by its code, or the union that it makes."""
    if not step.home:
        return None
    if step.union and step.home == step.union:
        return Area.objects.filter(name=step.union, kind="union").first()
    return Area.objects.filter(code=step.home).first()


def _state_facts(run: Run) -> None:
    """The home territory and the name of the body, when the recipe states them and the installation does not."""
    known = facts()
    for step in run.recipe.steps:
        if not isinstance(step, MunicipalityStep):
            continue
        home = _home(step)
        if home is not None and HOME_AREA not in known:
            set_fact(HOME_AREA, home.code)
        if step.body_name and BODY_NAME not in known:
            set_fact(BODY_NAME, step.body_name)


# --- files that somebody sent -------------------------------------------------------------------------------------
def try_load(actor: Actor, recipe: Recipe, content: bytes, uploads: Iterable[Any]) -> tuple[str, Report]:
    """Put files aside and say what loading them would do. Gives the token to load them with, and the dry run."""
    sent = staging.stage(actor.user, content, uploads)
    folder = staging.staged(actor.user, sent.token)
    assert folder is not None  # noqa: S101
    try:
        report = load_recipe(actor, recipe, folder)
        report.left_out = sent.left_out
        return sent.token, report
    except BaseException:
        staging.drop(sent.token)
        raise


def load_staged(actor: Actor, token: str, *, replace: bool = False, progress: Progress | None = None) -> Report:
    """Load for real what was put aside; the files go once they are loaded.

    `replace`: whoever loads has said that values of another source may be replaced. `progress` is told how far it is.
    """
    folder = staging.staged(actor.user, token)
    if folder is None:
        raise RecipeError(_("the files are no longer there: send them again."))
    recipe = read(folder / staging.RECIPE)
    report = load_recipe(actor, recipe, folder, dry=False, replace=replace, progress=progress)
    latest = Load.objects.order_by("-pk").first()
    staging.drop(token, loaded=latest.pk if latest is not None else 0)
    return report


# --- taking back ---------------------------------------------------------------------------------------------------
class CannotUndo(ValidationError):
    """A load that cannot be taken back; `refusal` says what rests on it, and where it stands."""

    def __init__(self, refusal: undoing.Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def undo_load(actor: Actor, load: Load) -> undoing.TakenBack:
    """Take back a load: what it made goes, what it changed is as it was; in one transaction.

    Raises CannotUndo, with what depends on it, when it cannot be taken back; then nothing is written.
    """
    try:
        with transaction.atomic():
            locked = Load.objects.select_for_update().get(pk=load.pk)
            refusal = undoing.refusal(locked, actor)
            if refusal is not None:
                raise CannotUndo(refusal)
            before = history.state_of(locked)
            done, acts = undoing.take_back(locked, actor)
            said = {"by": actor.name[:150], "at": timezone.now().isoformat()}
            locked.outcome = {**locked.outcome, "undone": said}
            locked.save(update_fields=["outcome"])
            history.record_many(actor, acts)
            history.record(actor, "undone", locked, before, extra={"rows": [done.gone, done.changed, done.back]})
            finding.forget()
            codes.forget()
            undoing.find_anew(done)
    except IntegrityError as error:
        raise CannotUndo(undoing.Refusal(_("Something else has taken the place of what it replaced."))) from error
    finally:
        codes.forget()
        memo.forget_all()
        finding.forget()
    return done


# --- the demonstration --------------------------------------------------------------------------------------------
DEMONSTRATION_OF = "demonstration_of"
DEMONSTRATION_PASSWORD = "demonstration_password"  # noqa: S105


class NotEmpty(ValueError):
    """The database holds real records, with which a demonstration must not be mixed."""


def build_demonstration(
    actor: Actor, municipality: str = "", *, reset: bool = False, progress: Progress | None = None
) -> tuple[list[tuple[str, str, str]], bool]:
    """Build the demonstration (of the Imola district, or of a municipality) in one transaction.

    Gives the logins as (role, user name, password), and whether anything was built: one that is there already stays.
    Raises NotEmpty when the database holds other records and `reset` is not asked for, RecipeError for an unknown name.
    """
    say = progress or (lambda text: None)
    try:
        wanted = find(municipality).name if municipality else scene.IMOLA
    except UnknownMunicipality as error:
        raise RecipeError(str(error)) from error
    key = f"municipality:{wanted}" if municipality else "imola"
    if facts().get(DEMONSTRATION_OF) == key and not reset:
        return [], False
    if emptying.holdings() and not reset:
        raise NotEmpty(_holdings_sentence())
    with transaction.atomic():
        if reset:
            say(_("Emptying the database …"))
            before = emptying.holdings()
            emptying.empty()
            history.record_many(actor, [history.Act("emptied", label=wanted, changes={"records": before})])
        say(_("Boundaries and residents of %(name)s …") % {"name": wanted})
        stage = scene.municipality(actor, municipality) if municipality else scene.imola(actor)
        set_fact(DEMONSTRATION, value=True)
        set_fact(DEMONSTRATION_OF, key)
        set_fact(HOME_AREA, stage.home.code)
        set_fact(BODY_NAME, stage.home.name)
        say(_("Experiences, organisations, resources and places …"))
        logins = _people_the_stage(actor, stage, told_of_imola=not municipality)
        set_fact(DEMONSTRATION_PASSWORD, logins[0][2])
    finding.forget()
    return logins, True


def _holdings_sentence() -> str:
    held = ", ".join(f"{count} {name}" for name, count in emptying.holdings().items())
    return _(
        "This database already holds records (%(held)s): a demonstration is built in an empty one. "
        "Choose another folder with TRAMA_HOME=, or empty this one with --reset."
    ) % {"held": held}


def _people_the_stage(actor: Actor, stage: scene.Scene, *, told_of_imola: bool) -> list[tuple[str, str, str]]:
    story = scene.data("invented")
    source, _made = Source.objects.update_or_create(
        key="demonstration",
        defaults={"title": story["source_title"], "note": story["source_note"], "is_demonstration": True},
    )
    true = told.write(stage) if told_of_imola else told.Told()
    made = invented.write(stage, source, timezone.localdate(), len(true.experiences), len(true.organisations))
    earlier = waves.earlier_editions(made)
    sheets.write(made)
    experiments.write(made)
    doubles.write(made)
    acts = [
        history.Act("created", history.kind_of(row), str(row.pk), str(row)[:300], history.differences(row, None))
        for model in (Place, Organisation, Resource, Experience, Practice)
        for row in model._default_manager.order_by("pk")
    ]
    history.record_many(actor, acts)
    for model in (Place, Organisation, Resource, Experience, Practice):
        search.refresh(model)
    waves.write(actor, made, earlier)
    surroundings.write(actor, stage, source, made.today)
    objectives.write(actor, stage, made)
    seek_duplicates(actor)
    # The demonstration's contact person speaks for a body that has something to show.
    body = next(row for row in made.organisations if made.homes[row.pk].municipality.pk == stage.municipality.pk)
    return create_demonstration_logins(stage.home, stage.municipality, body)


# --- backups ------------------------------------------------------------------------------------------------------
def back_up(
    actor: Actor, wanted: Path, *, with_key: bool = False, progress: Progress | None = None
) -> tuple[Path, backup.Manifest]:
    """Write a backup of everything, while people write. The act stands in the chain before the copy is taken.

    Gives the file and what it holds. Raises CopyProblem.
    """
    target = backup.target_of(wanted)
    with transaction.atomic():
        history.record_many(actor, [history.Act("backed_up", label=target.name, changes={"with_key": with_key})])
    return target, backup.write(target, with_key=with_key, say=progress or (lambda text: None))
