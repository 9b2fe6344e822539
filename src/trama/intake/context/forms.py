"""What is asked of whoever brings a file of numbers: the file, its columns, the names of its indicators, its breaks."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.intake.context.cells import year_of
from trama.intake.context.deciding import decision_for, proposed
from trama.intake.context.known import as_known, free_code
from trama.intake.context.mapping import Mapping, Named
from trama.intake.context.people import home_of
from trama.intake.context.proposing import code_from
from trama.intake.recipe import ANY, Decision
from trama.intake.verdicts import ScaleBreak
from trama.network.models import normalised
from trama.territory.choices import RANK, AreaKind, Polarity
from trama.territory.models import Area, AreaClosure, ContextIndicator

ROLES = [
    ("area", _("the area (code or name)")),
    ("area_name", _("also names an area: not needed")),
    ("year", _("the year")),
    ("value", _("a number: it is an indicator")),
    ("year_value", _("a number of the year in the header")),
    ("area_value", _("a number of the area in the header")),
    ("indicator", _("names the indicator of the row")),
    ("part", _("tells rows apart (sex, age, size …)")),
    ("state", _("state of the number (estimated, missing …)")),
    ("excluded", _("1 where the area is excluded")),
    ("multiplier", _("power of ten by which to multiply")),
    ("note", _("nothing that is loaded")),
]


NEW = "-new-"  # no code of an indicator begins so
EVERYWHERE = "-everywhere-"
LICENCES = ("CC BY 4.0", "IODL 2.0", "CC0 1.0", "CC BY-SA 4.0")  # those that Italian bodies use
MOST_CHOICES = 1000
OTHER, NOT_STATED = "-other-", "-none-"


class FileForm(forms.Form):
    """A file of numbers about areas."""

    use_required_attribute = False

    sent = forms.FileField(
        label=_("File"), help_text=_("CSV, XLSX, ODS or SDMX-CSV; one row per area, or per area and year.")
    )
    header_row = forms.IntegerField(
        label=_("In which row stand the names of the columns?"),
        help_text=_("Usually the first; more where a title stands above, as in many tables of ISTAT."),
        min_value=1,
        max_value=50,
        initial=1,
    )
    sheet = forms.CharField(
        label=_("Sheet of the workbook"),
        required=False,
        help_text=_("Without a name, the first one that is not hidden."),
    )


class ColumnsForm(forms.Form):
    """What each column means, and how areas, years and decimals are written."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=_("Which areas does the file speak of?"))
    by = forms.ChoiceField(
        label=_("How does it name them?"),
        choices=[
            ("name", _("by name")),
            ("code", _("by ISTAT code, with or without leading zeros")),
            ("local_code", _("by the municipality's own number")),
        ],
    )
    within = forms.ChoiceField(
        label=_("Do all of them lie in one territory?"),
        required=False,
        help_text=_("Needed where areas of two cities bear the same names or numbers."),
    )
    unknown = forms.BooleanField(
        label=_("The file speaks of other territories too: leave those rows out"), required=False
    )
    sum_up = forms.BooleanField(
        label=_("State also the sums for the areas above"),
        required=False,
        help_text=_("Only of what adds up, and only right if the file holds every area."),
    )
    fixed_year = forms.IntegerField(
        label=_("Year of all numbers"),
        required=False,
        min_value=1801,
        max_value=2199,
        help_text=_("Only where no column states the year, and no header bears one."),
    )
    decimal = forms.ChoiceField(
        label=_("Decimal sign"),
        choices=[(",", _("comma: 1.234,5")), (".", _("point: 1234.5"))],
        widget=forms.RadioSelect,
        help_text=_("Look at the rows below: “1.234” can be a thousand and more, or one and a bit."),
    )

    def __init__(self, data: Any, mapping: Mapping, columns: Sequence[str], samples: Sequence[str]) -> None:
        self.mapping, self.columns = mapping, list(columns)
        initial = {
            "kind": mapping.kind,
            "by": mapping.by,
            "within": mapping.within,
            "unknown": mapping.unknown == "skip",
            "sum_up": bool(mapping.sum_up_to),
            "fixed_year": mapping.fixed_year,
            "decimal": mapping.decimal,
        }
        super().__init__(data, initial=initial)
        here = set(Area.objects.in_force().order_by().values_list("kind", flat=True).distinct())
        kinds = [(kind.value, kind.label) for kind in sorted(AreaKind, key=lambda kind: RANK[kind]) if kind in here]
        several = [(ANY, _now("areas of several kinds: neighbourhoods and hamlets, for example"))]
        self.fields["kind"].choices = [("", _now("choose")), *kinds, *several]  # type: ignore[attr-defined]
        wide = Area.objects.in_force().filter(kind__in=[AreaKind.MUNICIPALITY, AreaKind.UNION]).order_by("name", "id")
        names = [(code, name) for code, name in wide.values_list("code", "name")]
        self.fields["within"].choices = [("", _now("no, or not needed")), *names]  # type: ignore[attr-defined]
        for number, column in enumerate(self.columns):
            self.fields[f"role_{number}"] = forms.ChoiceField(
                label=column, choices=ROLES, initial=mapping.roles.get(column, "note"), help_text=samples[number]
            )

    def roles(self) -> Iterator[Any]:
        """The field of each column."""
        for number in range(len(self.columns)):
            yield self[f"role_{number}"]

    def clean(self) -> dict[str, Any]:
        """One area, a year, at least one number."""
        data = super().clean() or {}
        roles = {column: data.get(f"role_{number}", "note") for number, column in enumerate(self.columns)}
        in_headers = "area_value" in roles.values()
        self._exactly_one(roles, "area", "" if in_headers else _now("Say which column names the area."))
        for role in ("year", "state", "excluded", "multiplier", "indicator"):
            self._exactly_one(roles, role, "")
        if in_headers and {"area", "value", "year_value", "excluded"} & set(roles.values()):
            raise ValidationError(
                _now("Where headers name the areas, no other column can be an area, an exclusion or another number.")
            )
        if not {"value", "year_value", "area_value"} & set(roles.values()):
            raise ValidationError(_now("Say which columns are numbers: without one there is nothing to load."))
        has_year = "year" in roles.values() or data.get("fixed_year")
        if {"value", "area_value"} & set(roles.values()) and not has_year:
            self.add_error(
                "fixed_year", _now("No column states the year: choose that column, or write the year of all numbers.")
            )
        for number, (column, role) in enumerate(roles.items()):
            if role == "year_value" and not _header_year(column):
                self.add_error(
                    f"role_{number}", _now("This header bears no year: choose “a number: it is an indicator”.")
                )
        data["roles"] = roles
        return data

    def _exactly_one(self, roles: dict[str, str], role: str, needed: str) -> None:
        fields = [f"role_{number}" for number, found in enumerate(roles.values()) if found == role]
        if len(fields) > 1:
            self.add_error(fields[1], _now("Two columns cannot both be this: choose another meaning for one of them."))
        if not fields and needed:
            self.add_error(None, needed)

    def filled(self) -> Mapping:
        """The mapping as corrected; indicators are proposed anew when columns changed."""
        data, old = self.cleaned_data, self.mapping
        new = replace(
            old,
            roles=data["roles"],
            kind=data["kind"],
            by=data["by"],
            within=data["within"],
            unknown="skip" if data["unknown"] else "refuse",
            sum_up_to=_kinds_above(data["kind"]) if data["sum_up"] else [],
            fixed_year=data["fixed_year"],
            decimal=data["decimal"],
            years={column: _header_year(column) for column, role in data["roles"].items() if role == "year_value"},
        )
        if (new.roles, new.decimal) != (old.roles, old.decimal):
            new.indicators, new.decisions = [], []
        return new


