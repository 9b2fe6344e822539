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


# Only what is wrong comes back: the rest is megabytes.
RUN_AXE = """async (options) => (await axe.run(document, options)).violations.map((one) => ({
  id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.map((node) => [node.target.join(" "), node.html]),
}))"""
# What decides on colours: the elements, their classes and states. The words between them do not.
SKELETON = """() => Array.from(document.querySelectorAll("body, body *"), (element) =>
  [element.tagName, element.className.baseVal ?? element.className, element.hidden, element.ariaCurrent,
   element.ariaSelected, element.ariaExpanded, element.disabled].join("|")).join("\\n")"""


def violations(page: Page, *, colours: bool = True) -> list[str]:
    """What axe has against the page at WCAG 2.1 AA, a sentence for each element.

    `colours=False` leaves out the contrast of texts, which is most of the work: for a page of the same `skeleton` as
    one that was looked at.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": LEVEL}, "resultTypes": ["violations"]}
    if not colours:
        options["rules"] = {"color-contrast": {"enabled": False}}
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE, options)
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {target} {html[:160]}"
        for one in found
        for target, html in one["nodes"]
    ]


def skeleton(page: Page) -> str:
    """The elements of the page with their classes and states, without the words."""
    return str(page.evaluate(SKELETON))


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, if it does."""
    worst = page.evaluate(STICKS_OUT)
    return [f"scrolls sideways: {worst['right']} px in {worst['width']}: {worst['what']}"] if worst else []


def check(page: Page) -> None:
    """Raise AssertionError with all that is wrong with the page as it is shown now."""
    wrong = violations(page) + sideways(page)
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)
