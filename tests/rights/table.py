"""Who may open what: written by hand, view by view, and compared with what the views do.

Everybody holds their role on Borgo (see `world.py`); a case says which record is asked for, and who may. Whoever may
not gets a 404; nobody, where a login is asked for, is sent to sign in. A view that is not here fails the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.rights.world import ACTORS

# --- groups of people, as `domain.md` §1.0 and the issue speak of them ----------------------------------------------
EVERYBODY = frozenset(ACTORS)
# The door is shut for an account of the demonstration where there is none: it is nobody.
STRANGERS = frozenset({"nobody", "demonstration account"})
SIGNED_IN = EVERYBODY - STRANGERS
NONE: frozenset[str] = frozenset()

# Those who reach both towns.
PLANNERS_OF_ALL = frozenset({"plan_office of the union", "plan_office everywhere"})
REACH_BOTH = PLANNERS_OF_ALL | {"dpo_admin everywhere"}

# On Borgo: who writes down what happens, and who works for the services.
WRITERS_OF_BORGO = frozenset(
    {
        "community_worker",
        "social_worker",
        "technical_coordinator",
        "plan_office",
        "district_office",
        "table_facilitator",
        "mediator",
    }
)
STAFF_OF_BORGO = WRITERS_OF_BORGO | {"partner_health", "dpo_admin"}
# Anywhere: the worker of a district writes too, but not on the town above it.
WRITERS_SOMEWHERE = WRITERS_OF_BORGO | PLANNERS_OF_ALL | {"worker of a district"}
STAFF_SOMEWHERE = STAFF_OF_BORGO | REACH_BOTH | {"worker of a district"}

CLUB = frozenset({"org_contact", "volunteer"})  # the people of the club of Borgo
CONTACTS = frozenset({"org_contact", "contact of another"})

SEES_HIDDEN = {"borgo": STAFF_OF_BORGO | REACH_BOTH, "ponte": REACH_BOTH}
WRITES_IN = {"borgo": WRITERS_OF_BORGO | PLANNERS_OF_ALL, "ponte": PLANNERS_OF_ALL}
KEEPERS = {
    "borgo": frozenset({"plan_office", "technical_coordinator", "dpo_admin"}) | REACH_BOTH,
    "ponte": REACH_BOTH,
}
KEEPERS_SOMEWHERE = KEEPERS["borgo"]

# People and the audit.
OVERSEERS = frozenset({"technical_coordinator", "dpo_admin", "dpo_admin everywhere"})
ADMINISTRATORS = frozenset({"dpo_admin", "dpo_admin everywhere"})
THE_ADMINISTRATOR = frozenset({"dpo_admin everywhere"})


@dataclass(frozen=True)
class Case:
    """One way to ask a view: for which record, with which method, and who may."""

    may: frozenset[str]
    args: dict[str, str] = field(default_factory=dict)  # argument of the address → name of a record, or =text
    method: str = "GET"
    data: dict[str, str] = field(default_factory=dict)
    query: str = ""


def get(may: frozenset[str], query: str = "", **args: str) -> Case:
    """Open the page."""
    return Case(may, args, query=query)


def post(may: frozenset[str], data: dict[str, str] | None = None, **args: str) -> Case:
    """Send the form; whoever may gets an answer, whoever may not a 404, and the database stays as it is."""
    return Case(may, args, "POST", data or {})


def form(may: frozenset[str], **args: str) -> list[Case]:
    """A page with a form: opened and sent."""
    return [get(may, **args), post(may, **args)]


def register(name: str) -> dict[str, list[Case]]:
    """The five views of a register are open to all; what they hold is the subject of test_what_lists_show.py."""
    return {
        name: [get(EVERYBODY)],
        f"{name}_table": [get(EVERYBODY)],
        f"{name}_map": [get(EVERYBODY)],
        f"{name}_points": [get(EVERYBODY, query="?zoom=8")],
        f"{name}_export": [get(EVERYBODY, form=f"={form}") for form in ("csv", "json", "xlsx")],
    }


def record(view: str, **by_name: frozenset[str]) -> dict[str, list[Case]]:
    """A page of one record, asked for each of these records."""
    return {view: [get(may, pk=name.replace("_", " ")) for name, may in by_name.items()]}


# --- views that are open without a login ---------------------------------------------------------------------------
PUBLIC = {
    "portal:home",
    "portal:area",
    "portal:search",
    "portal:calendar",
    "portal:calendar_ics",
    "portal:sources",
    "portal:privacy",
    "portal:accessibility",
    "portal:open_data",
    *register("network:organisations"),
    "network:organisation",
    "network:organisation_points",
    *register("experiences:experiences"),
    "insight:index",
    "insight:chart",
    "insight:crosstab",
    "insight:crosstab_file",
}

# --- the table -----------------------------------------------------------------------------------------------------
ORGANISATIONS_SEEN = {
    "club of borgo": EVERYBODY,
    "club of ponte": EVERYBODY,
    "hidden group of borgo": SEES_HIDDEN["borgo"],
    "hidden group of ponte": SEES_HIDDEN["ponte"],
    "shelter of borgo": SEES_HIDDEN["borgo"],
    "shelter of ponte": SEES_HIDDEN["ponte"],
}
ORGANISATIONS_EDITED = {
    "club of borgo": WRITES_IN["borgo"] | {"org_contact"},
    "club of ponte": WRITES_IN["ponte"],
    "library of borgo": WRITES_IN["borgo"] | {"contact of another"},
    "hidden group of borgo": WRITES_IN["borgo"],
    "shelter of ponte": WRITES_IN["ponte"],
}

TABLE: dict[str, list[Case]] = {
    # portal
    "portal:home": [get(EVERYBODY)],
    "portal:my_day": [get(SIGNED_IN)],
    "portal:area": [get(EVERYBODY, code="=BORGO"), get(EVERYBODY, code="=PONTE"), get(NONE, code="=NOWHERE")],
    "portal:search": [get(EVERYBODY, query="?q=circolo")],
    "portal:calendar": [get(EVERYBODY)],
    "portal:calendar_ics": [get(EVERYBODY)],
    "portal:sources": [get(EVERYBODY)],
    "portal:privacy": [get(EVERYBODY)],
    "portal:accessibility": [get(EVERYBODY)],
    "portal:open_data": [get(EVERYBODY)],
    # network
    **register("network:organisations"),
    "network:organisation": [get(may, pk=name) for name, may in ORGANISATIONS_SEEN.items()],
    "network:organisation_points": [get(may, pk=name) for name, may in ORGANISATIONS_SEEN.items()],
    "network:organisation_add": form(WRITERS_SOMEWHERE),
    "network:organisation_edit": [c for name, may in ORGANISATIONS_EDITED.items() for c in form(may, pk=name)],
    "network:organisation_contacts": [c for name, may in ORGANISATIONS_EDITED.items() for c in form(may, pk=name)],
    "network:organisation_do": [post(may, pk=name, what="=confirm") for name, may in ORGANISATIONS_EDITED.items()]
    + [
        post(WRITES_IN[town], pk=f"club of {town}", what=f"={what}")
        for town in ("borgo", "ponte")
        for what in ("used", "close", "reopen")
    ]
    + [post(NONE, pk="club of borgo", what="=delete")],
    "network:tie_add": [c for town in ("borgo", "ponte") for c in form(WRITES_IN[town], pk=f"club of {town}")],
    "network:tie_do": [
        post(WRITES_IN[town], pk=f"club of {town}", tie=f"tie of {town}", what=f"={what}")
        for town in ("borgo", "ponte")
        for what in ("seen", "close")
    ]
    + [post(NONE, pk="club of borgo", tie="tie of ponte", what="=close")],
    "network:alike": [get(WRITERS_SOMEWHERE, query="?name=circolo")],
    "network:alike_lines": [get(SIGNED_IN, query="?promoters=circolo")],
    # experiences
    **register("experiences:experiences"),
    # insight
    "insight:index": [get(EVERYBODY)],
    "insight:chart": [get(NONE, name="=nothing")],
    "insight:crosstab": [get(EVERYBODY, key="=organisations"), get(NONE, key="=people")],
    "insight:crosstab_file": [get(EVERYBODY, key="=organisations", form="=csv")],
    # people
    "people:people": [get(OVERSEERS)],
    "people:me": [get(SIGNED_IN)],
    "people:add": form(ADMINISTRATORS),
    "people:person": [
        get(OVERSEERS, pk="person community_worker"),
        get(OVERSEERS, pk="person org_contact"),
        # Whose only role is on the other town, everywhere, or none: not for the administrator of Borgo.
        get(THE_ADMINISTRATOR, pk="person of ponte"),
        get(THE_ADMINISTRATOR, pk="person plan_office everywhere"),
        get(THE_ADMINISTRATOR, pk="person without a role"),
    ],
    "people:change": [
        *form(ADMINISTRATORS, pk="person community_worker"),
        *form(THE_ADMINISTRATOR, pk="person of ponte"),
        *form(THE_ADMINISTRATOR, pk="person dpo_admin everywhere"),
    ],
    "people:grant": [
        *form(ADMINISTRATORS, pk="person community_worker"),
        *form(THE_ADMINISTRATOR, pk="person of ponte"),
    ],
    "people:revoke": [
        *form(ADMINISTRATORS, pk="role of community_worker"),
        *form(ADMINISTRATORS, pk="role of org_contact"),
        *form(THE_ADMINISTRATOR, pk="role of ponte"),
        *form(THE_ADMINISTRATOR, pk="role of plan_office everywhere"),
        *form(THE_ADMINISTRATOR, pk="role of plan_office of the union"),
        # It is over: there is nothing to end.
        *form(NONE, pk="role of role has ended"),
    ],
    "people:invite_again": [
        post(ADMINISTRATORS, pk="person community_worker"),
        post(THE_ADMINISTRATOR, pk="person of ponte"),
    ],
    "people:close": [
        *form(THE_ADMINISTRATOR, pk="person community_worker"),
        *form(THE_ADMINISTRATOR, pk="person of ponte"),
        # Nobody closes their own account.
        *form(NONE, pk="person dpo_admin everywhere"),
    ],
    "people:audit": [get(THE_ADMINISTRATOR)],
    "people:audit_csv": [get(THE_ADMINISTRATOR)],
}
