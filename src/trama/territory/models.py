"""Areas as a tree, their boundaries, people and numbers; and the places in them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.freshness import Freshness
from trama.core.keys import among
from trama.core.models import Code, Source
from trama.core.privacy import PUBLIC, Privacy
from trama.territory.choices import AreaKind, AreaOrigin, Polarity, ValueState
from trama.territory.permissions import visible_places

EARTH = 6378137.0


def mercator(lon: float, lat: float) -> tuple[int, int]:
    """Longitude and latitude (degrees, WGS84) as whole metres of Web Mercator (EPSG:3857), in which maps are drawn."""
    x = math.radians(lon) * EARTH
    y = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * EARTH
    return round(x), round(y)


class AreaQuerySet(models.QuerySet["Area"]):
    def visible_to(self, actor: Actor) -> Self:
        """Areas are public."""
        return self

    def in_force(self, day: date | None = None) -> Self:
        """The areas that exist on a day (today)."""
        day = day or timezone.localdate()
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gte=day)
        )

    def below(self, area: Area | int, *, itself: bool = True) -> Self:
        """An area's descendants, at any depth."""
        pk = area if isinstance(area, int) else area.pk
        closures = AreaClosure.objects.filter(ancestor=pk)
        if not itself:
            closures = closures.filter(distance__gt=0)
        return self.filter(pk__in=closures.values("area"))


