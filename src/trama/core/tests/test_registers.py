"""What stands in an address: read, narrowed, said in words, and written again, the same."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.models import Code
from trama.core.registers import NONE, Selection
from trama.territory.models import Place, PlaceCode

REGISTER = gathered.registers["places"]


def read(address: str) -> Selection:
    return Selection.read(REGISTER, QueryDict(address), NOBODY)


@pytest.mark.django_db
def test_an_address_is_read_and_written_again() -> None:
    selection = read("kind=park&kind=square&q=orto+di+via&order=name&unknown=1&kind=park&page=3")
    assert selection.of("kind") == ("park", "square")
    assert selection.text == "orto di via"
    assert read(selection.address()) == selection
    assert "unknown" not in selection.address()
    assert "page" not in selection.address()


@pytest.mark.django_db
@given(
    st.lists(
        st.tuples(st.sampled_from(["kind", "role", "area", "q", "order", "zzz"]), st.text(max_size=20)), max_size=8
    )
)
def test_no_address_breaks_a_register(pairs: list[tuple[str, str]]) -> None:
    query = QueryDict(mutable=True)
    for key, value in pairs:
        query.appendlist(key, value)
    selection = Selection.read(REGISTER, query, NOBODY)
    again = Selection.read(REGISTER, QueryDict(selection.address()), NOBODY)
    assert again == selection
    selection.rows(REGISTER, NOBODY).count()
    selection.chips(REGISTER, NOBODY)


@pytest.mark.django_db
def test_values_of_one_dimension_join_and_dimensions_narrow() -> None:
    kinds = list(Code.objects.filter(list="place_kind")[:3])
    role = Code.objects.filter(list="place_role").first()
    assert role is not None
    places = [Place.objects.create(name=f"P{n}", kind=kind) for n, kind in enumerate(kinds)]
    PlaceCode.objects.create(place=places[0], facet="place_role", code=role)
    both = read(f"kind={kinds[0].value}&kind={kinds[1].value}")
    assert {p.name for p in both.rows(REGISTER, NOBODY)} == {"P0", "P1"}
    key = next(d.key for d in REGISTER.dimensions if getattr(d, "list", "") == "place_role")
    narrowed = both.with_(key, role.value)
    assert {p.name for p in narrowed.rows(REGISTER, NOBODY)} == {"P0"}
    without = both.with_(key, NONE)
    assert {p.name for p in without.rows(REGISTER, NOBODY)} == {"P1"}
    assert narrowed.without(key) == both
    assert len(narrowed.chips(REGISTER, NOBODY)) == 3
