"""What is asked of every page in the browser: axe finds nothing, and nothing scrolls sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

LEVEL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# The widest thing that sticks out, for a sentence that helps to find it.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return null;
  let worst = null;
  for (const element of document.body.querySelectorAll("*")) {
    const right = Math.round(element.getBoundingClientRect().right);
    if (right > width && (!worst || right > worst.right)) {
      worst = { right, width, what: element.outerHTML.slice(0, 160) };
    }
  }
  return worst || { right: document.documentElement.scrollWidth, width, what: "the page" };
}"""


def violations(page: Page) -> list[str]:
    """What axe has against the page at WCAG 2.1 AA, a sentence for each element."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": LEVEL}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {' '.join(map(str, node['target']))} {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, if it does."""
    worst = page.evaluate(STICKS_OUT)
    return [f"scrolls sideways: {worst['right']} px in {worst['width']}: {worst['what']}"] if worst else []


def check(page: Page) -> None:
    """Raise AssertionError with all that is wrong with the page as it is shown now."""
    wrong = violations(page) + sideways(page)
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)