class Area(models.Model):
    """A piece of territory: the primary file of Trama. Its tree is mirrored in `AreaClosure` by the actions."""

    privacy: ClassVar[Privacy] = PUBLIC

    code = models.CharField(_("code"), max_length=40, unique=True, help_text=_("ISTAT code, or one made from it"))
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=AreaKind.choices)
    parent = models.ForeignKey(
        "self", verbose_name=_("part of"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    origin = models.CharField(max_length=12, choices=AreaOrigin.choices, default=AreaOrigin.LISTED)
    local_code = models.CharField(_("local code"), max_length=40, blank=True)
    # How the same area is written elsewhere ("S. Vitale", "SAN VITALE"): one per line, used to match files.
    other_names = models.TextField(_("other names"), blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    surface_km2 = models.FloatField(_("surface in km²"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = AreaQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        indexes = [models.Index(fields=["kind", "name"], name="areas_by_kind")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="an_area_ends_after_it_begins",
                violation_error_message=_("The end of validity comes before its beginning: which of the two is right?"),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")),
                name="an_area_is_not_its_own_parent",
                violation_error_message=_("An area cannot be part of itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AreaClosure(models.Model):
    """Each area with each of its ancestors and with itself (distance 0)."""

    privacy: ClassVar[Privacy] = PUBLIC

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="up")
    ancestor = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="down")
    ancestor_kind = models.CharField(max_length=20)
    distance = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("area_id", "distance")
        verbose_name = _("line of descent of areas")
        verbose_name_plural = _("lines of descent of areas")
        constraints = [models.UniqueConstraint(fields=["area", "ancestor"], name="an_ancestor_stands_once")]
        indexes = [
            models.Index(fields=["ancestor", "area"], name="areas_below"),
            models.Index(fields=["area", "ancestor_kind"], name="areas_above_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} in {self.ancestor_id}"


class Boundary(models.Model):
    """The shape of an area while `valid_to` is empty; a redrawn one is closed, not overwritten."""

    privacy: ClassVar[Privacy] = PUBLIC

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="boundaries")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    wkb = models.BinaryField(help_text="(Multi)Polygon, WGS84 longitude and latitude, valid")
    # GeoJSON geometry for maps, simplified together with the neighbours so that shared borders stay shared.
    outline = models.TextField(blank=True)
    min_lon = models.FloatField()
    min_lat = models.FloatField()
    max_lon = models.FloatField()
    max_lat = models.FloatField()
    repair = models.CharField(max_length=300, blank=True, help_text="what was mended in the shape, if anything")
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("area_id", "-valid_from", "id")
        verbose_name = _("boundary")
        verbose_name_plural = _("boundaries")
        constraints = [
            models.UniqueConstraint(
                fields=["area"], condition=Q(valid_to__isnull=True), name="an_area_has_one_boundary_in_force"
            )
        ]
        # Covers the question "did a boundary change?", so that it never reads the shapes themselves.
        indexes = [
            models.Index(fields=["valid_to", "min_lon", "min_lat", "max_lon", "max_lat"], name="boundaries_in_force")
        ]

    def __str__(self) -> str:
        return f"{self.area}"


class Population(models.Model):
    """Residents of an area in a year by single year of age, 0 … 100 (100: a hundred and over), per sex."""

    privacy: ClassVar[Privacy] = PUBLIC

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="populations")
    year = models.PositiveSmallIntegerField()
    females = models.JSONField(help_text="list of 101 counts")
    males = models.JSONField(help_text="list of 101 counts")
    total = models.PositiveIntegerField()
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("area_id", "-year")
        verbose_name = _("population figure")
        verbose_name_plural = _("population figures")
        constraints = [models.UniqueConstraint(fields=["area", "year"], name="residents_are_stated_once_a_year")]

    def __str__(self) -> str:
        return f"{self.area} {self.year}"


# How the indicators that an index computes are marked: by their theme, and by what their codes begin with.
COMPUTED_THEME, COMPUTED_PREFIX = "index", "index_"
COMPUTED = Q(theme=COMPUTED_THEME, code__startswith=COMPUTED_PREFIX)


class ContextIndicator(models.Model):
    """The definition of a number about a territory (households, income, an index)."""

    privacy: ClassVar[Privacy] = PUBLIC

    code = models.CharField(max_length=60, unique=True)
    version = models.CharField(max_length=20, default="1")
    theme = models.CharField(max_length=60, blank=True)
    name_it = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    description_it = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    unit_it = models.CharField(max_length=60, blank=True)
    unit_en = models.CharField(max_length=60, blank=True)
    decimals = models.PositiveSmallIntegerField(default=0)
    polarity = models.CharField(max_length=10, choices=Polarity.choices, default=Polarity.NEUTRAL)
    # Counts add up to the area above; rates, means and indices do not.
    adds_up = models.BooleanField(default=False)
    # It counts persons: of what is loaded again small numbers are told to nobody either, whatever the file looks like.
    counts_people = models.BooleanField(default=False)
    part_of = models.CharField(max_length=60, blank=True, help_text="code of the indicator of which it counts some")
    centre = models.FloatField(null=True, blank=True, help_text="for indices around a value, e.g. 100")
    compare_within = models.CharField(max_length=20, blank=True, choices=AreaKind.choices)
    position = models.PositiveIntegerField(default=100)

    class Meta:
        ordering = ("position", "code")
        verbose_name = _("context indicator")
        verbose_name_plural = _("context indicators")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if (get_language() or "it").startswith("en") else self.name_it

    @property
    def unit(self) -> str:
        return self.unit_en if (get_language() or "it").startswith("en") else self.unit_it

    @property
    def description(self) -> str:
        return self.description_en if (get_language() or "it").startswith("en") else self.description_it

    @property
    def is_computed(self) -> bool:
        """Whether an index computes its values: nobody brings them in a file."""
        return self.theme == COMPUTED_THEME and self.code.startswith(COMPUTED_PREFIX)


class ContextDefinition(models.Model):
    """What an indicator meant in one of its versions: the newest is the indicator itself, the older ones stay here."""

    privacy: ClassVar[Privacy] = PUBLIC

    indicator = models.ForeignKey(ContextIndicator, on_delete=models.CASCADE, related_name="definitions")
    version = models.CharField(max_length=20)
    name_it = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    description_it = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    unit_it = models.CharField(max_length=60, blank=True)
    unit_en = models.CharField(max_length=60, blank=True)
    polarity = models.CharField(max_length=10, choices=Polarity.choices, default=Polarity.NEUTRAL)
    adds_up = models.BooleanField(default=False)
    centre = models.FloatField(null=True, blank=True)
    compare_within = models.CharField(max_length=20, blank=True, choices=AreaKind.choices)
    stated_on = models.DateField(default=timezone.localdate)

    class Meta:
        ordering = ("indicator_id", "stated_on", "id")
        verbose_name = _("definition of a context indicator")
        verbose_name_plural = _("definitions of context indicators")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "version"], name="a_version_of_a_definition_is_stated_once")
        ]

    def __str__(self) -> str:
        return f"{self.name_it} ({self.version})"

    @property
    def unit(self) -> str:
        return self.unit_en if (get_language() or "it").startswith("en") else self.unit_it


class ContextValue(models.Model):
    """The value of an indicator in an area and a year, or the reason why there is none."""

    privacy: ClassVar[Privacy] = PUBLIC

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="context_values")
    indicator = models.ForeignKey(ContextIndicator, on_delete=models.PROTECT, related_name="values")
    year = models.PositiveSmallIntegerField()
    value = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=ValueState.choices, default=ValueState.VALUE)
    # Under which version of the definition it was stated; numbers of two versions are not one series.
    version = models.CharField(max_length=20, default="1")
    # What a person decided about it when it was brought in ("multiplied by 1000").
    note = models.CharField(max_length=300, blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("indicator_id", "area_id", "-year")
        verbose_name = _("context figure")
        verbose_name_plural = _("context figures")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "area", "year"], name="a_value_is_stated_once_a_year"),
            models.CheckConstraint(
                condition=Q(state__in=["value", "estimated"], value__isnull=False)
                | (~Q(state__in=["value", "estimated"]) & Q(value__isnull=True)),
                name="a_missing_value_is_never_a_number",
                violation_error_message=_("A value that is missing or excluded cannot carry a number."),
            ),
        ]
        indexes = [models.Index(fields=["area", "indicator", "-year"], name="values_of_an_area")]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.area_id} {self.year}"

    @property
    def licence(self) -> str:
        """Under which licence the number may be reused: that of its source."""
        return self.source.licence if self.source else ""

    @property
    def unit(self) -> str:
        """The unit in which it was stated: that of the version of the definition, not of a later one."""
        if self.version == self.indicator.version:
            return self.indicator.unit
        older = self.indicator.definitions.filter(version=self.version).first()
        return older.unit if older else self.indicator.unit


