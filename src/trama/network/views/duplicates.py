"""One actor under one name: the queue of possible duplicates, two records side by side, strings to be split."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trama.core.actor import Actor
from trama.core.pages import page
from trama.network import actions, comparing, permissions
from trama.network.choices import Decision, Reshaping, Role, Tier
from trama.network.declarations import REGISTER
from trama.network.duplicates import AGAINST, EVIDENCE
from trama.network.matching import match_all, suggest
from trama.network.models import (
    Merge,
    Organisation,
    Proposal,
    ProposalQuerySet,
    Seeking,
    normalised,
    visible_names,
    within,
)
from trama.network.splitting import bodies_in
from trama.territory import finding
from trama.territory.permissions import WRITERS
from trama.ui.numbers import number

PAGE = 25
MOST_BODIES = 12
PAIR = ("one_id", "other_id")
OTHERS = "others"  # pairs that somebody else decides


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    first = [(str(REGISTER.title), reverse("network:organisations"))]
    here = (_("One actor, one name"), reverse("network:duplicates") if more else "")
    return [*first, here, *more]


def _mine(actor: Actor) -> ProposalQuerySet:
    """The pairs of which the actor writes in the area of at least one, and sees both."""
    rows = Proposal.objects.visible_to(actor)
    if actor.everywhere(WRITERS):
        return rows
    return rows.filter(within(actor, "one__area") | within(actor, "other__area"))


def _narrowed(request: HttpRequest, rows: ProposalQuerySet) -> tuple[ProposalQuerySet, dict[str, str]]:
    """The pairs of the state, tier and area that the address names; values that nobody offers are left out."""
    asked = {"tier": request.GET.get("tier", ""), "area": request.GET.get("area", ""), "q": request.GET.get("q", "")}
    asked["state"] = request.GET.get("state", "")
    if asked["state"] not in {Decision.DIFFERENT, Decision.LATER, OTHERS}:
        asked["state"] = ""
    rows = rows.filter(decision="" if asked["state"] == OTHERS else asked["state"])
    if (area := finding.id_of(asked["area"])) is not None:
        below = finding.below(area)
        rows = rows.filter(Q(one__area__in=below) | Q(other__area__in=below))
    else:
        asked["area"] = ""
    if words := normalised(asked["q"][:100]):
        rows = rows.filter(Q(one__normalised_name__contains=words) | Q(other__normalised_name__contains=words))
    if asked["tier"] not in Tier.values:
        asked["tier"] = ""
    return rows, asked


def _evidence(proposal: Proposal) -> list[tuple[str, bool]]:
    """Each reason in words, with whether it speaks against."""
    return [(str(EVIDENCE[name]), name in AGAINST) for name in proposal.evidence if name in EVIDENCE]


def _areas_of(rows: ProposalQuerySet) -> list[tuple[str, str]]:
    """The areas in which the organisations of these pairs stand, and those above: codes and names."""
    # Told apart here: asked to, the database would go through the organisations of every area.
    standing = {pk for ends in set(rows.order_by().values_list("one__area", "other__area")) for pk in ends if pk}
    known = finding.nodes()
    found: set[int] = set()
    for pk in standing:
        above: int | None = pk
        while above is not None and above not in found and above in known:
            found.add(above)
            above = known[above].parent
    return [(node.code, node.name) for pk, node in known.items() if pk in found]


@page(may=permissions.is_writer)
def queue(request: HttpRequest) -> HttpResponse:
    """The pairs that wait for a decision, the surest first, counted by tier."""
    actor = _actor(request)
    mine = _mine(actor)
    ours = Proposal.objects.decidable_by(actor)
    theirs = mine.exclude(pk__in=ours.order_by().values("pk"))
    rows, asked = _narrowed(request, theirs if request.GET.get("state") == OTHERS else ours)
    counts = dict(rows.order_by().values_list("tier").annotate(n=Count("pk")))
    shown = rows.filter(tier=asked["tier"]) if asked["tier"] else rows
    pages = Paginator(shown.select_related("one__area", "other__area", "one__kind", "other__kind", "decided_by"), PAGE)
    current = pages.get_page(request.GET.get("page"))
    kept = {key: value for key, value in asked.items() if value}
    tiers = [("", _("all"), sum(counts.values()))] + [(t.value, str(t.label), counts.get(t.value, 0)) for t in Tier]
    states = [("", _("to decide")), ("later", _("put off")), ("different", _("not the same"))]
    if asked["state"] == OTHERS or theirs.open().exists():
        states.append((OTHERS, _("others decide")))
    context = {
        "cards": [(row, _evidence(row)) for row in current],
        "page": current,
        "pages": current.paginator.get_elided_page_range(current.number),
        "query": urlencode(kept),
        "asked": asked,
        "tiers": [(key, label, n, urlencode({**kept, "tier": key})) for key, label, n in tiers],
        "states": states,
        "areas": _areas_of(mine.filter(decision="" if asked["state"] == OTHERS else asked["state"])),
        "deciders": _deciders(),
        "others": asked["state"] == OTHERS,
        "counted": _counted(len(shown) if shown._result_cache is not None else shown.count()),
        "certain": Proposal.objects.decidable_by(actor).open().filter(tier=Tier.CERTAIN).count(),
        "several": _several(actor).count(),
        "merges": Merge.objects.in_force().count() if actor.everywhere(WRITERS) else len(_merges(actor)),
        "ever": mine.exists(),
        "search": Seeking.objects.first(),
        "may_seek": permissions.may_seek(actor),
        "crumbs": _crumbs(),
    }
    return render(request, "network/duplicates.html", context)


@page(may=permissions.may_seek, writes=True)
@require_POST
def seek(request: HttpRequest) -> HttpResponse:
    """Have duplicates sought; the queue tells how far it is."""
    search = actions.ask_for_search(_actor(request), get_language() or "it")
    search.refresh_from_db()
    if not search.is_running:
        said = _("Sought: %(says)s. What people decided before stays as it is.")
        messages.success(request, said % {"says": search.says})
    return redirect("network:duplicates")


@page(may=permissions.is_writer)
def seek_state(request: HttpRequest) -> HttpResponse:
    """How far the search is, for the page that waits for it."""
    search = Seeking.objects.first()
    running = search is not None and search.is_running
    return JsonResponse({"running": running, "says": search.says if search is not None and running else ""})


def _counted(count: int) -> str:
    return ngettext("%(n)s pair", "%(n)s pairs", count) % {"n": number(count)}


def _next(actor: Actor, request: HttpRequest, after: Proposal | None = None) -> str:
    """The next pair of the same selection that the actor may decide; the queue when there is none."""
    rows, asked = _narrowed(request, Proposal.objects.decidable_by(actor))
    rows = rows.filter(tier=asked["tier"]) if asked["tier"] else rows
    if after is not None:
        rows = rows.exclude(pk=after.pk)
        behind = Q(probability__lt=after.probability) | Q(probability=after.probability, pk__gt=after.pk)
        found = rows.filter(behind).first() or rows.first()
    else:
        found = rows.first()
    query = urlencode({key: value for key, value in asked.items() if value})
    address = reverse("network:duplicate", args=[found.pk]) if found else reverse("network:duplicates")
    return f"{address}?{query}" if query else address


@page(may=permissions.is_writer, writes=True)
def pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Two records side by side: merge field by field, not the same, later."""
    actor = _actor(request)
    rows = _mine(actor).select_related("one__kind", "one__source", "one__area", "other__kind", "other__source")
    proposal = rows.filter(pk=pk).first()
    if proposal is None:
        return _no_longer(request, actor, pk)
    may = actions.may_merge(actor, proposal.one, proposal.other)
    if request.method == "POST":
        if not may:
            raise Http404
        return _decided(request, actor, proposal)
    first, second = comparing.fuller_first([proposal.one, proposal.other])
    lines = comparing.lines(first, second)
    context = {
        "proposal": proposal,
        "evidence": _evidence(proposal),
        "sides": [(one, comparing.kept_together(one, actor)) for one in (first, second)],
        "first": first,
        "second": second,
        "lines": lines,
        "expected": f"{first.edited_at.isoformat()}|{second.edited_at.isoformat()}",
        "may": may,
        "next": _next(actor, request, proposal),
        "where": _where(actor, request, proposal),
        "deciders": _deciders(),
        "query": request.GET.urlencode(),
        "crumbs": _crumbs((_("Side by side"), "")),
    }
    return render(request, "network/duplicate.html", context)


