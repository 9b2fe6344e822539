"""What only a browser can say: an area is drawn with a finger or with the keyboard, a place is chosen on the map."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from playwright.sync_api import expect

from trama.accounts.models import User
from trama.network.models import Membership
from trama.territory.models import Area, Boundary, Place
from trama.territory.outlines import shape_of
from trama.territory.tests.factories import make_area, make_city, make_code, square

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def keeper() -> User:
    """Somebody who may draw and write everywhere."""
    user = User.objects.create(username="anna", email="anna@example.org")
    Membership.objects.create(user=user, role="plan_office")
    return user


@pytest.fixture
def hamlet() -> Area:
    return make_area("San Prospero", "hamlet", make_city()["city"], code="PROSPERO")


@pytest.mark.parametrize("width", [360, 1280])
def test_an_area_is_drawn_by_touching_its_corners(open_page: Any, hamlet: Area, keeper: User, width: int) -> None:
    page = open_page("/territorio/PROSPERO/disegna/", width=width, user=keeper)
    area = page.locator("#draw")
    expect(page.locator("#draw-close")).to_be_visible()
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    for right, down in [(0.3, 0.3), (0.7, 0.3), (0.7, 0.6), (0.3, 0.6)]:
        page.mouse.click(box["x"] + box["width"] * right, box["y"] + box["height"] * down)
        page.wait_for_timeout(120)
    page.locator("#draw-close").click()
    expect(page.locator("#draw-close")).to_be_hidden()
    page.get_by_role("button", name="Salva il confine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("San Prospero")
    found = shape_of(hamlet)
    assert shapely.get_num_coordinates(found) == 5
    assert found.intersects(square(0, 0, 4, 2))


def test_an_area_is_drawn_with_the_keyboard_alone(open_page: Any, hamlet: Area, keeper: User) -> None:
    page = open_page("/territorio/PROSPERO/disegna/", user=keeper)
    expect(page.locator("#draw-close")).to_be_visible()
    page.locator("#draw").focus()
    for key in ("Enter", "ArrowRight", "Enter", "ArrowDown", "Enter", "Enter", "Backspace"):
        page.keyboard.press(key)
        page.wait_for_timeout(450)  # the map glides after an arrow
    page.locator("#draw-close").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#draw-said")).to_contain_text("chiuso")
    page.get_by_role("button", name="Salva il confine").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("San Prospero")
    assert Boundary.objects.filter(area=hamlet).count() == 1


def test_a_boundary_that_is_there_is_shown_and_saved_as_it_is(open_page: Any, keeper: User) -> None:
    east = make_city()["east"]
    page = open_page("/territorio/BORGO-E/disegna/", user=keeper)
    expect(page.locator("#draw-said")).to_contain_text("chiuso")
    page.get_by_role("button", name="Salva il confine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Est")
    assert Boundary.objects.filter(area=east).count() == 1
    assert shape_of(east).equals_exact(square(2, 0, 2, 2).normalize(), 1e-6) or shape_of(east).equals(
        square(2, 0, 2, 2)
    )


def test_the_point_of_a_place_is_touched_on_the_map(open_page: Any, keeper: User) -> None:
    city = make_city()
    make_code("place_kind", "square", "Piazza")
    page = open_page("/territorio/luoghi/nuovo/?area=BORGO-E", width=360, user=keeper)
    page.get_by_label("Nome").fill("Piazza nuova")
    page.get_by_label("Che cos'è", exact=True).select_option(label="Piazza")
    picker = page.locator(".trama-map-picker")
    expect(picker.locator(".trama-area").first).to_be_attached()
    picker.click()
    expect(page.locator("#id_lon")).not_to_have_value("")
    page.get_by_role("button", name="Salva").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Piazza nuova")
    assert Place.objects.get().area == city["east"]
