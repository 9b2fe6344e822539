"""Closed lists of the reports."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProfileState(models.TextChoices):
    """Who reads a frozen profile: the people of the services, or everybody."""

    DRAFT = "draft", _("for the services alone")
    PUBLISHED = "published", _("published")


FORMS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
# The same as slides, for the report of a wave; the first is a PDF 16:9 (`….slides.pdf`).
SLIDES = {
    "slides": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
