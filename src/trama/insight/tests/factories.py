"""A register of experiences and a handful of them, small enough to be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from trama.core import codes
from trama.core.actor import Actor
from trama.core.registers import CodeDimension, Column, FlagDimension, Measure, Register, YearDimension
from trama.experiences.models import Experience, ExperienceArea, ExperienceCode
from trama.territory.declarations import area_dimensions
from trama.territory.models import Area
from trama.territory.tests.factories import make_code

_numbers = count(1)


def _visible(actor: Actor) -> Any:
    return Experience.objects.visible_to(actor)


REGISTER = Register(
    key="experiences",
    model=Experience,
    title="Esperienze",
    counted=lambda n: f"{n} esperienze",
    visible=_visible,
    dimensions=(
        CodeDimension("kind", "Tipo", "kind", list="t_kind"),
        CodeDimension("aim", "Finalità", "codes", multiple=True, list="t_aim", relation="codes"),
        *area_dimensions(relation="areas"),
        YearDimension("year", "Anno", "starts_on"),
        FlagDimension("practice", "Buona pratica", "is_good_practice"),
        FlagDimension("wide", "In tutto il territorio", "is_city_wide", staff=True),
    ),
    columns=(Column("name", "Titolo", "name"),),
    orders={"name": ("Titolo", ("name",))},
    card="ui/_freshness.html",
    url=lambda pk: f"/esperienze/{pk}/",
    measures=(
        Measure(
            "volunteers",
            "Volontari",
            unit="persone",
            warning="Le somme non sono persone distinte.",
            sum_of="volunteers",
            known="volunteers",
            persons=True,
            precision="volunteers_precision",
        ),
        Measure("budget", "Finanziamenti", unit="euro", sum_of="fundings__amount"),
    ),
    caution="Conta ciò che è stato registrato.",
)


def make_experience(
    kind: str = "project",
    aims: Sequence[str] = (),
    areas: Sequence[Area] = (),
    volunteers: int | None = None,
    precision: str = "exact",
    **fields: Any,
) -> Experience:
    """A published experience with its aims and areas."""
    number = next(_numbers)
    fields.setdefault("name", f"Esperienza {number}")
    fields.setdefault("state", "published")
    known = volunteers is not None
    one = Experience.objects.create(
        kind=make_code("t_kind", kind),
        volunteers=volunteers,
        volunteers_precision=precision if known else "unknown",
        **fields,
    )
    for aim in aims:
        ExperienceCode.objects.create(experience=one, facet="t_aim", code=make_code("t_aim", aim))
    for area in areas:
        ExperienceArea.objects.create(experience=one, area=area)
    codes.forget()
    return one
