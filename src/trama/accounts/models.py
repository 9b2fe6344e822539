"""People with a login. They know no organisation: memberships live in `network`."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from trama.core.privacy import Privacy, PrivacyClass


class User(AbstractUser):
    """A person who signs in."""

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_("access to the service, and accountability of what is done in it"),
        legal_basis=_("GDPR art. 6(1)(e): task in the public interest"),
        retention=_("while the person works with the service; then the account is closed, its name stays in the audit"),
        eraser="accounts.actions.close_account",
        personal_fields=frozenset({"username", "first_name", "last_name", "email", "password"}),
    )

    email = models.EmailField(_("e-mail"), blank=True)
    is_demonstration = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ("username",)
        verbose_name = _("user")
        verbose_name_plural = _("users")

    @property
    def called(self) -> str:
        """The name to call the person by."""
        return self.get_full_name() or self.username
