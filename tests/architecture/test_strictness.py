"""That the stricter Django of the tests is strict: a watchman who sleeps is worse than none."""

from __future__ import annotations

import pytest
from django.template import Origin, Template
from django.template.context import Context
from django.template.engine import Engine

from tests import strictness
from trama.core.models import AuditEntry


def template(text: str, origin: str) -> Template:
    """A template that claims to stand in a file."""
    engine = Engine(string_if_invalid=strictness.UndefinedVariable())  # type: ignore[arg-type]
    return Template(text, origin=Origin(name=origin), engine=engine)


def test_an_undefined_variable_in_our_template_is_an_error() -> None:
    with pytest.raises(strictness.UndefinedTemplateVariable, match="nobody"):
        template("{{ nobody.name }}", f"{strictness.OURS}/ui/templates/ui/x.html").render(Context())


def test_an_undefined_variable_in_a_condition_is_allowed() -> None:
    assert template("{% if nobody %}a{% endif %}", f"{strictness.OURS}/x.html").render(Context()) == ""


def test_a_library_s_template_prints_nothing_and_keeps_its_filters() -> None:
    assert template("{{ nobody|default:'x' }}", "elsewhere.html").render(Context()) == "x"


@pytest.mark.django_db
def test_rows_without_an_order_come_in_any_order() -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(number=n, at="2026-01-01T00:00Z", verb="x", hash=str(n)) for n in range(1, 41)
    )
    asked = AuditEntry.objects.order_by()
    seen = {tuple(entry.number for entry in asked.all()) for _ in range(5)}
    assert len(seen) > 1
    assert [e.number for e in AuditEntry.objects.order_by("number")] == list(range(1, 41))
