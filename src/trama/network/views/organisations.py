"""The pages of organisations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from trama.core.actor import Actor
from trama.core.declarations import sections_of
from trama.core.meanwhile import said_of
from trama.core.pages import anyone, page, signed_in
from trama.core.storytelling import Sentence, Told, history_of
from trama.network import actions, permissions
from trama.network.choices import ContactKind, Visibility
from trama.network.contacts import without_personal
from trama.network.declarations import REGISTER
from trama.network.fields import ContactForm
from trama.network.forms import OrganisationForm, SeatForm, TieForm
from trama.network.matching import match_all, suggest
from trama.network.models import (
    Merge,
    Organisation,
    OrganisationContact,
    Proposal,
    Seat,
    Tie,
    now_at,
    visible_names,
)
from trama.network.telling import AsRead, cover_unless
from trama.territory import finding
from trama.territory.models import visible_places_named
from trama.ui import maps
from trama.ui.registers import address_if_any

TOLD = {
    "other_names": Told(gettext_lazy("other names")),
    "contact": Told(gettext_lazy("contact"), choices=dict(ContactKind.choices)),
    "contact_visibility": Told(gettext_lazy("who sees it"), choices=dict(Visibility.choices)),
    "merged": Told(gettext_lazy("merged")),
    "seat": Told(gettext_lazy("seat")),
}


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _organisation(request: HttpRequest, pk: int, ability: str = "") -> Organisation:
    """The organisation, if the actor may see it and do with it what is asked; else it is not there."""
    rows = Organisation.objects.visible_to(_actor(request)).select_related("kind", "area", "source")
    organisation: Organisation = get_object_or_404(rows, pk=pk)
    if ability and not permissions.abilities(_actor(request), organisation.area_id, pk)[ability]:
        raise Http404
    return organisation


def _crumbs(organisation: Organisation | None, last: str) -> list[tuple[str, str]]:
    crumbs = [(str(REGISTER.title), reverse("network:organisations"))]
    if organisation is not None:
        crumbs.append((organisation.name, reverse("network:organisation", args=[organisation.pk])))
    return [*crumbs, (last, "")]


def area_path(area_id: int | None) -> list[tuple[str, str]]:
    """The areas above a record and its own, with the addresses of their pages."""
    return [(node.name, address_if_any("portal:area", node.code)) for node in finding.path_of(area_id)]


VERBS = {
    "merged": (
        gettext_lazy("%(who)s merged another record into it"),
        gettext_lazy("Another record was merged into it"),
    ),
    "merged_away": (gettext_lazy("%(who)s merged it into another record"), gettext_lazy("Merged into another record")),
    "merge_undone": (gettext_lazy("%(who)s undid a merge"), gettext_lazy("A merge was undone")),
    "restored": (gettext_lazy("%(who)s brought it back"), gettext_lazy("Brought back")),
    "split": (gettext_lazy("%(who)s split it into several"), gettext_lazy("Split into several")),
}


def _moved(request: HttpRequest, pk: int, name: str) -> HttpResponse | None:
    """The way from the address of a record that was merged to the one that was kept, if the actor may see it."""
    if Organisation.objects.filter(pk=pk).exists():
        return None
    kept = now_at(pk)
    if kept is None or not Organisation.objects.visible_to(_actor(request)).filter(pk=kept).exists():
        return None
    answer = HttpResponsePermanentRedirect(reverse(name, args=[kept]))
    answer["Cache-Control"] = "no-cache"  # a merge can be undone: the browser asks again
    return answer


def _history(request: HttpRequest, record: Organisation, *, owns: bool, plain: bool) -> list[Sentence]:
    """What happened to a record; for staff, also what had happened to those that became part of it."""
    actor = _actor(request)
    staff = permissions.is_staff(actor)
    # "Visible to everybody: yes" would be read beside a name that is hidden, and is not so.
    without = frozenset({"is_public"} if record.is_sensitive else set()) | (frozenset() if staff else {"merged"})
    cover = None if plain else without_personal
    told = history_of(record, actor, TOLD, verbs=VERBS, without=without, cover=cover, owns=owns)
    if staff:
        for gone in Merge.objects.in_force().filter(kept=record.pk).order_by("pk").values_list("gone", flat=True):
            told += history_of(Organisation(pk=gone), actor, TOLD, verbs=VERBS, without=without, cover=cover, owns=owns)
    return sorted(told, key=lambda sentence: sentence.at, reverse=True)


@page(may=anyone)
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one organisation that the actor may see."""
    if (moved := _moved(request, pk, "network:organisation")) is not None:
        return moved
    actor, record = _actor(request), _organisation(request, pk)
    abilities = permissions.abilities(actor, record.area_id, pk)
    contacts = record.contacts.order_by("kind", "id")
    plain = abilities["see_private_contacts"]
    if not plain:
        contacts = contacts.filter(visibility=Visibility.PUBLIC)
    ties = Tie.objects.visible_to(actor).filter(one=pk) | Tie.objects.visible_to(actor).filter(other=pk)
    hidden_contacts = record.contacts.count() - contacts.count()
    context = {
        "record": record,
        "told": AsRead(record, plain=plain),
        "abilities": abilities,
        "contacts": contacts,
        "hidden_contacts": hidden_contacts,
        "names": record.other_names.order_by("name"),
        "seats": _seats(record, actor, plain=plain),
        "area_path": area_path(record.area_id),
        "ties": ties.select_related("one", "other", "role").order_by("-last_seen_on", "id"),
        "sections": [
            (section, render_to_string(section.template, content, request))
            for section, content in sections_of(record, actor)
        ],
        "points": reverse("network:organisation_points", args=[pk]) if record.x is not None else "",
        "history": _history(request, record, owns=abilities["owns"], plain=plain),
        "alike": Proposal.objects.decidable_by(actor).open().filter(Q(one=pk) | Q(other=pk)).first(),
        "crumbs": _crumbs(None, record.name),
    }
    return render(request, "network/organisation.html", context)


