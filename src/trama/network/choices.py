"""Closed lists of the network."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactKind(models.TextChoices):
    PHONE = "phone", _("telephone")
    MOBILE = "mobile", _("mobile")
    EMAIL = "email", _("e-mail")
    WEB = "web", _("web site")
    SOCIAL = "social", _("social page")
    PERSON = "person", _("contact person")


class Visibility(models.TextChoices):
    PUBLIC = "public", _("everybody")
    STAFF = "staff", _("staff only")


class Role(models.TextChoices):
    """Roles of people with a login (`domain.md` §1.0)."""

    COMMUNITY_WORKER = "community_worker", _("community worker")
    SOCIAL_WORKER = "social_worker", _("social worker")
    TECHNICAL_COORDINATOR = "technical_coordinator", _("technical coordinator")
    PLAN_OFFICE = "plan_office", _("plan office")
    DISTRICT_OFFICE = "district_office", _("district office")
    TABLE_FACILITATOR = "table_facilitator", _("table facilitator")
    LOCAL_ANTENNA = "local_antenna", _("local antenna")
    MEDIATOR = "mediator", _("mediator")
    ORG_CONTACT = "org_contact", _("contact of an organisation")
    VOLUNTEER = "volunteer", _("volunteer")
    CITIZEN = "citizen", _("citizen")
    PARTNER_HEALTH = "partner_health", _("health partner")
    EVALUATOR = "evaluator", _("evaluator")
    DPO_ADMIN = "dpo_admin", _("administrator and privacy officer")


class TieStrength(models.TextChoices):
    """How well two actors know each other (`domain.md` §3.11, knowledge level)."""

    KNOWN = "known", _("know each other")
    MET = "met", _("have met")
    COLLABORATES = "collaborates", _("work together")
    SIGNED = "signed", _("have an agreement")


class Tier(models.TextChoices):
    """How sure it is that two records are one body."""

    CERTAIN = "certain", _("certain")
    PROBABLE = "probable", _("probable")
    POSSIBLE = "possible", _("possible")


class Decision(models.TextChoices):
    """What a person said of two records that may be one."""

    SAME = "same", _("the same")
    DIFFERENT = "different", _("not the same")
    LATER = "later", _("later")


class Reshaping(models.TextChoices):
    MERGED = "merged", _("merged")
    SPLIT = "split", _("split")


@dataclass(frozen=True)
class KindFlags:
    """What follows from the kind of an organisation until somebody states otherwise; None: it does not follow."""

    is_ets: bool | None
    is_formal: bool | None
    is_public_body: bool = False


ETS = KindFlags(is_ets=True, is_formal=True)
PUBLIC_BODY = KindFlags(is_ets=False, is_formal=True, is_public_body=True)
OTHER_FORMAL = KindFlags(is_ets=False, is_formal=True)
# Constituted, and in the RUNTS or not: the kind alone does not tell.
MAYBE_ETS = KindFlags(is_ets=None, is_formal=True)
INFORMAL = KindFlags(is_ets=False, is_formal=False)

# By the value of `organisation_kind` (`domain.md` §3.2: two flags, not one).
KIND_FLAGS: dict[str, KindFlags] = {
    **dict.fromkeys(
        ("odv", "aps", "philanthropic", "social_enterprise", "association_network", "mutual_aid", "other_ets"), ETS
    ),
    **dict.fromkeys(
        (
            "municipality",
            "union_of_municipalities",
            "asp",
            "health_unit",
            "school",
            "university",
            "law_enforcement",
            "housing_agency",
            "other_public",
        ),
        PUBLIC_BODY,
    ),
    **dict.fromkeys(
        ("parish", "caritas", "union", "trade_association", "shop", "company", "participation_body"), OTHER_FORMAL
    ),
    **dict.fromkeys(("sports_club", "social_centre", "foundation", "committee"), MAYBE_ETS),
    **dict.fromkeys(
        (
            "informal_group",
            "neighbour_network",
            "condominium",
            "citizen_group",
            "self_help",
            "single_citizen",
            "reference_person",
        ),
        INFORMAL,
    ),
}
# The codes that only group others: offered as filters, not as the kind of an organisation.
KIND_GROUPS = ("ets", "public_body", "other_formal", "informal")
