"""The pages of waves. Each reads, or makes one call downward."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.db.models.functions import NullIf
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.pages import anyone, page
from trama.monitoring import actions, comparing, reading, xlsform
from trama.monitoring import cuts as numbers
from trama.monitoring.actions.making import NotPossible, questions_of
from trama.monitoring.choices import COVERED, WaveState
from trama.monitoring.forms import ErratumForm, ReasonForm, WaveForm, initial_of, suggested
from trama.monitoring.models import Wave
from trama.monitoring.permissions import may_keep, may_make, may_reopen, reads
from trama.monitoring.question_forms import QuestionFile, QuestionSet, questions_from, shown
from trama.territory import finding
from trama.ui.numbers import number

ON_A_PAGE = 50
STEP_SECONDS = 2.0  # how long a page works on what takes longer, before it says how far it is


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    return request.actor  # type: ignore[attr-defined]


def site_of(request: HttpRequest) -> str:
    """The address of this installation, with a slash at its end."""
    return request.build_absolute_uri("/")


def wave_of(request: HttpRequest, pk: int, *, keeping: bool = False, following: bool = False) -> Wave:
    """The wave, if the actor may see it (`keeping`: keep it; `following`: read its sheets); else it does not exist."""
    actor = actor_of(request)
    found = get_object_or_404(Wave.objects.visible_to(actor), pk=pk)
    if keeping and not may_keep(actor, found.area_ids()):
        raise Http404
    if following and not reads(actor):
        raise Http404
    return found


def paged(request: HttpRequest, rows: Any) -> dict[str, Any]:
    """One page of rows, with what the list of pages needs."""
    paginator = Paginator(rows, ON_A_PAGE)
    found = paginator.get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return {"page": found, "pages": paginator.get_elided_page_range(found.number), "query": query.urlencode()}


def crumbs_to(*more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way to a page below the list of waves."""
    return [(_("Monitoring"), reverse("monitoring:waves")), *more]


def under(wave: Wave, last: str) -> list[tuple[str, str]]:
    """The way to a page just below a wave."""
    return crumbs_to((wave.name, reverse("monitoring:wave", args=[wave.pk])), (last, ""))


# --- waves --------------------------------------------------------------------------------------------------------
@page(may=anyone)
@require_safe
def waves(request: HttpRequest) -> HttpResponse:
    """Every wave that one may see, the latest first."""
    actor = actor_of(request)
    covered = Count("sheets", filter=Q(sheets__answer__in=COVERED), distinct=True)
    rows = Wave.objects.visible_to(actor).annotate(asked=Count("sheets", distinct=True), covered=covered)
    rows = rows.annotate(share=F("covered") * 1.0 / NullIf(F("asked"), 0)).order_by("-starts_on", "-pk")
    context = {**paged(request, rows), "may_make": may_make(actor), "crumbs": [(_("Monitoring"), "")]}
    return render(request, "monitoring/waves.html", context)


@page(may=anyone)
@require_safe
def wave(request: HttpRequest, pk: int) -> HttpResponse:
    """A wave: what it will ask while in preparation, its board while open, its figures once closed."""
    actor, row = actor_of(request), wave_of(request, pk)
    areas = row.area_ids()
    context: dict[str, Any] = {
        "wave": row,
        "monitored": reading.monitored_of(row),
        "areas": [finding.name_of(area) for area in sorted(areas)],
        "kinds": [name for value, name in reading.monitored_of(row).kinds() if value in row.kinds],
        "may_keep": may_keep(actor, areas),
        "may_reopen": may_reopen(actor, areas),
        "follows": reads(actor),
        "crumbs": crumbs_to((row.name, "")),
    }
    if row.state == WaveState.CLOSED:
        whole, cuts = reading.figures(row)
        before = reading.wave_before(row)
        context |= {"figures": whole, "cuts": cuts, "errata": row.errata.all(), "before": before}
        # Of areas what the tables show: a figure that is protected there is not told here.
        by_areas = [cut for cut in numbers.cuts(row, actor) if cut.is_area]
        context |= {"by_area": by_areas[0] if by_areas else None, "cuts": cuts[1:]}
        asked, answered = row.sheets.count(), row.sheets.filter(answer__in=COVERED).count()
        if context["may_keep"] and not context["may_reopen"]:
            context["reopeners"] = reading.who_reopens(row)
        context |= {"asked": asked, "answered": answered, "share": answered / asked if asked else None}
        return render(request, "monitoring/closed.html", context)
    if row.state == WaveState.DRAFT:
        count = actions.count_scope(row)
        context |= {"count": count, "counted": context["monitored"].counted(count), "questions": questions_of(row)[1]}
        return render(request, "monitoring/draft.html", context)
    context |= reading.board(row, actor) | {"about": context["areas"]}
    return render(request, "monitoring/board.html", context)


