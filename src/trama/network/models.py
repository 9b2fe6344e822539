"""Organisations and groups of any formality, how to reach them, who speaks for them, and the ties between them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.columns import by_column
from trama.core.freshness import Freshness
from trama.core.keys import among
from trama.core.models import Code, Source
from trama.core.privacy import INTERNAL, PUBLIC, Privacy, PrivacyClass
from trama.core.search import fold
from trama.network.choices import ContactKind, Decision, Reshaping, Role, Tier, TieStrength, Visibility
from trama.network.permissions import (
    WRITERS,
    contacts_shown,
    is_staff,
    is_writer,
    visible,
    writes_at_home,
)
from trama.territory.models import Area, Located, Place


def normalised(name: str) -> str:
    """A name as it is compared: without accents, case, punctuation and double blanks. Legal forms stay."""
    return " ".join(re.findall(r"[a-z0-9]+", fold(name)))


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible(actor))

    def open(self) -> Self:
        """Those that were not closed."""
        return self.filter(closed_on__isnull=True)


class Organisation(Located, Freshness):
    """An actor of the territory: a body, an association, a service, an informal group, a person of reference."""

    privacy: ClassVar[Privacy] = PUBLIC

    name = models.CharField(_("name"), max_length=250)
    normalised_name = models.CharField(max_length=250, editable=False, db_index=True)
    acronym = models.CharField(_("acronym"), max_length=40, blank=True)
    kind = models.ForeignKey(
        Code, verbose_name=_("kind"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_ets = models.BooleanField(_("third-sector body"), null=True, blank=True)
    is_formal = models.BooleanField(_("formally constituted"), null=True, blank=True)
    is_public_body = models.BooleanField(_("public body"), default=False)
    is_sensitive = models.BooleanField(
        _("naming it may harm"),
        default=False,
        help_text=_("An anti-violence centre, for example: it is shown to staff only."),
    )
    is_public = models.BooleanField(_("shown to everybody"), default=True)
    description = models.TextField(_("what it does"), blank=True)
    tax_code = models.CharField(_("tax code"), max_length=16, blank=True)
    runts_number = models.CharField(_("RUNTS number"), max_length=20, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    founded_year = models.PositiveSmallIntegerField(_("since"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    # A string that names several bodies is kept as it was written, and waits to be split.
    names_several = models.BooleanField(_("names several bodies"), default=False)
    is_demonstration = models.BooleanField(default=False, editable=False)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    import_key = models.CharField(max_length=120, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.UniqueConstraint(
                fields=["import_key"], condition=~Q(import_key=""), name="an_organisation_is_imported_once"
            )
        ]
        indexes = [
            models.Index(fields=["x", "y"], name="organisations_on_the_map"),
            models.Index(fields=["area", "name"], name="organisations_of_an_area"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalised_name = normalised(self.name)[:250]
        self.put_at(self.lon, self.lat)
        super().save(*args, **kwargs)


def visible_names(pks: Iterable[int], actor: Actor) -> dict[int, str]:
    """The names of those of these organisations that the actor may see; of the others not even that they are there.

    Whoever shows an organisation beside another record (a promoter, a participant) takes its name from here.
    """
    rows = Organisation.objects.visible_to(actor).filter(pk__in=among(sorted(set(pks)))).order_by("name", "pk")
    return dict(zip(*by_column(rows, ["pk", "name"]), strict=True))


class OrganisationName(models.Model):
    """Another name under which the same organisation is found in files."""

    privacy: ClassVar[Privacy] = PUBLIC

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="other_names")
    name = models.CharField(max_length=250)
    normalised_name = models.CharField(max_length=250, editable=False, db_index=True)

    class Meta:
        ordering = ("organisation_id", "name")
        verbose_name = _("name of an organisation")
        verbose_name_plural = _("names of organisations")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "normalised_name"], name="another_name_stands_once")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalised_name = normalised(self.name)[:250]
        super().save(*args, **kwargs)


class Seat(Located):
    """Where an organisation can be found, beside its main address."""

    privacy: ClassVar[Privacy] = PUBLIC

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="seats")
    name = models.CharField(_("name"), max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="seats")
    opening = models.CharField(_("opening hours"), max_length=300, blank=True)

    class Meta:
        ordering = ("organisation_id", "name", "id")
        verbose_name = _("seat")
        verbose_name_plural = _("seats")

    def __str__(self) -> str:
        return self.name or self.address

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.put_at(self.lon, self.lat)
        super().save(*args, **kwargs)


CONTACT_PRIVACY = Privacy(
    PrivacyClass.PERSONAL,
    purpose=_("to reach the bodies and people of the community network"),
    legal_basis=_("GDPR art. 6(1)(e): task in the public interest (L. 328/2000)"),
    retention=_("while the contact is in use; removed when the body or the person asks, or when the record is closed"),
    eraser="network.actions.remove_contact",
    personal_fields=frozenset({"value", "label"}),
)


class ContactQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Self:
        """Public ones for all; the others for staff of the record's area. The record itself is checked before."""
        return self.filter(contacts_shown(actor, f"{self.model.OWNER}__area"))


