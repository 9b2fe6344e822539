"""The pages of waves. Each reads, or makes one call downward."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from trama.accounts.adapter import client_ip
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.pages import anyone, page
from trama.monitoring import actions, comparing, links, paper, reading, xlsform
from trama.monitoring import cuts as numbers
from trama.monitoring.actions.making import NotPossible, questions_of
from trama.monitoring.choices import COVERED, Channel, WaveState
from trama.monitoring.forms import (
    DelegateForm,
    ErratumForm,
    QuestionFile,
    QuestionSet,
    ReasonForm,
    SheetForm,
    WaveForm,
    initial_of,
    questions_from,
    shown,
    suggested,
)
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.permissions import may_keep, may_make, may_reopen, reads
from trama.territory import finding
from trama.ui.numbers import number

ON_A_PAGE = 50
STEP_SECONDS = 2.0  # how long a page works on what takes longer, before it says how far it is


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _wave(request: HttpRequest, pk: int, *, keeping: bool = False, following: bool = False) -> Wave:
    """The wave, if the actor may see it (`keeping`: keep it; `following`: read its sheets); else it does not exist."""
    actor = _actor(request)
    found = get_object_or_404(Wave.objects.visible_to(actor), pk=pk)
    if keeping and not may_keep(actor, found.area_ids()):
        raise Http404
    if following and not reads(actor):
        raise Http404
    return found


def _paged(request: HttpRequest, rows: Any) -> dict[str, Any]:
    """One page of rows, with what the list of pages needs."""
    paginator = Paginator(rows, ON_A_PAGE)
    found = paginator.get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return {"page": found, "pages": paginator.get_elided_page_range(found.number), "query": query.urlencode()}


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("Monitoring"), reverse("monitoring:waves")), *more]


def _under(wave: Wave, last: str) -> list[tuple[str, str]]:
    return _crumbs((wave.name, reverse("monitoring:wave", args=[wave.pk])), (last, ""))


# --- waves --------------------------------------------------------------------------------------------------------
@page(may=anyone)
@require_safe
def waves(request: HttpRequest) -> HttpResponse:
    """Every wave that one may see, the latest first."""
    actor = _actor(request)
    rows = Wave.objects.visible_to(actor).annotate(asked=Count("sheets", distinct=True)).order_by("-starts_on", "-pk")
    context = {**_paged(request, rows), "may_make": may_make(actor), "crumbs": [(_("Monitoring"), "")]}
    return render(request, "monitoring/waves.html", context)


@page(may=anyone)
@require_safe
def wave(request: HttpRequest, pk: int) -> HttpResponse:
    """A wave: what it will ask while in preparation, its board while open, its figures once closed."""
    actor, row = _actor(request), _wave(request, pk)
    areas = row.area_ids()
    context: dict[str, Any] = {
        "wave": row,
        "monitored": reading.monitored_of(row),
        "areas": [finding.name_of(area) for area in sorted(areas)],
        "kinds": [name for value, name in reading.monitored_of(row).kinds() if value in row.kinds],
        "may_keep": may_keep(actor, areas),
        "may_reopen": may_reopen(actor, areas),
        "follows": reads(actor),
        "crumbs": _crumbs((row.name, "")),
    }
    if row.state == WaveState.CLOSED:
        whole, cuts = reading.figures(row)
        before = reading.wave_before(row)
        context |= {"figures": whole, "cuts": cuts, "errata": row.errata.all(), "before": before}
        # Of areas what the tables show: a figure that is protected there is not told here.
        by_areas = [cut for cut in numbers.cuts(row, actor) if cut.is_area]
        context |= {"by_area": by_areas[0] if by_areas else None, "cuts": cuts[1:]}
        context |= {"asked": row.sheets.count(), "answered": row.sheets.filter(answer__in=COVERED).count()}
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
    row = _wave(request, pk, keeping=True)
    if row.state != WaveState.DRAFT:
        raise Http404
    return _form_of(request, row)


def _form_of(request: HttpRequest, row: Wave | None) -> HttpResponse:
    actor, counted = _actor(request), ""
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
    crumbs = _under(row, last) if row else _crumbs((last, ""))
    context = {"form": form, "wave": row, "counted": counted, "crumbs": crumbs, "what": what}
    context["kinds_of_wave"] = [] if row else [(key, str(one.title)) for key, one in gathered.monitored.items()]
    return render(request, "monitoring/wave_form.html", context)


@page(may=may_make, writes=True)
@require_POST
def wave_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Open, write to the referents, remind, close, throw away. What takes long goes on in steps."""
    row, actor = _wave(request, pk, keeping=True), _actor(request)
    try:
        if what == "delete":
            actions.delete_wave(actor, row)
            messages.success(request, _("Thrown away."))
            return redirect("monitoring:waves")
        if what == "open":
            row = actions.open_wave(actor, row, _site(request))
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
    row = _wave(request, pk, keeping=True)
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
    context |= {"said": _said_of(what, done, total), "crumbs": _under(row, str(STEPS[what]))}
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
    actor, failed = _actor(request), 0
    if what == "close":
        over = actions.close_wave(actor, row, seconds=STEP_SECONDS).is_closed
        done, total = actions.frozen_of(row)
    else:
        act = actions.remind if what == "remind" else actions.send_links
        sent = act(actor, row, _site(request), seconds=STEP_SECONDS)
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
    row, actor = _wave(request, pk, keeping=True), _actor(request)
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
    return render(request, "monitoring/questions.html", context | {"crumbs": _under(row, _("Additional questions"))})


