"""The pages of the sheets of a wave: their list, one sheet typed in or handed over, paper, the personal link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trama.accounts.adapter import client_ip
from trama.core.actor import Actor
from trama.core.pages import anyone, page
from trama.monitoring import actions, links, paper, reading
from trama.monitoring.actions.making import NotPossible, questions_of
from trama.monitoring.choices import Channel
from trama.monitoring.forms import DelegateForm, SheetForm, typed_by
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.permissions import reads
from trama.monitoring.views import actor_of, crumbs_to, download, paged, site_of, under, wave_of


# --- sheets -------------------------------------------------------------------------------------------------------
@page(may=reads)
@require_safe
def sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheets of a wave, narrowed by words or number, by answer, area and kind."""
    row, actor = wave_of(request, pk, following=True), actor_of(request)
    chosen = {key: request.GET.get(key, "").strip()[:100] for key in reading.NARROWING}
    found = paged(request, reading.narrowed(row, actor, chosen).order_by("title", "pk").select_related("area"))
    monitored = reading.monitored_of(row)
    for one in found["page"].object_list if row.is_open else ():
        one.mine = monitored.may_answer(actor, one.record)
    handed = reading.waiting_elsewhere(found["page"].object_list)
    for one in found["page"].object_list:
        one.is_handed = one.pk in handed
    context = {"wave": row, **found, "chosen": chosen, "most": paper.MOST, "is_open": row.is_open}
    context |= {"back": _list_query(request), "is_narrowed": any(chosen.values())}
    context |= reading.choices(row, actor) | {"crumbs": under(row, _("Sheets"))}
    return render(request, "monitoring/sheets.html", context)


def sheet_of(request: HttpRequest, pk: int, sheet: int) -> tuple[Wave, Sheet]:
    """A sheet of an open wave, if the actor may answer for its record; else it does not exist."""
    row, actor = wave_of(request, pk, following=True), actor_of(request)
    found = get_object_or_404(Sheet.objects.visible_to(actor).select_related("wave"), wave=row, pk=sheet)
    if not row.is_open or not reading.monitored_of(row).may_answer(actor, found.record):
        raise Http404
    return row, found


def _sheet_form(
    request: HttpRequest, found: Sheet, actor: Actor, *, by_worker: bool, unsent: bool = False
) -> SheetForm:
    monitored = reading.monitored_of(found.wave)
    content = monitored.content([found.record]).get(found.record, {})
    form = SheetForm(
        None if unsent else request.POST or None,
        monitored=monitored,
        content=content,
        questions=questions_of(found.wave)[1],
        sheet=found,
        by_worker=by_worker,
    )
    record = monitored.model._base_manager.filter(pk=found.record).order_by().first() if monitored.model else None
    form.meet(record or found, actor)
    return form


def _answered(form: SheetForm, actor: Actor, found: Sheet, channel: str = "", **more: Any) -> bool:
    """Whether the answer was taken; what was refused stands beside its fields, and so does what was answered before."""
    if form.is_valid() and not form.is_stale and not form.must_choose:
        by_way_of = channel or form.cleaned_data["channel"]
        try:
            actions.answer(actor, found, form.cleaned_data["answer"], channel=by_way_of, **form.given(), **more)
        except ValidationError as error:
            form.take(error)
        except actions.AnsweredMeanwhile as meanwhile:
            form.is_stale, found = True, meanwhile.sheet
        except actions.ChangedMeanwhile:
            # In the very moment of saving: what is stored by then is met when the form is sent again.
            said = _("Somebody else is saving this record right now. Send it again: nothing of theirs is lost.")
            form.add_error(None, said)
        else:
            return True
    if form.is_stale:
        form.say_answered_meanwhile(found, reading.answered_by(found, actor))
    form.come_back()
    return False


def _list_query(request: HttpRequest) -> str:
    """What the list of sheets was narrowed by, and its page, as the rest of an address; "" when by nothing."""
    kept = {key: request.GET.get(key, "")[:100] for key in (*reading.NARROWING, "page")}
    return urlencode({key: value for key, value in kept.items() if value})


def _sheet_page(request: HttpRequest, found: Sheet, form: SheetForm, handing: DelegateForm) -> HttpResponse:
    """A sheet as a worker sees it."""
    row, query = found.wave, _list_query(request)
    context = {"wave": row, "sheet": found, "form": form, "delegate_form": handing, "by_worker": True, "query": query}
    context |= {"doubts": reading.doubts_on(found)[0]}
    context |= {"address": reading.monitored_of(row).url(found.record), "links": found.invitations.count()}
    context["handed"] = reading.handed_to(found)
    crumbs = crumbs_to(
        (row.name, reverse("monitoring:wave", args=[row.pk])),
        (_("Sheets"), reverse("monitoring:sheets", args=[row.pk]) + (f"?{query}" if query else "")),
        (found.title, ""),
    )
    return render(request, "monitoring/sheet.html", context | {"crumbs": crumbs})