def _seats(record: Organisation, actor: Actor, *, plain: bool) -> list[dict[str, Any]]:
    """Its other seats, each with the registered place where it is, if the actor may see that."""
    rows = list(record.seats.select_related("area").order_by("name", "id"))
    names = visible_places_named((row.place_id for row in rows if row.place_id), actor) if rows else {}
    cover = cover_unless(plain)
    return [
        {
            "row": row,
            "name": cover(str(row)),
            "address": cover(row.address) if row.name else "",
            "opening": cover(row.opening),
            "place": names.get(row.place_id or 0, ""),
        }
        for row in rows
    ]


@page(may=anyone)
def points(request: HttpRequest, pk: int) -> HttpResponse:
    """The point of one organisation, for its map."""
    if (moved := _moved(request, pk, "network:organisation_points")) is not None:
        return moved
    record = _organisation(request, pk)
    return maps.answer(request, Organisation.objects.filter(pk=record.pk), url=REGISTER.url)


@page(may=permissions.may_add)
def alike(request: HttpRequest) -> HttpResponse:
    """A fragment: the organisations whose names resemble what is being typed."""
    actor, name = _actor(request), request.GET.get("name", "")[:250]
    but = request.GET.get("but", "")
    found = suggest(name, actor, but=int(but) if but.isascii() and but.isdigit() and len(but) < 19 else None)
    return render(request, "network/_alike.html", {"likes": found})


@page(may=signed_in)
def alike_lines(request: HttpRequest) -> HttpResponse:
    """A fragment: for each line that is the name of nobody, the organisations that may be meant."""
    actor = _actor(request)
    lines = [" ".join(line.split()) for line in request.GET.get("promoters", "")[:4000].splitlines() if line.strip()]
    known = match_all(lines[:12])
    seen = visible_names((pk for pk in known.values() if pk is not None), actor)
    doubtful = [{"line": line, "likes": suggest(line, actor)} for line in lines[:12] if known[line] not in seen]
    return render(request, "network/_alike_lines.html", {"doubtful": doubtful})


def _save(request: HttpRequest, form: OrganisationForm, record: Organisation | None) -> Organisation | None:
    """Save what a valid form says; what the database refuses becomes an error of the form."""
    try:
        return actions.save_organisation(
            _actor(request), form.data_for_action(), record, expected=record.edited_at if record else None
        )
    except actions.ChangedMeanwhile:
        # In the very moment of saving: what is stored by then is met when the form is sent again.
        form.add_error(None, _("Somebody else is saving this record right now. Save again: nothing of theirs is lost."))
    except PermissionDenied as refusal:
        form.add_error(None, str(refusal))
    except ValidationError as error:
        named = getattr(error, "error_dict", {None: [error]})
        for name, errors in named.items():
            field = str(name).removesuffix("_id") if name and str(name).removesuffix("_id") in form.fields else None
            form.add_error(field, [str(message) for one in errors for message in one.messages])
    return None