@page(may=may_make, writes=True)
def questions_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The additional questions as an XLSForm: out of here, and into here."""
    row = _wave(request, pk, keeping=True)
    version, known = questions_of(row)
    if request.method != "POST":
        content = xlsform.written(known or xlsform.example(), row.name, version)
        return _download(content, XLSX, f"domande-{row.pk}.xlsx")
    form, problems = QuestionFile(request.POST, request.FILES), [_("Choose a file first.")]
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            # What is too large is refused unread.
            read = xlsform.read(file.name, file.read(xlsform.MOST_BYTES + 1))
            actions.save_questions(_actor(request), row, read.questions, source=file.name)
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


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


# --- sheets -------------------------------------------------------------------------------------------------------
@page(may=reads)
@require_safe
def sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheets of a wave, narrowed by words or number, by answer, area and kind."""
    row, actor = _wave(request, pk, following=True), _actor(request)
    chosen = {key: request.GET.get(key, "").strip()[:100] for key in reading.NARROWING}
    found = _paged(request, reading.narrowed(row, actor, chosen).order_by("title", "pk").select_related("area"))
    monitored = reading.monitored_of(row)
    for one in found["page"].object_list if row.is_open else ():
        one.mine = monitored.may_answer(actor, one.record)
    context = {"wave": row, **found, "chosen": chosen, "most": paper.MOST, "is_open": row.is_open}
    context |= reading.choices(row, actor) | {"crumbs": _under(row, _("Sheets"))}
    return render(request, "monitoring/sheets.html", context)


def _sheet(request: HttpRequest, pk: int, sheet: int) -> tuple[Wave, Sheet]:
    """A sheet of an open wave, if the actor may answer for its record; else it does not exist."""
    row, actor = _wave(request, pk, following=True), _actor(request)
    found = get_object_or_404(Sheet.objects.visible_to(actor).select_related("wave"), wave=row, pk=sheet)
    if not row.is_open or not reading.monitored_of(row).may_answer(actor, found.record):
        raise Http404
    return row, found


def _sheet_form(request: HttpRequest, found: Sheet, *, by_worker: bool) -> SheetForm:
    monitored = reading.monitored_of(found.wave)
    content = monitored.content([found.record]).get(found.record, {})
    return SheetForm(
        request.POST or None,
        monitored=monitored,
        content=content,
        questions=questions_of(found.wave)[1],
        sheet=found,
        by_worker=by_worker,
    )


def _answered(form: SheetForm, actor: Actor, found: Sheet, channel: str, **more: Any) -> bool:
    """Whether the answer was taken; what was refused stands beside its fields."""
    if not form.is_valid():
        return False
    try:
        actions.answer(actor, found, form.cleaned_data["answer"], channel=channel, **form.given(), **more)
    except ValidationError as error:
        form.take(error)
        return False
    return True


