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
