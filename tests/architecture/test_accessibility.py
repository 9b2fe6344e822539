"""That the accessibility check sees what it must see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import accessibility

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE = '<!doctype html><html lang="it"><head><title>x</title></head><body><main><h1>x</h1>{}</main></body></html>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>bene</p>", None),
        ('<img src="data:,">', "image-alt"),
        ('<input type="text">', "label"),
        ('<p style="color:#aaa;background:#fff">pallido</p>', "color-contrast"),
        ('<div style="width:2000px">largo</div>', "scrolls sideways"),
    ],
)
def test_what_is_wrong_is_seen(chromium: Browser, body: str, expected: str | None) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 700})
    try:
        page.set_content(PAGE.format(body))
        if expected is None:
            accessibility.check(page)
        else:
            with pytest.raises(AssertionError, match=expected):
                accessibility.check(page)
    finally:
        page.close()


PLAIN = '<p style="color:#333;background:#fff">testo</p>'


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ('<p style="color:#333;background:#fff">altre parole</p>', True),
        ('<p style="color:#333;background:#fff">testo</p><p hidden style="color:#aaa">mai visto</p>', True),
        ('<p style="color:#aaa;background:#fff">testo</p>', False),
        ('<p style="color:#333;background:#999">testo</p>', False),
        ('<div style="background:#999"><p style="color:#333">testo</p></div>', False),
        ('<div style="opacity:.4"><p style="color:#333;background:#fff">testo</p></div>', False),
    ],
)
def test_a_text_of_another_look_is_told_from_those_that_were_judged(chromium: Browser, other: str, same: bool) -> None:
    page = chromium.new_page()
    try:
        page.set_content(PAGE.format(PLAIN))
        known = accessibility.looks(page)
        assert known
        page.set_content(PAGE.format(other))
        assert (accessibility.looks(page) <= known) is same
    finally:
        page.close()


def test_the_contrast_of_a_text_of_another_look_is_judged_and_known_ones_are_not(chromium: Browser) -> None:
    page = chromium.new_page()
    pale = '<p style="color:#aaa;background:#fff">pallido</p>'
    try:
        page.set_content(PAGE.format(PLAIN))
        known = accessibility.looks(page)
        page.set_content(PAGE.format(PLAIN + pale + '<img src="data:,">'))
        told = accessibility.violations(page, known)
        assert [sentence.partition(" ")[0] for sentence in told] == ["color-contrast", "image-alt"]
        assert [sentence.partition(" ")[0] for sentence in accessibility.violations(page, known)] == ["image-alt"]
    finally:
        page.close()


LABELLED = '<label for="a">Nome</label><input id="a"><img alt="albero" src="data:,"><p>testo</p>'


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (LABELLED.replace("Nome", "Name").replace("albero", "tree").replace("testo", "text"), True),
        (LABELLED.replace("Nome", ""), False),
        (LABELLED.replace("albero", ""), False),
        (LABELLED.replace('for="a"', 'for="b"'), False),
        (LABELLED.replace("<p>", '<p role="button">'), False),
        (LABELLED + "<p>testo</p>", False),
    ],
)
def test_pages_of_one_skeleton_differ_in_words_alone(chromium: Browser, other: str, same: bool) -> None:
    page = chromium.new_page()
    try:
        page.set_content(PAGE.format(LABELLED))
        skeleton = accessibility.skeleton(page)
        accessibility.put(page, PAGE.format(other))
        assert page.locator("h1").count() == 1
        assert (accessibility.skeleton(page) == skeleton) is same
    finally:
        page.close()


def test_what_another_width_shows_or_hides_is_told(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 700})
    style = "@media (min-width: 800px) {.narrow {display: none}} @media (max-width: 799px) {.wide {display: none}}"
    body = f"<style>{style}</style>" + '<p class="narrow">a</p><p class="wide">b</p><p>c</p>'
    try:
        page.set_content(PAGE.format(body))
        before = accessibility.seen(page)
        assert accessibility.changed(page, before) == set()
        page.set_viewport_size({"width": 1280, "height": 700})
        found = accessibility.changed(page, before)
        assert found is not None
        assert sorted((one[0], "wide" in one, "narrow" in one) for one in found) == [
            ("+", True, False),
            ("-", False, True),
        ]
        page.evaluate("document.body.append(document.createElement('p'))")
        assert accessibility.changed(page, before) is None
    finally:
        page.close()