def _kinds_above(kind: str) -> list[str]:
    """The kinds of the areas inside a municipality, and the municipality, that lie above areas of a kind."""
    if kind == ANY:
        return [AreaKind.MUNICIPALITY.value]
    above = AreaClosure.objects.filter(area__kind=kind, distance__gt=0).order_by()
    here = set(above.values_list("ancestor_kind", flat=True).distinct())
    return [item for item in AreaKind.values if item in here and RANK[item] >= RANK[AreaKind.MUNICIPALITY]]


def _header_year(column: str) -> str:
    found = re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", column)
    return found[0] if len(set(found)) == 1 and year_of(found[0]) else ""


class SourceForm(forms.Form):
    """Where the numbers come from: it is printed beside every one of them."""

    use_required_attribute = False

    title = forms.CharField(
        label=_("Title of the data set"), max_length=300, help_text=_("For example: Redditi per area statistica")
    )
    publisher = forms.CharField(
        label=_("Who publishes it"), max_length=200, help_text=_("For example: Comune di Bologna, ISTAT")
    )
    licence = forms.ChoiceField(
        label=_("Licence"), help_text=_("As the publisher states it: without one, nobody else may print these numbers.")
    )
    licence_other = forms.CharField(
        label=_("Another licence"), max_length=120, required=False, help_text=_("Only if it is not in the list.")
    )
    url = forms.URLField(label=_("Address"), required=False, max_length=500, assume_scheme="https")
    published_on = forms.DateField(
        label=_("Published on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: Any, *, initial: dict[str, str], prefix: str) -> None:
        first = dict(initial)
        if first.get("title") and not first.get("licence"):  # the page was filled in before
            first["licence"] = NOT_STATED
        elif first.get("licence") and first["licence"] not in LICENCES:
            first |= {"licence": OTHER, "licence_other": first["licence"]}
        super().__init__(data, initial=first, prefix=prefix)
        self.fields["licence"].choices = [  # type: ignore[attr-defined]
            ("", _now("choose")),
            *((name, name) for name in LICENCES),
            (OTHER, _now("another one: write it below")),
            (NOT_STATED, _now("the publisher states none")),
        ]

    def clean(self) -> dict[str, Any]:
        """Another licence has a name."""
        data = super().clean() or {}
        if data.get("licence") == OTHER and not data.get("licence_other"):
            self.add_error("licence_other", _now("Write the name of the licence."))
        return data

    def filled(self) -> dict[str, str]:
        """What was said of the source; no licence where none is stated."""
        data = dict(self.cleaned_data)
        other = data.pop("licence_other", "")
        data["licence"] = {OTHER: other, NOT_STATED: ""}.get(data["licence"], data["licence"])
        return {name: str(value) for name, value in data.items() if value}


class IndicatorForm(forms.Form):
    """The definition of one indicator."""

    use_required_attribute = False

    take = forms.BooleanField(label=_("Load this one"), required=False)
    known = forms.ChoiceField(
        label=_("Is it here already?"),
        help_text=_("Then its definition stays, and the names below are not used."),
    )
    name_it = forms.CharField(label=_("Name in Italian"), max_length=200)
    name_en = forms.CharField(
        label=_("Name in English"), max_length=200, required=False, help_text=_("Without one, the Italian name stands.")
    )
    unit_it = forms.CharField(
        label=_("Unit in Italian"), max_length=60, required=False, help_text=_("%, €, famiglie …")
    )
    unit_en = forms.CharField(label=_("Unit in English"), max_length=60, required=False)
    decimals = forms.IntegerField(label=_("Decimals to print"), min_value=0, max_value=6)
    polarity = forms.ChoiceField(label=_("What does a high number mean?"), choices=Polarity.choices)
    adds_up = forms.BooleanField(
        label=_("It is a count or a sum: areas add up"),
        required=False,
        help_text=_("Not for rates, means and indices."),
    )
    people = forms.BooleanField(
        label=_("It counts people: what is fewer than 3 is told to nobody"),
        required=False,
        help_text=_("Rows of the same area and year are added up first."),
    )
    centre = forms.FloatField(label=_("Value around which it turns"), required=False, help_text=_("For example 100."))
    compare_within = forms.ChoiceField(
        label=_("Comparable only inside the same"),
        help_text=_("IDISE, for example, only inside one municipality."),
    )
    least = forms.FloatField(label=_("Never less than"), required=False, help_text=_("What lies below is refused."))
    most = forms.FloatField(label=_("Never more than"), required=False, help_text=_("What lies above is refused."))
    version = forms.CharField(
        label=_("New version of its definition"),
        max_length=20,
        required=False,
        help_text=_("Only if the method or the unit changed since the last time: then say above what it means now."),
    )

    def __init__(self, data: Any, named: Named, known: Sequence[tuple[str, str]], prefix: str) -> None:
        self.named = named
        names = [name for name in self.base_fields if name != "known"]
        initial = {name: getattr(named, name) for name in names}
        initial["known"] = named.code if named.code in dict(known) else NEW
        initial["compare_within"] = named.compare_within or EVERYWHERE
        initial["version"] = named.version if named.is_new_version else ""
        if named.from_file:  # the name of a file says what nobody would look for
            initial["name_it"] = initial["name_en"] = ""
        super().__init__(data, initial=initial, prefix=prefix)
        self.fields["known"].choices = [(NEW, _now("no, it is new")), *known]  # type: ignore[attr-defined]
        kinds = [(kind.value, kind.label) for kind in AreaKind]
        self.fields["compare_within"].choices = [(EVERYWHERE, _now("comparable everywhere")), *kinds]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What is not loaded, or has its definition here, needs no answers."""
        data = super().clean() or {}
        defined = data.get("known") not in {None, NEW} and not data.get("version")
        if not data.get("take") or defined:
            for name in list(self.errors):
                if name != "known":
                    del self.errors[name]
        return data

    def filled(self) -> Named:
        """The indicator as named."""
        data = dict(self.cleaned_data)
        known = data.pop("known", NEW)
        if known == NEW:  # a new one never takes the place of one that is here
            code = code_from(self.cleaned_data.get("name_it") or "") if self.named.from_file else ""
            data["code"] = free_code(code or self.named.code)
        data["name_en"] = data.get("name_en") or data.get("name_it") or self.named.name_en
        data["name_it"] = data.get("name_it") or self.named.name_it
        data["from_file"] = self.named.from_file and not self.cleaned_data.get("name_it")
        if data.get("compare_within") == EVERYWHERE:
            data["compare_within"] = ""
        version = data.pop("version", "")
        one = replace(self.named, **data, is_new_version=bool(version))
        one.adds_up = one.adds_up or one.people
        if known != NEW:
            item = ContextIndicator.objects.get(code=known)
            one.code = item.code
            if not version:
                as_known(one, item)
        one.version = version or one.version
        return one


class NamesForm(forms.Form):
    """Which areas are meant by names that are not here."""

    use_required_attribute = False

    def __init__(self, data: Any, mapping: Mapping, names: Sequence[str]) -> None:
        self.names = list(names)
        super().__init__(data, prefix="area")
        rows = Area.objects.in_force().order_by("name", "id")
        rows = rows if mapping.kind == ANY else rows.filter(kind=mapping.kind)
        within = mapping.within or home_of(one for one in mapping.indicators if one.take)
        if within and (wide := Area.objects.filter(code=within).first()) is not None:
            rows = rows.below(wide)
        here = [(code, name) for code, name in rows.values_list("code", "name")[:MOST_CHOICES]]
        by_name = {normalised(name): (code, name) for code, name in here}
        for number, name in enumerate(self.names):
            near = [by_name[one] for one in difflib.get_close_matches(normalised(name), list(by_name), n=3)]
            rest = [one for one in here if one not in near]
            self.fields[f"name_{number}"] = forms.ChoiceField(
                label=name,
                required=False,
                choices=[("", _now("none: leave its rows out")), *near, *rest],
                help_text=_now("Is it “%(near)s”?") % {"near": near[0][1]} if near else "",
            )

    def chosen(self) -> dict[str, str]:
        """What each name means: the code of its area; names that mean none are not in it."""
        said = {name: self.cleaned_data.get(f"name_{number}", "") for number, name in enumerate(self.names)}
        return {name: code for name, code in said.items() if code}


class DecisionForm(forms.Form):
    """What is to be done about one break of scale."""

    use_required_attribute = False

    do = forms.ChoiceField(label=_("What is to be done with these numbers?"), widget=forms.RadioSelect)
    factor = forms.FloatField(label=_("Multiply by"), min_value=1e-9, max_value=1e9)

    def __init__(self, data: Any, found: ScaleBreak, prefix: str) -> None:
        self.found = found
        super().__init__(data, initial={"do": proposed(found), "factor": _whole(found.factor)}, prefix=prefix)
        choices = [
            ("keep", _now("leave them as they are: they are right")),
            ("leave_out", _now("leave them out: nothing is stated for them")),
            ("exclude", _now("mark these areas as excluded")),
        ]
        if found.kind == "zero":
            del self.fields["factor"]
            choices = [choices[2], choices[0], choices[1]]
        else:
            choices.insert(0, ("multiply", _now("multiply them by the number below")))
        if found.lone:
            choices = self._of_one(found)
        self.fields["do"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Only who multiplies needs a number."""
        data = super().clean() or {}
        if data.get("do") != "multiply" and "factor" in self.errors:
            del self.errors["factor"]
        return data

    def _of_one(self, found: ScaleBreak) -> list[tuple[str, str]]:
        """What may be done about one value: it is more likely a slip than a change of unit."""
        (row,) = found.rows
        choices = [("leave_out", _now("leave out the value of %(year)s") % {"year": found.year})]
        if row.beside_here and row.beside_year:
            text = _now("leave out the value of %(year)s: that one is wrong") % {"year": row.beside_year}
            choices.append(("leave_out_beside", text))
        return [
            *choices,
            ("keep", _now("leave it as it is: it is right")),
            ("exclude", _now("mark this area as excluded")),
            ("multiply", _now("multiply the value of %(year)s by the number below") % {"year": found.year}),
        ]

    def decision(self) -> Decision:
        """The decision, as the recipe keeps it."""
        return decision_for(self.found, self.cleaned_data["do"], self.cleaned_data.get("factor"))


def _whole(factor: float) -> float | int:
    return int(factor) if factor == int(factor) else factor