@page(may=reads, writes=True)
def sheet(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """A sheet typed in by a worker: from paper, from the telephone, from a meeting."""
    row, found = _sheet(request, pk, sheet)
    form = _sheet_form(request, found, by_worker=True)
    try:
        if request.method == "POST" and _answered(
            form, _actor(request), found, request.POST.get("channel") or Channel.PAPER.value
        ):
            messages.success(request, _("Saved: “%(title)s”.") % {"title": found.title})
            return redirect(f"{reverse('monitoring:sheets', args=[row.pk])}?answer=waiting")
    except NotPossible as error:
        messages.error(request, str(error))
    context = {"wave": row, "sheet": found, "form": form, "delegate_form": DelegateForm(), "by_worker": True}
    context |= {"address": reading.monitored_of(row).url(found.record), "links": found.invitations.count()}
    crumbs = _crumbs(
        (row.name, reverse("monitoring:wave", args=[row.pk])),
        (_("Sheets"), reverse("monitoring:sheets", args=[row.pk])),
        (found.title, ""),
    )
    return render(request, "monitoring/sheet.html", context | {"crumbs": crumbs})


@page(may=reads, writes=True)
@require_POST
def delegate(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """Send the link to somebody else who knows."""
    row, found = _sheet(request, pk, sheet)
    form = DelegateForm(request.POST)
    if form.is_valid():
        try:
            actions.delegate(
                _actor(request), found, form.cleaned_data["email"], form.cleaned_data["name"], _site(request)
            )
            messages.success(request, _("The link has left for %(email)s.") % {"email": form.cleaned_data["email"]})
        except (NotPossible, ValidationError) as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("This is not an e-mail address."))
    return redirect("monitoring:sheet", pk=row.pk, sheet=found.pk)


@page(may=reads, writes=True)
@require_POST
def print_sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """Sheets to be printed, each with its own QR code: the ticked ones, or all the silent ones of a list."""
    row, actor = _wave(request, pk, following=True), _actor(request)
    if "all" in request.POST:
        chosen = {key: request.POST.get(key, "").strip()[:100] for key in reading.NARROWING}
        rows = reading.narrowed(row, actor, chosen).silent()
    else:
        ticked = [
            text for text in request.POST.getlist("sheet") if text.isascii() and text.isdigit() and len(text) < 19
        ]
        rows = Sheet.objects.filter(wave=row, pk__in=[int(text) for text in ticked[: paper.MOST]]).visible_to(actor)
    monitored = reading.monitored_of(row)
    wanted = reading.unprinted_first(rows).select_related("wave", "area")
    mine = [one for one in wanted[: paper.MOST] if monitored.may_answer(actor, one.record)]
    if not mine:
        if not row.is_open or not request.POST.getlist("sheet"):
            raise Http404
        messages.error(request, _("Tick at least one sheet."))
        return redirect("monitoring:sheets", pk=row.pk)
    try:
        handed = actions.hand_out(actor, mine, _site(request))
        content = paper.pdf(row, handed, monitored, questions_of(row)[1])
    except (NotPossible, paper.NotPrinted) as error:
        messages.error(request, str(error))
        return redirect("monitoring:sheets", pk=row.pk)
    return _download(content, "application/pdf", f"schede-{row.pk}.pdf")


# --- the personal link --------------------------------------------------------------------------------------------
@page(may=anyone, writes=True)
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """One sheet, for whoever bears the link to it: no account, nothing else."""
    opened = links.opened_by(token, client_ip(request) or "")
    if opened.invitation is None:
        return _link_page(request, "monitoring/no_link.html", {"reason": opened.reason}, _status(opened.reason))
    found = opened.invitation.sheet
    form = _sheet_form(request, found, by_worker=False)
    try:
        if request.method == "POST" and _answered(
            form, opened.actor, found, Channel.LINK.value, invitation=opened.invitation
        ):
            return _link_page(
                request, "monitoring/thanks.html", {"answer": form.cleaned_data["answer"], "sheet": found}
            )
    except (NotPossible, PermissionDenied):
        # Somebody was faster, or the wave was closed while the sheet lay open.
        return _link_page(request, "monitoring/no_link.html", {"reason": "used"}, 410)
    context = {"wave": found.wave, "sheet": found, "form": form, "by_worker": False}
    return _link_page(request, "monitoring/sheet.html", context)


def _status(reason: str) -> int:
    return {"slow": 429, "unknown": 404, "not_yours": 404}.get(reason, 410)


def _link_page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page behind a personal link: it stays in no cache, in no search engine, and its address goes nowhere."""
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    # A page with a form is sent from its own address, also the form that comes back with errors: without it the
    # browser says that it comes from nowhere, and is refused.
    response["Referrer-Policy"] = "same-origin" if template == "monitoring/sheet.html" else "no-referrer"
    return response


# --- what comes out -----------------------------------------------------------------------------------------------
@page(may=reads)
@require_safe
def quality(request: HttpRequest, pk: int) -> HttpResponse:
    """How complete each field is, and what is hard to believe."""
    row = _wave(request, pk, following=True)
    context = {"wave": row, **reading.quality(row, _actor(request)), "crumbs": _under(row, _("How good the data are"))}
    return render(request, "monitoring/quality.html", context)


@page(may=anyone)
@require_safe
def comparison(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two closed waves compared: `pk` is the later one."""
    later, earlier = _wave(request, pk), _wave(request, other)
    if not (later.is_closed and earlier.is_closed) or later.what != earlier.what or later.pk == earlier.pk:
        raise Http404
    context = {
        "found": comparing.compare(earlier, later),
        "wave": later,
        "earlier": earlier,
        "monitored": reading.monitored_of(later),
    }
    return render(request, "monitoring/comparison.html", context | {"crumbs": _under(later, _("Comparison"))})


@page(may=reads, writes=True)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed wave again, saying why."""
    row, actor = _wave(request, pk), _actor(request)
    if not may_reopen(actor, row.area_ids()) or not row.is_closed:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.reopen_wave(actor, row, form.cleaned_data["reason"])
        messages.success(request, _("It is open again. The register of acts keeps what it had frozen, and why."))
        return redirect("monitoring:wave", pk=row.pk)
    context = {"wave": row, "form": form, "crumbs": _under(row, _("Open again"))}
    return render(request, "monitoring/reopen.html", context)


@page(may=may_make, writes=True)
def erratum(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is wrong in a closed wave."""
    row = _wave(request, pk, keeping=True)
    if not row.is_closed:
        raise Http404
    form = ErratumForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.write_erratum(_actor(request), row, **form.cleaned_data)
        messages.success(request, _("Written beside the figures, with today's date."))
        return redirect("monitoring:wave", pk=row.pk)
    context = {"wave": row, "form": form, "crumbs": _under(row, _("Correction"))}
    return render(request, "monitoring/erratum.html", context)
