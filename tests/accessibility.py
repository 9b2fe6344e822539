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
RUN_AXE = """async ([options, marked]) => {
  const where = marked ? { include: Array.from(document.querySelectorAll("[data-look-is-new]")) } : document;
  return (await axe.run(where, options)).violations.map((one) => ({
    id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.map((node) => [node.target.join(" "), node.html]),
  }));
}"""
# What contrast hangs on, for every text that is seen: its colour, whether it is large, what lies behind it up to the
# first opaque ground, what makes it paler, and whether it floats above something else.
LOOKS = """(known) => {
  const found = new Set();
  const marked = known && new Set(known);
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
    if (known) element.toggleAttribute("data-look-is-new", !marked.has(parts.join("|")));
  }
  return Array.from(found);
}"""
# The page without its words: every element with its attributes, of a text or of an attribute that people read only
# whether it is empty. `aria-current` and `lang` wander from one button of the language to the other.
SKELETON = """() => {
  const words = /^(title|alt|placeholder|value|content|label|href|src|action|aria-(label|description)|data-.*)$/;
  const parts = [];
  const tell = (element) => {
    parts.push("<", element.localName);
    for (const { name, value } of element.attributes) {
      if (name === "lang" || name === "aria-current" || name === "data-look-is-new") continue;
      parts.push(" ", name, "=", words.test(name) ? (value.trim() ? "…" : "") : value);
    }
    parts.push(">");
    for (const child of element.childNodes) {
      if (child.nodeType === 1) tell(child);
      else if (child.nodeType === 3 && child.data.trim()) parts.push("…");
    }
    parts.push("/");
  };
  tell(document.documentElement);
  return parts.join("");
}"""
# Which elements are seen, in the order of the document.
SEEN = (
    """() => Array.from(document.body.querySelectorAll("*"), (one) => (one.checkVisibility() ? "1" : "0")).join("")"""
)
# What came and what went since `before`: each element without its words, with the one that holds it.
CHANGED = """(before) => {
  const tag = (one) => `<${one.localName} ${Array.from(one.attributes).filter(({ name }) => !/^data-/.test(name)).map(
    ({ name, value }) => /^(id|class|for|role|type|hidden|aria-(hidden|labelledby|describedby|controls))$/.test(name)
      ? `${name}=${value}` : name + (value.trim() ? "…" : "")).join(" ")}>`;
  const all = document.body.querySelectorAll("*");
  if (all.length !== before.length) return null;
  const found = new Set();
  all.forEach((one, number) => {
    const seen = one.checkVisibility();
    if (seen !== (before[number] === "1")) found.add(`${seen ? "+" : "-"}${tag(one.parentElement)}${tag(one)}`);
  });
  return Array.from(found);
}"""
# What a page fetches for itself.
RESOURCES = """(html) => {
  const page = html === null ? document : new DOMParser().parseFromString(html, "text/html");
  const named = page.querySelectorAll("link[rel=stylesheet], script[src]");
  return Array.from(named, (one) => one.getAttribute(one.localName === "link" ? "href" : "src")).sort().join(" ");
}"""
# Another page of the same styles in place of the one that is open, as if it had been loaded: its scripts do not run.
PUT = """(html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  document.body.replaceWith(document.adoptNode(page.body));
  window.scrollTo(0, 0);
}"""


def violations(page: Page, known: set[str] | None = None) -> list[str]:
    """What axe has against the page at WCAG 2.1 AA, a sentence for each element.

    The contrast of texts is most of the work: with `known` looks it is asked of the texts alone that have another one,
    and these are known afterwards.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    # Style sheets and films are not fetched again: no rule of this level asks for the first, and we have none.
    options: dict[str, Any] = {
        "runOnly": {"type": "tag", "values": LEVEL},
        "resultTypes": ["violations"],
        "preload": False,
    }
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = []
    if known is not None:
        options["rules"] = {"color-contrast": {"enabled": False}}
        shown = set(page.evaluate(LOOKS, sorted(known)))
        if not shown <= known:
            contrast = {**options, "runOnly": ["color-contrast"], "rules": {}}
            found = page.evaluate(RUN_AXE, [contrast, True])
        known |= shown
    found += page.evaluate(RUN_AXE, [options, False])
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {target} {html[:160]}"
        for one in found
        for target, html in one["nodes"]
    ]


def looks(page: Page) -> set[str]:
    """The looks of all texts that are seen: colour, size, and what lies behind."""
    return set(page.evaluate(LOOKS, None))


def skeleton(page: Page) -> str:
    """The page without its words: two pages of one skeleton give axe the same to say, but for contrast (`looks`)."""
    return str(page.evaluate(SKELETON))


def seen(page: Page) -> str:
    """Which elements are seen now, for `changed`."""
    return str(page.evaluate(SEEN))


def changed(page: Page, before: str) -> set[str] | None:
    """The elements that came or went since `before` (another width); None when the page itself is another."""
    found = page.evaluate(CHANGED, before)
    return None if found is None else set(found)


def resources(page: Page, html: str | None = None) -> str:
    """Style sheets and scripts of the page that is open, or of another one."""
    return str(page.evaluate(RESOURCES, html))


def put(page: Page, html: str) -> None:
    """Show another page in place of the one that is open, which has the same `resources`: a third of a loading."""
    page.evaluate(PUT, html)


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, if it does."""
    worst = page.evaluate(STICKS_OUT)
    return [f"scrolls sideways: {worst['right']} px in {worst['width']}: {worst['what']}"] if worst else []


def check(page: Page) -> None:
    """Raise AssertionError with all that is wrong with the page as it is shown now."""
    wrong = violations(page) + sideways(page)
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)
