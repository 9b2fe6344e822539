"""The coloured map: valid, named, without script or style, small and quick; what is hidden has a texture."""

from __future__ import annotations

import gzip
import time
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from trama.ui.charts import SEQUENTIAL
from trama.ui.choropleth import (
    BIVARIATE,
    DIVERGING,
    EXCLUDED,
    MISSING,
    PROTECTED,
    Mark,
    Outline,
    Paint,
    Sketch,
    bivariate,
    bivariate_legend,
    choropleth,
    diverging,
    legend,
    sequential,
    states,
)

SKETCH = Sketch(100, 80, {n: Outline(f"M{n} 0l10 0 0 10z", 500, 400, 600) for n in range(1, 6)}, ("M0 0l100 0 0 80z",))
PAINTS = {**sequential(["poco", "molto"]), **states()}
WORDS: dict[str, Any] = {"title": "Metà delle aree", "description": "Due su tre."}


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  (what we drew ourselves)


def drawn(marks: list[Mark], **more: Any) -> ET.Element:
    return parsed(choropleth(SKETCH, marks, more.pop("paints", PAINTS), **{**WORDS, **more}))


def test_a_map_has_a_name_a_text_and_a_link_for_each_area() -> None:
    svg = drawn([Mark(1, "1", "Borgo", "12 %", "/territorio/B/"), Mark(2, "2", "Ponte")])
    named = {element.get("id"): element.text for element in svg.iter() if element.tag in ("title", "desc")}
    assert named[svg.get("aria-labelledby")] == "Metà delle aree"
    assert named[svg.get("aria-describedby")] == "Due su tre."
    (link,) = svg.iter("a")
    assert (link.get("href"), link.get("aria-label")) == ("/territorio/B/", "Borgo: 12 %")
    assert link.findtext("title") == "Borgo: 12 %"
    # A group, not an image: an image would hide its links from who listens.
    assert svg.get("role") == "group"


def test_nothing_in_a_map_needs_a_script_or_a_style() -> None:
    marks = [Mark(n, key, "<script>alert(1)</script>", 'a" onload="x', "/?a=1&b=2") for n, key in enumerate(PAINTS, 1)]
    svg = drawn(marks, names=True)
    for element in svg.iter():
        assert element.tag not in ("script", "style", "foreignObject")
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]


def test_identifiers_are_unique_and_every_reference_leads_somewhere() -> None:
    marks = [Mark(n, key, f"Area {n}") for n, key in enumerate(PAINTS, 1)]
    first = choropleth(SKETCH, marks, PAINTS, prefix="a", **WORDS)
    small = choropleth(SKETCH, marks, PAINTS, prefix="b", reuse="a", **WORDS)
    page = parsed(f"<p>{first}{small}{legend(PAINTS, prefix='a')}</p>")
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in page.iter():
        fill, use = element.get("fill", ""), element.get("href", "")
        if fill.startswith("url("):
            assert fill[5:-1] in ids
        if element.tag == "use":
            assert use[1:] in ids
    assert len(small) < len(first)


def test_what_has_no_number_is_told_by_texture_and_not_by_colour_alone() -> None:
    textures = {key: states()[key].texture for key in (PROTECTED, EXCLUDED, MISSING)}
    assert textures[PROTECTED] == "hatch"
    assert len(set(textures.values())) == 3
    assert "" not in textures.values()
    svg = drawn([Mark(1, PROTECTED, "Borgo"), Mark(2, MISSING, "Ponte")])
    assert len(list(svg.iter("pattern"))) == 2


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_read_in_grey() -> None:
    shades = [luminance(colour) for colour in SEQUENTIAL]
    assert shades == sorted(shades, reverse=True)
    assert all(a - b > 0.05 for a, b in pairwise(shades))
    # Both sides of the centre are as dark as each other: one of them bears lines.
    below, above = DIVERGING[:2], DIVERGING[3:]
    assert (
        luminance(below[0]) < luminance(below[1]) < luminance(DIVERGING[2]) > luminance(above[0]) > luminance(above[1])
    )
    assert [paint.texture for paint in diverging(list("abcde")).values()] == ["", "", "", "lines", "lines"]
    assert luminance(BIVARIATE[2][2]) == min(luminance(c) for row in BIVARIATE for c in row)


@pytest.mark.parametrize("count", range(1, 6))
def test_fewer_classes_take_colours_further_apart(count: int) -> None:
    fills = [paint.fill for paint in sequential([str(n) for n in range(count)]).values()]
    assert len(set(fills)) == count
    assert [luminance(f) for f in fills] == sorted((luminance(f) for f in fills), reverse=True)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(KeyError):
        choropleth(SKETCH, [Mark(1, "no such paint", "Borgo")], PAINTS, **WORDS)
    with pytest.raises(ValueError, match="5 classes"):
        diverging(["a", "b"])
    with pytest.raises(ValueError, match="zip"):
        sequential(list("abcdef"))


def test_an_area_that_has_no_outline_is_left_to_the_table() -> None:
    assert "Lontano" not in choropleth(SKETCH, [Mark(99, "1", "Lontano")], PAINTS, **WORDS)


def test_any_colour_can_be_given_with_its_label() -> None:
    svg = drawn([Mark(1, "hh", "Borgo")], paints={"hh": Paint("#b8620b", "alto fra alti")})
    assert [element.get("fill") for element in svg.iter("g") if element.get("fill") == "#b8620b"]


def test_a_legend_says_what_each_colour_stands_for_and_how_many_bear_it() -> None:
    text = legend({"1": Paint("#fff", "fino a <3")}, {"1": "12 aree"}, title="Quota")
    assert "fino a &lt;3" in text
    assert "12 aree" in text
    table = parsed(str(bivariate_legend(bivariate([[f"{i}{j}" for j in "abc"] for i in "abc"]), "bisogno", "offerta")))
    assert len(list(table.iter("svg"))) == 9
    assert "bisogno" in (table.findtext("caption") or "")


def test_ninety_areas_are_small_and_quick() -> None:
    path = "M100 200l" + " ".join(f"{n % 17} {-(n % 13)}" for n in range(75)) + "z"
    sketch = Sketch(1600, 1400, {n: Outline(path, 800, 700, 90) for n in range(90)}, (path,) * 6)
    marks = [Mark(n, str(n % 5 + 1), f"Area statistica {n}", "12,3 %", f"/territorio/{n}/") for n in range(90)]
    paints = {**sequential(list("abcde")), **states()}
    start = time.process_time()
    svg = choropleth(sketch, marks, paints, names=True, **WORDS)
    assert time.process_time() - start < 0.05
    assert len(gzip.compress(svg.encode())) < 60_000
