"""Groups of people as the table of rights speaks of them, and the shape of its cases."""

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


# --- waves ---
OPENERS = {
    "borgo": frozenset({"plan_office", "evaluator", "technical_coordinator", "dpo_admin"}) | REACH_BOTH,
    "ponte": REACH_BOTH,
}
WAVE_FOLLOWERS = {"borgo": STAFF_OF_BORGO | REACH_BOTH | {"evaluator", "worker of a district"}, "ponte": REACH_BOTH}
FOLLOWERS_SOMEWHERE = WAVE_FOLLOWERS["borgo"]
REOPENERS = {"borgo": frozenset({"plan_office", "dpo_admin"}) | REACH_BOTH, "ponte": REACH_BOTH}
