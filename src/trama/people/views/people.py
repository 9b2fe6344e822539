"""People with a login and their roles; my own account."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trama.accounts.models import User
from trama.core import history
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.models import AuditEntry
from trama.core.pages import page
from trama.network.models import Membership, Organisation
from trama.people import actions, trail
from trama.people.forms import InvitationForm, NameForm, PeopleFilter, RoleForm, free_username, suggestion
from trama.people.permissions import (
    administers,
    administers_everywhere,
    answers_for,
    may_grant,
    oversees,
    visible,
    visible_memberships,
)
from trama.territory.models import Area
from trama.ui.registers import address_if_any

PER_PAGE = 50
# Kinds of area that are suggested while one types; any other is found by its name or code.
SUGGESTED_KINDS = ("region", "province", "union", "municipality", "district", "zone")


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _roles(actor: Actor) -> Prefetch[Any]:
    """The roles of each person that the actor may see, with their areas and organisations."""
    seen = Membership.objects.filter(visible_memberships(actor)).select_related("area", "organisation")
    return Prefetch("memberships", queryset=seen.order_by(F("until").asc(nulls_first=True), "role", "pk"))


def _person(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(User.objects.filter(visible(_actor(request))), pk=pk)


def _answered_for(request: HttpRequest, pk: int) -> User:
    """A person whose account the actor keeps: open, and holding no role beyond the actor's reach."""
    person = _person(request, pk)
    if not person.is_active or not answers_for(_actor(request), person):
        raise Http404
    return person


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


@page(may=oversees)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with a role that the actor may see."""
    actor = _actor(request)
    filters = PeopleFilter(request.GET or None)
    rows = User.objects.filter(visible(actor)).order_by("-is_active", "last_name", "first_name", "pk")
    rows = filters.narrowed(rows).prefetch_related(_roles(actor))
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "people": shown,
        "filters": filters,
        "today": timezone.localdate(),
        "may_add": administers(actor),
        "may_read_audit": administers_everywhere(actor),
        **trail.paging(request, shown),
    }
    return render(request, "people/people.html", context)


@page(may=oversees, writes=True)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person, and the roles held. Opening it leaves an entry in the audit."""
    actor = _actor(request)
    rows = User.objects.filter(visible(actor)).prefetch_related(_roles(actor))
    shown = get_object_or_404(rows, pk=pk)
    if shown.pk != actor.user:
        history.record_reading(actor, shown)
    answers = answers_for(actor, shown)
    context = {
        "person": shown,
        "memberships": [(held, _may_end(actor, held)) for held in shown.memberships.all()],
        "today": timezone.localdate(),
        "may_grant": administers(actor) and shown.is_active,
        "may_change": answers and shown.is_active,
        "may_close": administers_everywhere(actor) and shown.is_active and shown.pk != actor.user,
        "second_proof": Authenticator.objects.filter(user=shown).exclude(type="recovery_codes").exists(),
    }
    return render(request, "people/person.html", context)


def _may_end(actor: Actor, held: Membership) -> bool:
    over = held.until is not None and held.until < timezone.localdate()
    return not over and may_grant(actor, held.area_id, held.organisation)


@page(may=administers, writes=True)
def add(request: HttpRequest) -> HttpResponse:
    """A new person, with a first role; they get a link to choose a password."""
    actor = _actor(request)
    form = InvitationForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        name = {"first_name": data["first_name"], "last_name": data["last_name"]}
        made, _link = actions.invite(
            actor, _site(request), free_username(**name), email=data["email"], role=_role_of(data), **name
        )
        messages.success(request, _("Saved. %(name)s will receive the link by e-mail.") % {"name": made.called})
        return redirect("people:person", pk=made.pk)
    return render(request, "people/add.html", {"form": form, **_choices(actor)})


def _role_of(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("role", "area", "organisation", "since", "until")}


