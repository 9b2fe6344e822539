"""Which contacts may be shown: tables of cases, and the shares on a real file that mixes both kinds."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from django.forms import Form

from trama.network.choices import ContactKind, Visibility
from trama.network.contacts import classify, is_mobile, read_addresses, read_emails, read_phones, without_personal
from trama.network.fields import ContactForm, contact_fields
from trama.network.models import OrganisationContact

CONTEXT = "Sportello sociale Spazio Donna, Cadiai Cooperativa sociale, Bologna"


@pytest.mark.parametrize(
    ("kind", "value", "public"),
    [
        # Mail boxes of roles and offices.
        ("email", "info@alberodicirene.org", True),
        ("email", "Info@olitango.it", True),
        ("email", "segreteria@aprimondo.org", True),
        ("email", "sportello.antiviolenza@unibo.it", True),
        ("email", "bibliotecaborges@comune.bologna.it", True),
        ("email", "serviziosocialenavile@comune.bologna.it", True),
        ("email", "parrocchiacristorebologna@gmail.com", True),
        ("email", "asppi@asppi.bo.it", True),
        ("email", "spaziodonnabologna@cadiai.it", True),
        ("email", "bologna@inas.it", True),
        ("email", "email info@xeniabo.org", True),
        # Persons, in every disguise.
        ("email", "mario.rossi@gmail.com", False),
        ("email", "mario.rossi@comune.bologna.it", False),
        ("email", "rossi.mario@cooperativa.it", False),
        ("email", "d.degliesposti@bo.cna.it", False),
        ("email", "pandraghetti@aiasbo.it", False),
        ("email", "maria.pia.api@alice.it", False),
        ("email", "info.maria@libero.it", False),
        ("email", "sportello.sarahhegazi@mit-italia.it", False),
        ("email", "segreteria.bianchi@azienda.it", False),
        ("email", "casale@cooperativa.it", False),
        ("email", "torre@gmail.com", False),
        ("email", "agdbologna@gmail.com", False),
        ("email", "presidente@circolo.it", False),
        # One person among several hides the text.
        ("email", "virna.brindisi@comune.bologna.it serviziosocialenavile@comune.bologna.it", False),
        ("email", "bibliotecaginzburg@comune.bologna.i", False),
        ("email", "scrivere ad Anna", False),
        # Switchboards and public numbers; pockets.
        ("phone", "051 2195530", True),
        ("phone", "+39 0542 606711", True),
        ("phone", "0039 051 222111", True),
        ("phone", "800 948888", True),
        ("phone", "1522", True),
        ("phone", "051/307222 int. 3", True),
        ("phone", "320 7514063", False),
        ("phone", "+39 320 7514063", False),
        ("phone", "393207514063", False),
        ("phone", "051 416380 348 6353294", False),
        ("phone", "Anna 051 416380", False),
        ("phone", "52 503512", False),
        ("phone", "", False),
        ("mobile", "051 2195530", False),
        ("person", "Anna Neri", False),
        # Pages of bodies, and pages of people.
        ("web", "https://www.comune.bologna.it/luoghi", True),
        ("web", "www.auser.it", True),
        ("web", "javascript:alert(1)", False),
        ("web", "segreteria@aprimondo.org", True),
        ("web", "mario.rossi@gmail.com", False),
        ("social", "https://www.facebook.com/bibliotecacorticella/", True),
        ("social", "https://www.facebook.com/people/Anna-Neri/100064709887367/", False),
        ("social", "https://www.facebook.com/profile.php?id=100072125269346", False),
        ("social", "https://www.linkedin.com/in/annaneri", False),
        ("social", "https://www.linkedin.com/company/cadiai", True),
        ("social", "https://wa.me/393207514063", False),
        ("social", "@annaneri", False),
    ],
)
def test_who_sees_a_contact(kind: str, value: str, public: bool) -> None:
    assert classify(kind, value, CONTEXT) == (Visibility.PUBLIC if public else Visibility.STAFF)


def test_a_label_with_a_name_hides_what_it_stands_beside() -> None:
    assert classify("phone", "051 123456", label="centralino") == Visibility.PUBLIC
    assert classify("phone", "051 123456", label="Anna, dopo le 18") == Visibility.STAFF


def test_the_contacts_of_an_informal_group_are_private() -> None:
    assert classify("phone", "051 123456", informal=True) == Visibility.STAFF
    assert classify("email", "info@vicini.it", informal=True) == Visibility.STAFF


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("051 0416380\n348 6353294", [("phone", "051 0416380", ""), ("mobile", "348 6353294", "")]),
        ("051 6142289                 338 1986031", [("phone", "051 6142289", ""), ("mobile", "338 1986031", "")]),
        ("051 580102   051331002", [("phone", "051 580102", ""), ("phone", "051331002", "")]),
        ("051 2196320 - 051 2196325", [("phone", "051 2196320", ""), ("phone", "051 2196325", "")]),
        ("345 3529 689", [("mobile", "345 3529 689", "")]),
        (
            "051 2197114 per fissare un colloquio\n051 2197108 per informazioni",
            [("phone", "051 2197114", "per fissare un colloquio"), ("phone", "051 2197108", "per informazioni")],
        ),
        (
            "380 2495005. Da martedì a giovedì dalle 18.00 alle 19.00",
            [("mobile", "380 2495005", "Da martedì a giovedì dalle 18.00 alle 19.00")],
        ),
        ("chiedere in parrocchia", [("person", "chiedere in parrocchia", "")]),
        ("", []),
    ],
)
def test_numbers_are_read_one_by_one(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(str(reach.kind), reach.value, reach.label) for reach in read_phones(text)] == expected


def test_addresses_are_read_one_by_one() -> None:
    assert [r.value for r in read_emails("segreteria@aprimondo.org scuola@aprimondo.org")] == [
        "segreteria@aprimondo.org",
        "scuola@aprimondo.org",
    ]
    assert [str(r.kind) for r in read_emails("https://www.parrocchiacasteldebole.it/")] == ["web"]
    assert [str(r.kind) for r in read_emails("pensionati.bo@borgoreno@cisl.it")] == ["person"]
    found = read_addresses(
        "https://it-it.facebook.com/FondazioneANT/\n\nhttps://www.facebook.com/ANT", ContactKind.SOCIAL
    )
    assert [r.value for r in found] == ["https://it-it.facebook.com/FondazioneANT/", "https://www.facebook.com/ANT"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Martedì 15–17, mail: Simona.Cavallini@aspbologna.it", "Martedì 15–17, mail: •••"),
        ("Chiamare 320 7514063 oppure 051 2195530", "Chiamare ••• oppure 051 2195530"),
        ("L’orto: 320 7514063", "L’orto: •••"),
        ("Perché no: 320-751.40 63", "Perché no: •••"),
        ("Prenotare: info@auser.it, ore 9.00-12.00", "Prenotare: info@auser.it, ore 9.00-12.00"),
        ("Dal 12/10/2026 al 14/10/2026, 30,00 euro", "Dal 12/10/2026 al 14/10/2026, 30,00 euro"),
        ("Lunedì 9–12", "Lunedì 9–12"),
        ("", ""),
    ],
)
def test_personal_contacts_in_a_text_are_covered(text: str, shown: str) -> None:
    assert without_personal(text) == shown


@pytest.mark.parametrize(
    ("kind", "value", "address"),
    [
        ("phone", "051 219.55-30", "tel:0512195530"),
        ("mobile", "+39 320 7514063", "tel:+393207514063"),
        ("email", "info@ant.it", "mailto:info@ant.it"),
        ("email", "info@ant.it?cc=x@y.it", ""),
        ("web", "www.auser.it/imola", "https://www.auser.it/imola"),
        ("web", "javascript:alert(1)", ""),
        ("person", "Anna Neri", ""),
    ],
)
def test_what_a_touch_opens(kind: str, value: str, address: str) -> None:
    assert OrganisationContact(kind=kind, value=value).address == address


def test_on_the_map_of_bologna_no_person_is_shown(shared: Path) -> None:
    """The shares are printed (`-s`); what must hold: no mobile, no name and surname, and most offices are reachable."""
    file = shared / "data" / "bologna-risorse-sociali" / "mappa-delle-risorse-sociali.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter=";"))
    shown: Counter[str] = Counter()
    every: Counter[str] = Counter()
    public: set[str] = set()
    for row in rows:
        context = f"{row['NOME'][:120]} {row['ENTE PROMUOVENTE']} Bologna"
        for reach in [*read_phones(row["TELEFONO"]), *read_emails(row["E_MAIL"])]:
            every[reach.kind] += 1
            if classify(reach.kind, reach.value, context, label=reach.label) == Visibility.PUBLIC:
                shown[reach.kind] += 1
                public.add(reach.value)
    print({str(kind): f"{shown[kind]} of {count} public" for kind, count in every.items()})
    assert shown[ContactKind.MOBILE] == 0
    assert not [value for value in public if "@" not in value and is_mobile(value)]
    # Read by hand in the file: every person's mail box in it, and a sample of the offices'.
    persons = {
        "beatrice.dus@gmail.com",
        "vivaldi.gaia@gmail.com",
        "cristiana.autuori@coordinamentovolontariatolame.it",
        "d.degliesposti@bo.cna.it",
        "daniela.iurisci@comune.bologna.it",
        "fulvia.antonelli@yahoo.it",
        "g.cardarelli@confartigianatobologna.it",
        "giulia.tedeschi@comune.bologna.it",
        "gsimanella@lapiccolacarovana.it",
        "ivaloti@aiasbo.it",
        "ivana.soffri@libero.it",
        "luigi.bellini@comune.bologna.it",
        "lyubovsandulovych@yahoo.it",
        "maria.pia.api@alice.it",
        "nicola.bogo@cidas.coop",
        "ale.piazza@cidas.coop",
        "pandraghetti@aiasbo.it",
        "sgaravatti@oikos-servizi.it",
        "silvia.lolli@comune.bologna.it",
        "sonia.bisci@senzailbanco.it",
        "sviola@inca.it",
        "vincenzo.savini@comune.bologna.it",
        "virna.brindisi@comune.bologna.it",
    }
    assert persons & public == set()
    assert {"info@alberodicirene.org", "centrofamiglie@comune.bologna.it", "051 2195530"} <= public
    assert shown[ContactKind.PHONE] >= 0.95 * every[ContactKind.PHONE]
    assert shown[ContactKind.EMAIL] >= 0.5 * every[ContactKind.EMAIL]


@pytest.mark.parametrize(
    ("kind", "value", "holds"),
    [
        ("phone", "chiedere in bottega", False),
        ("phone", "0542 606711", True),
        ("phone", "112", True),
        ("email", "info.example.org", False),
        ("email", "info@example.org", True),
        ("web", "non ne ha", False),
        ("web", "https://", False),
        ("web", "www.example.org/chi-siamo", True),
        ("person", "Anna", True),
    ],
)
def test_a_contact_that_is_none_is_refused(kind: str, value: str, holds: bool) -> None:
    assert ContactForm({"kind": kind, "value": value}).is_valid() is holds


@pytest.mark.parametrize(
    ("name", "text", "holds"),
    [
        ("phones", "0542 606711 centralino\n333 1234567", True),
        ("phones", "0542 606711\nlunedì mattina", True),
        ("phones", "chiedere a Maria", False),
        ("emails", "info@example.org\nSegreteria <segreteria@example.org>", True),
        ("emails", "info@example.org\nsegreteria.example.org", False),
        ("sites", "https://www.example.org\nwww.example.org/chi-siamo", True),
        ("sites", "la nostra pagina", False),
        ("sites", "https://www.example.org\nesempio.", False),
    ],
)
def test_contacts_of_the_add_form_are_checked_as_those_of_the_contacts_page(name: str, text: str, holds: bool) -> None:
    form = Form({name: text})
    form.fields.update(contact_fields())
    assert form.is_valid() is holds
    assert bool(form.errors.get(name)) is not holds
