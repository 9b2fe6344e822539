"""The map in a real browser: what it shows, with mouse, keyboard, touch, on paper, and when things go wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from playwright.sync_api import Page, expect

from tests.browser.map_site import CORNER, HIGH, WIDE
from trama.core.models import Code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.browser.map_site")]
Open = Callable[..., Page]


@pytest.fixture
def places() -> list[Any]:
    """A crowd, a stack of three at one point, one alone, and two that nobody knows where they are."""
    model = apps.get_model("territory", "Place")
    names = {"label_it": "piazza", "label_en": "square"}
    kind = Code.objects.create(id="kind_of_the_test:x", list="kind_of_the_test", value="x", **names)
    chance = random.Random(11)
    made = []

    def put(name: str, lon: float | None, lat: float | None) -> None:
        place = model(name=name, kind=kind)
        place.put_at(lon, lat)
        made.append(place)

    for number in range(1200):
        put(f"Bottega {number}", chance.gauss(CORNER[0] + WIDE, 0.006), chance.gauss(CORNER[1] + HIGH, 0.004))
    for name in ("Biblioteca", "Sportello", "Ludoteca"):
        put(name, CORNER[0] + 2.5 * WIDE, CORNER[1] + 2.5 * HIGH)
    put("Casa sola", CORNER[0] + 2.8 * WIDE, CORNER[1] + 0.3 * HIGH)
    for number in range(2):
        put(f"Senza punto {number}", None, None)
    return list(model.objects.bulk_create(made))


def drawn(page: Page) -> None:
    expect(page.locator(".trama-map[data-drawn]")).to_be_visible()


def labels(page: Page) -> int:
    texts = page.locator(".trama-map-circle").all_inner_texts()
    return sum(int(text.replace(".", "")) for text in texts) + page.locator(".trama-map-pin").count()


def test_the_labels_of_the_first_view_sum_to_the_located(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html")
    drawn(page)
    expect(page.locator(".trama-map-said")).to_have_text("1.204 luoghi sulla mappa · 2 senza un punto")
    assert labels(page) == 1204
    expect(page.get_by_role("region", name="I luoghi")).to_be_visible()
    page.get_by_role("link", name="Gli stessi dati in tabella").click()
    expect(page).to_have_url(re.compile("/table/$"))


def test_a_cluster_opens_by_zooming_and_a_stack_as_a_list(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html")
    drawn(page)
    before = page.locator(".trama-map-cluster").count()
    big = max(page.locator(".trama-map-circle").all_inner_texts(), key=lambda text: int(text.replace(".", "")))
    page.get_by_role("button", name=f"{big} luoghi qui, ingrandisci", exact=True).click()
    expect(page.get_by_role("button", name=f"{big} luoghi qui, ingrandisci", exact=True)).to_have_count(0)
    assert page.locator(".trama-map-point").count() > before
    page.reload()
    drawn(page)
    page.get_by_role("button", name="3 luoghi qui, mostra l'elenco").click()
    popup = page.get_by_role("dialog", name="3 luoghi")
    expect(popup.get_by_role("link")).to_have_text(["Biblioteca", "Ludoteca", "Sportello"])


def test_everything_is_reached_with_the_keyboard(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html")
    drawn(page)
    page.locator(".trama-map").focus()
    order = []
    for _ in range(page.locator(".trama-map-point[tabindex='0']").count()):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert "3 luoghi qui, mostra l'elenco" in order
    # From north to south: the stack stands in the north, the lonely house in the south.
    assert order.index("3 luoghi qui, mostra l'elenco") < order.index("Casa sola")
    page.get_by_role("button", name="Casa sola").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Casa sola")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(page.get_by_role("button", name="Casa sola")).to_be_focused()


def test_zooming_with_the_keyboard_keeps_the_focus_in_the_map(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html")
    drawn(page)
    cluster = page.locator(".trama-map-cluster:not(.trama-map-stack)").first
    name = cluster.get_attribute("aria-label") or ""
    cluster.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.locator(".trama-map")).to_be_focused()
    page.keyboard.press("-")
    expect(page.locator(".trama-map")).to_be_focused()


def test_markers_that_stay_are_not_made_again(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html")
    drawn(page)
    page.get_by_role("button", name="Casa sola").evaluate("button => { button.dataset.same = 'yes' }")
    page.get_by_role("button", name="Ingrandisci", exact=True).click()
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Rimpicciolisci", exact=True).click()
    page.wait_for_timeout(600)
    expect(page.get_by_role("button", name="Casa sola")).to_have_attribute("data-same", "yes")


def test_a_failure_is_said_and_can_be_tried_again(open_page: Open, places: list[Any], chromium: Any) -> None:
    page = open_page("/points.html")
    drawn(page)
    page.route("**/points.json*", lambda route: route.fulfill(status=200, body="<html>", content_type="text/html"))
    page.get_by_role("button", name="Rimpicciolisci", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("La mappa non si è caricata.")
    expect(page.locator(".trama-map-point").first).to_be_visible()  # what was there stays
    page.unroute("**/points.json*")
    alert.get_by_role("button", name="Riprova").click()
    expect(page.locator(".trama-map-message")).to_be_hidden()


def test_an_empty_selection_says_so_over_the_boundaries(open_page: Open) -> None:
    page = open_page("/none.html")
    expect(page.get_by_text("Nessun punto da mostrare")).to_be_visible()
    expect(page.locator(".trama-area")).to_have_count(9)
    width = page.locator(".trama-area").first.evaluate("shape => shape.getBoundingClientRect().width")
    assert width > 60  # the view is around the boundaries, not around Italy


@pytest.mark.parametrize(("width", "name"), [(1280, "both"), (360, "both"), (1280, "colours"), (360, "colours")])
def test_no_name_covers_another(open_page: Open, places: list[Any], width: int, name: str) -> None:
    page = open_page(f"/{name}.html", width=width)
    expect(page.locator(".trama-map-name").first).to_be_visible()
    boxes = page.locator(".trama-map-name, .trama-map-circle, .leaflet-control").evaluate_all(
        "all => all.map(one => { const b = one.getBoundingClientRect(); "
        "return [b.left, b.top, b.right, b.bottom, one.textContent, one.matches('.trama-map-circle')] })"
    )
    names = page.locator(".trama-map-name").count()
    assert names >= 4
    covering = [
        (a[4], b[4])
        for number, a in enumerate(boxes)
        for b in boxes[:number]
        if not (a[5] and b[5])  # two circles may be nearer than the squares around them: see ui/tests/test_maps.py
        and (a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1)
    ]
    assert covering == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_colours_are_also_words(open_page: Open) -> None:
    page = open_page("/colours.html")
    area = page.get_by_role("button", name="Zona del Quartiere 6: 50 famiglie")
    area.focus()
    expect(page.locator(".trama-map-said")).to_have_text("Zona del Quartiere 6: 50 famiglie")
    assert "trama-hatch" in area.evaluate("shape => getComputedStyle(shape).fill")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("link")).to_have_attribute("href", "/zone/6/")
    fills = {
        page.locator(f".trama-area-q{n}").first.evaluate("shape => getComputedStyle(shape).fill") for n in range(1, 6)
    }
    assert len(fills) == 5


def test_one_finger_scrolls_the_page_and_the_map_says_how(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html", width=360, height=440, has_touch=True, is_mobile=True)
    drawn(page)
    box = page.locator(".trama-map").bounding_box()
    assert box
    x, y = box["x"] + 30, box["y"] + box["height"] - 60
    session = page.context.new_cdp_session(page)

    def touch(kind: str, at: float | None = None) -> None:
        points = [] if at is None else [{"x": x, "y": at}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = page.locator(".leaflet-map-pane").evaluate("pane => pane.style.transform")
    touch("touchStart", y)
    for step in range(1, 8):
        touch("touchMove", y - 12 * step)
    expect(page.locator(".trama-map-hint")).to_have_text("Usa due dita per muovere la mappa")
    touch("touchEnd")
    assert page.evaluate("scrollY") > 0
    assert page.locator(".leaflet-map-pane").evaluate("pane => pane.style.transform") == before


def test_two_fingers_move_the_map(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html", width=360, height=640, has_touch=True, is_mobile=True)
    drawn(page)
    box = page.locator(".trama-map").bounding_box()
    assert box
    x, y = box["x"] + 120, box["y"] + 150
    session = page.context.new_cdp_session(page)
    before = page.get_by_role("button", name="Casa sola").bounding_box()
    for kind, step in [("touchStart", 0), *(("touchMove", n) for n in range(1, 9)), ("touchEnd", None)]:
        points = [] if step is None else [{"x": x + shift, "y": y + 8 * step} for shift in (0, 80)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(30)
    expect(page.locator(".trama-map-hint")).not_to_have_class(re.compile("is-shown"))
    after = page.get_by_role("button", name="Casa sola").bounding_box()
    assert before
    assert after
    assert after["y"] - before["y"] > 30


def test_a_background_map_is_shown_at_whole_zooms_under_empty_boundaries(
    open_page: Open, places: list[Any], settings: Any
) -> None:
    settings.MAP_TILES, settings.MAP_ATTRIBUTION = "/tile/{z}/{x}/{y}", "© chi ha disegnato la mappa"
    page = open_page("/both.html")
    drawn(page)
    expect(page.locator(".leaflet-tile-loaded").first).to_be_visible()
    expect(page.get_by_text("© chi ha disegnato la mappa")).to_be_visible()
    expect(page.locator(".trama-area")).to_have_count(9)
    assert page.locator(".trama-area").first.evaluate("shape => getComputedStyle(shape).fillOpacity") == "0"
    assert labels(page) == 1204


def test_without_a_script_the_table_is_offered(open_page: Open) -> None:
    page = open_page("/both.html", java_script_enabled=False)
    # What stands in <noscript> cannot be seen here: a browser that is driven keeps its own script.
    expect(page.locator(".trama-map")).to_be_hidden()
    expect(page.get_by_role("link", name="Gli stessi dati in tabella").first).to_be_visible()


def test_the_wheel_scrolls_the_page_unless_ctrl_is_held(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html", height=500)
    drawn(page)
    page.locator(".trama-map").hover(position={"x": 30, "y": 300})
    page.mouse.wheel(0, 200)
    expect(page.locator(".trama-map-hint")).to_have_class(re.compile("is-shown"))
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") > 0


def test_the_map_prints_at_the_width_of_the_sheet(open_page: Open, places: list[Any]) -> None:
    page = open_page("/both.html")
    drawn(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".trama-map").evaluate("map => map.clientWidth") == pytest.approx(170 / 25.4 * 96, abs=3)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".trama-map").evaluate("map => map.clientWidth") > 1000


def test_a_point_is_picked_by_click_and_with_the_keyboard(open_page: Open) -> None:
    page = open_page("/picker.html")
    picker = page.locator(".trama-map-picker")
    expect(page.locator(".trama-area")).to_have_count(9)
    picker.click(position={"x": 400, "y": 200})
    first = page.locator("#id_lon").input_value()
    assert re.fullmatch(r"11\.\d{6}", first)
    assert re.fullmatch(r"44\.\d{6}", page.locator("#id_lat").input_value())
    expect(page.get_by_role("img", name="Punto scelto. Si può trascinare.")).to_be_visible()
    expect(page.locator(".trama-map-said")).to_contain_text("Punto scelto: latitudine 44.")
    picker.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    assert page.locator("#id_lon").input_value() != first
    expect(page).to_have_url(re.compile("/picker.html$"))  # the form was not sent


def test_where_i_am_fills_the_fields_and_a_refusal_is_kind(open_page: Open) -> None:
    place = {"latitude": 44.4949, "longitude": 11.3426, "accuracy": 250}
    page = open_page("/picker.html", geolocation=place, permissions=["geolocation"])
    page.get_by_role("button", name="Usa dove sono").click()
    expect(page.locator("#id_lat")).to_have_value("44.494900")
    expect(page.locator("#id_lon")).to_have_value("11.342600")
    expect(page.locator(".trama-map-said")).to_contain_text("incerta di 250 metri")
    refusing = open_page("/picker.html", permissions=[])
    refusing.get_by_role("button", name="Usa dove sono").click()
    expect(refusing.locator(".trama-map-said")).to_contain_text("Tocca la mappa nel punto giusto")


def test_without_motion_nothing_moves(open_page: Open, places: list[Any]) -> None:
    page = open_page("/points.html", reduced_motion="reduce")
    drawn(page)
    page.get_by_role("button", name="Ingrandisci", exact=True).click()
    expect(page.locator(".leaflet-zoom-anim")).to_have_count(0)


@pytest.mark.parametrize("name", ["both", "colours", "picker", "none"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing(open_page: Open, places: list[Any], name: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(f"/{name}.html", width=width)
    page.wait_for_timeout(600)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert found.response["violations"] == [], found.generate_report()


def test_a_picker_in_a_closed_part_of_a_form_starts_when_it_is_opened(open_page: Open) -> None:
    page = open_page("/closed.html")
    page.get_by_text("Il punto sulla mappa", exact=True).click()
    expect(page.locator(".trama-area")).to_have_count(9)
    page.locator(".trama-map-picker").click(position={"x": 500, "y": 200})
    expect(page.locator("#id_lon")).to_have_value(re.compile(r"11\.\d{6}"))


def test_deep_inside_an_area_its_name_is_still_said(open_page: Open, places: list[Any]) -> None:
    page = open_page("/one.html")
    drawn(page)
    expect(page.locator(".trama-map-said")).to_have_text("")  # one record: nothing to sum
    for _ in range(3):
        page.get_by_role("button", name="Ingrandisci", exact=True).click()
        page.wait_for_timeout(500)
    expect(page.locator(".trama-map-name-area")).to_have_text(["Zona delQuartiere 3"])
