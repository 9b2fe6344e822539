"""Who may open what: written by hand, view by view, and compared with what the views do.

Everybody holds their role on Borgo (see `world.py`); a case says which record is asked for, and who may. Whoever may
not gets a 404; nobody, where a login is asked for, is sent to sign in. A view that is not here fails the tests.
"""

from __future__ import annotations

from tests.rights.groups import (
    ADMINISTRATORS,
    CLUB,
    CONTACTS,
    EVERYBODY,
    KEEPERS,
    KEEPERS_SOMEWHERE,
    NONE,
    OPENERS,
    OVERSEERS,
    PLANNERS_OF_ALL,
    REACH_BOTH,
    SEES_HIDDEN,
    SIGNED_IN,
    THE_ADMINISTRATOR,
    WAVE_FOLLOWERS,
    WRITERS_SOMEWHERE,
    WRITES_IN,
    Case,
    form,
    get,
    post,
    register,
)
from tests.rights.objectives import OBJECTIVES
from tests.rights.waves import WAVES

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
    "experiences:experience",
    "experiences:experience_points",
    "experiences:experience_genealogy",
    *register("experiences:practices"),
    "experiences:practice",
    "experiences:practice_comparison",
    *register("directory:resources"),
    "directory:resource",
    "directory:resource_points",
    "territory:areas",
    *register("territory:places"),
    "territory:place",
    "territory:place_point",
    "territory:children_geojson",
    "territory:area_shape",
    "reports:index",
    "reports:territory",
    "reports:territory_file",
    "reports:wave",
    "reports:wave_file",
    "reports:profiles",
    "reports:profile",
    "reports:profile_file",
    "reports:comparison",
    "monitoring:waves",
    "monitoring:objective_plans",
    "monitoring:objective_plan",
    "monitoring:objective_year",
    "reports:objectives_file",
    "reports:objectives_year_file",
    "monitoring:wave",
    "monitoring:comparison",
    "monitoring:cuts",
    "monitoring:cuts_file",
    "monitoring:crossing",
    "monitoring:crossing_file",
    "monitoring:by_link",
    "insight:index",
    "insight:chart",
    "insight:protection",
    "insight:clusters",
    "insight:clusters_file",
    "insight:needs",
    "insight:needs_file",
    "insight:crosstab",
    "insight:crosstab_file",
    "insight:indices",
    "insight:index_of",
    "insight:index_version",
    "insight:index_file",
    "insight:index_definition",
    "insight:indicators",
    "insight:indicator",
    "insight:indicator_file",
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
PROFILES_SEEN = {
    "profile of borgo": EVERYBODY,
    "draft profile of borgo": SEES_HIDDEN["borgo"],
    "draft profile of ponte": SEES_HIDDEN["ponte"],
}
PUBLISHERS = {
    "borgo": frozenset({"plan_office", "technical_coordinator", "district_office"}) | PLANNERS_OF_ALL,
    "ponte": PLANNERS_OF_ALL,
}
PLACES_SEEN = {
    "square of borgo": EVERYBODY,
    "square of ponte": EVERYBODY,
    "vulnerable place of borgo": SEES_HIDDEN["borgo"],
    "vulnerable place of ponte": SEES_HIDDEN["ponte"],
}
PLACES_WRITTEN = {
    "square of borgo": WRITES_IN["borgo"],
    "square of ponte": WRITES_IN["ponte"],
    "vulnerable place of borgo": WRITES_IN["borgo"],
    "vulnerable place of ponte": WRITES_IN["ponte"],
}
RESOURCES_SEEN = {
    "course of borgo": EVERYBODY,
    "desk of ponte": EVERYBODY,
    # Not sensitive itself: everybody finds it, and nobody outside the staff reads who offers it (test_doors.py).
    "desk of the shelter of borgo": EVERYBODY,
    "desk of the shelter of ponte": EVERYBODY,
    "draft resource of borgo": SEES_HIDDEN["borgo"],
    "draft resource of ponte": SEES_HIDDEN["ponte"],
    "sensitive resource of borgo": SEES_HIDDEN["borgo"],
    "sensitive resource of ponte": SEES_HIDDEN["ponte"],
}
RESOURCES_EDITED = {
    # The club of Borgo offers the course; the desk is nobody's; the course of Ponte is another club's.
    "course of borgo": WRITES_IN["borgo"] | {"org_contact"},
    "course of ponte": WRITES_IN["ponte"],
    "desk of borgo": WRITES_IN["borgo"],
    "draft resource of ponte": WRITES_IN["ponte"],
    "sensitive resource of borgo": WRITES_IN["borgo"],
}
EXPERIENCES_SEEN = {
    "project of borgo": EVERYBODY,
    "lunch of ponte": EVERYBODY,
    "fair of borgo": EVERYBODY,
    "draft of borgo": SEES_HIDDEN["borgo"],
    "draft of ponte": SEES_HIDDEN["ponte"],
    "draft of the club of borgo": SEES_HIDDEN["borgo"] | CLUB,
    "draft of the club of ponte": SEES_HIDDEN["ponte"],
    "sensitive project of borgo": SEES_HIDDEN["borgo"],
    "sensitive project of ponte": SEES_HIDDEN["ponte"],
}
TOWNS = ("borgo", "ponte")
EXPERIENCES_EDITED = {
    "project of borgo": WRITES_IN["borgo"] | {"org_contact"},
    "project of ponte": WRITES_IN["ponte"],
    "lunch of borgo": WRITES_IN["borgo"],
    "draft of borgo": WRITES_IN["borgo"],
    "draft of the club of borgo": WRITES_IN["borgo"] | {"org_contact"},
    "sensitive project of ponte": WRITES_IN["ponte"],
}
# The sheet of a practice follows its experience: who sees that from inside sees a draft, who changes that changes it.
PRACTICES_SEEN = {
    "sheet of borgo": EVERYBODY,
    "sheet of ponte": EVERYBODY,
    "draft sheet of borgo": SEES_HIDDEN["borgo"] | CLUB,
    "draft sheet of ponte": SEES_HIDDEN["ponte"],
    "draft sheet of the lunch of borgo": SEES_HIDDEN["borgo"],
    "sheet of the sensitive project of borgo": SEES_HIDDEN["borgo"],
    "sheet of the sensitive project of ponte": SEES_HIDDEN["ponte"],
    "sheet of the draft of borgo": SEES_HIDDEN["borgo"],
}
PRACTICES_EDITED = {
    "sheet of borgo": WRITES_IN["borgo"] | {"org_contact"},
    "sheet of ponte": WRITES_IN["ponte"],
    "draft sheet of borgo": WRITES_IN["borgo"] | {"org_contact"},
    "draft sheet of the lunch of borgo": WRITES_IN["borgo"],
    "sheet of the sensitive project of ponte": WRITES_IN["ponte"],
}
JUDGES = {
    "borgo": frozenset({"plan_office", "technical_coordinator", "district_office"}) | PLANNERS_OF_ALL,
    "ponte": PLANNERS_OF_ALL,
}

