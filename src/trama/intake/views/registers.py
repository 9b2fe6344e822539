"""Spreadsheets of records: the file, its columns, words that mean nothing here, the dry run, the load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trama.core import uploads
from trama.core.actor import Actor
from trama.core.pages import page
from trama.intake import staging
from trama.intake.models import Load
from trama.intake.permissions import may_bring_records, may_load, may_see_load, may_see_loads
from trama.intake.recipe import RecipeError
from trama.intake.registers import desk, mending, preview
from trama.intake.registers.becoming import line_of
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.desk import SHOWN, Desk, Trial
from trama.intake.registers.forms import LookForm, RecordColumnsForm, SheetFileForm, WordsForm
from trama.intake.registers.planning import OUTCOMES, comes_short
from trama.intake.registers.planning import to_mend as is_to_mend
from trama.intake.verdicts import StepReport
from trama.intake.views.loads import _actor, told_causes
from trama.ui.maps import Asked
from trama.ui.numbers import number

PLACES = {
    "organisations": "network:organisations",
    "resources": "directory:resources",
    "experiences": "experiences:experiences",
    "places": "territory:places",
}
VERDICTS = {
    "new": pgettext_lazy("rows", "new"),
    "updated": gettext_lazy("to update"),
    "same": gettext_lazy("the same as here"),
    "possible": gettext_lazy("perhaps here already"),
    "duplicate": gettext_lazy("twice in the file"),
    "refused": gettext_lazy("refused"),
    "left": pgettext_lazy("rows", "left out"),
}
WHAT = ("same", "new", "leave")


def _way(actor: Actor, *further: tuple[str, str]) -> list[tuple[str, str]]:
    """The way here, through pages that the actor may see."""
    start = [(_("Loads of data"), reverse("intake:loads"))] if may_see_loads(actor) else []
    return [*start, (_("Bring records"), reverse("intake:registers") if further else ""), *further]


def _desk(actor: Actor, token: str) -> Desk:
    found = desk.find(actor, token)
    if found is None:
        raise Http404
    return found


def _lying_here(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """Say to whoever comes back to a file that was loaded, or that lay here too long, what became of it."""

    @wraps(view)
    def seen(request: HttpRequest, token: str) -> HttpResponse:
        actor = _actor(request)
        became = staging.loaded_as(actor.user, token)
        if became is None or desk.find(actor, token) is not None:
            return view(request, token)
        load = Load.objects.filter(pk=became).first() if became else None
        load = load if load is not None and may_see_load(actor, load.user_id) else None
        context = {"loaded": bool(became), "load": load, "way": _way(actor, (_("Dry run"), ""))}
        return render(request, "intake/registers/gone.html", context, status=404)

    return seen


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_bring_records, writes=True)
def upload(request: HttpRequest) -> HttpResponse:
    """Bring a spreadsheet of records: its columns are looked at, nothing is loaded."""
    chosen, actor = request.GET.get("register", ""), _actor(request)
    form = SheetFileForm(request.POST or None, request.FILES or None, initial={"register": chosen})
    if request.method == "POST" and uploads.too_big(request):
        form.errors.clear()
        text = _("The files are bigger than %(size)s MB together: send fewer, or smaller ones.")
        form.add_error("sent", text % {"size": uploads.MOST_BYTES >> 20})
    elif request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            found = desk.put_aside(actor, said["sent"], register=said["register"])
            return redirect("intake:registers_columns", found.token)
        except RecipeError as error:
            form.add_error("sent", str(error))
    context = {"form": form, "registered": REGISTERED.values(), "way": _way(actor), "everywhere": may_load(actor)}
    context["may_see_loads"] = may_see_loads(actor)
    return render(request, "intake/registers/upload.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_bring_records, writes=True)
@_lying_here
def columns(request: HttpRequest, token: str) -> HttpResponse:
    """What each column means: proposed, and corrected by whoever knows."""
    found = _desk(_actor(request), token)
    posted = request.POST if request.method == "POST" else None
    if posted is not None and "look" in posted:
        return _look(request, found)
    form = RecordColumnsForm(posted, found.mapping)
    if posted is not None and form.is_valid():
        found.keep(form.filled())
        try:
            unknown = found.words()
        except RecipeError as error:
            messages.error(request, str(error))
            return redirect("intake:registers_columns", token)
        return redirect("intake:registers_words" if unknown else "intake:registers_check", token)
    context = {
        "form": form,
        "look": LookForm(None, found.mapping),
        "mapping": found.mapping,
        "missing": found.mapping.missing(),
        "like": Load.objects.filter(pk=found.mapping.like).first() if found.mapping.like else None,
        "faults": [{"row": row, "why": why} for row, why in found.mapping.faults],
        "token": token,
        "way": _way(_actor(request), (found.mapping.file, "")),
    }
    return render(request, "intake/registers/columns.html", context)


def _look(request: HttpRequest, found: Desk) -> HttpResponse:
    """Look at the file in another way."""
    form = LookForm(request.POST, found.mapping)
    if form.is_valid():
        said = form.cleaned_data
        try:
            found.choose(register=said["register"], sheet=said.get("sheet", ""), header_row=said["header_row"])
        except RecipeError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Choose a register, a sheet and a row that are there."))
    return redirect("intake:registers_columns", found.token)


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_bring_records, writes=True)
@_lying_here
def words(request: HttpRequest, token: str) -> HttpResponse:
    """What texts mean that are in no list and name no area."""
    found = _desk(_actor(request), token)
    form = WordsForm(request.POST if request.method == "POST" else None, found.mapping, found.words())
    if request.method == "POST" and form.is_valid():
        found.keep(form.filled())
        return redirect("intake:registers_check", token)
    back = (found.mapping.file, reverse("intake:registers_columns", args=[token]))
    context = {
        "form": form,
        "mapping": found.mapping,
        "token": token,
        "way": _way(_actor(request), back, (_("Words"), "")),
    }
    return render(request, "intake/registers/words.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_bring_records, writes=True)
@_lying_here
def check(request: HttpRequest, token: str) -> HttpResponse:
    """The dry run: a verdict per row, of each verdict the rows, and where they lie."""
    actor = _actor(request)
    found = _desk(actor, token)
    if request.method == "POST":  # something changed here meanwhile: try once more
        found.forget_trial()
        return redirect("intake:registers_check", token)
    back = (found.mapping.file, reverse("intake:registers_columns", args=[token]))
    context: dict[str, Any] = {"token": token, "mapping": found.mapping, "way": _way(actor, back, (_("Dry run"), ""))}
    try:
        trial = found.trial(actor)
    except RecipeError as error:
        return render(request, "intake/registers/check.html", context | {"wrong": str(error)})
    outcome = request.GET.get("verdict", "")
    outcome = outcome if outcome in OUTCOMES else _telling(trial)
    count = trial.counts[outcome]
    current = Paginator(range(count), SHOWN).get_page(request.GET.get("page"))
    context |= {
        "trial": trial,
        "outcome": outcome,
        "verdict": VERDICTS[outcome],
        "rows": [_shown(found, one) for one in found.page(outcome, current.number)],
        "page": current,
        "pages": current.paginator.get_elided_page_range(current.number, on_each_side=1, on_ends=1),
        "query": f"verdict={outcome}",
        "takable": outcome == "left" and trial.takable,
        "verdicts": [{"key": key, "label": VERDICTS[key], "count": trial.counts[key]} for key in OUTCOMES],
        "causes": told_causes(trial.causes),
        "to_mend": trial.to_mend,
        "register_address": reverse(PLACES[found.mapping.register]),
        "more_bodies": trial.bodies - len(trial.body_names),
    }
    return render(request, "intake/registers/check.html", context)


def _telling(trial: Trial) -> str:
    """The verdict that is shown first: what asks for something, else what would be done."""
    order = ("possible", "refused", "updated", "new", "duplicate", "same", "left")
    return next((key for key in order if trial.counts[key]), "new")


def _shown(found: Desk, one: dict[str, Any]) -> dict[str, Any]:
    url = found.mapping.registered.register.url
    return one | {
        "address": url(one["record"]) if one["record"] else "",
        "decided": found.mapping.decisions.get(str(one["row"]), ""),
        "why": [{"column": column, "text": text} for column, text in one["why"]],
        "dropped": [{"column": column, "text": text} for column, text in one["dropped"]],
        "becomes": line_of(one["becomes"]) if "becomes" in one else "",
        "changes": [{"field": label, "was": was, "becomes": becomes} for label, was, becomes in one["changes"]],
    }


@require_POST
@page(may=may_bring_records, writes=True)
@_lying_here
def decide(request: HttpRequest, token: str) -> HttpResponse:
    """Say of rows that are perhaps here already whether they are, one by one or all; and what cells may cost a row."""
    found = _desk(_actor(request), token)
    if (cells := request.POST.get("bad_cells", "")) in ("refuse", "leave_out"):
        found.spare(cells=cells == "leave_out")
    elif "forget" in request.POST:
        found.forget_decisions()
    elif (everything := request.POST.get("all", "")) in WHAT:
        found.decide_all(everything)
    else:
        said = {
            name.removeprefix("row-"): what
            for name, what in request.POST.items()
            if name.startswith("row-") and name[4:].isdigit() and what in (*WHAT, "take", "")
        }
        found.decide(said)
    return redirect("intake:registers_check", token)


@require_POST
@page(may=may_bring_records, writes=True)
@_lying_here
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Load for real what the dry run has shown, in one transaction."""
    actor = _actor(request)
    found = _desk(actor, token)
    try:
        report = desk.load(actor, found)
    except RecipeError as error:
        messages.error(request, _("Nothing was written. %(why)s") % {"why": error})
        return redirect("intake:registers_check", token)
    (step,) = report.steps
    words = {"new": number(step.new), "updated": number(step.updated)}
    messages.success(request, _("Loaded: %(new)s new records, %(updated)s updated.") % words)
    if left := _left_behind(step):
        messages.warning(request, left)
    became = staging.loaded_as(actor.user, token)
    return redirect("intake:load", became) if became else redirect(PLACES[found.mapping.register])


