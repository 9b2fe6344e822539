"""What people type to come in."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from trama.accounts.choices import DEMONSTRATION_PASSWORD
from trama.accounts.models import User
from trama.core import facts


class LoginForm(AllauthLoginForm):
    """User name or e-mail, and password. In a demonstration the name can be chosen from the list on the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.label = _("User name or e-mail"), _("Password")
        login.widget.attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        # Longer ones are nobody's, and would be written down by who counts failed attempts.
        login.max_length, password.max_length = 254, 1024
        login.validators.append(MaxLengthValidator(254))
        password.validators.append(MaxLengthValidator(1024))
        password.widget.attrs.pop("placeholder", None)
        password.help_text = ""
        chosen = self.request.GET.get("login", "") if self.request else ""
        if chosen and facts.is_demonstration():
            self.initial["login"] = chosen

    @property
    def demonstration(self) -> dict[str, Any] | None:
        """The accounts of a demonstration and their password; nothing where real work is done."""
        if not facts.is_demonstration():
            return None
        people = User.objects.filter(is_demonstration=True, is_active=True).order_by("pk")
        return {"people": people, "password": DEMONSTRATION_PASSWORD}
