"""Closed lists of the directory."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ResourceState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    CLOSED = "closed", _("closed")
