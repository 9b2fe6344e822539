"""Two counts of the same residents: an area's own figure beside the sum of its parts, where another register has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from trama.core.keys import among
from trama.core.models import Source
from trama.territory.models import Area, ContextValue, Population
from trama.ui.numbers import number

RESIDENTS = "residents"  # the context indicator of who is on the municipal register


@dataclass(frozen=True)
class Stated:
    """How many residents, when, and which registers say so."""

    total: int
    years: tuple[int, ...]
    sources: tuple[Source, ...]

    @property
    def text(self) -> str:
        """From where and when: "Anagrafe, Comune di Borgo; 2023"."""
        year = "–".join(str(year) for year in dict.fromkeys((self.years[0], self.years[-1]))) if self.years else ""
        titles = [", ".join(part for part in (one.title, one.publisher) if part) for one in self.sources]
        return "; ".join(part for part in (*titles, year) if part)


def stated_of(areas: Sequence[int], year: int | None = None) -> dict[int, tuple[int, int, Source | None]]:
    """For each area its residents (in this year, else the newest), the year and the source: by age if known."""
    found: dict[int, tuple[int, int, Source | None]] = {}
    context = ContextValue.objects.filter(area__in=among(areas), indicator__code=RESIDENTS, value__isnull=False)
    counted = Population.objects.filter(area__in=among(areas))
    if year is not None:
        context, counted = context.filter(year=year), counted.filter(year=year)
    for value in context.select_related("source").order_by("year"):
        found[value.area_id] = (round(value.value or 0), value.year, value.source)
    for row in counted.select_related("source").order_by("year"):
        found[row.area_id] = (row.total, row.year, row.source)
    return found


def together(found: dict[int, tuple[int, int, Source | None]]) -> Stated:
    """Several areas as one: the sum, the years, the sources."""
    sources = {source.pk: source for _total, _year, source in found.values() if source is not None}
    ordered = tuple(sorted(sources.values(), key=lambda source: source.title))
    years = tuple(sorted({year for _total, year, _source in found.values()}))
    return Stated(sum(total for total, _year, _source in found.values()), years, ordered)


def own_of(area: Area | int, year: int | None = None) -> Stated | None:
    """The residents of an area by age, as the source of the whole states them; None where no source does."""
    rows = Population.objects.filter(area=area).select_related("source").order_by("-year")
    row = (rows.filter(year=year) if year is not None else rows).first()
    if row is None:
        return None
    return Stated(row.total, (row.year,), (row.source,) if row.source else ())


def difference(own: Stated, parts: Stated, count: int) -> str:
    """A sentence that two registers differ, and by how much; empty where they agree or are the same one."""
    if own.total == parts.total or own.sources == parts.sources or not own.total:
        return ""
    apart = parts.total - own.total
    words = {
        "own": number(own.total),
        "own_source": own.text or "–",
        "parts": number(parts.total),
        "parts_source": parts.text or "–",
        "count": number(count),
        "apart": number(abs(apart)),
        "share": number(abs(apart) / own.total * 100, 1),
    }
    if apart > 0:
        return (
            _(
                "Two registers, two counts: %(own)s residents (%(own_source)s); the %(count)s areas in it add up to "
                "%(parts)s (%(parts_source)s), %(apart)s more (%(share)s %%)."
            )
            % words
        )
    return (
        _(
            "Two registers, two counts: %(own)s residents (%(own_source)s); the %(count)s areas in it add up to "
            "%(parts)s (%(parts_source)s), %(apart)s fewer (%(share)s %%)."
        )
        % words
    )
