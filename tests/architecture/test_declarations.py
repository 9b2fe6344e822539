"""What apps declare is complete, and the pages made from the code say what the code says."""

from __future__ import annotations

from django.utils import translation
from scripts import pages

from tests.architecture.tree import python_files
from trama.core.declarations import gathered


def test_generated_pages_are_up_to_date() -> None:
    assert pages.behind() == []


def test_every_indicator_explains_itself() -> None:
    for language in ("en", "it"):
        with translation.override(language):
            bare = [
                code
                for code, one in gathered.indicators.items()
                if not (str(one.label).strip() and str(one.unit).strip() and len(str(one.description)) > 20)
            ]
            assert bare == []


def test_every_indicator_is_tried_on_a_case_counted_by_hand() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in python_files() if path.name.startswith("test_"))
    assert [code for code in gathered.indicators if code not in tests] == []


def test_what_an_indicator_counts_is_a_register() -> None:
    named = {one.register for one in gathered.indicators.values() if one.register}
    assert named - set(gathered.registers) == set()