class Located(models.Model):
    """A record that stands somewhere: in an area (found once, from the point) and, if known, at a point."""

    area = models.ForeignKey(
        Area, verbose_name=_("area"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    x = models.IntegerField(null=True, blank=True, editable=False)
    y = models.IntegerField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def put_at(self, lon: float | None, lat: float | None) -> None:
        """Set the point (degrees, WGS84), or take it away."""
        self.lon, self.lat = lon, lat
        self.x, self.y = mercator(lon, lat) if lon is not None and lat is not None else (None, None)


class PlaceQuerySet(models.QuerySet["Place"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_places(actor))


class Place(Located, Freshness):
    """A place: a square, a social centre, a stop of the mobile desk, a disused building."""

    privacy: ClassVar[Privacy] = PUBLIC
    is_of_body: ClassVar[bool] = False  # a square confirms nothing: who works there does

    name = models.CharField(_("name"), max_length=200)
    kind = models.ForeignKey(Code, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="+")
    address = models.CharField(_("address"), max_length=200, blank=True)
    civic_key = models.CharField(max_length=40, blank=True, db_index=True)
    description = models.TextField(_("description"), blank=True)
    is_public = models.BooleanField(_("shown to everybody"), default=True)
    known_to_services = models.BooleanField(_("known to the services"), null=True, blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    import_key = models.CharField(max_length=120, blank=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            models.UniqueConstraint(fields=["import_key"], condition=~Q(import_key=""), name="a_place_is_imported_once")
        ]
        indexes = [models.Index(fields=["x", "y"], name="places_on_the_map")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.put_at(self.lon, self.lat)
        super().save(*args, **kwargs)


def visible_places_named(pks: Iterable[int], actor: Actor) -> dict[int, str]:
    """The names of those of these places that the actor may see, with their addresses: several may bear one name.

    Whoever shows a place beside another record takes its name from here.
    """
    rows = Place.objects.visible_to(actor).filter(pk__in=among(sorted(set(pks)))).order_by()
    found = rows.values_list("pk", "name", "address")
    return {pk: f"{name} ({address})" if address else name for pk, name, address in found}


class PlaceCode(models.Model):
    """A role or a vulnerability factor of a place (`facet` names the list)."""

    privacy: ClassVar[Privacy] = PUBLIC

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="codes")
    facet = models.CharField(max_length=40)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("place_id", "code_id")
        verbose_name = _("value of a place")
        verbose_name_plural = _("values of places")
        constraints = [models.UniqueConstraint(fields=["place", "code"], name="a_place_bears_a_code_once")]
        indexes = [models.Index(fields=["code", "place"], name="places_by_code")]

    def __str__(self) -> str:
        return self.code_id