# Indices are made by who plans, evaluates or answers for the installation, for the areas below their own.
INDEX_KEEPERS = {"borgo": frozenset({"plan_office", "evaluator", "dpo_admin"}) | REACH_BOTH, "ponte": REACH_BOTH}
INDICES_SEEN = {"of_the_towns": EVERYBODY, "draft_of_borgo": INDEX_KEEPERS["borgo"], "draft_of_ponte": REACH_BOTH}
DRAFT_INDICES = {f"draft_of_{town}": may for town, may in INDEX_KEEPERS.items()}

# Waves: kept by who plans, evaluates, coordinates or answers for the installation; followed by the staff of the areas.
TABLE: dict[str, list[Case]] = {
    # territory
    "territory:areas": [get(EVERYBODY)],
    "territory:children_geojson": [get(EVERYBODY, code="=BORGO"), get(NONE, code="=NOWHERE")],
    "territory:area_shape": [get(EVERYBODY, code="=PONTE")],
    "territory:area_add_top": form(frozenset({"plan_office everywhere", "dpo_admin everywhere"})),
    **{
        f"territory:{view}": [c for town in TOWNS for c in form(KEEPERS[town], code=f"={town.upper()}")]
        for view in ("area_add", "area_edit", "area_draw")
    },
    "territory:area_close": [post(KEEPERS[town], code=f"={town.upper()}") for town in TOWNS],
    **register("territory:places"),
    "territory:place": [get(may, pk=name) for name, may in PLACES_SEEN.items()],
    "territory:place_point": [get(may, pk=name) for name, may in PLACES_SEEN.items()],
    "territory:place_add": form(WRITERS_SOMEWHERE),
    "territory:place_edit": [c for name, may in PLACES_WRITTEN.items() for c in form(may, pk=name)],
    "territory:place_confirm": [post(may, pk=name) for name, may in PLACES_WRITTEN.items()],
    # directory
    **register("directory:resources"),
    "directory:resource": [get(may, pk=name) for name, may in RESOURCES_SEEN.items()],
    "directory:resource_points": [get(may, pk=name) for name, may in RESOURCES_SEEN.items()],
    "directory:resource_add": form(WRITERS_SOMEWHERE | CONTACTS),
    "directory:resource_edit": [c for name, may in RESOURCES_EDITED.items() for c in form(may, pk=name)],
    "directory:resource_contacts": [c for name, may in RESOURCES_EDITED.items() for c in form(may, pk=name)],
    "directory:resource_do": [
        post(may, pk=name, what=f"={what}")
        for name, may in RESOURCES_EDITED.items()
        for what in ("confirm", "close", "publish")
    ]
    + [post(WRITES_IN[town], pk=f"course of {town}", what=f"={what}") for town in TOWNS for what in ("used", "mask")]
    + [post(NONE, pk="course of borgo", what="=delete")],
    # reports: whoever makes one, it holds what everybody may see
    "reports:index": [get(EVERYBODY)],
    "reports:territory": [get(EVERYBODY, code="=BORGO"), get(NONE, code="=NOWHERE")],
    "reports:territory_file": [
        get(EVERYBODY, code="=BORGO", language="=it", form="=xlsx"),
        get(NONE, code="=BORGO", language="=it", form="=exe"),
    ],
    # what is written by hand is for the services of the area until it is frozen and published
    "reports:draft_file": [
        get(SEES_HIDDEN["borgo"], kind="=territorio", code="=BORGO", language="=it", form="=zip"),
        get(SEES_HIDDEN["ponte"], kind="=territorio", code="=PONTE", language="=it", form="=zip"),
        *(
            get(may, kind="=rilevazioni", code=f"closed wave of {town}", language="=it", form="=zip")
            for town, may in WAVE_FOLLOWERS.items()
        ),
        get(NONE, kind="=rilevazioni", code="open wave of borgo", language="=it", form="=zip"),
    ],
    "reports:texts": [
        get(SEES_HIDDEN["borgo"], kind="=territorio", code="=BORGO", language="=it"),
        get(SEES_HIDDEN["ponte"], kind="=territorio", code="=PONTE", language="=it"),
        get(NONE, kind="=territorio", code="=BORGO", language="=fr"),
        *(
            get(may, kind="=rilevazioni", code=f"closed wave of {town}", language="=it")
            for town, may in WAVE_FOLLOWERS.items()
        ),
        get(NONE, kind="=rilevazioni", code="=BORGO", language="=it"),
    ],
    "reports:text": [
        case
        for town in TOWNS
        for case in (
            *form(WRITES_IN[town], kind="=territorio", code=f"={town.upper()}", language="=it", key="=page.where"),
            *form(
                OPENERS[town], kind="=rilevazioni", code=f"closed wave of {town}", language="=it", key="=page.totals"
            ),
        )
    ]
    + [get(NONE, kind="=territorio", code="=BORGO", language="=it", key="=no.such")],
    "reports:text_do": [
        post(WRITES_IN["borgo"], kind="=territorio", code="=BORGO", language="=it", key="=page.where", what=f"={what}")
        for what in ("automatic", "keep")
    ]
    + [
        post(NONE, kind="=territorio", code="=BORGO", language="=it", key="=page.where", what="=delete"),
        post(NONE, kind="=territorio", code="=PONTE", language="=it", key="=page.where", what="=automatic"),
    ],
    "reports:freeze": [
        case
        for town in TOWNS
        for case in (
            *form(WRITES_IN[town], kind="=territorio", code=f"={town.upper()}"),
            *form(OPENERS[town], kind="=rilevazioni", code=f"closed wave of {town}"),
        )
    ],
    # of a wave everybody reads what is frozen; of one that is not closed there is none
    "reports:wave": [get(EVERYBODY, pk=f"closed wave of {town}") for town in TOWNS]
    + [get(may, pk=f"open wave of {town}") for town, may in WAVE_FOLLOWERS.items()],
    "reports:wave_file": [
        get(EVERYBODY, pk="closed wave of borgo", language="=it", form="=xlsx"),
        get(NONE, pk="closed wave of borgo", language="=it", form="=exe"),
        get(NONE, pk="open wave of borgo", language="=it", form="=xlsx"),
    ],
    "reports:close_ups": [
        case
        for town in TOWNS
        for case in (*form(OPENERS[town], pk=f"closed wave of {town}"), *form(NONE, pk=f"open wave of {town}"))
    ],
    "reports:profiles": [get(EVERYBODY)],
    "reports:profile": [get(may, pk=name) for name, may in PROFILES_SEEN.items()],
    "reports:profile_file": [get(may, pk=name, language="=it", form="=zip") for name, may in PROFILES_SEEN.items()],
    "reports:comparison": [get(may, pk=name) for name, may in PROFILES_SEEN.items()],
    "reports:profile_do": [
        post(PUBLISHERS["borgo"], pk="profile of borgo", what="=withdraw"),
        post(PUBLISHERS["borgo"], pk="draft profile of borgo", what="=publish"),
        post(PUBLISHERS["ponte"], pk="draft profile of ponte", what="=publish"),
        post(NONE, pk="profile of borgo", what="=delete"),
    ],
    # whoever may freeze may throw away what was never published
    "reports:profile_throw_away": [
        *form(WRITES_IN["borgo"], pk="draft profile of borgo"),
        *form(WRITES_IN["ponte"], pk="draft profile of ponte"),
        get(NONE, pk="profile of borgo"),
    ],
    # intake: a load may touch everything, so who brings one keeps the whole home territory (here: the union)
    "intake:loads": [get(KEEPERS_SOMEWHERE)],
    "intake:load": [get(KEEPERS_SOMEWHERE, pk="load")],
    "intake:load_to_mend": [get(REACH_BOTH, pk="load")],  # and who loaded it
    "intake:load_undo": form(REACH_BOTH, pk="load"),
    "intake:template": [get(WRITERS_SOMEWHERE | REACH_BOTH, register="=places"), get(NONE, register="=nothing")],
    "intake:upload": form(REACH_BOTH),
    "intake:confirm": [post(NONE, token="=not-a-token-of-anybody")],
    "intake:indicators": form(REACH_BOTH),
    # What somebody put aside is theirs alone: to everybody else there is nothing under that address.
    "intake:indicators_columns": form(NONE, token="=not-a-token-of-anybody"),
    "intake:indicators_names": form(NONE, token="=not-a-token-of-anybody"),
    "intake:indicators_check": form(NONE, token="=not-a-token-of-anybody"),
    "intake:indicators_confirm": [post(NONE, token="=not-a-token-of-anybody")],
    "intake:indicators_recipe": [get(NONE, token="=not-a-token-of-anybody")],
    # A spreadsheet of records: also whoever writes somewhere; of its rows those count that lie in their areas.
    "intake:registers": form(WRITERS_SOMEWHERE | REACH_BOTH),
    "intake:registers_columns": form(NONE, token="=not-a-token-of-anybody"),
    "intake:registers_words": form(NONE, token="=not-a-token-of-anybody"),
    "intake:registers_check": form(NONE, token="=not-a-token-of-anybody"),
    "intake:registers_decide": [post(NONE, token="=not-a-token-of-anybody")],
    "intake:registers_confirm": [post(NONE, token="=not-a-token-of-anybody")],
    "intake:registers_progress": [get(NONE, token="=not-a-token-of-anybody")],
    "intake:registers_points": [get(NONE, token="=not-a-token-of-anybody")],
    "intake:registers_to_mend": [get(NONE, token="=not-a-token-of-anybody")],
    "intake:registers_recipe": [get(NONE, token="=not-a-token-of-anybody")],
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
    "network:organisation_seats": [c for name, may in ORGANISATIONS_EDITED.items() for c in form(may, pk=name)],
    "network:organisation_do": [post(may, pk=name, what="=confirm") for name, may in ORGANISATIONS_EDITED.items()]
    + [
        post(WRITES_IN[town], pk=f"club of {town}", what=f"={what}")
        for town in TOWNS
        for what in ("used", "close", "reopen")
    ]
    + [post(NONE, pk="club of borgo", what="=delete")],
    "network:tie_add": [c for town in TOWNS for c in form(WRITES_IN[town], pk=f"club of {town}")],
    "network:tie_do": [
        post(WRITES_IN[town], pk=f"club of {town}", tie=f"tie of {town}", what=f"={what}")
        for town in TOWNS
        for what in ("seen", "close")
    ]
    + [post(NONE, pk="club of borgo", tie="tie of ponte", what="=close")],
    "network:duplicates": [get(WRITERS_SOMEWHERE)],
    "network:duplicate": [
        *(case for town in TOWNS for case in form(WRITES_IN[town], pk=f"pair of {town}")),
        # One of the two is of the other town: who writes in one of them looks, who writes in both decides.
        get(WRITES_IN["borgo"], pk="pair across"),
        post(WRITES_IN["borgo"] & WRITES_IN["ponte"], {"decision": "different"}, pk="pair across"),
        # Of a hidden one not even the number of the pair is told.
        *form(WRITES_IN["ponte"], pk="pair with a hidden one of ponte"),
    ],
    # The pairs that each sees are those of their areas, whoever has them sought.
    "network:duplicates_seek": [post(KEEPERS_SOMEWHERE & WRITERS_SOMEWHERE)],
    "network:duplicates_seek_state": [get(WRITERS_SOMEWHERE)],
    "network:duplicates_certain": form(WRITERS_SOMEWHERE),
    "network:duplicates_to_split": [get(WRITERS_SOMEWHERE)],
    "network:merges": [get(WRITERS_SOMEWHERE)],
    "network:merge_undo": [post(WRITES_IN[town], pk=f"merge of {town}") for town in TOWNS],
    "network:organisation_split": [case for town in TOWNS for case in form(WRITES_IN[town], pk=f"club of {town}")],
    "network:alike": [get(WRITERS_SOMEWHERE, query="?name=circolo")],
    "network:alike_lines": [get(SIGNED_IN, query="?promoters=circolo")],
    # experiences
    **register("experiences:experiences"),
    "experiences:experience": [get(may, pk=name) for name, may in EXPERIENCES_SEEN.items()],
    "experiences:experience_points": [get(may, pk=name) for name, may in EXPERIENCES_SEEN.items()],
    "experiences:experience_genealogy": [get(may, pk=name) for name, may in EXPERIENCES_SEEN.items()],
    "experiences:experience_add": form(WRITERS_SOMEWHERE | CONTACTS),
    "experiences:suggestions": [get(WRITERS_SOMEWHERE | CONTACTS, query="?q=pia", source="=places")],
    "experiences:experience_edit": [c for name, may in EXPERIENCES_EDITED.items() for c in form(may, pk=name)],
    "experiences:experience_autosave": [post(may, pk=name) for name, may in EXPERIENCES_EDITED.items()],
    "experiences:experience_do": [
        post(may, pk=name, act=f"={act}")
        for name, may in EXPERIENCES_EDITED.items()
        for act in ("publish", "confirm", "unpublish")
    ]
    + [post(JUDGES[town], pk=f"project of {town}", act=f"={act}") for town in TOWNS for act in ("good", "not-good")]
    # Like resources and organisations: who writes in its areas, and the contact of who carries it.
    + [post(WRITES_IN[town], pk=f"lunch of {town}", act="=used") for town in TOWNS]
    + [post(WRITES_IN["borgo"] | {"org_contact"}, pk="project of borgo", act="=used")]
    + [post(WRITES_IN["borgo"], pk="draft of borgo", act="=used")]
    + [post(NONE, pk="project of borgo", act="=delete")],
    "experiences:experience_copy": [
        *form(WRITERS_SOMEWHERE | CONTACTS, pk="project of ponte"),
        *form(WRITES_IN["borgo"], pk="draft of borgo"),
        *form(WRITES_IN["borgo"] | {"org_contact"}, pk="draft of the club of borgo"),
        *form(WRITES_IN["ponte"], pk="sensitive project of ponte"),
    ],
    "experiences:experience_delete": [
        *form(WRITES_IN["borgo"], pk="draft of borgo"),
        *form(WRITES_IN["borgo"] | {"org_contact"}, pk="draft of the club of borgo"),
        *form(WRITES_IN["ponte"], pk="draft of ponte"),
        # What was published is never thrown away.
        *form(NONE, pk="project of borgo"),
    ],
    "experiences:occurrence_add": [post(may, pk=name) for name, may in EXPERIENCES_EDITED.items()],
    "experiences:occurrence_cancel": [
        *form(WRITES_IN["borgo"] | {"org_contact"}, pk="project of borgo", occurrence="date of borgo"),
        *form(WRITES_IN["ponte"], pk="project of ponte", occurrence="date of ponte"),
        # A date of another experience is not reached through this one.
        *form(NONE, pk="project of borgo", occurrence="date of ponte"),
    ],
    # Who may change the experience says what it tries out; what becomes of it is decided by who judges there.
    "experiences:experiment_plan": [
        *(c for town in TOWNS for c in form(EXPERIENCES_EDITED[f"project of {town}"], pk=f"project of {town}")),
        *form(NONE, pk="lunch of borgo"),
    ],
    "experiences:experiment_decide": [c for town in TOWNS for c in form(JUDGES[town], pk=f"project of {town}")],
    "experiences:experiment_reopen": [post(JUDGES[town], pk=f"project of {town}") for town in TOWNS],
    **register("experiences:practices"),
    "experiences:practice": [get(may, pk=name) for name, may in PRACTICES_SEEN.items()],
    "experiences:practice_comparison": [get(EVERYBODY), get(EVERYBODY, query="?one=1&other=x")],
    "experiences:practice_add": form(WRITERS_SOMEWHERE | CONTACTS),
    "experiences:practice_edit": [c for name, may in PRACTICES_EDITED.items() for c in form(may, pk=name)],
    "experiences:practice_do": [
        post(may, pk=name, act=f"={act}")
        for name, may in PRACTICES_EDITED.items()
        for act in ("publish", "confirm", "unpublish")
    ]
    # Nobody took it up yet, so nobody can say that it worked there; and there is no such act.
    + [post(NONE, pk="sheet of borgo", act="=used"), post(NONE, pk="sheet of borgo", act="=delete")],
    "experiences:practice_take_up": [
        *form(WRITERS_SOMEWHERE | CONTACTS, pk="sheet of ponte"),
        *form(WRITES_IN["borgo"] | {"org_contact"}, pk="draft sheet of borgo"),
        *form(WRITES_IN["ponte"], pk="sheet of the sensitive project of ponte"),
    ],
    "experiences:practice_delete": [
        *form(WRITES_IN["borgo"] | {"org_contact"}, pk="draft sheet of borgo"),
        *form(WRITES_IN["borgo"], pk="draft sheet of the lunch of borgo"),
        # What was published is never thrown away.
        *form(NONE, pk="sheet of borgo"),
    ],
    **WAVES,
    **OBJECTIVES,
    # insight
    "insight:index": [get(EVERYBODY)],
    "insight:chart": [get(NONE, name="=nothing")],
    "insight:clusters": [get(EVERYBODY), get(NONE, query="indicator=nothing")],
    "insight:clusters_file": [get(NONE, form="=csv"), get(NONE, form="=csv", query="indicator=nothing")],
    "insight:needs": [get(EVERYBODY), get(NONE, query="indicator=nothing")],
    "insight:needs_file": [get(NONE, form="=csv"), get(NONE, form="=pdf")],
    "insight:protection": [get(EVERYBODY)],
    "insight:crosstab": [get(EVERYBODY, key="=organisations"), get(NONE, key="=people")],
    "insight:crosstab_file": [get(EVERYBODY, key="=organisations", form="=csv")],
    "insight:indices": [get(EVERYBODY)],
    "insight:index_of": [get(may, code=f"={code}") for code, may in INDICES_SEEN.items()],
    "insight:index_version": [get(may, code=f"={code}", version="=1") for code, may in INDICES_SEEN.items()]
    + [get(NONE, code="=of_the_towns", version="=2")],
    "insight:index_file": [
        get(EVERYBODY, code="=of_the_towns", version="=1", form="=csv"),
        get(NONE, code="=of_the_towns", version="=1", form="=exe"),
    ],
    "insight:index_definition": [
        get(may, code=f"={code}", version="=1", form="=toml") for code, may in INDICES_SEEN.items()
    ],
    "insight:index_add": form(INDEX_KEEPERS["borgo"]),
    "insight:index_import": form(INDEX_KEEPERS["borgo"]),
    "insight:index_edit": [c for code, may in DRAFT_INDICES.items() for c in form(may, code=f"={code}", version="=1")]
    # What is published cannot be changed by anybody.
    + form(NONE, code="=of_the_towns", version="=1"),
    "insight:index_do": [
        case
        for code, may in DRAFT_INDICES.items()
        for what in ("publish", "delete")
        for case in form(may, code=f"={code}", version="=1", what=f"={what}")
    ]
    + form(REACH_BOTH, code="=of_the_towns", version="=1", what="=withdraw")
    + form(NONE, code="=draft_of_borgo", version="=1", what="=withdraw")
    + [post(REACH_BOTH, code="=of_the_towns", version="=1", what="=new-version")]
    + [post(NONE, code="=of_the_towns", version="=1", what="=delete")],
    "insight:indicators": [get(EVERYBODY)],
    "insight:indicator": [get(EVERYBODY, code="=families"), get(NONE, code="=nothing")],
    # whoever loads numbers corrects and withdraws them
    "insight:indicator_correct": form(REACH_BOTH, code="=families"),
    "insight:indicator_file": [
        get(EVERYBODY, code="=families", form="=csv"),
        get(NONE, code="=families", form="=exe"),
    ],
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