def _choices(actor: Actor) -> dict[str, Any]:
    """What is suggested while one types an area or an organisation."""
    areas = Area.objects.in_force().filter(kind__in=SUGGESTED_KINDS).order_by("name", "pk")
    organisations: QuerySet[Organisation] = Organisation.objects.visible_to(actor).order_by("name", "pk")
    if not administers_everywhere(actor):
        reach = actor.areas_with({"dpo_admin"})
        areas, organisations = areas.filter(pk__in=reach), organisations.filter(area_id__in=reach)
    return {
        "areas_to_choose": [suggestion(area) for area in areas[:400]],
        "organisations_to_choose": [suggestion(organisation) for organisation in organisations[:400]],
    }


@page(may=administers, writes=True)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """The name and the address of a person."""
    shown = _answered_for(request, pk)
    known = {"first_name": shown.first_name, "last_name": shown.last_name, "email": shown.email}
    form = NameForm(request.POST or None, initial=known, person=shown)
    if request.method == "POST" and form.is_valid():
        actions.change_person(_actor(request), shown, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("people:person", pk=shown.pk)
    return render(request, "people/change.html", {"form": form, "person": shown})


@page(may=administers, writes=True)
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """One more role for a person."""
    actor, shown = _actor(request), _person(request, pk)
    if not shown.is_active:
        raise Http404
    form = RoleForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        actions.grant_role(actor, shown, **_role_of(form.cleaned_data))
        messages.success(
            request, _("Saved. The role holds from the next page that %(name)s opens.") % {"name": shown.called}
        )
        return redirect("people:person", pk=shown.pk)
    return render(request, "people/grant.html", {"form": form, "person": shown, **_choices(actor)})


@page(may=administers, writes=True)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role now: asked first, done when confirmed."""
    actor = _actor(request)
    held = get_object_or_404(Membership.objects.select_related("user", "area", "organisation"), pk=pk)
    if not _may_end(actor, held):
        raise Http404
    if request.method == "POST":
        try:
            actions.revoke_role(actor, held)
            messages.success(request, _("The role has ended."))
        except actions.NotPossible as reason:
            messages.error(request, str(reason))
        return redirect("people:person", pk=held.user_id)
    return render(request, "people/revoke.html", {"membership": held, "person": held.user})


@page(may=administers, writes=True)
@require_POST
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the link to choose a password once more."""
    shown = _answered_for(request, pk)
    actions.send_invitation(_actor(request), _site(request), shown)
    messages.success(request, _("Sent. %(name)s will receive the link by e-mail.") % {"name": shown.called})
    return redirect("people:person", pk=shown.pk)


@page(may=administers_everywhere, writes=True)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Take leave of a person: roles end, personal data is emptied."""
    shown = _answered_for(request, pk)
    if shown.pk == _actor(request).user:
        raise Http404
    if request.method == "POST":
        try:
            actions.close_person(_actor(request), shown)
            messages.success(request, _("The account is closed, and what it held of the person is emptied."))
        except actions.NotPossible as reason:
            messages.error(request, str(reason))
        return redirect("people:person", pk=shown.pk)
    return render(request, "people/close.html", {"person": shown})


def _may_record(request: HttpRequest) -> bool:
    register = gathered.registers.get("experiences")
    return register is not None and register.may_add is not None and register.may_add(request.actor)  # type: ignore[attr-defined]


@page()
def me(request: HttpRequest) -> HttpResponse:
    """My account: what I am here, how I sign in, what the audit holds of me."""
    user: User = request.user  # type: ignore[assignment]
    held = Membership.objects.in_force().filter(user=user).select_related("area", "organisation").order_by("role", "pk")
    of_me = Q(kind=history.kind_of(User), object_id=str(user.pk))
    others = AuditEntry.objects.filter(of_me).exclude(user=user.pk)
    mine = AuditEntry.objects.filter(user=user.pk)
    context = {
        "person": user,
        "memberships": held,
        "second_proof": Authenticator.objects.filter(user=user).exclude(type="recovery_codes").exists(),
        "acts": mine.count(),
        "last_acts": trail.sentences(mine.order_by("-number")[:10]),
        "day_address": address_if_any("portal:my_day"),
        "record_address": address_if_any("experiences:experience_add") if _may_record(request) else "",
        "readings": trail.sentences(others.order_by("-number")[:10]),
    }
    return render(request, "people/me.html", context)
