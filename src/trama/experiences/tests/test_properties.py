"""What is always true of a stored experience, whichever way it came: form, action or raw rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trama.core.actor import SYSTEM
from trama.experiences import actions
from trama.experiences.choices import Precision
from trama.experiences.forms import ExperienceForm
from trama.experiences.models import MOST_PEOPLE, Experience
from trama.territory.tests.factories import make_code

pytestmark = pytest.mark.django_db(transaction=True)

days = st.none() | st.dates(date(2000, 1, 1), date(2030, 12, 31))
numbers = st.none() | st.integers(-5, MOST_PEOPLE + 5)
known = st.sampled_from(["exact", "estimated", "unknown", "perhaps", ""])
sheets = st.fixed_dictionaries(
    {
        "starts_on": days,
        "ends_on": days,
        "volunteers": numbers,
        "volunteers_precision": known,
        "beneficiaries": numbers,
        "beneficiaries_precision": known,
        "name": st.text(max_size=300),
    }
)
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def holds(row: Experience) -> bool:
    """The truths that no way in may break."""
    counts = all(
        (number is None) == (precision == Precision.UNKNOWN)
        and (number is None or number >= 0)
        and precision in Precision.values
        for number, precision in (
            (row.volunteers, row.volunteers_precision),
            (row.beneficiaries, row.beneficiaries_precision),
        )
    )
    in_order = row.starts_on is None or row.ends_on is None or row.ends_on >= row.starts_on
    return counts and in_order


@pytest.fixture
def lists() -> None:
    make_code("experience_kind", "event")


def stored() -> list[Experience]:
    return list(Experience.objects.order_by("pk"))


@few
@given(sheet=sheets)
def test_through_raw_rows(lists: None, sheet: dict[str, Any]) -> None:
    with transaction.atomic():
        make_code("experience_kind", "event")
        try:
            with transaction.atomic():
                Experience.objects.create(kind_id="experience_kind:event", **{**sheet, "name": sheet["name"][:250]})
        except (IntegrityError, DataError):  # PostgreSQL takes no NUL in a text
            pass
        assert all(holds(row) for row in stored())
        transaction.set_rollback(True)


@few
@given(sheet=sheets)
def test_through_the_action(lists: None, sheet: dict[str, Any]) -> None:
    with transaction.atomic():
        make_code("experience_kind", "event")
        try:
            actions.save_experience(SYSTEM, {"kind": "event", **sheet})
        except ValidationError:
            assert stored() == []
        assert all(holds(row) and row.name.strip() == row.name and 0 < len(row.name) <= 250 for row in stored())
        transaction.set_rollback(True)


@few
@given(sheet=sheets)
def test_through_the_form(lists: None, sheet: dict[str, Any]) -> None:
    with transaction.atomic():
        make_code("experience_kind", "event")
        rows = {f"{prefix}-{name}_FORMS": "0" for prefix in ("parts", "money") for name in ("TOTAL", "INITIAL")}
        sent = {key: str(value) for key, value in sheet.items() if value is not None}
        form = ExperienceForm({"kind": "event", **rows, **sent}, actor=SYSTEM)
        if form.is_valid() and form.rows_are_valid:
            # What the form lets pass, the action takes: nobody meets a second refusal.
            row = actions.save_experience(SYSTEM, form.given())
            assert holds(row)
        else:
            assert form.problems()
        transaction.set_rollback(True)
