"""Resources and services offered on the territory: what, by whom, for whom, where, when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.columns import by_column
from trama.core.freshness import Freshness
from trama.core.keys import among
from trama.core.models import Code, Source
from trama.core.privacy import PUBLIC, Privacy
from trama.directory.choices import ResourceState
from trama.directory.permissions import visible
from trama.network.models import CONTACT_PRIVACY, ContactDetail, Organisation, visible_names
from trama.territory.models import Located, Place
from trama.territory.permissions import STAFF


class ResourceQuerySet(models.QuerySet["Resource"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor may see. A join over promotions may repeat rows: it is asked as a subquery."""
        if actor.organisations and not actor.system:
            return self.filter(pk__in=Resource.objects.filter(visible(actor)).values("pk"))
        return self.filter(visible(actor))


class Resource(Located, Freshness):
    """Something that the territory offers: a course, a canteen, a desk, a group, a space."""

    privacy: ClassVar[Privacy] = PUBLIC

    name = models.CharField(_("title"), max_length=250)
    description = models.TextField(_("description"), blank=True)
    activity = models.ForeignKey(
        Code, verbose_name=_("activity"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    access = models.ForeignKey(
        Code, verbose_name=_("access"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=ResourceState.choices, default=ResourceState.PUBLISHED)
    opening = models.TextField(_("opening hours"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    place = models.ForeignKey(
        Place, verbose_name=_("place"), null=True, blank=True, on_delete=models.PROTECT, related_name="resources"
    )
    # As the source wrote it; the organisations that were recognised in it are in `promotions`.
    promoter_text = models.CharField(_("promoter, as written"), max_length=400, blank=True)
    promoter_to_split = models.BooleanField(_("the promoter names several bodies"), default=False)
    directions_url = models.URLField(_("directions"), max_length=600, blank=True)
    is_sensitive = models.BooleanField(_("naming it may harm"), default=False)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("until"), null=True, blank=True)
    is_demonstration = models.BooleanField(default=False, editable=False)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    import_key = models.CharField(max_length=120, blank=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = [
            models.UniqueConstraint(
                fields=["import_key"], condition=~Q(import_key=""), name="a_resource_is_imported_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="a_resource_ends_after_it_starts",
                violation_error_message=_("The end date comes before the start: which of the two is right?"),
            ),
        ]
        indexes = [
            models.Index(fields=["x", "y"], name="resources_on_the_map"),
            models.Index(fields=["area", "activity"], name="resources_of_an_area"),
            models.Index(fields=["state", "is_sensitive", "name", "id"], name="resources_in_order"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.put_at(self.lon, self.lat)
        super().save(*args, **kwargs)


# Roles of an organisation whose contact person may change the resource; a funder or a host reads.
CARRIERS = frozenset({"tie_role:promoter", "tie_role:manager", "tie_role:coordinator"})


def carriers_of(resource: Resource) -> frozenset[int]:
    """The ids of the organisations that promote, manage or coordinate a resource."""
    rows = Promotion.objects.filter(resource=resource, role__in=CARRIERS).order_by()
    return frozenset(rows.values_list("organisation_id", flat=True))


class Promotions:
    """Who promotes some resources, as columns, and the names of those organisations that the actor may see."""

    def __init__(self, pks: Iterable[int], actor: Actor) -> None:
        rows = Promotion.objects.filter(resource__in=among(pks)).order_by("id")
        self.resources, self.organisations, self.roles = by_column(rows, ["resource_id", "organisation_id", "role_id"])
        # Two plain look-ups: joined with who may see what, the database walks every organisation for every resource.
        self.names = visible_names(self.organisations, actor)

    def hidden(self) -> set[int]:
        """The resources that have a promoter hidden to the actor."""
        unseen = set(self.organisations).difference(self.names)
        pairs = zip(self.resources, self.organisations, strict=True) if unseen else ()
        return {resource for resource, organisation in pairs if organisation in unseen}


def promoters_of(pks: Iterable[int], actor: Actor) -> dict[int, list[tuple[int, str, str]]]:
    """For each resource its promoters that the actor may see, as (organisation id, its name, key of the role)."""
    links = Promotions(pks, actor)
    found: dict[int, list[tuple[int, str, str]]] = {}
    for resource, organisation, role in zip(links.resources, links.organisations, links.roles, strict=True):
        if organisation in links.names:
            found.setdefault(resource, []).append((organisation, links.names[organisation], role))
    return found


def promoter_texts(pks: Iterable[int], actor: Actor, hidden: set[int] | None = None) -> dict[int, str]:
    """For each resource the promoter as it was written; not where it may name an organisation hidden to the actor.

    `hidden` are the resources that have such a promoter, when they are known (from `Promotions`).
    """
    wanted = list(pks)
    if actor.everywhere(STAFF):
        hidden = set()
    elif hidden is None:
        hidden = Promotions(wanted, actor).hidden()
    rows = Resource.objects.filter(pk__in=among(wanted)).exclude(promoter_text="").order_by()
    return {pk: text for pk, text in zip(*by_column(rows, ["pk", "promoter_text"]), strict=True) if pk not in hidden}


class ResourceCode(models.Model):
    """For whom a resource is (facet `target`), or another list of which it bears values."""

    privacy: ClassVar[Privacy] = PUBLIC

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="codes")
    facet = models.CharField(max_length=40)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("resource_id", "code_id")
        verbose_name = _("value of a resource")
        verbose_name_plural = _("values of resources")
        constraints = [models.UniqueConstraint(fields=["resource", "code"], name="a_resource_bears_a_code_once")]
        indexes = [models.Index(fields=["code", "resource"], name="resources_by_code")]

    def __str__(self) -> str:
        return self.code_id


class Promotion(models.Model):
    """An organisation that offers a resource, and in which role."""

    privacy: ClassVar[Privacy] = PUBLIC

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="promotions")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="promotions")
    role = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("resource_id", "id")
        verbose_name = _("promoter of a resource")
        verbose_name_plural = _("promoters of resources")
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "organisation", "role"], name="an_organisation_promotes_once_in_a_role"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.role_id} {self.resource_id}"


class ResourceContact(ContactDetail):
    privacy: ClassVar[Privacy] = CONTACT_PRIVACY
    OWNER = "resource"

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="contacts")

    class Meta:
        ordering = ("resource_id", "kind", "id")
        verbose_name = _("contact of a resource")
        verbose_name_plural = _("contacts of resources")
