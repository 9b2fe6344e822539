"""Making, publishing and renewing indices. What is published is frozen: figures, results and their hash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from trama.core import facts
from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.core.models import Source
from trama.insight.analysis.composite import CENTRE, CompositeError
from trama.insight.choices import IndexGoalposts, IndexPenalty, IndexReference, IndexState
from trama.insight.indices.reading import areas_of, definition_of, frozen_text, hash_of, live
from trama.insight.indices.shapes import MISSING, Definition, Index
from trama.insight.indices.wording import hundred, refusal
from trama.insight.models import FrozenIndex, IndexDefinition, IndexDomain, IndexIngredient
from trama.insight.permissions import may_keep_index
from trama.territory.choices import Polarity
from trama.territory.comparing import may_compare
from trama.territory.models import (
    COMPUTED_PREFIX,
    COMPUTED_THEME,
    Area,
    ContextDefinition,
    ContextIndicator,
    ContextValue,
)

OWN = COMPUTED_THEME  # the theme of the indicators that indices are published as
FIELDS = (
    "name_it", "name_en", "description_it", "description_en", "kind", "years", "method", "penalty", "ddof",
    "goalposts", "reference", "reference_year",
)  # fmt: skip
MOST_PARTS = 60


@transaction.atomic
def save_index(actor: Actor, definition: Definition, row: IndexDefinition | None = None) -> IndexDefinition:
    """Write a draft: a new one, or what a draft says now. Raises ValidationError, PermissionDenied."""
    under = Area.objects.filter(code=definition.under).first()
    if under is None:
        raise ValidationError({"under": _("There is no area with the code “%(code)s”.") % {"code": definition.under}})
    _permitted(actor, under.pk)
    before = None
    if row is None:
        row = IndexDefinition(code=definition.code, version=_next_version(definition.code))
        _own_code(actor, definition.code)
    else:
        _still_draft(actor, row)
        before = state_of(row) | {"indicators": _parts(definition_of(row))}
    for name in FIELDS:
        value = getattr(definition, name)
        setattr(row, name, list(value) if name == "years" else value)
    row.under = under
    row.full_clean(validate_constraints=row.pk is None)
    row.save()
    _write_parts(row, definition)
    now = _parts(definition_of(row))
    extra = {"indicators": [before["indicators"] if before else None, now]}
    changed = before is None or before["indicators"] != now
    record(actor, "changed" if before else "created", row, before, extra if changed else None)
    return row


def _own_code(actor: Actor, code: str) -> None:
    """A short name belongs to the territory that first used it: nobody takes over the index of another."""
    for other in IndexDefinition.objects.filter(code=code).order_by("-version"):
        if other.is_draft:
            raise ValidationError({"code": _("There is already a draft with this short name.")})
        if not may_keep_index(actor, other.under_id):
            raise ValidationError({"code": _("This short name is taken: choose another.")})


def _next_version(code: str) -> int:
    newest = IndexDefinition.objects.filter(code=code).order_by("-version").values_list("version", flat=True).first()
    return (newest or 0) + 1


def _permitted(actor: Actor, area: int) -> None:
    if not may_keep_index(actor, area):
        raise PermissionDenied(_("You make indices of other areas, not of this one."))


def _still_draft(actor: Actor, row: IndexDefinition) -> None:
    """Lock the row: what is published meanwhile is not changed any more."""
    _permitted(actor, row.under_id)
    state = IndexDefinition.objects.select_for_update().values_list("state", flat=True).get(pk=row.pk)
    if state != IndexState.DRAFT:
        raise ValidationError(_("This version is published and cannot change: make a new version."))


def _write_parts(row: IndexDefinition, definition: Definition) -> None:
    codes = [part.indicator for part in definition.parts]
    if len(codes) > MOST_PARTS:
        raise ValidationError(_("An index has at most %(n)s indicators.") % {"n": MOST_PARTS})
    if len(set(codes)) < len(codes):
        raise ValidationError(_("An indicator stands twice in the index."))
    known = {one.code: one for one in ContextIndicator.objects.filter(code__in=codes)}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise ValidationError(
            _("These indicators are not known here: %(codes)s. Bring their figures first, or change the code.")
            % {"codes": ", ".join(unknown)}
        )
    keys = [one.key for one in definition.domains]
    if len(set(keys)) < len(keys):
        raise ValidationError(_("A domain stands twice in the index."))
    row.ingredients.all().delete()
    row.domains.all().delete()
    domains = {
        one.key: IndexDomain.objects.create(
            definition=row, key=one.key, name_it=one.name_it, name_en=one.name_en, weight=one.weight, position=n
        )
        for n, one in enumerate(definition.domains)
    }
    for n, part in enumerate(definition.parts):
        if part.low is not None and part.high is not None and not part.low < part.high:
            words = {"name": known[part.indicator].name}
            raise ValidationError(_("“%(name)s”: the lowest value must be below the highest.") % words)
        IndexIngredient.objects.create(
            definition=row,
            indicator=known[part.indicator],
            domain=domains.get(part.domain),
            polarity=part.polarity,
            weight=part.weight,
            low=part.low,
            high=part.high,
            reference=part.reference,
            position=n,
        )


def _parts(definition: Definition) -> list[str]:
    """What goes in, short enough for a history."""
    return [
        f"{'+' if part.polarity > 0 else '−'}{part.indicator} × {part.weight:g}"
        + (f" ({part.domain})" * bool(part.domain))
        for part in definition.parts
    ]


# --- publishing ---------------------------------------------------------------------------------------------------
def check(row: IndexDefinition) -> Index:
    """The index with the figures of today, if it may be published. Raises ValidationError with what is in the way."""
    definition = definition_of(row)
    if not definition.parts:
        raise ValidationError(_("Choose at least one indicator."))
    if not definition.years:
        raise ValidationError(_("Choose at least one year."))
    areas = areas_of(row)
    if len(areas) < 2:
        raise ValidationError(_("There are fewer than two areas of this kind: there is nothing to compare."))
    own = own_codes(row.code)
    for ingredient in row.ingredients.select_related("indicator"):
        if ingredient.indicator.code in own:
            raise ValidationError(_("An index cannot be made of itself."))
        verdict = may_compare(ingredient.indicator, [pk for pk, _code, _name in areas])
        if not verdict.allowed:
            raise ValidationError(verdict.sentence)
    try:
        index = live(row)
    except CompositeError as error:
        raise ValidationError(refusal(error, definition)) from error
    empty = [str(year) for n, year in enumerate(index.years) if not np.isfinite(index.values[n]).any()]
    if empty:
        raise ValidationError(
            _("In %(years)s no area has all the indicators: leave that year out, or an indicator.")
            % {"years": ", ".join(empty)}
        )
    return index


@transaction.atomic
def publish_index(actor: Actor, row: IndexDefinition) -> FrozenIndex:
    """Freeze a draft with the figures of today, and put its results among the indicators.

    The version before it is marked as replaced; what was frozen with it stays. Raises ValidationError.
    """
    _still_draft(actor, row)
    index = check(row)
    before = state_of(row)
    for older in IndexDefinition.objects.filter(code=row.code, state=IndexState.PUBLISHED):
        was = state_of(older)
        older.state = IndexState.SUPERSEDED
        older.save(update_fields=["state"])
        record(actor, "superseded", older, was)
    content = frozen_text(index)
    frozen = FrozenIndex.objects.create(
        definition=row, at=timezone.now().replace(microsecond=0), content=content, content_hash=hash_of(content)
    )
    row.state = IndexState.PUBLISHED
    row.indicator = _put_among_indicators(row, index, frozen)
    row.save()
    valued = int(np.isfinite(index.values).sum())
    record(actor, "published", row, before, {"content_hash": frozen.content_hash, "values": valued})
    return frozen


def published_code(code: str, domain: str = "") -> str:
    """The code of the indicator as which an index (or one of its domains) stands among the others."""
    return f"{COMPUTED_PREFIX}{code}" + (f"__{domain}" if domain else "")


def own_codes(code: str) -> set[str]:
    """The codes of the indicators as which any version of an index stands among the others."""
    domains = IndexDomain.objects.filter(definition__code=code).order_by().values_list("key", flat=True).distinct()
    return {published_code(code), *(published_code(code, key) for key in domains)}


def _put_among_indicators(row: IndexDefinition, index: Index, frozen: FrozenIndex) -> ContextIndicator:
    source = _source(row, index, frozen)
    whole = _state_indicator(row, index, "")
    _write_values(whole, index, index.values, source)
    for position, domain in enumerate(index.definition.domains, start=1):
        one = _state_indicator(row, index, domain.key, position)
        _write_values(one, index, index.computed.parts[domain.key].value, source)
    return whole


def _state_indicator(row: IndexDefinition, index: Index, domain: str, position: int = 0) -> ContextIndicator:
    """The indicator of an index or of a domain, in the words of this version; those of the one before are kept."""
    definition = index.definition
    code = published_code(definition.code, domain)
    found = ContextIndicator.objects.filter(code=code).first() or ContextIndicator(code=code)
    if found.pk is not None and found.version != str(definition.version):
        names = [
            f.name for f in ContextDefinition._meta.concrete_fields if f.name not in {"id", "indicator", "stated_on"}
        ]
        ContextDefinition.objects.get_or_create(
            indicator=found, version=found.version, defaults={name: getattr(found, name) for name in names}
        )
    part = definition.domain(domain)
    found.version = str(definition.version)
    found.theme, found.decimals, found.centre, found.adds_up = OWN, 1, CENTRE, False
    found.name_it = f"{definition.name_it}: {part.name_it}" if domain else definition.name_it
    name_en = definition.name_en or definition.name_it
    found.name_en = f"{name_en}: {part.name_en or part.name_it}" if domain else name_en
    for language in ("it", "en"):
        with translation.override(language):
            setattr(found, f"description_{language}", _words(definition))
    found.polarity = {
        IndexPenalty.PLUS: Polarity.NEGATIVE,
        IndexPenalty.MINUS: Polarity.POSITIVE,
        IndexPenalty.NONE: Polarity.NEUTRAL,
    }[IndexPenalty(definition.penalty)]
    # Unless every end of the scale is stated, it comes from these areas: elsewhere the same number means another thing.
    stated = definition.goalposts == IndexGoalposts.GIVEN and definition.reference in {
        IndexReference.NONE,
        IndexReference.GIVEN,
    }
    found.compare_within = "" if stated else row.under.kind
    found.position = 500 + position
    found.save()
    return found


def _words(definition: Definition) -> str:
    method = definition.method.upper()
    made = _("Index computed by Trama (%(method)s, version %(version)s) from %(n)s indicators.") % {
        "method": method,
        "version": definition.version,
        "n": len(definition.parts),
    }
    apart = definition.goalposts == IndexGoalposts.SET and len(definition.years) > 1
    note = _("Each year has its own scale: years cannot be compared.") if apart else ""
    return " ".join(part for part in (definition.description, made, hundred(definition), note) if part)


def _source(row: IndexDefinition, index: Index, frozen: FrozenIndex) -> Source:
    origins = index.origins()
    licences = {origin.licence for origin in origins}
    with translation.override("it"):
        note = _("Computed from: %(sources)s. SHA-256 of what was frozen: %(hash)s.") % {
            "sources": "; ".join(origin.title for origin in origins) or "–",
            "hash": frozen.content_hash,
        }
    definition = replace(index.definition)
    return Source.objects.update_or_create(
        key=f"index:{definition.code}:{definition.version}",
        defaults={
            "title": f"{definition.name_it}, versione {definition.version}",
            "publisher": str(facts.facts().get(facts.BODY_NAME, "")),
            "licence": licences.pop() if len(licences) == 1 else "",
            "published_on": timezone.localdate(frozen.at),
            "note": note,
            "is_demonstration": _from_demonstration(index),
        },
    )[0]


def _from_demonstration(index: Index) -> bool:
    keys = [origin.key for origin in index.origins()]
    return Source.objects.filter(key__in=keys, is_demonstration=True).exists()


def _write_values(indicator: ContextIndicator, index: Index, values: Any, source: Source) -> None:
    """The results among the other figures. Those of the version before go: they stay in what was frozen with it."""
    ContextValue.objects.filter(indicator=indicator).delete()
    keys = dict(Area.objects.filter(code__in=[place.code for place in index.figures.areas]).values_list("code", "pk"))
    rows = []
    for year_at, year in enumerate(index.years):
        for area_at, place in enumerate(index.figures.areas):
            value, state = float(values[year_at, area_at]), str(index.states[year_at, area_at])
            known = bool(np.isfinite(value))
            rows.append(
                ContextValue(
                    area_id=keys[place.code],
                    indicator=indicator,
                    year=year,
                    value=float(f"{value:.10g}") if known else None,
                    state=state if known or state not in {"value", "estimated"} else MISSING,
                    version=_version(index, year),
                    source=source,
                )
            )
    ContextValue.objects.bulk_create(rows, batch_size=1000)


def _version(index: Index, year: int) -> str:
    """Under which definition a value stands. Where each year has a scale of its own, its numbers are no series."""
    definition = index.definition
    own_scale = definition.goalposts == IndexGoalposts.SET and len(index.years) > 1
    return f"{definition.version} ({year})" if own_scale else str(definition.version)


# --- afterwards ---------------------------------------------------------------------------------------------------
@transaction.atomic
def new_version(actor: Actor, row: IndexDefinition) -> IndexDefinition:
    """A draft that begins as a copy of a published version. Raises ValidationError when there is one already."""
    _permitted(actor, row.under_id)
    definition = definition_of(row)
    draft = IndexDefinition.objects.filter(code=row.code, state=IndexState.DRAFT).first()
    if draft is not None:
        raise ValidationError(_("There is already a draft of a new version: change that one."))
    copy = IndexDefinition(code=row.code, version=_next_version(row.code), under=row.under)
    for name in FIELDS:
        setattr(copy, name, getattr(row, name))
    copy.save()
    _write_parts(copy, definition)
    record(actor, "created", copy, None, {"from_version": row.version})
    return copy


@transaction.atomic
def withdraw_index(actor: Actor, row: IndexDefinition, reason: str) -> None:
    """Mark a published index as withdrawn, and take its results from among the indicators.

    What was frozen stays to be read, with the reason above it. Raises ValidationError, PermissionDenied.
    """
    _permitted(actor, row.under_id)
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why it is withdrawn: whoever cited it will read it."))
    row = IndexDefinition.objects.select_for_update().get(pk=row.pk)
    if row.state != IndexState.PUBLISHED:
        raise ValidationError(_("Only what is published can be withdrawn."))
    before = state_of(row)
    row.state, row.withdrawn_because = IndexState.WITHDRAWN, reason
    row.save(update_fields=["state", "withdrawn_because"])
    ContextValue.objects.filter(indicator__code__in=own_codes(row.code)).delete()
    record(actor, "withdrawn", row, before)


@transaction.atomic
def delete_draft(actor: Actor, row: IndexDefinition) -> None:
    """Throw a draft away. What was published never goes."""
    _still_draft(actor, row)
    record(actor, "deleted", row)
    row.delete()
