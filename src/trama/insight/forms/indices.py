"""What people type about indices: first where, then of what and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max, Min
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.keys import among
from trama.insight.actions.indices import OWN, own_codes
from trama.insight.choices import IndexDdof, IndexGoalposts, IndexMethod, IndexPenalty, IndexReference
from trama.insight.indices import exchange
from trama.insight.indices.reading import areas_of, definition_of
from trama.insight.indices.shapes import Definition, Domain, Part
from trama.insight.models import KEY, IndexDefinition
from trama.insight.permissions import INDEX_KEEPERS
from trama.territory import finding
from trama.territory.choices import RANK, AreaKind
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.profile import THEMES

RESERVED = {"nuovo", "importa"}  # they are addresses
UNUSED, RAISES, LOWERS = "", "1", "-1"
WEIGHTIEST = 1000


def _check_code(code: str) -> str:
    if code in RESERVED:
        raise ValidationError(_now("This short name is taken: choose another."))
    return code


class BeginForm(forms.Form):
    """A new index: what it is called, and of which areas it speaks."""

    use_required_attribute = False

    name_it = forms.CharField(label=_("Name"), max_length=150, help_text=_("E.g. Fragility of families"))
    code = forms.RegexField(
        KEY,
        label=_("Short name"),
        required=False,
        max_length=24,
        help_text=_("For addresses and files, e.g. family_fragility. Left empty, it is made from the name."),
        error_messages={"invalid": _("Small letters, digits and _ only, a letter first.")},
    )
    where = forms.ChoiceField(
        label=_("Which areas"), help_text=_("Each area of this kind gets a value and is compared with the others.")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["where"].choices = [("", _("choose")), *places(actor)]  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        return _check_code(self.cleaned_data["code"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not found.get("code") and found.get("name_it") and "code" not in self.errors:
            code = re.sub(r"[^a-z0-9]+", "_", slugify(found["name_it"])).strip("_")[:24].strip("_")
            code = code if code[:1].isalpha() else f"i_{code}"[:24]
            found["code"] = _check_code(code.strip("_"))
        return found

    def definition(self) -> Definition:
        """What a valid form says, with the years that are known there."""
        kind, _colon, under = self.cleaned_data["where"].partition(":")
        return Definition(self.cleaned_data["name_it"], code=self.cleaned_data["code"], kind=kind, under=under)


def places(actor: Actor) -> list[tuple[str, str]]:
    """Kinds of areas with at least two areas that have figures, below an area of the actor's: "kind:code", words."""
    mine = None if actor.everywhere(INDEX_KEEPERS) else actor.areas_with(INDEX_KEEPERS)
    known = finding.nodes()
    with_figures = set(ContextValue.objects.order_by().values_list("area_id", flat=True).distinct())
    counts: dict[tuple[int, str], int] = {}
    for node in known.values():
        if not node.in_force or node.id not in with_figures:
            continue
        above = known.get(node.parent) if node.parent is not None else None
        while above is not None:
            if mine is None or above.id in mine:
                counts[(above.id, node.kind)] = counts.get((above.id, node.kind), 0) + 1
            above = known.get(above.parent) if above.parent is not None else None
    kinds = dict(AreaKind.choices)
    ordered = sorted(
        (key for key, count in counts.items() if count > 1), key=lambda key: (known[key[0]].position, RANK[key[1]])
    )
    return [
        (
            f"{kind}:{known[pk].code}",
            _now("%(area)s: %(kind)s (%(count)s areas)")
            % {"area": known[pk].name, "kind": kinds[kind], "count": counts[(pk, kind)]},
        )
        for pk, kind in ordered
    ]


@dataclass(frozen=True)
class Offer:
    """An indicator that may be chosen, with the fields that stand in its row."""

    indicator: ContextIndicator
    years: str
    polarity: BoundField
    weight: BoundField
    domain: BoundField
    more: tuple[BoundField, ...]
    opened: bool  # what is rarely needed has something in it


