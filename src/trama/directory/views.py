"""The pages of resources."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from trama.core import codes
from trama.core.actor import Actor
from trama.core.declarations import sections_of
from trama.core.meanwhile import said_of
from trama.core.models import Code
from trama.core.pages import anyone, page, signed_in
from trama.core.storytelling import Told, history_of
from trama.directory import actions, permissions
from trama.directory.declarations import CAUTION, REGISTER
from trama.directory.forms import ResourceForm
from trama.directory.models import Resource, ResourceContact, carriers_of, promoter_texts, promoters_of
from trama.network.actions import ChangedMeanwhile
from trama.network.choices import ContactKind, Visibility
from trama.network.contacts import without_personal
from trama.network.fields import ContactForm
from trama.network.models import Organisation
from trama.network.telling import AsRead
from trama.territory import finding
from trama.territory.models import Place
from trama.ui import maps
from trama.ui.registers import address_if_any

TOLD = {
    "targets": Told(gettext_lazy("for whom"), Code),
    "promoters": Told(gettext_lazy("promoters"), Organisation),
    "contact": Told(gettext_lazy("contact"), choices=dict(ContactKind.choices)),
    "contact_visibility": Told(gettext_lazy("who sees it"), choices=dict(Visibility.choices)),
}


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _resource(request: HttpRequest, pk: int, ability: str = "") -> Resource:
    """The resource, if the actor may see it and do with it what is asked; else it is not there."""
    rows = Resource.objects.visible_to(_actor(request)).select_related("activity", "access", "area", "place", "source")
    resource: Resource = get_object_or_404(rows, pk=pk)
    if ability and not permissions.abilities(_actor(request), resource.area_id, carriers_of(resource))[ability]:
        raise Http404
    return resource


def _crumbs(resource: Resource | None, last: str) -> list[tuple[str, str]]:
    crumbs = [(str(REGISTER.title), reverse("directory:resources"))]
    if resource is not None:
        crumbs.append((resource.name, reverse("directory:resource", args=[resource.pk])))
    return [*crumbs, (last, "")]


@page(may=anyone)
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one resource that the actor may see."""
    actor, record = _actor(request), _resource(request, pk)
    abilities = permissions.abilities(actor, record.area_id, carriers_of(record))
    contacts = record.contacts.order_by("kind", "id")
    if not abilities["see_private_contacts"]:
        contacts = contacts.filter(visibility=Visibility.PUBLIC)
    written = promoter_texts([pk], actor).get(pk, "")
    promoters = [
        {"pk": organisation, "name": name, "role": codes.label(role)}
        for organisation, name, role in promoters_of([pk], actor).get(pk, [])
    ]
    path = [(node.name, address_if_any("portal:area", node.code)) for node in finding.path_of(record.area_id)]
    place = Place.objects.visible_to(actor).filter(pk=record.place_id).first() if record.place_id else None
    context = {
        "record": record,
        "told": AsRead(record, plain=abilities["see_private_contacts"]),
        "abilities": abilities,
        "contacts": contacts,
        "hidden_contacts": record.contacts.count() - contacts.count(),
        "promoters": promoters,
        "written": written if [item["name"] for item in promoters] != [written] else "",
        "targets": [
            codes.label(code) for code in record.codes.filter(facet="target").values_list("code_id", flat=True)
        ],
        "area_path": path,
        "place": place,
        "place_address": address_if_any("territory:place", place.pk) if place else "",
        "sections": [
            (section, render_to_string(section.template, content, request))
            for section, content in sections_of(record, actor)
        ],
        "points": reverse("directory:resource_points", args=[pk]) if record.x is not None else "",
        "history": history_of(
            record,
            actor,
            TOLD,
            without=frozenset() if written else frozenset({"promoter_text"}),
            cover=None if abilities["see_private_contacts"] else without_personal,
            owns=abilities["owns"],
        ),
        "crumbs": _crumbs(None, record.name),
        "caution": CAUTION,
    }
    return render(request, "directory/resource.html", context)


@page(may=anyone)
def points(request: HttpRequest, pk: int) -> HttpResponse:
    """The point of one resource, for its map."""
    record = _resource(request, pk)
    return maps.answer(request, Resource.objects.filter(pk=record.pk), url=REGISTER.url)


