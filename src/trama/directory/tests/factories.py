"""Resources for tests: plain functions."""

from __future__ import annotations

from itertools import count
from typing import Any

from trama.core import search
from trama.directory.models import Promotion, Resource, ResourceCode, ResourceContact
from trama.network.models import Organisation
from trama.network.tests.factories import code

_numbers = count(1)


def resource(
    name: str = "",
    activity: str = "",
    promoters: tuple[Organisation, ...] = (),
    targets: tuple[str, ...] = (),
    **fields: Any,
) -> Resource:
    """A resource, found by the search; `activity` and `targets` are values of their lists."""
    if activity:
        fields["activity"] = code("activity", activity)
    made = Resource.objects.create(name=name or f"Risorsa {next(_numbers)}", **fields)
    for organisation in promoters:
        promote(made, organisation)
    for target in targets:
        ResourceCode.objects.create(resource=made, facet="target", code=code("target", target))
    search.refresh(Resource, [made.pk])
    return made


def promote(of: Resource, organisation: Organisation, role: str = "promoter") -> Promotion:
    """An organisation behind a resource."""
    return Promotion.objects.create(resource=of, organisation=organisation, role=code("tie_role", role))


def contact(of: Resource, kind: str = "phone", value: str = "051 123456", **fields: Any) -> ResourceContact:
    """A contact of a resource."""
    return ResourceContact.objects.create(resource=of, kind=kind, value=value, **fields)
