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
