"""Bodies that stand in the demonstration twice, as another list writes them: for the queue of duplicates.

They take part in no experience, so that what the waves count stays what it is; they promote a resource each.
"""

from __future__ import annotations

from collections.abc import Callable

from trama.core import codes
from trama.core.models import Source
from trama.directory.models import Promotion
from trama.intake.demonstration.invented import Invented
from trama.network.models import Organisation, OrganisationContact, normalised

# How the other list writes a body: the kind of the body, its name there, whether its e-mail and its area stand there.
SPELLINGS: tuple[tuple[str, Callable[[str], str], bool, bool], ...] = (
    ("aps", lambda name: f"{name} APS", True, True),
    ("odv", lambda name: f"{name.upper()} - ODV", True, True),
    ("social_enterprise", lambda name: f"{name.removeprefix('Cooperativa sociale ')} soc. coop. sociale", True, False),
    ("sports_club", lambda name: f"A.S.D. {name}", False, True),
    ("social_centre", lambda name: name.replace("Centro sociale ", "C. S. ").replace(" di ", " "), False, True),
    ("foundation", lambda name: f"{name} ETS", False, False),
)
SEVERAL = "{one} in collaborazione con {other} e Circolo dei Tigli"


def write(made: Invented) -> None:
    """Write the second entries, a look-alike that is another body, and a string that names several."""
    source, _new = Source.objects.update_or_create(
        key="demonstration-requests",
        defaults={"title": "Richieste di contributo (elenco dimostrativo)", "is_demonstration": True},
    )
    firsts = {kind: _first(made, kind) for kind in ("parish", *(kind for kind, *_more in SPELLINGS))}
    rows = [
        _entry(source, spell(one.name), f"organisation_kind:{kind}", one.area_id if placed else None)
        for kind, spell, _mailed, placed in SPELLINGS
        if (one := firsts[kind]) is not None
    ]
    if (parish := firsts["parish"]) is not None:
        name = parish.name.replace("Parrocchia di ", "Caritas parrocchiale ")
        rows.append(_entry(source, name, "organisation_kind:caritas", parish.area_id))
    if (one := firsts["aps"]) is not None and (other := firsts["odv"]) is not None:
        rows.append(_entry(source, SEVERAL.format(one=one.name, other=other.name), "", one.area_id))
        rows[-1].names_several = True
    Organisation.objects.bulk_create(rows)
    _reach(rows, firsts)
    resources = [row for row in made.resources if row.state == "published"]
    role = codes.key("tie_role", "promoter")
    Promotion.objects.bulk_create(
        Promotion(resource=resource, organisation=row, role_id=role)
        for row, resource in zip(rows, resources[3::7], strict=False)
    )


def _first(made: Invented, kind: str) -> Organisation | None:
    key = codes.key("organisation_kind", kind)
    return next((row for row in made.organisations if row.kind_id == key), None)


def _entry(source: Source, name: str, kind: str, area: int | None) -> Organisation:
    return Organisation(
        name=name[:250],
        normalised_name=normalised(name)[:250],
        kind_id=kind or None,
        area_id=area,
        source=source,
        is_demonstration=True,
    )


def _reach(rows: list[Organisation], firsts: dict[str, Organisation | None]) -> None:
    """The same e-mail as on the first entry, where the other list has it."""
    written = {row.name: row for row in rows}
    for kind, spell, mailed, _placed in SPELLINGS:
        one = firsts[kind]
        if one is None or not mailed:
            continue
        for contact in OrganisationContact.objects.filter(organisation=one, kind="email").order_by("pk"):
            OrganisationContact.objects.create(
                organisation=written[spell(one.name)[:250]],
                kind="email",
                value=contact.value,
                visibility=contact.visibility,
            )
