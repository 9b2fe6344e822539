"""Closed lists of the directory."""

from django.db import models
from django.utils.translation import pgettext_lazy


class ResourceState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("resource", "draft")
    PUBLISHED = "published", pgettext_lazy("resource", "published")
    CLOSED = "closed", pgettext_lazy("resource", "closed")
