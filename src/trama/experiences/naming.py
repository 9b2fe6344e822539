"""From what people type to records: areas, places, organisations and experiences by their names, kindly.

Each `find_…` gives the id, or raises a ValidationError that says what was probably meant. The labels that `…_labels`
give are found again by the same function, whatever the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.search import fold
from trama.experiences.models import Experience
from trama.network import matching
from trama.network.models import Organisation, normalised
from trama.territory import finding
from trama.territory.models import Place

# "Doposcuola (n. 12)": the number tells two of the same name apart.
NUMBERED = re.compile(r"\(n\.\s*(\d{1,18})\)\s*$")
MANY = 12


def _tidy(text: str) -> str:
    return " ".join(fold(text).split())


def _perhaps(text: str, names: Sequence[str]) -> ValidationError:
    if names:
        said = _("“%(text)s” is not known here. Perhaps you mean: %(names)s?")
        told = {"text": text[:80], "names": "; ".join(names), "typed": text, "options": list(names)}
        return ValidationError(said, code="perhaps", params=told)
    return ValidationError(
        _("“%(text)s” is not known here: choose from the list.") % {"text": text[:80]}, code="unknown"
    )


def _alike(text: str, names: Iterable[str], limit: int = 3) -> list[str]:
    from rapidfuzz import fuzz, process

    choices = {name: _tidy(name) for name in names}
    found = process.extract(_tidy(text), choices, scorer=fuzz.WRatio, limit=limit, score_cutoff=70)
    return [name for _folded, _score, name in found]


# --- areas --------------------------------------------------------------------------------------------------------
def area_label(pk: int) -> str:
    """The name of an area with the one above it: "Zolino, Imola"."""
    return _label(finding.nodes(), pk)


def _label(known: Mapping[int, finding.Node], pk: int) -> str:
    node = known.get(pk)
    above = known.get(node.parent) if node and node.parent is not None else None
    return f"{node.name}, {above.name}" if node and above else node.name if node else ""


def area_labels(only: Iterable[int] | None = None) -> dict[int, str]:
    """The areas in force in the order of the tree, or those of them that are among `only`."""
    wanted, known = None if only is None else set(only), finding.nodes()
    return {pk: _label(known, pk) for pk, node in known.items() if node.in_force and (wanted is None or pk in wanted)}


def find_area(text: str, actor: Actor) -> int:
    """The id of the area that is called so: by code, by name with the one above it, or by a name that is only one's."""
    wanted = finding.typed(text)
    by_name: list[int] = []
    known = finding.nodes()
    for pk, node in known.items():
        if not node.in_force:
            continue
        if wanted in (fold(node.code), finding.typed(_label(known, pk))):
            return pk
        if wanted == finding.typed(node.name):
            by_name.append(pk)
    if len(by_name) == 1:
        return by_name[0]
    labels = [_label(known, pk) for pk in by_name] or _alike(text, area_labels().values())
    raise _perhaps(text, labels[:4])


# --- places, organisations, experiences -----------------------------------------------------------------------------
def _numbered(text: str, rows: Any) -> int | None:
    found = NUMBERED.search(text)
    return rows.filter(pk=int(found[1])).values_list("pk", flat=True).first() if found else None


def _labels(rows: Any) -> dict[int, str]:
    """Names by id, with the number where another row that is visible bears the same name."""
    names = dict(rows.order_by("name", "pk").values_list("pk", "name"))
    seen: dict[str, int] = {}
    for name in names.values():
        seen[_tidy(name)] = seen.get(_tidy(name), 0) + 1
    return {pk: f"{name} (n. {pk})" if seen[_tidy(name)] > 1 else name for pk, name in names.items()}


def labels_of(rows: Any, pks: Iterable[int | None], find: Callable[[str, Actor], int], actor: Actor) -> dict[int, str]:
    """The labels of some rows, each such that `find` gives the row back."""
    labels = {}
    for pk, name in rows.filter(pk__in=[pk for pk in pks if pk]).order_by("pk").values_list("pk", "name"):
        try:
            again = find(name, actor)
        except ValidationError:
            again = None
        labels[pk] = name if again == pk else f"{name} (n. {pk})"
    return labels