class IndexForm(forms.Form):
    """A draft: words, years, indicators and, for who wants it, the method."""

    use_required_attribute = False

    name_it = forms.CharField(label=_("Name"), max_length=150)
    name_en = forms.CharField(label=_("Name in English"), max_length=150, required=False)
    description_it = forms.CharField(
        label=_("What it is for"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Two lines for who reads it: what it wants to show, and what it does not show."),
    )
    description_en = forms.CharField(
        label=_("What it is for, in English"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    years = forms.TypedMultipleChoiceField(
        label=_("Years"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one year.")},
    )
    penalty = forms.ChoiceField(
        label=_("When an area does very badly in one thing and well in another, something is"),
        help_text=_(
            "Two areas may have the same mean: one is middling in everything, the other very bad in one thing and good "
            "in another. This choice says whether the index tells them apart."
        ),
        choices=IndexPenalty.choices,
        widget=forms.RadioSelect,
    )
    method = forms.ChoiceField(
        label=_("How indicators are brought to one scale"), choices=IndexMethod.choices, widget=forms.RadioSelect
    )
    goalposts = forms.ChoiceField(
        label=_("Where the scale is taken from"), choices=IndexGoalposts.choices, widget=forms.RadioSelect
    )
    reference = forms.ChoiceField(label=_("What scores 100"), choices=IndexReference.choices, widget=forms.RadioSelect)
    reference_year = forms.TypedChoiceField(
        label=_("In which year it scores 100"), coerce=int, empty_value=None, required=False
    )
    ddof = forms.TypedChoiceField(
        label=_("The deviation between the indicators is"),
        choices=IndexDdof.choices,
        coerce=int,
        widget=forms.RadioSelect,
    )

    METHOD = ("method", "goalposts", "reference", "reference_year", "ddof")

    def __init__(self, row: IndexDefinition, *args: Any, **kwargs: Any) -> None:
        self.row, self.now = row, definition_of(row)
        kwargs.setdefault("initial", _initial(self.now))
        super().__init__(*args, **kwargs)
        self.spans = _spans(row)
        self.known = list(
            ContextIndicator.objects.filter(
                code__in=[*self.spans, *(part.indicator for part in self.now.parts)]
            ).order_by("position", "code")
        )
        years = sorted(
            {year for low, high in self.spans.values() for year in range(low, high + 1)} | set(self.now.years)
        )
        self.fields["years"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]
        self.fields["reference_year"].choices = [  # type: ignore[attr-defined]
            ("", _("in each year its own")),
            *((year, str(year)) for year in years),
        ]
        if years and not self.now.years:
            self.initial["years"] = [max(years)]
        for one in self.known:
            self._add_row(one)
        for domain in self.now.domains:
            self.fields[f"domain_weight_{domain.key}"] = _number(
                _now("Weight of the domain “%(name)s”") % {"name": domain.name}, domain.weight, least=0
            )

    def _add_row(self, one: ContextIndicator) -> None:
        part = next((part for part in self.now.parts if part.indicator == one.code), None)
        choice = forms.ChoiceField(
            label=_of(_("In the index"), one.name),
            choices=(
                (UNUSED, _("does not enter")),
                (RAISES, _("more of it: index up")),
                (LOWERS, _("more of it: index down")),
            ),
            required=False,
            initial=str(part.polarity) if part else UNUSED,
        )
        domain = forms.CharField(
            label=_of(_("Domain"), one.name),
            required=False,
            max_length=60,
            initial=self.now.domain(part.domain).name_it if part and part.domain else "",
        )
        self.fields[f"use_{one.pk}"] = choice
        self.fields[f"weight_{one.pk}"] = _number(_of(_("Weight"), one.name), part.weight if part else 1.0, least=0)
        self.fields[f"domain_{one.pk}"] = domain
        labels = {"low": _("Becomes 70"), "high": _("Becomes 130"), "reference": _("Scores 100")}
        for key, label in labels.items():
            self.fields[f"{key}_{one.pk}"] = _number(_of(label, one.name), getattr(part, key) if part else None)

    def offers(self) -> list[tuple[str, list[Offer]]]:
        """The rows of indicators, by theme."""
        groups: dict[str, list[Offer]] = {}
        for one in self.known:
            more = tuple(self[f"{key}_{one.pk}"] for key in ("low", "high", "reference"))
            low, high = self.spans.get(one.code, (0, 0))
            offer = Offer(
                one,
                str(low) if low == high else f"{low}–{high}",
                self[f"use_{one.pk}"],
                self[f"weight_{one.pk}"],
                self[f"domain_{one.pk}"],
                more,
                any(bound.errors or bound.value() not in (None, "") for bound in more),
            )
            title = (
                _now("Indices")
                if one.theme == OWN
                else str(THEMES.get(one.theme) or one.theme or _now("Other numbers"))
            )
            groups.setdefault(title, []).append(offer)
        return list(groups.items())

    @property
    def domain_weights(self) -> list[BoundField]:
        return [self[f"domain_weight_{domain.key}"] for domain in self.now.domains]

    @property
    def method_fields(self) -> list[BoundField]:
        return [self[name] for name in self.METHOD]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        chosen = [one for one in self.known if found.get(f"use_{one.pk}")]
        named = [bool(found.get(f"domain_{one.pk}")) for one in chosen]
        if any(named) and not all(named):
            for one, has in zip(chosen, named, strict=True):
                if not has:
                    self.add_error(f"domain_{one.pk}", _now("The others have a domain: this one needs one too."))
        for one in chosen:
            low, high = found.get(f"low_{one.pk}"), found.get(f"high_{one.pk}")
            if low is not None and high is not None and low >= high:
                self.add_error(f"low_{one.pk}", _now("The lowest value must be below the highest."))
        return found

    def definition(self) -> Definition:
        """What a valid form says."""
        found = self.cleaned_data
        domains: dict[str, Domain] = {}
        parts = []
        for one in self.known:
            if not found[f"use_{one.pk}"]:
                continue
            domain = self._domain(found[f"domain_{one.pk}"], domains)
            parts.append(
                Part(
                    one.name_it,
                    indicator=one.code,
                    polarity=int(found[f"use_{one.pk}"]),
                    weight=1.0 if found[f"weight_{one.pk}"] is None else found[f"weight_{one.pk}"],
                    domain=domain,
                    low=found[f"low_{one.pk}"],
                    high=found[f"high_{one.pk}"],
                    reference=found[f"reference_{one.pk}"],
                )
            )
        return replace(
            self.now,
            **{name: found[name] for name in ("name_it", "name_en", "description_it", "description_en")},
            **{name: found[name] for name in ("penalty", "method", "goalposts", "reference", "reference_year", "ddof")},
            years=tuple(sorted(found["years"])),
            domains=tuple(domains.values()),
            parts=tuple(parts),
        )

    def _domain(self, name: str, domains: dict[str, Domain]) -> str:
        """The key of a domain by the name that was typed: the one that it has already, or a new one."""
        name = " ".join(name.split())
        if not name:
            return ""
        for known in (*domains.values(), *self.now.domains):
            if name.casefold() in {known.name_it.casefold(), known.key}:
                weight = self.cleaned_data.get(f"domain_weight_{known.key}")
                domains.setdefault(known.key, replace(known, weight=known.weight if weight is None else weight))
                return known.key
        key = re.sub(r"[^a-z0-9]+", "_", slugify(name)).strip("_")[:24] or f"d{len(domains) + 1}"
        while key in domains or any(one.key == key for one in self.now.domains):
            key = f"{key[:20]}_{len(domains) + 1}"
        domains[key] = Domain(name, "", key, 1.0)
        return key


def _of(label: Any, name: str) -> SafeString:
    """A short label; which indicator it speaks of stands above it, and is read out with it."""
    return format_html('{} <span class="visually-hidden">{}</span>', label, name)


def _number(label: Any, initial: float | None, least: float | None = None) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        required=False,
        initial=initial,
        localize=True,
        min_value=least,
        max_value=WEIGHTIEST if least is not None else None,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 8}),
    )


def _initial(definition: Definition) -> dict[str, Any]:
    names = (
        "name_it", "name_en", "description_it", "description_en", "penalty", "method", "goalposts", "reference", "ddof",
    )  # fmt: skip
    return {
        **{name: getattr(definition, name) for name in names},
        "years": list(definition.years),
        "reference_year": definition.reference_year or "",
    }


def _spans(row: IndexDefinition) -> dict[str, tuple[int, int]]:
    """The indicators with figures for these areas, with first and last year. An index is not made of itself."""
    areas = [pk for pk, _code, _name in areas_of(row)]
    found = (
        ContextValue.objects.filter(area__in=among(areas), value__isnull=False)
        .exclude(indicator__code__in=own_codes(row.code))
        .order_by()
        .values("indicator__code")
        .annotate(first=Min("year"), last=Max("year"))
        .values_list("indicator__code", "first", "last")
    )
    return {code: (first, last) for code, first, last in found}


class ImportForm(forms.Form):
    """A definition that somebody else wrote."""

    use_required_attribute = False

    sent = forms.FileField(label=_("Definition"), help_text=_("The .toml or .json file of an index."))
    under = forms.ChoiceField(
        label=_("For which areas"),
        required=False,
        help_text=_("Another city copies a definition: choose here your own areas. Else those of the file."),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["under"].choices = [("", _("those of the file")), *places(actor)]  # type: ignore[attr-defined]

    def clean_sent(self) -> Definition:
        upload = self.cleaned_data["sent"]
        if upload.size > exchange.LARGEST:
            raise ValidationError(_now("A definition is a small text file: this one is too big."))
        try:
            found = exchange.read(upload.read())
        except exchange.NotADefinition as error:
            raise ValidationError(str(error)) from error
        _check_code(found.code)
        return found

    def definition(self) -> Definition:
        """What the file says, for the areas that were chosen."""
        found: Definition = self.cleaned_data["sent"]
        if self.cleaned_data["under"]:
            kind, _colon, under = self.cleaned_data["under"].partition(":")
            found = replace(found, kind=kind, under=under)
        return found