@page(may=reads, writes=True)
def sheet(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """A sheet typed in by a worker: from paper, from the telephone, from a meeting."""
    row, found = sheet_of(request, pk, sheet)
    form = _sheet_form(request, found, actor_of(request), by_worker=True)
    try:
        if request.method == "POST" and _answered(form, actor_of(request), found):
            said = _("Saved: “%(title)s”.") % {"title": found.title}
            messages.success(request, " ".join(filter(None, (said, form.said_of_kept))))
            query = _list_query(request) or "answer=waiting"
            return redirect(f"{reverse('monitoring:sheets', args=[row.pk])}?{query}")
    except NotPossible as error:
        messages.error(request, str(error))
    return _sheet_page(request, found, form, DelegateForm())


@page(may=reads, writes=True)
@require_POST
def delegate(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """Send the link to somebody else who knows."""
    row, found = sheet_of(request, pk, sheet)
    form = DelegateForm(request.POST)
    if form.is_valid():
        email, name = form.cleaned_data["email"], form.cleaned_data["name"]
        try:
            actions.delegate(actor_of(request), found, email, name, site_of(request))
            messages.success(request, _("The link has left for %(email)s.") % {"email": email})
        except NotPossible as error:
            messages.error(request, str(error))
        except ValidationError as error:
            form.add_error("email", error)
    if form.errors:
        # Beside the field that is wrong, with what was typed.
        unsent = _sheet_form(request, found, actor_of(request), by_worker=True, unsent=True)
        return _sheet_page(request, found, unsent, form)
    query = _list_query(request)
    return redirect(reverse("monitoring:sheet", args=[row.pk, found.pk]) + (f"?{query}" if query else ""))


@page(may=reads, writes=True)
@require_POST
def print_sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """Sheets to be printed, each with its own QR code: the ticked ones, or all the silent ones of a list."""
    row, actor = wave_of(request, pk, following=True), actor_of(request)
    chosen = {key: request.POST.get(key, "").strip()[:100] for key in reading.NARROWING}
    kept = urlencode({key: value for key, value in chosen.items() if value})
    back = redirect(reverse("monitoring:sheets", args=[row.pk]) + (f"?{kept}" if kept else ""))
    if "all" in request.POST:
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
        if not row.is_open:
            raise Http404
        none = _("No sheet of this list is silent.") if "all" in request.POST else _("Tick at least one sheet.")
        messages.error(request, none)
        return back
    try:
        handed = actions.hand_out(actor, mine, site_of(request))
        content = paper.pdf(row, handed, monitored, questions_of(row)[1])
    except (NotPossible, paper.NotPrinted) as error:
        messages.error(request, str(error))
        return back
    return download(content, "application/pdf", f"schede-{row.pk}.pdf")


# --- the personal link --------------------------------------------------------------------------------------------
@page(may=anyone, writes=True)
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """One sheet, for whoever bears the link to it: no account, nothing else."""
    opened = links.opened_by(token, client_ip(request) or "")
    if opened.invitation is None:
        return _nothing_opened(request, opened.reason, opened.late)
    found = opened.invitation.sheet
    form = _sheet_form(request, found, opened.actor, by_worker=False)
    try:
        if request.method == "POST" and _answered(
            form, opened.actor, found, Channel.LINK.value, invitation=opened.invitation
        ):
            context = {"answer": form.cleaned_data["answer"], "sheet": found, "kept": form.said_of_kept}
            return _link_page(request, "monitoring/thanks.html", context)
    except (NotPossible, PermissionDenied):
        # Somebody was faster, or the wave was closed while the sheet lay open.
        return _nothing_opened(request, "used", found)
    context = {"wave": found.wave, "sheet": found, "form": form, "by_worker": False}
    return _link_page(request, "monitoring/sheet.html", context)


def _nothing_opened(request: HttpRequest, reason: str, late: Sheet | None) -> HttpResponse:
    """The page of a link that opens nothing; who came too late gets back what they typed, and no more than that."""
    context: dict[str, Any] = {"reason": reason}
    if request.method == "POST" and late is not None:
        context["typed"] = typed_by(request.POST, reading.monitored_of(late.wave), questions_of(late.wave)[1])
    return _link_page(request, "monitoring/no_link.html", context, _status(reason))


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