def _left_behind(step: StepReport) -> str:
    """How many rows stand in the workbook to be mended, and why; empty when none does. Each is counted once."""
    some = Counter("short" if comes_short(one) else one.outcome for one in step.plan.told if is_to_mend(one))
    parts = (
        (_("refused"), step.refused),  # with those that could not be read
        (VERDICTS["duplicate"], some["duplicate"]),
        (VERDICTS["possible"], some["possible"]),
        (_("loaded without a cell"), some["short"]),
    )
    told = "; ".join(f"{name}: {number(count)}" for name, count in parts if count)
    words = {"count": number(sum(count for _name, count in parts)), "parts": told}
    return _("Rows to mend: %(count)s (%(parts)s).") % words if told else ""


@require_safe
@page(may=may_bring_records)
def progress(request: HttpRequest, token: str) -> JsonResponse:
    """How far a load is, for the page that waits for it."""
    return JsonResponse({"said": _desk(_actor(request), token).said()})


@require_safe
@page(may=may_bring_records)
def points(request: HttpRequest, token: str) -> JsonResponse:
    """Where the rows of the dry run lie."""
    found = _desk(_actor(request), token)
    if not (found.folder / desk.ROWS).is_file():
        raise Http404
    said = {key: str(label) for key, label in VERDICTS.items()}
    placed = preview.placed(found.points(), said)
    return JsonResponse(preview.content(placed, Asked.read(request.GET), lambda row: ""))


@require_safe
@page(may=may_bring_records)
@_lying_here
def to_mend(request: HttpRequest, token: str) -> HttpResponse:
    """The rows that would not be loaded, with the reason, as a workbook."""
    found = _desk(_actor(request), token)
    if not (found.folder / desk.ROWS).is_file():
        raise Http404
    answer = HttpResponse(
        mending.workbook_of(found), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    answer["Content-Disposition"] = 'attachment; filename="da-correggere.xlsx"'
    return answer


@require_safe
@page(may=may_bring_records)
@_lying_here
def recipe(request: HttpRequest, token: str) -> HttpResponse:
    """The recipe that does the same again, from the command line or with the next file."""
    found = _desk(_actor(request), token)
    answer = HttpResponse(found.recipe(), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{(found.mapping.key or found.mapping.register)[:60]}.toml"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