class ContactDetail(models.Model):
    """A way to reach somebody. Role mail boxes and switchboards are public; personal ones are for staff."""

    privacy: ClassVar[Privacy] = CONTACT_PRIVACY
    OWNER: ClassVar[str]  # the field that leads to the record

    kind = models.CharField(_("kind"), max_length=10, choices=ContactKind.choices)
    value = models.CharField(_("contact"), max_length=300)
    label = models.CharField(_("of whom, or when"), max_length=120, blank=True)
    visibility = models.CharField(_("who sees it"), max_length=10, choices=Visibility.choices, default=Visibility.STAFF)

    objects = ContactQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.value

    @property
    def address(self) -> str:
        """What a touch on the contact opens: a call, a mail, a page; empty when it opens nothing."""
        value = self.value.strip()
        if self.kind in {ContactKind.PHONE, ContactKind.MOBILE}:
            digits = re.sub(r"[^\d+]", "", value)
            return f"tel:{digits}" if len(digits) >= 3 else ""
        if self.kind == ContactKind.EMAIL:
            return f"mailto:{value}" if re.fullmatch(r"[^\s@<>?&]+@[^\s@<>?&]+", value) else ""
        if self.kind in {ContactKind.WEB, ContactKind.SOCIAL}:
            if re.match(r"https?://\S+$", value):
                return value
            return f"https://{value}" if re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", value) else ""
        return ""


class OrganisationContact(ContactDetail):
    privacy: ClassVar[Privacy] = CONTACT_PRIVACY
    OWNER = "organisation"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="contacts")

    class Meta:
        ordering = ("organisation_id", "kind", "id")
        verbose_name = _("contact of an organisation")
        verbose_name_plural = _("contacts of organisations")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, day: date | None = None) -> Self:
        """The roles that are held on a day (today), its first and last day included."""
        day = day or timezone.localdate()
        return self.filter(Q(since__isnull=True) | Q(since__lte=day), Q(until__isnull=True) | Q(until__gte=day))


class Membership(models.Model):
    """A role that a person with a login holds: on an area, for an organisation, or everywhere."""

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_("to decide what a person may see and do"),
        legal_basis=_("GDPR art. 6(1)(e): task in the public interest"),
        retention=_("ended when the role ends; kept with the account, which is emptied when it is closed"),
        eraser="people.actions.close_person",
    )

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=30, choices=Role.choices)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("user_id", "role", "id")
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(since__isnull=True) | Q(until__gte=F("since")),
                name="a_role_ends_after_it_begins",
                violation_error_message=_("The role ends before it begins: which of the two days is right?"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class TieQuerySet(models.QuerySet["Tie"]):
    def visible_to(self, actor: Actor) -> Self:
        """Ties are internal: for staff, and for the people of one of the two; never when one end may not be seen."""
        seen = Organisation.objects.visible_to(actor).values("pk")
        both = self.filter(one__in=seen, other__in=seen)
        if is_staff(actor):
            return both
        return both.filter(Q(one__in=actor.organisations) | Q(other__in=actor.organisations))


class Tie(models.Model):
    """A lasting relation between two organisations, with its source and the last time it was seen alive (S0.2)."""

    privacy: ClassVar[Privacy] = INTERNAL

    one = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="ties_from")
    other = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="ties_to")
    role = models.ForeignKey(Code, verbose_name=_("kind of tie"), on_delete=models.PROTECT, related_name="+")
    strength = models.CharField(_("strength"), max_length=14, choices=TieStrength.choices, default=TieStrength.MET)
    purpose = models.CharField(_("for what"), max_length=300, blank=True)
    gives = models.CharField(_("what the first gives"), max_length=300, blank=True)
    receives = models.CharField(_("what comes back"), max_length=300, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)
    last_seen_on = models.DateField(_("last seen alive"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    source_text = models.CharField(_("where it is known from"), max_length=300, blank=True)

    objects = TieQuerySet.as_manager()

    class Meta:
        ordering = ("-last_seen_on", "id")
        verbose_name = _("tie")
        verbose_name_plural = _("ties")
        constraints = [
            models.CheckConstraint(
                condition=~Q(one=F("other")),
                name="a_tie_joins_two",
                violation_error_message=_("A tie joins two different organisations."),
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(since__isnull=True) | Q(closed_on__gte=F("since")),
                name="a_tie_closes_after_it_begins",
                violation_error_message=_("The tie closes before it begins: which of the two days is right?"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} – {self.other}"


PATIENCE = timedelta(minutes=10)


def within(actor: Actor, area: str) -> Q:
    """The condition that what stands at `area` may be united by the actor: the rule `may_unite` for many rows."""
    rule = Q(**{f"{area}__in": actor.areas_with(WRITERS)})
    return rule | Q(**{f"{area}__isnull": True}) if writes_at_home(actor) else rule


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, actor: Actor) -> Self:
        """For who writes down what happens: pairs of which both are shown to them; of others not even the number."""
        if not is_writer(actor):
            return self.none()
        seen = Organisation.objects.visible_to(actor).values("pk")
        return self.filter(one__in=seen, other__in=seen)

    def decidable_by(self, actor: Actor) -> Self:
        """Pairs of which the actor may write in the area of both (see `permissions.may_unite`)."""
        if actor.everywhere(WRITERS):
            return self.visible_to(actor)
        return self.visible_to(actor).filter(within(actor, "one__area"), within(actor, "other__area"))

    def open(self) -> Self:
        """Those that nobody decided yet."""
        return self.filter(decision="")

    def between(self, one: int, other: int) -> Self:
        return self.filter(Q(one=one, other=other) | Q(one=other, other=one))


class Proposal(models.Model):
    """Two organisations that may be one (S1.9): how probable it is, what speaks for it, and what people decided."""

    privacy: ClassVar[Privacy] = INTERNAL

    one = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="proposals_from")
    other = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="proposals_to")
    probability = models.FloatField(_("probability"))
    tier = models.CharField(_("how sure"), max_length=10, choices=Tier.choices)
    # Names of what the two are alike (or differ) in, the most telling first: `duplicates.EVIDENCE` says it in words.
    evidence = models.JSONField(_("what speaks for it"), default=list)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    found_at = models.DateTimeField(_("found"), default=timezone.now)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ("-probability", "id")
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="a_pair_is_proposed_once")]
        indexes = [models.Index(fields=["decision", "tier", "-probability"], name="proposals_by_tier")]

    def __str__(self) -> str:
        return f"{self.one_id} = {self.other_id}?"

    @property
    def is_placed(self) -> bool:
        """Whether it is known of both where they stand."""
        return self.one.area_id is not None and self.other.area_id is not None