@page(may=may_make, writes=True)
def wave_add(request: HttpRequest) -> HttpResponse:
    """A new wave, in preparation."""
    return _form_of(request, None)


@page(may=may_make, writes=True)
def wave_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a wave in preparation."""
    row = wave_of(request, pk, keeping=True)
    if row.state != WaveState.DRAFT:
        raise Http404
    return _form_of(request, row)


def _form_of(request: HttpRequest, row: Wave | None) -> HttpResponse:
    actor, counted = actor_of(request), ""
    initial = initial_of(row) if row else suggested()
    what = row.what if row else request.GET.get("what", next(iter(gathered.monitored)))
    if what not in gathered.monitored:
        raise Http404
    form = WaveForm(request.POST or None, actor=actor, what=what, initial=initial)
    if request.method == "POST" and form.is_valid():
        if "count" in request.POST:
            counted = gathered.monitored[form.what].counted(form.count())
        else:
            try:
                saved = actions.save_wave(actor, form.cleaned_data, row)
            except ValidationError as error:
                for name, said in getattr(error, "message_dict", {"__all__": error.messages}).items():
                    form.add_error(name if name in form.fields else None, said)
            else:
                messages.success(request, _("Saved. It asks nobody until you open it."))
                return redirect("monitoring:wave", pk=saved.pk)
    last = _("Change") if row else _("New wave")
    crumbs = under(row, last) if row else crumbs_to((last, ""))
    context = {"form": form, "wave": row, "counted": counted, "crumbs": crumbs, "what": what}
    context["kinds_of_wave"] = [] if row else [(key, str(one.title)) for key, one in gathered.monitored.items()]
    return render(request, "monitoring/wave_form.html", context)


@page(may=may_make, writes=True)
@require_POST
def wave_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Open, write to the referents, remind, close, throw away. What takes long goes on in steps."""
    row, actor = wave_of(request, pk, keeping=True), actor_of(request)
    try:
        if what == "delete":
            actions.delete_wave(actor, row)
            messages.success(request, _("Thrown away."))
            return redirect("monitoring:waves")
        if what == "open":
            row = actions.open_wave(actor, row, site_of(request))
            messages.success(request, _("It is open."))
            what = "send"
        if what not in STEPS:
            raise Http404
        step = _step(request, row, what)
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("monitoring:wave", pk=row.pk)
    if step["over"]:
        return _told(request, row, step)
    query = f"?done={step['done']}&total={step['total']}"
    return redirect(reverse("monitoring:going", args=[row.pk, what]) + query)


