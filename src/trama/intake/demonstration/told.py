"""What public sources tell of Imola, as records: each with its source, none invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import codes
from trama.core.models import Source
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
)
from trama.intake.demonstration.scene import Scene, data
from trama.network.models import Organisation, normalised
from trama.territory.models import Place, PlaceCode

# A fact key of the data file, with the list of codes that it names.
FACETS = {
    "aims": "aim",
    "purposes": "purpose",
    "targets": "target",
    "needs": "need",
    "themes": "theme",
    "instruments": "instrument",
    "services": "public_service",
}


@dataclass
class Told:
    """The records that the sources tell of."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    experiences: dict[str, Experience] = field(default_factory=dict)


def codes_of(item: dict[str, Any], experience: Experience) -> list[ExperienceCode]:
    """The codes of an experience as its data state them."""
    return [
        ExperienceCode(experience=experience, facet=facet, code_id=codes.key(facet, value))
        for key, facet in FACETS.items()
        for value in item.get(key, [])
    ]


def write(scene: Scene) -> Told:
    """Write what is told of Imola."""
    story = data("imola")
    sources = {item["key"]: _source(item) for item in story["sources"]}
    told = Told()
    for item in story["organisations"]:
        told.organisations[item["key"]] = Organisation(
            name=item["name"],
            normalised_name=normalised(item["name"]),
            kind_id=codes.key("organisation_kind", item["kind"]),
            is_ets=False,
            is_formal=item["is_formal"],
            is_public_body=item["is_public_body"],
            description=item["description"],
            area=scene.municipality,
            source=sources[item["source"]],
            import_key=f"imola:{item['key']}",
        )
    Organisation.objects.bulk_create(told.organisations.values())
    _places(scene, story, sources, told)
    for item in story["experiences"]:
        told.experiences[item["key"]] = _experience(scene, item, sources, told)
    return told


def _source(item: dict[str, Any]) -> Source:
    values = {key: value for key, value in item.items() if key not in {"key", "published_on"}}
    if item.get("published_on"):
        values["published_on"] = date.fromisoformat(item["published_on"])
    source, _made = Source.objects.update_or_create(key=item["key"], defaults=values)
    return source


def _places(scene: Scene, story: dict[str, Any], sources: dict[str, Source], told: Told) -> None:
    roles = {}
    for item in story["places"]:
        locality = scene.by_name.get(item.get("locality", ""))
        place = Place(
            name=item["name"],
            kind_id=codes.key("place_kind", item["kind"]),
            description=item.get("description", ""),
            area=locality.area if locality else scene.municipality,
            source=sources[item["source"]],
            import_key=f"imola:{item['key']}",
        )
        if locality and locality.point:
            place.put_at(*locality.point)
        told.places[item["key"]] = place
        roles[item["key"]] = item.get("roles", [])
    Place.objects.bulk_create(told.places.values())
    PlaceCode.objects.bulk_create(
        PlaceCode(place=told.places[key], facet="place_role", code_id=codes.key("place_role", role))
        for key, values in roles.items()
        for role in values
    )


def _experience(scene: Scene, item: dict[str, Any], sources: dict[str, Source], told: Told) -> Experience:
    places = [told.places[key] for key in item.get("places", [])]
    experience = Experience(
        name=item["name"],
        summary=item["summary"],
        kind_id=codes.key("experience_kind", item["kind"]),
        state="published",
        starts_on=date.fromisoformat(item["starts_on"]) if item.get("starts_on") else None,
        parent=told.experiences.get(item.get("parent", "")),
        continues=told.experiences.get(item.get("continues", "")),
        service_role_id=codes.key("service_role", item["service_role"]),
        is_experiment=item.get("is_experiment", False),
        outputs=item.get("outputs", ""),
        source=sources[item["source"]],
        source_text=item["source_text"],
        area=scene.municipality,
        import_key=f"imola:{item['key']}",
    )
    experience.save()
    areas = list(dict.fromkeys([place.area_id for place in places if place.area_id])) or [scene.municipality.pk]
    ExperienceArea.objects.bulk_create(ExperienceArea(experience=experience, area_id=pk) for pk in areas)
    ExperiencePlace.objects.bulk_create(ExperiencePlace(experience=experience, place=place) for place in places)
    ExperienceCode.objects.bulk_create(codes_of(item, experience))
    Participation.objects.bulk_create(
        Participation(experience=experience, organisation=told.organisations[body], role_id=codes.key("tie_role", role))
        for body, role in item["bodies"]
    )
    Funding.objects.bulk_create(
        Funding(
            experience=experience,
            funder=told.organisations[money["body"]],
            year=money["year"],
            amount=money["amount"],
            note=money["note"],
        )
        for money in item.get("funding", [])
    )
    Occurrence.objects.bulk_create(_stop(experience, stop, sources, told) for stop in item.get("stops", []))
    return experience


def _stop(experience: Experience, stop: dict[str, Any], sources: dict[str, Source], told: Told) -> Occurrence:
    day = date.fromisoformat(stop["day"])
    place = told.places[stop["place"]]
    title = "" if "from" in stop else _("Stop of the mobile desk (the source gives no hours)")
    return Occurrence(
        experience=experience,
        starts_at=_at(day, stop.get("from", "00:00")),
        ends_at=_at(day, stop["to"]) if "to" in stop else None,
        place=place,
        area_id=place.area_id,
        title=title,
        source=sources[stop["source"]] if "source" in stop else experience.source,
    )


def _at(day: date, hours: str) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(hours)))