class Seeking(models.Model):
    """One search for duplicates: who asked for it, how far it is, what it found."""

    privacy: ClassVar[Privacy] = INTERNAL

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    # How far it is: the last thing that it said, and when; who sees no sign for long knows that it was stopped.
    says = models.CharField(max_length=200, blank=True)
    said_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    failed = models.BooleanField(default=False)
    organisations = models.PositiveIntegerField(default=0)
    pairs = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-asked_at", "-id")
        verbose_name = _("search for duplicates")
        verbose_name_plural = _("searches for duplicates")

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        """Whether it is under way: a search that said nothing for long was stopped."""
        return self.ended_at is None and timezone.now() - self.said_at < PATIENCE


class MergeQuerySet(models.QuerySet["Merge"]):
    def in_force(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at__isnull=True)


class Merge(models.Model):
    """One organisation became part of another, or a string was split into several: every row that moved, to undo it.

    The old address leads to the new record for as long as the merge is in force.
    """

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_(
            "to take back the merging of two records when it was wrong, and to lead old addresses to the new one"
        ),
        legal_basis=_("GDPR art. 6(1)(e): task in the public interest (L. 328/2000)"),
        retention=_("as the record itself; a contact that is removed is removed here too"),
        eraser="network.actions.remove_contact",
        personal_fields=frozenset({"rows"}),
    )

    what = models.CharField(_("what was done"), max_length=10, choices=Reshaping.choices, default=Reshaping.MERGED)
    gone = models.PositiveBigIntegerField(db_index=True)
    gone_name = models.CharField(max_length=250)
    # Under which key a load had brought it in: the next load finds by it what became of it.
    gone_key = models.CharField(max_length=120, blank=True)
    # Into which bodies a string was split, the first of them in `kept`.
    bodies = models.JSONField(default=list)
    kept = models.PositiveBigIntegerField(db_index=True)
    rows = models.JSONField(default=list)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-id")
        verbose_name = _("merge of organisations")
        verbose_name_plural = _("merges of organisations")
        constraints = [
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at__isnull=True), name="an_organisation_is_merged_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.gone_name} → {self.kept}"


def now_at(pk: int) -> int | None:
    """Where an organisation that is no more went, through as many merges as there were; None when it did not."""
    seen = {pk}
    while True:
        kept = Merge.objects.in_force().filter(gone=pk).order_by("-id").values_list("kept", flat=True).first()
        if kept is None or kept in seen:
            return pk if len(seen) > 1 and kept is None else None
        seen.add(kept)
        pk = kept
