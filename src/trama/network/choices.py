"""Closed lists of the network."""

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