def find_place(text: str, actor: Actor) -> int:
    """The id of the place that is called so, among those that the actor may see."""
    rows = Place.objects.visible_to(actor).order_by("pk")
    if pk := _numbered(text, rows):
        return pk
    exact = dict(rows.filter(name__iexact=" ".join(text.split())).values_list("pk", "name"))
    if len(exact) == 1:
        return next(iter(exact))
    near = exact or _like(rows, text)
    raise _perhaps(text, [f"{name} (n. {pk})" if exact else name for pk, name in list(near.items())[:4]])


def _like(rows: Any, text: str) -> dict[int, str]:
    condition = Q()
    for word in text.split()[:6]:
        if len(word) > 2:
            condition |= Q(name__icontains=word[:4])
    if not condition:
        return {}
    names = dict(rows.filter(condition).values_list("pk", "name")[:400])
    best = _alike(text, names.values())
    return {pk: name for pk, name in names.items() if name in best}


def find_experience(text: str, actor: Actor) -> int:
    """The id of the experience that is called so, among those that the actor may see."""
    rows = Experience.objects.visible_to(actor).order_by("pk")
    if pk := _numbered(text, rows):
        return pk
    exact = list(rows.filter(name=" ".join(text.split())).values_list("pk", "name")[:5])
    if len(exact) == 1:
        return exact[0][0]
    near = dict(exact) or suggest_experiences(text, actor)
    raise _perhaps(text, [f"{name} (n. {pk})" if exact else name for pk, name in list(near.items())[:4]])


def find_organisation(text: str, actor: Actor) -> int | None:
    """The id of the only organisation that the actor may see and that bears this name, or another name of it."""
    rows = Organisation.objects.visible_to(actor).order_by()
    if pk := _numbered(text, rows):
        return pk
    key = normalised(text)[:250]
    named = Q(normalised_name=key) | Q(other_names__normalised_name=key)
    found = set(rows.filter(named).values_list("pk", flat=True)) if key else set()
    return next(iter(found)) if len(found) == 1 else None


# --- suggestions while typing ---------------------------------------------------------------------------------------
def suggest_areas(text: str, actor: Actor) -> dict[int, str]:
    """Areas whose name holds what was typed; those that begin so come first."""
    wanted = _tidy(text)
    found = [(pk, label) for pk, label in area_labels().items() if wanted in _tidy(label)]
    return dict(sorted(found, key=lambda item: not _tidy(item[1]).startswith(wanted))[:MANY])


def suggest_places(text: str, actor: Actor) -> dict[int, str]:
    """Places that the actor may see and whose name holds what was typed."""
    rows = Place.objects.visible_to(actor).filter(name__icontains=text)
    return _labels(Place.objects.filter(pk__in=list(rows.order_by("name", "pk").values_list("pk", flat=True)[:MANY])))


def suggest_organisations(text: str, actor: Actor) -> dict[int, str]:
    """Organisations that the actor may see: those that begin so, then those that look alike."""
    key = normalised(text)
    rows = Organisation.objects.visible_to(actor).filter(normalised_name__startswith=key, closed_on__isnull=True)
    pks = list(rows.order_by("normalised_name", "pk").values_list("pk", flat=True)[:MANY]) if key else []
    pks += [one.pk for one in matching.suggest(text, actor, limit=5) if one.pk not in pks]
    labels = _labels(Organisation.objects.filter(pk__in=pks))
    return {pk: labels[pk] for pk in pks if pk in labels}


def suggest_experiences(text: str, actor: Actor) -> dict[int, str]:
    """Experiences that the actor may see and that the search finds by what was typed, with their number."""
    from trama.core import search

    ranked = search.best(Experience, text, 60, actor)
    names = dict(Experience.objects.visible_to(actor).filter(pk__in=ranked).order_by().values_list("pk", "name"))
    return {pk: f"{names[pk]} (n. {pk})" for pk in [pk for pk in ranked if pk in names][:MANY]}


SUGGESTERS: dict[str, Callable[[str, Actor], dict[int, str]]] = {
    "areas": suggest_areas,
    "places": suggest_places,
    "organisations": suggest_organisations,
    "experiences": suggest_experiences,
}
