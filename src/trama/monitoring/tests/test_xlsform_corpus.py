"""The workbooks of pyxform's own tests: each is understood, or refused with sentences that say where."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from trama.monitoring import questions, xlsform

pytestmark = pytest.mark.slow
UNDERSTOOD = {
    "blank_second_row.xls",
    "field-list.xlsx",
    "survey_no_name.xlsx",
    "text_and_integer.xlsx",
    "yes_or_no_question.xlsx",
}


def test_every_workbook_is_understood_or_refused_by_its_place(shared: Path) -> None:
    folder = shared / "standards" / "openrosa"
    found = sorted(path for name in ("xlsform", "xlsform-invalid") for path in (folder / name).glob("*.xls*"))
    assert len(found) > 20
    understood, elsewhere = set(), []
    for path in found:
        with translation.override("it"):
            try:
                form = xlsform.read(path.name, path.read_bytes())
            except ValidationError as error:
                places = ("Foglio “", "pyxform", "così")
                elsewhere += [said for said in error.messages if not any(place in said for place in places)]
                continue
        questions.check(form.questions)
        understood.add(path.name)
    assert (understood, elsewhere) == (UNDERSTOOD, [])