@page(may=may_make, writes=True)
def going(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """How far something long is. Each POST does a step; a script sends them one after the other, or a person does."""
    row = wave_of(request, pk, keeping=True)
    if what not in STEPS or (row.state == WaveState.DRAFT):
        raise Http404
    if request.method == "POST":
        try:
            step = _step(request, row, what)
        except NotPossible as error:
            messages.error(request, str(error))
            step = {"over": True, "done": 0, "total": 0, "failed": 0, "said": "", "what": what, "silent": True}
        by_script = request.headers.get("Accept") == "application/json"
        if step["over"]:
            answer = _told(request, row, step)
            return JsonResponse({"next": reverse("monitoring:wave", args=[row.pk])}) if by_script else answer
        if by_script:
            return JsonResponse({key: step[key] for key in ("done", "total", "said")})
        return redirect(f"{request.path}?done={step['done']}&total={step['total']}")
    if what == "close" and row.is_closed:
        return redirect("monitoring:wave", pk=row.pk)
    done, total = _how_far(request)
    if what == "close":
        done, total = actions.frozen_of(row)
    context = {"wave": row, "what": what, "title": STEPS[what], "done": done, "total": total or done or 1}
    context |= {"said": _said_of(what, done, total), "crumbs": under(row, str(STEPS[what]))}
    return render(request, "monitoring/going.html", context)


STEPS = {
    "send": gettext_lazy("Letters leave"),
    "remind": gettext_lazy("Reminders leave"),
    "close": gettext_lazy("The wave is being closed"),
}


def _how_far(request: HttpRequest) -> tuple[int, int]:
    """What the steps before had done, as the page that asks for the next one says."""
    given = request.POST if request.method == "POST" else request.GET
    done, total = (
        int(text) if (text := given.get(key, "")).isascii() and text.isdigit() and len(text) < 8 else 0
        for key in ("done", "total")
    )
    return done, total


def _said_of(what: str, done: int, total: int) -> str:
    said = {"done": number(done), "total": number(total)}
    if what == "close":
        return _("%(done)s of %(total)s records are frozen.") % said
    return _("%(done)s of %(total)s letters have left.") % said


def _step(request: HttpRequest, row: Wave, what: str) -> dict[str, Any]:
    """One step of something long, and how far it is then."""
    actor, failed = actor_of(request), 0
    if what == "close":
        over = actions.close_wave(actor, row, seconds=STEP_SECONDS).is_closed
        done, total = actions.frozen_of(row)
    else:
        act = actions.remind if what == "remind" else actions.send_links
        sent = act(actor, row, site_of(request), seconds=STEP_SECONDS)
        over, failed = sent.is_over, sent.failed + (sent.waiting if sent.is_over else 0)
        done = _how_far(request)[0] + sent.letters
        total = done + sent.waiting
    return {
        "over": over,
        "done": done,
        "total": total,
        "failed": failed,
        "said": _said_of(what, done, total),
        "what": what,
    }


def _told(request: HttpRequest, row: Wave, step: dict[str, Any]) -> HttpResponse:
    """Say how something long ended, on the page of the wave."""
    if step["what"] == "close":
        if not step.get("silent"):
            messages.success(request, _("Closed and frozen. Everybody can read the figures now."))
    elif not step.get("silent"):
        messages.success(request, _("%(letters)s left.") % {"letters": _letters(step["done"])})
    if step["failed"]:
        said = ngettext(
            "One letter could not leave: the mail server does not answer. Try again later.",
            "%(n)s letters could not leave: the mail server does not answer. Try again later.",
            step["failed"],
        )
        messages.error(request, said % {"n": step["failed"]})
    return redirect("monitoring:wave", pk=row.pk)


def _letters(count: int) -> str:
    return ngettext("One letter", "%(n)s letters", count) % {"n": count} if count else _("No letter")


@page(may=may_make, writes=True)
def questions(request: HttpRequest, pk: int) -> HttpResponse:
    """The additional questions of a wave."""
    row, actor = wave_of(request, pk, keeping=True), actor_of(request)
    known = questions_of(row)[1]
    lines = QuestionSet(request.POST or None, initial=shown(known), prefix="q")
    problems: list[str] = []
    if request.method == "POST" and lines.is_valid():
        try:
            actions.save_questions(actor, row, questions_from(lines, known))
        except ValidationError as error:
            problems = error.messages
        except NotPossible as error:
            problems = [str(error)]
        else:
            messages.success(request, _("The questions are saved."))
            return redirect("monitoring:wave", pk=row.pk)
    return _questions_page(request, row, lines, problems)


def _questions_page(request: HttpRequest, row: Wave, lines: Any, problems: list[str], file: Any = None) -> HttpResponse:
    last = row.questionnaires.order_by("-version").first()
    known = questions_of(row)[1]
    for place, line in enumerate(lines):
        line.key = known[place].key if place < len(known) else ""
    context = {"wave": row, "lines": lines, "last": last, "problems": problems, "file_form": file or QuestionFile()}
    return render(request, "monitoring/questions.html", context | {"crumbs": under(row, _("Additional questions"))})


@page(may=may_make, writes=True)
def questions_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The additional questions as an XLSForm: out of here, and into here."""
    row = wave_of(request, pk, keeping=True)
    version, known = questions_of(row)
    if request.method != "POST":
        content = xlsform.written(known or xlsform.example(), row.name, version)
        return download(content, XLSX, f"domande-{row.pk}.xlsx")
    form, problems = QuestionFile(request.POST, request.FILES), [_("Choose a file first.")]
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            # What is too large is refused unread.
            read = xlsform.read(file.name, file.read(xlsform.MOST_BYTES + 1))
            actions.save_questions(actor_of(request), row, read.questions, source=file.name)
        except ValidationError as error:
            problems = error.messages
        except NotPossible as error:
            problems = [str(error)]
        else:
            count = sum(not question.is_note for question in read.questions)
            said = ngettext("One question was read and saved.", "%(n)s questions were read and saved.", count)
            messages.success(request, " ".join([said % {"n": count}, *read.notes]))
            return redirect("monitoring:questions", pk=row.pk)
    return _questions_page(request, row, QuestionSet(initial=shown(known), prefix="q"), problems, form)


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, kind: str, name: str) -> HttpResponse:
    """A file to keep, in no cache."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


# --- what comes out -----------------------------------------------------------------------------------------------
@page(may=reads)
@require_safe
def quality(request: HttpRequest, pk: int) -> HttpResponse:
    """How complete each field is, and what is hard to believe."""
    row = wave_of(request, pk, following=True)
    context = {"wave": row, **reading.quality(row, actor_of(request)), "crumbs": under(row, _("How good the data are"))}
    return render(request, "monitoring/quality.html", context)


@page(may=anyone)
@require_safe
def comparison(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two closed waves compared: `pk` is the later one."""
    later, earlier = wave_of(request, pk), wave_of(request, other)
    if not (later.is_closed and earlier.is_closed) or later.what != earlier.what or later.pk == earlier.pk:
        raise Http404
    if (later.starts_on, later.pk) < (earlier.starts_on, earlier.pk):
        # Read backwards, what ended would look new.
        return redirect("monitoring:comparison", earlier.pk, later.pk)
    context = {
        "found": comparing.compare(earlier, later),
        "wave": later,
        "earlier": earlier,
        "monitored": reading.monitored_of(later),
    }
    return render(request, "monitoring/comparison.html", context | {"crumbs": under(later, _("Comparison"))})


@page(may=reads, writes=True)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed wave again, saying why."""
    row, actor = wave_of(request, pk), actor_of(request)
    if not may_reopen(actor, row.area_ids()) or not row.is_closed:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.reopen_wave(actor, row, form.cleaned_data["reason"])
        messages.success(request, _("It is open again. The register of acts keeps what it had frozen, and why."))
        return redirect("monitoring:wave", pk=row.pk)
    context = {"wave": row, "form": form, "crumbs": under(row, _("Open again"))}
    return render(request, "monitoring/reopen.html", context)


@page(may=may_make, writes=True)
def erratum(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is wrong in a closed wave."""
    row = wave_of(request, pk, keeping=True)
    if not row.is_closed:
        raise Http404
    form = ErratumForm(request.POST or None, printed=reading.printed(row))
    if request.method == "POST" and form.is_valid():
        actions.write_erratum(actor_of(request), row, **form.given())
        messages.success(request, _("Written beside the figures, with today's date."))
        return redirect("monitoring:wave", pk=row.pk)
    context = {"wave": row, "form": form, "crumbs": under(row, _("Correction"))}
    return render(request, "monitoring/erratum.html", context)
