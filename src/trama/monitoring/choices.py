"""Closed lists of monitoring."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WaveState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("wave", "in preparation")
    OPEN = "open", pgettext_lazy("wave", "open")
    CLOSING = "closing", pgettext_lazy("wave", "being closed")
    CLOSED = "closed", pgettext_lazy("wave", "closed")


class Rule(models.TextChoices):
    """Which records of the areas belong to a wave."""

    ACTIVE = "active", _("those that were going on in the period, also for one day")
    BEGUN = "begun", _("only those that began in the period")


class Answer(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("sheet", "silent")
    CONFIRMED = "confirmed", pgettext_lazy("sheet", "confirmed")
    UPDATED = "updated", pgettext_lazy("sheet", "updated")
    ENDED = "ended", pgettext_lazy("sheet", "it has ended")
    NOT_MINE = "not_mine", pgettext_lazy("sheet", "“not mine”")


# A record is covered by a wave when somebody answered for it.
COVERED = (Answer.CONFIRMED, Answer.UPDATED, Answer.ENDED)


# Frozen beside the sheets: a record of the wave before that this one did not ask about any more.
OUTSIDE = "outside"


class Channel(models.TextChoices):
    LINK = "link", pgettext_lazy("channel", "personal link")
    PAPER = "paper", pgettext_lazy("channel", "paper")
    PHONE = "phone", pgettext_lazy("channel", "telephone")
    MEETING = "meeting", pgettext_lazy("channel", "face to face")
    LOAD = "load", pgettext_lazy("channel", "loaded")


# How a worker may say that an answer came.
BY_WORKER = (Channel.PAPER, Channel.PHONE, Channel.MEETING)


class QuestionType(models.TextChoices):
    TEXT = "text", pgettext_lazy("question", "text")
    WHOLE = "whole", pgettext_lazy("question", "whole number")
    NUMBER = "number", pgettext_lazy("question", "number")
    ONE = "one", pgettext_lazy("question", "one choice")
    MANY = "many", pgettext_lazy("question", "several choices")
    DATE = "date", pgettext_lazy("question", "date")
    NOTE = "note", pgettext_lazy("question", "only words, no answer")


class PlanState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("plan of objectives", "draft")
    PUBLISHED = "published", pgettext_lazy("plan of objectives", "published")


class Direction(models.TextChoices):
    """Which way a yardstick should move (S0.13)."""

    UP = "up", pgettext_lazy("direction", "should grow")
    DOWN = "down", pgettext_lazy("direction", "should fall")
    WATCH = "watch", pgettext_lazy("direction", "is watched: neither way is better")
