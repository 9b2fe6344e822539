"""A small world for the tests of rights: a union with two towns, somebody in every role, records of every kind.

Everybody holds their role on Borgo (or for the circolo of Borgo); Ponte is the other town.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from trama.accounts.models import User
from trama.core import facts
from trama.core.actor import SYSTEM
from trama.core.models import Code
from trama.directory.models import Promotion, Resource, ResourceContact
from trama.experiences.models import Evaluation, Experience, ExperienceArea, Occurrence, Participation, Practice
from trama.insight.actions.indices import publish_index, save_index
from trama.insight.indices.shapes import Definition, Part
from trama.intake.models import Load, RowsToMend
from trama.intake.registers.leftovers import Leftover, pack
from trama.monitoring.actions import close_wave, open_wave, save_wave
from trama.monitoring.choices import PlanState
from trama.monitoring.objectives import actions as objectives
from trama.network.actions import merge
from trama.network.choices import Role
from trama.network.models import Membership, Organisation, OrganisationContact, Proposal, Tie
from trama.reports.actions import freeze, write_text
from trama.reports.actions import publish as publish_profile
from trama.territory import finding
from trama.territory.models import Area, AreaClosure, ContextIndicator, ContextValue, Place

# Who acts, beside one of each role: the near misses, and those who reach further.
MORE = (
    "nobody",
    "without a role",
    "role has ended",
    "role begins tomorrow",
    "demonstration account",
    "worker of a district",
    "contact of another",
    "plan_office of the union",
    "plan_office everywhere",
    "dpo_admin everywhere",
)
ACTORS = (*Role.values, *MORE)


@dataclass
class World:
    """Records by name, users by actor."""

    records: dict[str, Any] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, actor: str) -> Client:
        """A browser in which this actor is signed in."""
        if actor not in self.clients:
            client = self.clients[actor] = Client()
            if actor in self.users:
                client.force_login(self.users[actor])
        return self.clients[actor]


def _code(list_: str) -> Code:
    code = Code.objects.filter(list=list_).order_by("position", "pk").first()
    return code or Code.objects.create(id=f"{list_}:a", list=list_, value="a", label_it="A", label_en="A")


def _area(name: str, kind: str, parent: Area | None = None) -> Area:
    area = Area.objects.create(code=name.upper(), name=name, kind=kind, parent=parent, lon=11.3, lat=44.5)
    AreaClosure.objects.create(area=area, ancestor=area, ancestor_kind=kind, distance=0)
    for row in AreaClosure.objects.filter(area=parent).order_by("pk") if parent else ():
        AreaClosure.objects.create(
            area=area, ancestor=row.ancestor, ancestor_kind=row.ancestor_kind, distance=row.distance + 1
        )
    return area


def build() -> World:
    """Make the whole world. Names of records say where they are and who may see them."""
    world = World()
    records = world.records
    records["union"] = union = _area("Unione", "union")
    records["borgo"] = borgo = _area("Borgo", "municipality", union)
    records["ponte"] = ponte = _area("Ponte", "municipality", union)
    records["district"] = district = _area("Mulino", "district", borgo)
    finding.forget()
    facts.set_fact(facts.HOME_AREA, union.code)
    records["indicator"] = families = ContextIndicator.objects.create(
        code="families", name_it="famiglie", name_en="households"
    )
    ContextValue.objects.create(indicator=families, area=borgo, year=2023, value=120)
    records["load"] = Load.objects.create(recipe="prova", loaded_by="plan_office")
    left = pack([Leftover("righe", ["Nome"], [("riga 2: manca il tipo", ["Uno"])])])
    RowsToMend.objects.create(load=records["load"], count=1, content=left)
    for town, area in (("borgo", borgo), ("ponte", ponte)):
        _organisations(records, town, area)
        _places(records, town, area)
        _resources(records, town, area)
        _experiences(records, town, area)
    _duplicates(records)
    _indices(records, union, borgo, ponte)
    _reports(records, borgo, ponte)
    _waves(records, borgo, ponte)
    for town, area in (("borgo", borgo), ("ponte", ponte)):
        _objectives(records, town, area)
    _people(world, borgo, ponte, union, district)
    return world


def _objectives(records: dict[str, Any], town: str, area: Area) -> None:
    """Of each town: a plan that everybody reads, with a closed year, and a draft."""
    data = {"name": f"obiettivi di {town}", "area": area, "programme": None, "first_year": 2025}
    records[f"draft plan of {town}"] = objectives.save_plan(SYSTEM, {**data, "name": f"schema di {town}"})
    records[f"plan of {town}"] = plan = objectives.save_plan(SYSTEM, data)
    records[f"objective of {town}"] = aim = objectives.save_objective(SYSTEM, plan, {"text": f"obiettivo di {town}"})
    counted = {"counted": "experiences.records", "only": "", "direction": "up"}
    records[f"yardstick of {town}"] = objectives.save_yardstick(SYSTEM, plan, aim, counted)
    objectives.set_state(SYSTEM, plan, PlanState.PUBLISHED)
    objectives.close_year(SYSTEM, plan, 2025)


def _waves(records: dict[str, Any], borgo: Area, ponte: Area) -> None:
    """Of each town: a wave in preparation, one that is open (with its sheets), one that is closed."""
    today = timezone.localdate()
    fields = {"promoter": "P", "starts_on": today - timedelta(days=90), "ends_on": today - timedelta(days=30),
              "answer_by": today + timedelta(days=30), "kinds": [], "rule": "active", "remind_after": 10}  # fmt: skip
    for town, area in (("borgo", borgo), ("ponte", ponte)):
        for state in ("draft", "open", "closed"):
            wave = save_wave(SYSTEM, {**fields, "name": f"{state} {town}", "areas": [area.pk]})
            if state != "draft":
                open_wave(SYSTEM, wave)
            records[f"{state} wave of {town}"] = wave
            for sheet in wave.sheets.all():
                if sheet.record == records[f"project of {town}"].pk:
                    records[f"{state} sheet of {town}"] = sheet
                if sheet.record == records[f"sensitive project of {town}"].pk:
                    records[f"{state} sensitive sheet of {town}"] = sheet
            if state == "closed":
                close_wave(SYSTEM, wave)


def _reports(records: dict[str, Any], borgo: Area, ponte: Area) -> None:
    """A text on Borgo written by hand; a profile that is published, and a draft of each town."""
    write_text(SYSTEM, borgo, "it", "page.where", "Borgo, come la conosciamo.", "")
    records["profile of borgo"] = publish_profile(SYSTEM, freeze(SYSTEM, borgo, "Piano"))
    for town, area in (("borgo", borgo), ("ponte", ponte)):
        records[f"draft profile of {town}"] = freeze(SYSTEM, area, "Bozza")


def _indices(records: dict[str, Any], union: Area, borgo: Area, ponte: Area) -> None:
    """An index of the two towns that is published, and a draft for the districts of each."""
    indicator = ContextIndicator.objects.create(code="prova", name_it="Prova", name_en="Trial")
    for value, town in enumerate((borgo, ponte)):
        ContextValue.objects.create(area=town, indicator=indicator, year=2024, value=value)
    part = Part("Prova", indicator="prova")
    of_towns = Definition(
        "Indice", code="of_the_towns", kind="municipality", under=union.code, years=(2024,), parts=(part,)
    )
    published = save_index(SYSTEM, of_towns)
    publish_index(SYSTEM, published)
    records["index of the towns"] = published
    for town, area in (("borgo", borgo), ("ponte", ponte)):
        draft = replace(of_towns, code=f"draft_of_{town}", kind="district", under=area.code)
        records[f"draft index of {town}"] = save_index(SYSTEM, draft)


def _organisations(records: dict[str, Any], town: str, area: Area) -> None:
    def make(name: str, **fields: Any) -> Organisation:
        made = Organisation.objects.create(name=f"{name} {town}", area=area, **fields)
        OrganisationContact.objects.create(
            organisation=made, kind="mobile", value=f"333 {town} {name}", visibility="staff"
        )
        OrganisationContact.objects.create(
            organisation=made, kind="phone", value=f"051 {town} {name}", visibility="public"
        )
        return made

    records[f"club of {town}"] = club = make("circolo")
    records[f"library of {town}"] = library = make("biblioteca")
    records[f"hidden group of {town}"] = make("gruppo", is_public=False)
    records[f"shelter of {town}"] = make("rifugio", is_sensitive=True)
    records[f"tie of {town}"] = Tie.objects.create(one=club, other=library, role=_code("tie_role"))


def _duplicates(records: dict[str, Any]) -> None:
    """Pairs that may be one body: in each town, across the two, with a hidden one; and a merge in each town."""

    def pair(name: str, one: str, other: str) -> None:
        records[name] = Proposal.objects.create(
            one=records[one], other=records[other], probability=0.9, tier="probable", evidence=["same_phone"]
        )

    for town in ("borgo", "ponte"):
        pair(f"pair of {town}", f"club of {town}", f"library of {town}")
        gone = Organisation.objects.create(name=f"vecchio circolo {town}", area=records[town])
        records[f"merge of {town}"] = merge(SYSTEM, records[f"club of {town}"], gone)
    pair("pair across", "club of borgo", "library of ponte")
    pair("pair with a hidden one of ponte", "club of borgo", "hidden group of ponte")


def _places(records: dict[str, Any], town: str, area: Area) -> None:
    kind = _code("place_kind")
    records[f"square of {town}"] = Place.objects.create(name=f"piazza {town}", kind=kind, area=area)
    records[f"vulnerable place of {town}"] = Place.objects.create(
        name=f"casa {town}", kind=kind, area=area, is_public=False
    )


def _resources(records: dict[str, Any], town: str, area: Area) -> None:
    def make(name: str, by: str = "", **fields: Any) -> Resource:
        made = Resource.objects.create(name=f"{name} {town}", area=area, activity=_code("activity"), **fields)
        ResourceContact.objects.create(resource=made, kind="mobile", value=f"333 {town} {name}", visibility="staff")
        if by:
            Promotion.objects.create(resource=made, organisation=records[f"{by} of {town}"], role=_promoter())
        return made

    records[f"course of {town}"] = make("corso", by="club")
    records[f"desk of {town}"] = make("sportello")
    # Stated not to be sensitive itself; who offers it must not be named.
    records[f"desk of the shelter of {town}"] = make("ascolto", by="shelter")
    records[f"draft resource of {town}"] = make("bozza di risorsa", state="draft")
    records[f"sensitive resource of {town}"] = make("risorsa delicata", is_sensitive=True)


def _promoter() -> Code:
    return Code.objects.get_or_create(
        id="tie_role:promoter", defaults={"list": "tie_role", "value": "promoter", "label_it": "P", "label_en": "P"}
    )[0]


def _experiences(records: dict[str, Any], town: str, area: Area) -> None:
    def make(name: str, by: str = "", **fields: Any) -> Experience:
        fields.setdefault("state", "published")
        made = Experience.objects.create(name=f"{name} {town}", kind=_code("experience_kind"), area=area, **fields)
        ExperienceArea.objects.create(experience=made, area=area)
        if by:
            Participation.objects.create(experience=made, organisation=records[f"{by} of {town}"], role=_promoter())
        return made

    records[f"project of {town}"] = make("progetto", by="club", is_experiment=True)
    Evaluation.objects.create(experience=records[f"project of {town}"], question=f"domanda di {town}")
    records[f"lunch of {town}"] = make("pranzo")
    records[f"draft of {town}"] = make("bozza", state="draft")
    records[f"draft of the club of {town}"] = make("bozza del circolo", by="club", state="draft")
    records[f"sensitive project of {town}"] = make("progetto delicato", is_sensitive=True)
    # Everybody sees the fair; that the shelter takes part is for the staff.
    records[f"fair of {town}"] = make("festa", by="shelter")
    for name, told, state in (
        ("sheet", "project", "published"),
        ("draft sheet", "project", "draft"),
        ("draft sheet of the lunch", "lunch", "draft"),
        ("sheet of the sensitive project", "sensitive project", "published"),
        ("sheet of the draft", "draft", "published"),
    ):
        records[f"{name} of {town}"] = Practice.objects.create(
            experience=records[f"{told} of {town}"], name=f"{name} {town}", state=state
        )
    tomorrow = timezone.now() + timedelta(days=1)
    records[f"date of {town}"] = Occurrence.objects.create(
        experience=records[f"project of {town}"], starts_at=tomorrow, area=area
    )


def _people(world: World, borgo: Area, ponte: Area, union: Area, district: Area) -> None:
    today = timezone.localdate()
    club, library = world.records["club of borgo"], world.records["library of borgo"]

    def person(actor: str, role: str = "", *, demonstration: bool = False, **where: Any) -> None:
        user = User.objects.create(
            username=actor.replace(" ", "_"), first_name=actor, is_demonstration=demonstration, password="!"
        )
        world.users[actor] = user
        if role:
            held = Membership.objects.create(user=user, role=role, **where)
            world.records[f"role of {actor}"] = held
        world.records[f"person {actor}"] = user

    for role in Role.values:
        of_organisation = role in {Role.ORG_CONTACT, Role.VOLUNTEER}
        person(role, role, **({"organisation": club} if of_organisation else {"area": borgo}))
    person("without a role")
    person("role has ended", "community_worker", area=borgo, until=today - timedelta(days=1))
    person("role begins tomorrow", "community_worker", area=borgo, since=today + timedelta(days=1))
    # It holds everything, but this is no demonstration: it must open nothing.
    person("demonstration account", "dpo_admin", demonstration=True)
    person("worker of a district", "community_worker", area=district)
    person("contact of another", "org_contact", organisation=library)
    person("plan_office of the union", "plan_office", area=union)
    person("plan_office everywhere", "plan_office")
    person("dpo_admin everywhere", "dpo_admin")
    # People of the other town are looked at, and act nowhere.
    stranger = User.objects.create(username="stranger", password="!")
    world.records["person of ponte"] = stranger
    world.records["role of ponte"] = Membership.objects.create(user=stranger, role="social_worker", area=ponte)
