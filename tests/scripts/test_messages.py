"""Extracting, merging and checking messages, on a small app of their own."""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts import messages

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext

a = _("Hello %(name)s")
b = ngettext("%(n)s thing", "%(n)s things", 3)
c = pgettext("verb", "Open")
d = _("Open")
e = _("in two "
      "parts")
"""
TEMPLATE = """
{% load i18n %}
  <p title="{% translate "Title's" %}">è {{ _("shown") }} 50%</p>
{% blocktranslate trimmed count n=items|length %}
    One item
  {% plural %}
    {{ n }} items
{% endblocktranslate %}
{% include "x.html" with label=_("with label") %}
{% translate "Open" context "verb" %}
"""
IDS = {
    (None, "Hello %(name)s"),
    (None, "%(n)s thing"),
    ("verb", "Open"),
    (None, "Open"),
    (None, "in two parts"),
    (None, "Title's"),
    (None, "shown"),
    (None, "One item"),
    (None, "with label"),
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one app, `shop`, in Python and in a template; tests and migrations say nothing to people."""
    for name, text in {
        "shop/__init__.py": "",
        "shop/views.py": PYTHON,
        "shop/templates/shop/a.html": TEMPLATE,
        "shop/tests/test_a.py": '_("not this")',
        "shop/migrations/0001.py": '_("nor this")',
    }.items():
        path = tmp_path / "trama" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "trama"


@pytest.fixture
def translate(package: Path) -> Callable[..., None]:
    """Write Italian texts into the catalogue, as a person does with an editor."""

    def fill(**texts: str) -> None:
        path = messages.po_path("shop", package)
        catalog = messages.read_catalogue(path)
        for message in messages.texts(catalog):
            key = messages.key_of(message)[1]
            given = texts.get(key.split()[0].lower().strip("'"), f"it: {key}")
            if isinstance(message.id, str):
                message.string = given
            else:
                message.string = tuple(f"it: {text}" for text in message.id)
        path.write_text(messages.po_text("shop", catalog), encoding="utf-8")
        messages.update_app("shop", package)

    return fill


def test_all_kinds_of_messages_are_found(package: Path) -> None:
    assert {messages.key_of(message) for message in messages.texts(messages.extract_app("shop", package))} == IDS


def test_a_new_catalogue_waits_for_its_translations(package: Path) -> None:
    assert len(messages.update_app("shop", package)) == len(IDS)
    assert len(messages.check_app("shop", package)) == len(IDS)


def test_a_translated_catalogue_is_in_order_and_speaks_italian(package: Path, translate: Callable[..., None]) -> None:
    messages.update_app("shop", package)
    translate(shown="mostrato")
    assert messages.check_app("shop", package) == []
    compiled = messages.po_path("shop", package).with_suffix(".mo").read_bytes()
    spoken = gettext.GNUTranslations(io.BytesIO(compiled))
    assert spoken.gettext("shown") == "mostrato"
    assert spoken.ngettext("One item", "%(n)s items", 2) == "it: %(n)s items"
    assert spoken.pgettext("verb", "Open") == "it: Open"


def test_the_same_sources_give_the_same_bytes(package: Path, translate: Callable[..., None]) -> None:
    messages.update_app("shop", package)
    translate()
    path = messages.po_path("shop", package)
    before = path.read_bytes(), path.with_suffix(".mo").read_bytes()
    messages.update_app("shop", package)
    assert (path.read_bytes(), path.with_suffix(".mo").read_bytes()) == before


def test_what_left_the_sources_leaves_the_catalogue_and_the_rest_stays(
    package: Path, translate: Callable[..., None]
) -> None:
    messages.update_app("shop", package)
    translate(shown="mostrato")
    (package / "shop" / "views.py").write_text('_ = str\nx = _("New")\n', encoding="utf-8")
    assert messages.check_app("shop", package)
    assert messages.update_app("shop", package) == ["New"]
    catalog = messages.read_catalogue(messages.po_path("shop", package))
    assert catalog.get("shown").string == "mostrato"
    assert catalog.get("Hello %(name)s") is None


def test_a_new_text_takes_the_italian_that_another_app_gives_it(package: Path, translate: Callable[..., None]) -> None:
    messages.update_app("shop", package)
    translate(shown="mostrato")
    (package / "bar").mkdir()
    (package / "bar" / "__init__.py").write_text('_ = str\nx = _("shown")\ny = _("Drink")\n', encoding="utf-8")
    assert messages.update_app("bar", package) == ["Drink"]


def test_two_apps_that_disagree_are_seen(package: Path, translate: Callable[..., None]) -> None:
    messages.update_app("shop", package)
    translate(shown="mostrato")
    (package / "bar").mkdir()
    (package / "bar" / "__init__.py").write_text('_ = str\nx = _("shown")\n', encoding="utf-8")
    messages.update_app("bar", package)
    assert messages.contradictions(package) == []
    path = messages.po_path("bar", package)
    path.write_text(path.read_text(encoding="utf-8").replace("mostrato", "esibito"), encoding="utf-8")
    assert len(messages.contradictions(package)) == 1


@pytest.mark.parametrize(
    ("english", "italian", "well"),
    [
        ("Hello %(name)s", "Ciao %(name)s", True),
        ("Hello %(name)s", "Ciao %(nome)s", False),
        ("Hello %(name)s", "Ciao", False),
        ("%(a)s of %(b)s", "su %(b)s, %(a)s", True),
        ("{x} of {y}", "{x} di {y}", True),
        ("{x} of {y}", "{x} di", False),
        ("50%% done", "fatto al 50%%", True),
        ("50%% done", "fatto al 50", False),
        ("line\n", "riga", False),
        ("a – b", "a – b", True),
    ],
)
def test_placeholders_must_be_the_same(english: str, italian: str, well: bool) -> None:
    message = messages.Message(english, italian)
    assert (list(messages.faults(message)) == []) is well


def test_a_stale_compiled_catalogue_is_seen(package: Path, translate: Callable[..., None]) -> None:
    messages.update_app("shop", package)
    translate()
    path = messages.po_path("shop", package)
    path.write_text(path.read_text(encoding="utf-8").replace('"it: shown"', '"altro"'), encoding="utf-8")
    assert messages.check_app("shop", package) == ["shop: django.mo is behind django.po"]


def test_an_unreadable_source_is_named(package: Path) -> None:
    (package / "shop" / "templates" / "shop" / "b.html").write_text("{% blocktranslate %}{% if x %}{% endif %}")
    with pytest.raises(messages.MessagesError, match=r"b\.html"):
        messages.extract_app("shop", package)
