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
# What contrast hangs on, for every text that is seen: its colour, whether it is large, what lies behind it up to the
# first opaque ground, what makes it paler, and whether it floats above something else.
LOOKS = """() => {
  const found = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const written = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
    if (!(written || element.value || element.placeholder) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const parts = [element.tagName, style.color, large, style.textShadow, element.disabled, !element.value];
    let covered = false;
    for (let ground = element; ground; ground = ground.parentElement) {
      const behind = getComputedStyle(ground);
      const clear = /, 0\\)$/.test(behind.backgroundColor) && behind.backgroundImage === "none";
      if (!covered && !clear) parts.push(behind.backgroundColor, behind.backgroundImage);
      if (!covered && /absolute|fixed/.test(behind.position)) parts.push(behind.position, ground.className);
      covered ||= behind.backgroundColor.startsWith("rgb(");
      if (behind.opacity !== "1") {
        parts.push(behind.opacity);
        covered = false; // what lies behind shines through
      }
    }
    found.add(parts.join("|"));
  }
  return Array.from(found);
}"""


def violations(page: Page, *, colours: bool = True) -> list[str]:
    """What axe has against the page at WCAG 2.1 AA, a sentence for each element.

    `colours=False` leaves out the contrast of texts, which is most of the work: for a page all of whose `looks` were
    looked at on others.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    # Style sheets and films are not fetched again: no rule of this level asks for the first, and we have none.
    options: dict[str, Any] = {
        "runOnly": {"type": "tag", "values": LEVEL},
        "resultTypes": ["violations"],
        "preload": False,
    }
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


def looks(page: Page) -> set[str]:
    """The looks of all texts that are seen: colour, size, and what lies behind."""
    return set(page.evaluate(LOOKS))


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, if it does."""
    worst = page.evaluate(STICKS_OUT)
    return [f"scrolls sideways: {worst['right']} px in {worst['width']}: {worst['what']}"] if worst else []


def check(page: Page) -> None:
    """Raise AssertionError with all that is wrong with the page as it is shown now."""
    wrong = violations(page) + sideways(page)
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)
