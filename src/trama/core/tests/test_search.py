"""Full-text search: Italian stems, accents, typing errors, rights."""

import pytest
from django.test import Client

from trama.core import memo, search
from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.core.models import Code, SearchEntry
from trama.territory.models import Area, Place


def place(name: str, description: str = "", **more: object) -> Place:
    kind = Code.objects.filter(list="place_kind").first()
    found = Place.objects.create(name=name, description=description, kind=kind, **more)
    search.refresh(Place, [found.pk])
    return found


def names(text: str) -> list[str]:
    memo.forget_all()  # these tests write without an audit entry
    groups, _query = search.search(NOBODY, text)
    return [hit.title for group in groups for hit in group.hits if group.kind == "territory.place"]


def test_words_are_stemmed_and_folded_and_articles_fall() -> None:
    assert search.stems("L'associazione delle città") == search.stems("associazioni citta") == ["assoc", "citt"]
    assert search.words("Perché la solidarietà e il cortile?") == ["solidarietà", "cortile"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["orti", "ORTO", "orto solidale", "solidarietà orti", "solidariet", "l'orto"])
def test_a_record_is_found_by_other_forms_of_its_words(text: str) -> None:
    place("Orto della solidarietà", "Un orto solidale")
    place("Biblioteca")
    assert names(text) == ["Orto della solidarietà"]


@pytest.mark.django_db
def test_a_typing_error_is_forgiven_and_said() -> None:
    place("Biblioteca comunale")
    groups, query = search.search(NOBODY, "bibliotecca")
    assert [hit.title for group in groups for hit in group.hits] == ["Biblioteca comunale"]
    assert query.corrected == (("bibliotecca", "biblioteca"),)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["", "   ", "'", '"', "il la", "a OR b", "NEAR(x", "*", "orto\x00", "📌", "x" * 500, "-- ;"]
)
def test_no_text_breaks_the_search(text: str) -> None:
    place("Orto")
    search.search(NOBODY, text)
    assert Place.objects.filter(search.matching(Place, text)).count() <= 1


@pytest.mark.django_db
def test_all_words_must_be_there_and_the_title_weighs_more() -> None:
    place("Mercato", "vicino alla scuola")
    place("Scuola", "vicino al mercato")
    place("Scuola di musica")
    assert set(names("scuola mercato")) == {"Mercato", "Scuola"}
    assert names("scuola")[-1] == "Mercato"


@pytest.mark.django_db
def test_what_one_may_not_see_is_neither_shown_nor_counted() -> None:
    place("Cortile aperto")
    place("Cortile nascosto", is_public=False)
    groups, _query = search.search(NOBODY, "cortile")
    assert [(group.count, [hit.title for hit in group.hits]) for group in groups] == [(1, ["Cortile aperto"])]


@pytest.mark.django_db
def test_the_index_follows_change_and_removal() -> None:
    found = place("Bottega")
    found.name = "Officina"
    found.save()
    search.refresh(Place, [found.pk])
    assert names("bottega") == []
    assert names("officina") == ["Officina"]
    pk = found.pk
    found.delete()
    search.refresh(Place, [pk])
    assert names("officina") == []
    assert not SearchEntry.objects.filter(kind="territory.place", object_id=pk).exists()


@pytest.mark.django_db
def test_rebuilding_indexes_everything_that_declares_itself() -> None:
    Area.objects.create(code="X1", name="Sasso Morelli", kind="hamlet")
    place("Circolo")
    SearchEntry.objects.all().delete()
    assert search.rebuild() == 2
    assert {entry.kind for entry in SearchEntry.objects.all()} == {"territory.area", "territory.place"}


@pytest.mark.django_db
def test_no_word_of_hidden_records_is_offered(client: Client) -> None:
    place("Rifugio Mimosa", is_public=False)
    for address in ("/cerca/?q=mimossa", "/territorio/luoghi/?q=mimossa"):
        assert "mimosa" not in client.get(address).content.decode().lower()


@pytest.mark.django_db
def test_several_misspelt_words_are_forgiven_though_one_looks_like_a_stem() -> None:
    place("Spazzate Sassatelli")
    place("Spazio mamme", "uno spazio")
    answer = search.forgiving(NOBODY, "spazate sassateli")
    assert [hit.title for group in answer.found for hit in group.hits] == ["Spazzate Sassatelli"]
    assert dict(answer.corrected) == {"spazate": "spazzate", "sassateli": "sassatelli"}
    assert answer.fewer == ()


@pytest.mark.django_db
def test_with_nothing_for_all_words_fewer_are_tried_and_words_of_a_question_fall() -> None:
    place("Mercato coperto")
    place("Scuola Pedagna", "accanto al parco")
    memo.forget_all()
    answer = search.forgiving(NOBODY, "scuola pedagna mercato")
    assert [hit.title for group in answer.found for hit in group.hits] == ["Scuola Pedagna"]
    assert answer.fewer == ("scuola", "pedagna")
    asked = search.forgiving(NOBODY, "chi fa cosa in Pedagna")
    assert (asked.fewer, [hit.title for group in asked.found for hit in group.hits]) == ((), ["Scuola Pedagna"])
    assert search.forgiving(NOBODY, "qqqqqq wwwwww").found == []


@pytest.mark.django_db
def test_a_correction_tells_nobody_of_a_hidden_word() -> None:
    """Who may not see the record gets the answer that they would get if it were not there, whatever they type."""
    place("Biblioteca comunale")
    tries = ["rifugia", "rifugio", "rifug", "rifugio biblioteca", "bibliotecca"]

    def told(actor: Actor) -> list[object]:
        memo.forget_all()
        found: list[object] = []
        for text in tries:
            answer = search.forgiving(actor, text)
            hits = [hit.title for group in answer.found for hit in group.hits]
            found.append((hits, answer.corrected, answer.fewer, search.understand(text, actor)))
        return found

    before = told(NOBODY)
    hidden = place("Rifugio", is_public=False)
    assert told(NOBODY) == before
    assert search.forgiving(SYSTEM, "rifuggio").corrected == (("rifuggio", "rifugio"),)
    Place.objects.filter(pk=hidden.pk).update(is_public=True)
    memo.forget_all()
    assert search.forgiving(NOBODY, "rifuggio").corrected == (("rifuggio", "rifugio"),)