def _save(request: HttpRequest, form: ResourceForm, record: Resource | None) -> Resource | None:
    """Save what a valid form says; what the database refuses becomes an error of the form."""
    try:
        return actions.save_resource(
            _actor(request), form.data_for_action(), record, expected=record.edited_at if record else None
        )
    except ChangedMeanwhile:
        # In the very moment of saving: what is stored by then is met when the form is sent again.
        form.add_error(None, _("Somebody else is saving this record right now. Save again: nothing of theirs is lost."))
    except PermissionDenied as refusal:
        form.add_error(None, str(refusal))
    except ValidationError as error:
        for name, errors in getattr(error, "error_dict", {None: [error]}).items():
            field = str(name).removesuffix("_id") if name and str(name).removesuffix("_id") in form.fields else None
            form.add_error(field, [str(message) for one in errors for message in one.messages])
    return None


@page(may=permissions.may_add, writes=True)
def resource_add(request: HttpRequest) -> HttpResponse:
    """Add a resource."""
    form = ResourceForm(_actor(request), None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        record = _save(request, form, None)
        if record is not None:
            messages.success(request, _("Saved. Now it can be found on the map and in the lists."))
            return redirect("directory:resource", record.pk)
    title = _("Add a resource")
    context = {"form": form, "title": title, "crumbs": _crumbs(None, title), "record": None}
    return render(request, "directory/resource_form.html", context)


@page(may=signed_in, writes=True)
def resource_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a resource."""
    record = _resource(request, pk, "edit")
    form = ResourceForm(_actor(request), record, request.POST or None)
    if form.meet(record, _actor(request)) and form.is_valid():
        saved = _save(request, form, record)
        if saved is not None:
            messages.success(request, said_of(form))
            return redirect("directory:resource", saved.pk)
    title = _("Change")
    context = {"form": form, "title": title, "crumbs": _crumbs(record, title), "record": record}
    return render(request, "directory/resource_form.html", context)


DONE: dict[str, tuple[str, Any, Any]] = {
    "confirm": ("confirm", actions.confirm, gettext_lazy("Thank you: confirmed today.")),
    "used": ("mark_used", actions.mark_used, gettext_lazy("Noted: used with success today.")),
    "publish": ("publish", actions.publish, gettext_lazy("Published: everybody sees it.")),
    "mask": ("keep", actions.mask, gettext_lazy("Now it is shown to staff only.")),
    "close": ("close", actions.close, gettext_lazy("Closed. The record stays, and says so.")),
}


@page(may=signed_in, writes=True)
@require_POST
def resource_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Confirm, mark as used, publish, close or mask a resource."""
    if what not in DONE:
        raise Http404
    ability, act, said = DONE[what]
    try:
        act(_actor(request), _resource(request, pk, ability))
        messages.success(request, said)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("directory:resource", pk)


@page(may=signed_in, writes=True)
def resource_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """The contacts of a resource: add one, take one away, say who sees it."""
    actor, record = _actor(request), _resource(request, pk, "edit")
    form = ContactForm()
    if request.method == "POST":
        chosen = ResourceContact.objects.filter(resource=pk)
        if "remove" in request.POST:
            actions.remove_contact(actor, get_object_or_404(chosen, pk=_number(request.POST["remove"])))
            messages.success(request, _("Removed. Nothing of it is kept."))
            return redirect("directory:resource_contacts", pk)
        if "show" in request.POST or "hide" in request.POST:
            wanted = Visibility.PUBLIC if "show" in request.POST else Visibility.STAFF
            contact = get_object_or_404(chosen, pk=_number(request.POST.get("show") or request.POST.get("hide")))
            actions.show_contact(actor, contact, wanted)
            return redirect("directory:resource_contacts", pk)
        form = ContactForm(request.POST)
        if form.is_valid():
            actions.add_contact(actor, record, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("directory:resource_contacts", pk)
    title = _("Contacts")
    context = {"record": record, "form": form, "contacts": record.contacts.order_by("kind", "id"), "title": title}
    context |= {"crumbs": _crumbs(record, title), "back": reverse("directory:resource", args=[pk])}
    return render(request, "network/contacts.html", context)


def _number(text: Any) -> int:
    if not str(text).isascii() or not str(text).isdigit() or len(str(text)) > 18:
        raise Http404
    return int(text)