def _decided(request: HttpRequest, actor: Actor, proposal: Proposal) -> HttpResponse:
    what = request.POST.get("decision", "")
    onward = _next(actor, request, proposal)
    seen = request.POST.get("seen", "")
    if what in {Decision.DIFFERENT, Decision.LATER, "again"}:
        try:
            actions.decide(actor, proposal, "" if what == "again" else what, seen=seen)
        except actions.ChangedMeanwhile as changed:
            return _ask_again(request, changed)
        said = {
            Decision.DIFFERENT: _(
                "Remembered: they are two. They will not be proposed again, and the next search learns."
            ),
            Decision.LATER: _("Put off: it waits under “put off”."),
            "again": _("It waits for a decision again."),
        }
        messages.success(request, said[what])
        return redirect(onward)
    kept_pk = request.POST.get("kept", "")
    both = {str(one.pk): one for one in (proposal.one, proposal.other)}
    if what != Decision.SAME or kept_pk not in both:
        messages.error(request, _("Choose which record is kept, then merge."))
        return redirect(request.get_full_path())
    kept = both.pop(kept_pk)
    gone = next(iter(both.values()))
    chosen = {
        key: "gone" if request.POST[key] == str(gone.pk) else "kept" for key in actions.CHOICES if key in request.POST
    }
    try:
        if not _as_seen(request, proposal):
            raise actions.ChangedMeanwhile
        expected = (kept.edited_at, gone.edited_at)
        done = actions.merge_pair(actor, proposal, kept, gone, chosen, expected=expected, seen=seen)
    except actions.ChangedMeanwhile as changed:
        return _ask_again(request, changed)
    kept.refresh_from_db()
    united = _("Merged: “%(gone)s” is now part of “%(kept)s”.") % {"gone": done.gone_name, "kept": kept.name}
    messages.success(request, _with_undo(united, done))
    return redirect(onward)