@page(may=permissions.may_add, writes=True)
def organisation_add(request: HttpRequest) -> HttpResponse:
    """Add an organisation."""
    form = OrganisationForm(_actor(request), None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        record = _save(request, form, None)
        if record is not None:
            messages.success(request, _("Saved. Now it can be found, and others can be linked to it."))
            return redirect("network:organisation", record.pk)
    title = _("Add an organisation")
    return render(
        request,
        "network/organisation_form.html",
        {"form": form, "title": title, "crumbs": _crumbs(None, title), "record": None},
    )


@page(may=signed_in, writes=True)
def organisation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an organisation."""
    record = _organisation(request, pk, "edit")
    form = OrganisationForm(_actor(request), record, request.POST or None)
    if form.meet(record, _actor(request)) and form.is_valid():
        saved = _save(request, form, record)
        if saved is not None:
            messages.success(request, said_of(form))
            return redirect("network:organisation", saved.pk)
    title = _("Change")
    return render(
        request,
        "network/organisation_form.html",
        {"form": form, "title": title, "crumbs": _crumbs(record, title), "record": record},
    )


DONE: dict[str, tuple[str, Any, Any]] = {
    "confirm": ("confirm", actions.confirm, gettext_lazy("Thank you: confirmed today.")),
    "used": ("mark_used", actions.mark_used, gettext_lazy("Noted: used with success today.")),
    "close": ("close", actions.close, gettext_lazy("Closed. The record stays, and says so.")),
    "reopen": ("close", actions.reopen, gettext_lazy("Opened again.")),
}


@page(may=signed_in, writes=True)
@require_POST
def organisation_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Confirm, mark as used, close or reopen an organisation."""
    if what not in DONE:
        raise Http404
    ability, act, said = DONE[what]
    act(_actor(request), _organisation(request, pk, ability))
    messages.success(request, said)
    return redirect("network:organisation", pk)


@page(may=signed_in, writes=True)
def organisation_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """The contacts of an organisation: add one, take one away, say who sees it."""
    actor, record = _actor(request), _organisation(request, pk, "edit")
    form = ContactForm()
    if request.method == "POST":
        chosen = OrganisationContact.objects.filter(organisation=pk)
        if "remove" in request.POST:
            actions.remove_contact(actor, get_object_or_404(chosen, pk=_number(request.POST["remove"])))
            messages.success(request, _("Removed. Nothing of it is kept."))
            return redirect("network:organisation_contacts", pk)
        if "show" in request.POST or "hide" in request.POST:
            wanted = Visibility.PUBLIC if "show" in request.POST else Visibility.STAFF
            contact = get_object_or_404(chosen, pk=_number(request.POST.get("show") or request.POST.get("hide")))
            actions.show_contact(actor, contact, wanted)
            return redirect("network:organisation_contacts", pk)
        form = ContactForm(request.POST)
        if form.is_valid():
            actions.add_contact(actor, record, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("network:organisation_contacts", pk)
    title = _("Contacts")
    context = {"record": record, "form": form, "contacts": record.contacts.order_by("kind", "id"), "title": title}
    context |= {"crumbs": _crumbs(record, title), "back": reverse("network:organisation", args=[pk])}
    return render(request, "network/contacts.html", context)


@page(may=signed_in, writes=True)
def organisation_seats(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an organisation can be found beside its main address: add a seat, change one, take one away."""
    actor, record = _actor(request), _organisation(request, pk, "edit")
    seats = Seat.objects.filter(organisation=pk).select_related("area").order_by("name", "id")
    if "remove" in request.POST:
        actions.remove_seat(actor, get_object_or_404(seats, pk=_number(request.POST["remove"])))
        messages.success(request, _("Removed."))
        return redirect("network:organisation_seats", pk)
    wanted = request.POST.get("seat") or request.GET.get("seat")
    changed = get_object_or_404(seats, pk=_number(wanted)) if wanted else None
    form = SeatForm(actor, changed, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.save_seat(actor, record, form.data_for_action(), changed)
        messages.success(request, _("Saved."))
        return redirect("network:organisation_seats", pk)
    title = _("Seats")
    context = {"record": record, "form": form, "seats": seats, "changed": changed, "title": title}
    context |= {"crumbs": _crumbs(record, title), "back": reverse("network:organisation", args=[pk])}
    return render(request, "network/seats.html", context)


def _number(text: Any) -> int:
    if not str(text).isascii() or not str(text).isdigit() or len(str(text)) > 18:
        raise Http404
    return int(text)


@page(may=signed_in, writes=True)
def tie_add(request: HttpRequest, pk: int) -> HttpResponse:
    """State a tie of an organisation with another."""
    record = _organisation(request, pk, "tie")
    form = TieForm(_actor(request), record, request.POST or None)
    if request.method == "POST" and form.is_valid() and form.found is not None:
        actions.add_tie(_actor(request), record, form.found, form.data_for_action())
        messages.success(request, _("Saved."))
        return redirect("network:organisation", pk)
    title = _("Add a tie")
    context = {"record": record, "form": form, "title": title, "crumbs": _crumbs(record, title)}
    return render(request, "network/tie_form.html", context)


@page(may=signed_in, writes=True)
@require_POST
def tie_do(request: HttpRequest, pk: int, tie: int, what: str) -> HttpResponse:
    """A tie was seen alive, or ended."""
    record = _organisation(request, pk, "tie")
    rows = Tie.objects.visible_to(_actor(request))
    found = get_object_or_404(rows.filter(one=record.pk) | rows.filter(other=record.pk), pk=tie)
    if what == "seen":
        actions.see_tie(_actor(request), found)
    elif what == "close":
        actions.close_tie(_actor(request), found)
    else:
        raise Http404
    messages.success(request, _("Saved."))
    return redirect("network:organisation", pk)
