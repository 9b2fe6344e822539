"""Maps of areas that need no script: the areas within one, coloured by density where residents are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.territory.demography import quintiles
from trama.territory.models import Area
from trama.territory.sketches import sketch_of
from trama.ui.charts import SEQUENTIAL
from trama.ui.choropleth import Mark, Paint, choropleth
from trama.ui.numbers import number

MOST = 120  # areas of a drawing that stands in a page beside the map itself
PLAIN = Paint("#f3f6f9", "")
PAINTS: dict[str, Paint] = {"": PLAIN, **{f"q{n}": Paint(colour, "") for n, colour in enumerate(SEQUENTIAL, 1)}}


def drawing_of(name: str, children: Sequence[Mapping[str, object]], residents: Mapping[int, int]) -> SafeString:
    """The areas within one as a drawing, each leading to its page; empty when none or too many are drawn.

    `children` are mappings with id, code, name and surface_km2, as the page of an area lists them.
    """
    if not children or len(children) > MOST:
        return SafeString("")
    keys = {int(str(child["id"])): child for child in children}
    sketch = sketch_of(list(keys))
    if not sketch.outlines:
        return SafeString("")
    density = {
        pk: residents[pk] / float(str(surface))
        for pk, child in keys.items()
        if pk in residents and (surface := child["surface_km2"])
    }
    classes = quintiles(density)
    marks = [
        Mark(
            pk,
            classes.get(pk, ""),
            str(child["name"]),
            _("%(n)s residents") % {"n": number(residents[pk])} if pk in residents else "",
            reverse("portal:area", args=[child["code"]]),
        )
        for pk, child in keys.items()
    ]
    words = ngettext("%(n)s area", "%(n)s areas", len(marks)) % {"n": number(len(marks))}
    title = _("The areas of %(name)s") % {"name": name}
    return choropleth(
        sketch, marks, PAINTS, title=title, description=words, prefix="within", names=True, edge="#7f92a6"
    )


def of_children(area: Area) -> SafeString:
    """The areas within one as a plain drawing."""
    rows = Area.objects.in_force().filter(parent=area).order_by("name", "id")
    return drawing_of(area.name, list(rows.values("id", "code", "name", "surface_km2")[: MOST + 1]), {})