def _with_undo(said: str, done: Merge) -> str:
    """What was done, and the way to the place where it is undone."""
    address = f"{reverse('network:merges')}?number={done.pk}"
    return format_html('{} <a href="{}">{}</a>', said, address, _("Undo it"))


def _ask_again(request: HttpRequest, changed: actions.ChangedMeanwhile) -> HttpResponse:
    """Nothing was written: say what happened meanwhile, and show the pair as it is now."""
    told = _("Somebody changed one of the two meanwhile. Look again: nothing was merged.")
    if isinstance(changed, actions.DecidedMeanwhile):
        row = changed.proposal
        said = {
            Decision.DIFFERENT: _("Meanwhile %(who)s decided that they are two. Nothing was done: decide again."),
            Decision.LATER: _("Meanwhile %(who)s put the pair off. Nothing was done: decide again."),
        }
        again = _("Meanwhile %(who)s opened the pair again. Nothing was done: decide again.")
        who = row.decided_by.get_full_name() if row.decided_by else ""
        told = said.get(Decision(row.decision) if row.decision else Decision.SAME, again)
        told %= {"who": who or _("somebody")}
    messages.error(request, told)
    return redirect(request.get_full_path())


def _no_longer(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """The page of a pair that is not there: who united the two, for who sees them; of all others, the same words."""
    found = next((one for one in _merges(actor) if _held(one[0], pk)), None)
    context = {"found": found, "crumbs": _crumbs((_("Side by side"), ""))}
    return render(request, "network/no_longer.html", context, status=200 if found else 404)


def _held(merge: Merge, pair: int) -> bool:
    """Whether it was by this merge that the pair was decided."""
    ends = {merge.gone, merge.kept}
    return any(
        step["model"] == "network.proposal" and step["pk"] == pair and {step["row"][n] for n in PAIR} == ends
        for step in merge.rows
        if step["did"] == "removed"
    )


def _where(actor: Actor, request: HttpRequest, proposal: Proposal) -> tuple[int, int] | None:
    """Which of how many pairs of the same selection this one is; None when it is not one of them."""
    rows, asked = _narrowed(request, Proposal.objects.decidable_by(actor))
    rows = rows.filter(tier=asked["tier"]) if asked["tier"] else rows
    if not rows.filter(pk=proposal.pk).exists():
        return None
    before = Q(probability__gt=proposal.probability) | Q(probability=proposal.probability, pk__lt=proposal.pk)
    return rows.filter(before).count() + 1, rows.count()


def _deciders() -> str:
    """The roles that decide of what has no area, as they are called."""
    return ", ".join(str(role.label) for role in Role if role.value in WRITERS)


def _as_seen(request: HttpRequest, proposal: Proposal) -> bool:
    """Whether both records are as the page showed them."""
    seen = sorted(request.POST.get("expected", "").split("|"))
    return seen == sorted(one.edited_at.isoformat() for one in (proposal.one, proposal.other))


@page(may=permissions.is_writer, writes=True)
def certain(request: HttpRequest) -> HttpResponse:
    """What is certain, as groups: looked through, then merged together."""
    actor = _actor(request)
    groups = comparing.certain_groups(actor)
    if request.method == "POST":
        wanted = set(request.POST.getlist("group"))
        chosen = [group for group in groups if group.key in wanted]
        done, left = actions.merge_groups(actor, [(group.kept, group.gone) for group in chosen])
        left += len(wanted) - len(chosen)
        if done:
            said = ngettext("One record merged.", "%(count)s records merged.", done)
            messages.success(request, said % {"count": number(done)})
        if left:
            said = ngettext(
                "One group was changed or decided by somebody else meanwhile. It was left as it is: look at it again.",
                "%(left)s groups were changed or decided by somebody else meanwhile. They were left as they are: look "
                "at them again.",
                left,
            )
            messages.warning(request, said % {"left": number(left)})
        return redirect("network:duplicates_certain" if len(groups) > len(chosen) else "network:duplicates")
    context = {
        "groups": [(group, [(row, _evidence(row)) for row in group.pairs]) for group in groups],
        "counted": ngettext("%(n)s group", "%(n)s groups", len(groups)) % {"n": number(len(groups))},
        "crumbs": _crumbs((_("The certain ones together"), "")),
    }
    return render(request, "network/duplicates_certain.html", context)


# --- what was merged ------------------------------------------------------------------------------------------------
def _merges(actor: Actor) -> list[tuple[Merge, Organisation]]:
    """Merges in force of records that the actor may change, the latest first."""
    done = list(Merge.objects.in_force().order_by("-made_at", "-pk")[:500])
    rows = Organisation.objects.visible_to(actor).in_bulk({merge.kept for merge in done})
    return [
        (merge, rows[merge.kept])
        for merge in done
        if merge.kept in rows and permissions.may_unite(actor, rows[merge.kept].area_id)
    ]


@page(may=permissions.is_writer)
def merges(request: HttpRequest) -> HttpResponse:
    """What was merged and split, the latest first, each to be undone."""
    done = _merges(_actor(request))
    number_asked = request.GET.get("number", "")
    if only := [one for one in done if str(one[0].pk) == number_asked]:
        done = only
    pages = Paginator(done, PAGE)
    current = pages.get_page(request.GET.get("page"))
    context = {
        "merges": current.object_list,
        "only": bool(only),
        "page": current,
        "pages": current.paginator.get_elided_page_range(current.number),
        "crumbs": _crumbs((_("What was merged"), "")),
    }
    return render(request, "network/merges.html", context)


@page(may=permissions.is_writer, writes=True)
@require_POST
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back, every row as it was; or say what rests on it."""
    actor = _actor(request)
    found = next((merge for merge, _kept in _merges(actor) if merge.pk == pk), None)
    if found is None:
        raise Http404
    try:
        actions.undo_merge(actor, found)
    except actions.CannotUndo as error:
        messages.error(request, _("It cannot be undone: %(why)s.") % {"why": "; ".join(error.reasons[:8])})
        return redirect("network:merges")
    messages.success(request, _("Undone: “%(name)s” is there again.") % {"name": found.gone_name})
    if found.what == Reshaping.SPLIT:
        return redirect("network:organisation_split", found.gone)
    again = _mine(actor).between(found.gone, found.kept).first()
    return redirect("network:duplicate", again.pk) if again else redirect("network:duplicates")


# --- one string, several bodies -------------------------------------------------------------------------------------
def _several(actor: Actor) -> Any:
    rows = Organisation.objects.visible_to(actor).filter(names_several=True).order_by("name", "pk")
    return rows if actor.everywhere(WRITERS) else rows.filter(within(actor, "area"))


@page(may=permissions.is_writer)
def to_split(request: HttpRequest) -> HttpResponse:
    """The records whose name seems to name several bodies."""
    pages = Paginator(_several(_actor(request)).select_related("area"), PAGE)
    current = pages.get_page(request.GET.get("page"))
    context = {
        "records": current.object_list,
        "page": current,
        "pages": current.paginator.get_elided_page_range(current.number),
        "total": pages.count,
        "crumbs": _crumbs((_("To be split"), "")),
    }
    return render(request, "network/to_split.html", context)


@page(may=permissions.is_writer, writes=True)
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """Cut a name that names several bodies: each is one that is there, a new one, or nobody."""
    actor = _actor(request)
    record: Organisation = get_object_or_404(Organisation.objects.visible_to(actor), pk=pk)
    if not permissions.may_unite(actor, record.area_id):
        raise Http404
    what = request.POST.get("do", "")
    if what == "one":
        actions.say_it_is_one(actor, record)
        messages.success(request, _("Noted: it is one body."))
        return redirect("network:organisation", pk)
    if request.method == "POST":
        names = [" ".join(text.split())[:250] for text in request.POST.getlist("name")[:MOST_BODIES]]
        if what in {"preview", "split"}:
            try:
                bodies = _bodies(request, actor, record, names)
                if what == "preview":
                    return _split_preview(request, record, bodies)
                done = actions.split(actor, record, bodies)
            except (ValueError, PermissionDenied) as error:
                messages.error(request, str(error))
            else:
                messages.success(request, _with_undo(_("Split into %(told)s.") % {"told": _told(bodies)}, done))
                return redirect("network:organisation", done.kept)
    else:
        known = set(Organisation.objects.visible_to(actor).values_list("normalised_name", flat=True))
        names = bodies_in(record.name, known)[:MOST_BODIES]
    context = {
        "record": record,
        "parts": _parts(actor, record, [name for name in names if name] + ["", ""]),
        "crumbs": _crumbs((_("To be split"), reverse("network:duplicates_to_split")), (record.name[:60], "")),
    }
    return render(request, "network/split.html", context)


def _parts(actor: Actor, record: Organisation, names: list[str]) -> list[dict[str, Any]]:
    """For each name: who bears it exactly, and who resembles it. Look-alikes are offered, never taken for it."""
    exact = match_all(name for name in names if name)
    seen = visible_names((pk for pk in exact.values() if pk not in (None, record.pk)), actor)
    parts = []
    for name in names:
        same = exact.get(name)
        likes = [like for like in suggest(name, actor, but=record.pk) if like.pk != same] if name else []
        found = seen.get(same) if same is not None else None
        parts.append({"name": name, "same": (same, found) if found else None, "likes": likes})
    return parts


def _bodies(request: HttpRequest, actor: Actor, record: Organisation, names: list[str]) -> list[Organisation | str]:
    """What the form says: for each name a record that the actor may change, or a new body."""
    chosen = request.POST.getlist("body")[:MOST_BODIES]
    bodies: list[Organisation | str] = []
    offered = {
        part["name"]: {*(same[:1] if (same := part["same"]) else ()), *(like.pk for like in part["likes"])}
        for part in _parts(actor, record, [name for name in names if name])
    }
    for position, (name, choice) in enumerate(zip(names, chosen, strict=False), start=1):
        if choice == "nobody" or (choice == "new" and not name):
            continue
        if not name:
            raise ValueError(_("Body %(n)s has no name: write it, or choose that it is no other.") % {"n": position})
        if choice == "new":
            bodies.append(name)
            continue
        pk = int(choice) if choice.isascii() and choice.isdigit() and len(choice) < 19 else 0
        body = Organisation.objects.visible_to(actor).filter(pk=pk).exclude(pk=record.pk).first()
        if body is None:
            raise ValueError(_("One of the records chosen is no longer there."))
        if pk not in offered[name]:
            said = _("“%(name)s” is not the name of “%(record)s”: look the names up again, then choose.")
            raise ValueError(said % {"name": name, "record": body.name})
        bodies.append(body)
    wanted = {body.pk if isinstance(body, Organisation) else normalised(body) for body in bodies}
    if len(wanted) < 2 or len(wanted) != len(bodies):
        raise ValueError(_("Say at least two different bodies."))
    return bodies


def _told(bodies: list[Organisation | str]) -> str:
    new, known = _("“%(name)s” (a new record)"), _("“%(name)s” (already registered)")
    return ", ".join(
        known % {"name": body.name} if isinstance(body, Organisation) else new % {"name": body} for body in bodies
    )


def _split_preview(request: HttpRequest, record: Organisation, bodies: list[Organisation | str]) -> HttpResponse:
    """What will be made, before it is made."""
    chosen = request.POST.getlist("body")
    rows = zip(request.POST.getlist("name")[:MOST_BODIES], chosen, strict=False)
    context = {
        "record": record,
        "bodies": [(body, isinstance(body, Organisation)) for body in bodies],
        "rows": list(rows),
        "crumbs": _crumbs((_("To be split"), reverse("network:duplicates_to_split")), (record.name[:60], "")),
    }
    return render(request, "network/split_preview.html", context)
