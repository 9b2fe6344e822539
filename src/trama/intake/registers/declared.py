"""The fields of the four registers that files may bring: what each is called, what it holds, what it fills."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from trama.core.registers import Register
from trama.directory.choices import ResourceState
from trama.directory.declarations import REGISTER as RESOURCES
from trama.experiences.choices import ExperienceState, Precision
from trama.experiences.declarations import REGISTER as EXPERIENCES
from trama.intake.registers.fields import Field, Kind, Registered
from trama.network.choices import KIND_GROUPS
from trama.network.declarations import REGISTER as ORGANISATIONS
from trama.territory.declarations import PLACES

ONE_OF = _("one of the list")
SEVERAL_OF = _("one or more of the list, parted by semicolons")
A_DATE = _("a date: 31/12/2026 or 2026-12-31")
YES_OR_NO = _("yes or no")


class _Own:
    """Makes the fields that stand in the exports of a register: with the label of their column."""

    def __init__(self, register: Register) -> None:
        self.labels = {column.key: column.label for column in register.columns}

    def __call__(self, key: str, kind: Kind, help: Any = "", **more: Any) -> Field:  # noqa: A002
        return Field(key, kind, self.labels[key], help, exported=True, **more)


# --- what several registers share -----------------------------------------------------------------------------------
def _number(own: _Own) -> Field:
    return own(
        "id",
        Kind.NUMBER_HERE,
        _("the number that the record bears here, as the exports write it: leave it empty for what is new"),
        names=("id trama", "numero scheda"),
    )


SOURCE_KEY = Field(
    "key",
    Kind.KEY,
    _("number or code in the source"),
    _("what names the row in the list that it comes from; with it the next file finds the same record again"),
    names=(
        "id", "codice", "cod", "identificativo", "identificatore", "id ente", "id record", "globalid", "objectid",
        "uuid",
        "guid", "n", "nr", "n ordine", "progressivo", "code", "identifier", "record id", "codice struttura",
        "codice ente", "codice servizio",
    ),
    example="A-0123",
)  # fmt: skip
AREA_NAMES = (
    "area", "quartiere", "zona", "comune", "frazione", "circoscrizione", "municipio", "rione", "località", "localita",
    "distretto", "territorio", "area statistica", "zona di prossimità", "comune sede", "comune sede legale", "citta",
    "città", "nome comune", "denominazione comune", "area name", "district", "neighbourhood", "municipality", "town",
    "city", "comune residenza", "sede comune",
)  # fmt: skip
AREA_CODES = (
    "codice area", "codice istat", "codice comune", "istat", "cod istat", "codice istat comune", "procom", "pro com",
    "cod comune", "codice quartiere", "codice zona", "istat code", "municipality code",
)  # fmt: skip
ADDRESSES = (
    "indirizzo", "via", "sede", "indirizzo sede", "sede legale", "ubicazione", "strada", "indirizzo completo", "luogo",
    "indirizzo sede legale", "via e numero", "recapito", "indirizzo postale", "street address", "street",
)  # fmt: skip
POINT = Field(
    "point",
    Kind.POINT,
    _("point (latitude, longitude)"),
    _("latitude and longitude in degrees in one cell, like 44.4949, 11.3426"),
    names=("geo point", "geopoint", "coordinate", "coordinate geografiche", "punto", "geo point 2d", "lat lon",
           "lat lng",
           "posizione", "coordinates", "latitudine e longitudine", "geolocalizzazione"),
    example="44.4949, 11.3426",
)  # fmt: skip


def _where(own: _Own) -> tuple[Field, ...]:
    """One area, by name or by code."""
    return (
        own(
            "area",
            Kind.AREA,
            _("the name of the neighbourhood, hamlet or municipality; where two bear it: “Borgo (Imola)”"),
            names=AREA_NAMES,
            attribute="area_id",
        ),
        own(
            "area_code",
            Kind.AREA_CODE,
            _("the code of the area: it says where without doubt"),
            names=AREA_CODES,
            attribute="area_id",
        ),
    )


def _point(own: _Own) -> tuple[Field, ...]:
    return (
        own(
            "lon",
            Kind.LON,
            _("degrees east, like 11.3426; the area is found from the point"),
            names=("lon", "long", "lng", "x", "longitudine gradi", "coord x", "coordinata x", "longitude", "wgs84 x"),
            attribute="lon",
        ),
        own(
            "lat",
            Kind.LAT,
            _("degrees north, like 44.4949"),
            names=("lat", "y", "coord y", "coordinata y", "latitude", "wgs84 y"),
            attribute="lat",
        ),
        POINT,
    )


def _address(own: _Own) -> Field:
    return own("address", Kind.TEXT, _("street and number"), names=ADDRESSES, attribute="address")


def _contacts(own: _Own) -> tuple[Field, ...]:
    return (
        own(
            "phones",
            Kind.PHONES,
            _("one or more numbers, parted by semicolons; what is said of one in brackets: 051 123456 (mornings)"),
            names=("telefono", "tel", "cellulare", "cell", "telefoni", "recapito telefonico", "numero di telefono",
                   "num telefono", "contatto telefonico", "telefono fisso", "mobile", "n tel", "telephone", "phone",
                   "phone number", "tel cell"),
        ),
        own(
            "emails",
            Kind.EMAILS,
            _("one or more addresses, parted by semicolons"),
            names=("email", "e mail", "mail", "posta elettronica", "pec", "indirizzo email", "indirizzo mail",
                   "posta certificata", "e mail ente", "contatto email", "email address",
                   "indirizzo di posta elettronica"),
        ),
        own(
            "sites",
            Kind.SITES,
            _("one or more addresses of pages, parted by semicolons"),
            names=("sito", "sito web", "web", "sito internet", "url", "pagina web", "link", "facebook", "social",
                   "website",
                   "homepage", "pagina facebook", "site"),
        ),
        own(
            "persons",
            Kind.PERSONS,
            _("whom to ask for; only staff read it"),
            names=("referente", "contatto", "persona di riferimento", "responsabile", "presidente",
                   "legale rappresentante",
                   "nome referente", "contact", "contact person", "nominativo referente"),
        ),
        own(
            "private_contacts",
            Kind.PRIVATE,
            _("those of these that only staff may see, parted by semicolons; without the column it is guessed"),
        ),
    )  # fmt: skip


def _dates(own: _Own) -> tuple[Field, ...]:
    return (
        own(
            "confirmed_on",
            Kind.DATE,
            _("when the body itself last said that this is right: a date"),
            attribute="confirmed_on",
        ),
        own("used_on", Kind.DATE, _("when somebody last used it with success: a date"), attribute="used_on"),
    )


def _told(own: _Own, *keys: str) -> tuple[Field, ...]:
    """Columns of the exports that follow from others, or that the installation keeps itself."""
    return tuple(own(key, Kind.TOLD, _("told by the exports only: nothing is loaded from it")) for key in keys)


def _source(own: _Own) -> Field:
    return own("source", Kind.SOURCE, _("the title of what a new record is known from"))


def _demonstration(own: _Own) -> Field:
    return own("demonstration", Kind.YES_NO, _("yes for what is invented"), attribute="is_demonstration")


def _kept(own: _Own) -> tuple[Field, ...]:
    """What an export tells of where records come from: it comes back with them."""
    return _source(own), _demonstration(own)


NAMES = (
    "nome", "denominazione", "ragione sociale", "titolo", "name", "title", "organizzazione", "associazione",
    "denominazione ente", "nome ente", "nome associazione", "nominativo", "denominazione associazione", "intestazione",
    "ente",
)  # fmt: skip
DESCRIPTIONS = (
    "descrizione", "note", "attività svolte", "descrizione attività", "cosa fa", "oggetto", "oggetto sociale", "scopo",
    "descrizione breve", "description", "informazioni", "dettagli",
)  # fmt: skip


# --- organisations --------------------------------------------------------------------------------------------------
def _marks(own: _Own) -> tuple[Field, ...]:
    """Who may see an organisation, and where else it is."""
    return (
        own("names_several", Kind.YES_NO, YES_OR_NO, attribute="names_several"),
        own("sensitive", Kind.YES_NO, _("yes where naming it may harm: then only staff see it"),
        attribute="is_sensitive"),
        own("public", Kind.YES_NO, _("no for what only staff may see"), attribute="is_public"),
        own(
            "seats",
            Kind.SEATS,
            _("where else it is, parted by semicolons: name (address), or an address alone; behind it, each after a"
              " comma, “hours: …”, “point: latitude, longitude”, “area: …”, “place: a registered one”"),
            names=("altre sedi", "sedi"),
            example=_("Sede di Est (via Est 3), hours: Monday to Friday 9-13; via Nord 1"),
        ),
    )  # fmt: skip


def _organisations() -> Registered:
    own = _Own(ORGANISATIONS)
    fields = (
        _number(own),
        own("name", Kind.TEXT, _("the whole name"), names=NAMES, required=True, attribute="name"),
        own("acronym", Kind.TEXT, names=("sigla", "acronimo", "acronym"), attribute="acronym", example="AUSER"),
        own(
            "other_names",
            Kind.NAMES,
            _("under which files write it, parted by semicolons"),
            names=("altri nomi", "altre denominazioni", "detta anche", "alias"),
        ),
        own(
            "kind",
            Kind.CODE,
            ONE_OF,
            names=("tipo", "tipologia", "forma giuridica", "natura giuridica", "categoria", "tipo ente",
                   "tipologia ente",
                   "sezione runts", "sezione", "natura", "legal form", "type", "kind", "tipo di ente"),
            list="organisation_kind",
            left_out=KIND_GROUPS,
            attribute="kind_id",
        ),
        own("ets", Kind.YES_NO, YES_OR_NO, names=("ets", "terzo settore", "iscritta runts"), attribute="is_ets"),
        own("formal", Kind.YES_NO, YES_OR_NO, names=("formale", "costituita"), attribute="is_formal"),
        own("public_body", Kind.YES_NO, YES_OR_NO, names=("pubblico", "ente pubblico"), attribute="is_public_body"),
        *_where(own),
        _address(own),
        *_contacts(own),
        own("description", Kind.LONG_TEXT, names=(*DESCRIPTIONS, "attività", "attivita", "finalità"),
            attribute="description"),
        own(
            "tax_code",
            Kind.TEXT,
            _("eleven digits, or sixteen signs"),
            names=("codice fiscale", "cf", "c f", "cod fiscale", "partita iva", "p iva", "codice fiscale partita iva",
                   "cf piva", "codicefiscale", "fiscal code", "vat number", "codice fiscale ente"),
            attribute="tax_code",
            example="92000000000",
        ),
        own("runts_number", Kind.TEXT, names=("numero runts", "repertorio", "n repertorio", "numero repertorio",
        "runts",
            "n iscrizione", "numero iscrizione", "n iscrizione runts"), attribute="runts_number"),
        own("founded_year", Kind.YEAR, _("the year, with four digits"),
            names=("anno di costituzione", "anno costituzione", "anno di fondazione", "anno fondazione", "fondata nel",
                   "founded", "anno nascita"), attribute="founded_year", example="1998"),
        own("closed_on", Kind.DATE, A_DATE, names=("cessata il", "data cessazione", "chiusa il", "data chiusura"),
            attribute="closed_on"),
        *_point(own),
        *_dates(own),
        *_marks(own),
        SOURCE_KEY,
        *_kept(own),
        *_told(own, "group", "edited_at"),
    )  # fmt: skip
    return Registered(
        ORGANISATIONS, _("organisations and groups"), _("an organisation"), fields, apart=("address", "tax_code")
    )


# --- resources ------------------------------------------------------------------------------------------------------
def _offered(own: _Own) -> tuple[Field, ...]:
    """What is offered, for whom, and how one gets it."""
    return (
        own(
            "name",
            Kind.TEXT,
            _("what is offered, in a few words"),
            names=("nome", "titolo", "denominazione", "servizio", "risorsa", "nome servizio", "attività proposta",
                   "denominazione servizio", "name", "title", "service", "nome risorsa", "corso"),
            required=True,
            attribute="name",
        ),
        own(
            "activity",
            Kind.CODE,
            ONE_OF,
            names=("attività", "attivita", "tipo di attività", "categoria", "tipologia", "tipo", "ambito", "attivita'",
                   "tipologia servizio", "activity", "category", "type"),
            list="activity",
            attribute="activity_id",
        ),
        own(
            "targets",
            Kind.CODES,
            SEVERAL_OF,
            names=("target", "destinatari", "utenza", "a chi si rivolge", "rivolto a", "beneficiari", "users",
                   "for whom"),
            list="target",
        ),
        own(
            "access",
            Kind.CODE,
            ONE_OF,
            names=("modalità di accesso", "modalita accesso", "accesso", "come si accede", "access"),
            list="access",
            attribute="access_id",
        ),
    )  # fmt: skip


def _resources() -> Registered:
    own = _Own(RESOURCES)
    fields = (
        _number(own),
        *_offered(own),
        own("state", Kind.CHOICE, ONE_OF, names=("stato",), options=tuple(ResourceState.choices), attribute="state"),
        own(
            "promoters",
            Kind.ORGANISATIONS,
            _("who offers it: one or more names, parted by semicolons; those that are not here yet are added"),
            names=("ente promotore", "ente", "promotore", "organizzazione", "associazione", "ente promuovente",
                   "gestore",
                   "ente gestore", "chi lo offre", "ente erogatore", "soggetto promotore", "promoter", "organisation",
                   "organization", "provider", "ente titolare"),
        ),
        own("promoter_text", Kind.TEXT, _("as the source writes it"), attribute="promoter_text"),
        own("to_split", Kind.YES_NO, YES_OR_NO, attribute="promoter_to_split"),
        *_where(own),
        _address(own),
        own("place", Kind.PLACE, _("the name of the registered place where it is offered; where two bear it, with its"
            " address: Library (via Est 3)"), attribute="place_id"),
        own(
            "opening",
            Kind.LONG_TEXT,
            names=("orari", "orario", "giorni e orari", "quando", "orari info", "orario di apertura", "orari apertura",
                   "orari di apertura", "opening hours", "hours", "giorni"),
            attribute="opening",
        ),
        *_contacts(own),
        own("description", Kind.LONG_TEXT, names=DESCRIPTIONS, attribute="description"),
        own("directions", Kind.TEXT, _("the address of a page that shows the way"),
            names=("indicazioni", "come arrivare", "mappa", "link mappa", "directions url"),
                   attribute="directions_url"),
        own("valid_from", Kind.DATE, A_DATE, names=("dal", "inizio", "data inizio", "attiva dal", "start date"),
            attribute="valid_from"),
        own("valid_to", Kind.DATE, A_DATE, names=("al", "fino al", "fine", "data fine", "attiva fino al", "end date"),
            attribute="valid_to"),
        *_point(own),
        *_dates(own),
        own("sensitive", Kind.YES_NO, _("yes where naming it may harm: then only staff see it"),
        attribute="is_sensitive"),
        SOURCE_KEY,
        *_kept(own),
        *_told(own, "edited_at"),
    )  # fmt: skip
    return Registered(
        RESOURCES,
        _("resources and services on offer"),
        _("a resource"),
        fields,
        apart=("address", "activity", "promoters", "promoter_text"),
    )


# --- experiences ----------------------------------------------------------------------------------------------------
def _facet(own: _Own, list_: str, *names: str) -> Field:
    return own(list_, Kind.CODES, SEVERAL_OF, names=names, list=list_)


def _people(own: _Own) -> tuple[Field, ...]:
    known = _("exact, estimated or not known; without it a plain number is exact, and “circa 30” an estimate")
    count = _("how many; “circa 30” and “oltre 500” are estimates")
    return (
        own("volunteers", Kind.COUNT, count, attribute="volunteers",
            names=("volontari", "numero volontari", "n volontari", "volontari attivi", "volunteers"), example="12"),
        own("volunteers_precision", Kind.CHOICE, known, attribute="volunteers_precision",
        options=tuple(Precision.choices),
            names=("stima volontari",)),
        own("beneficiaries", Kind.COUNT, count, attribute="beneficiaries",
            names=("beneficiari", "persone raggiunte", "n beneficiari", "numero beneficiari", "partecipanti",
                   "n partecipanti", "numero partecipanti", "utenti", "beneficiaries", "participants"),
                   example="circa 80"),
        own("beneficiaries_precision", Kind.CHOICE, known, attribute="beneficiaries_precision",
            options=tuple(Precision.choices), names=("stima beneficiari",)),
    )  # fmt: skip


def _told_of_experiences(own: _Own) -> tuple[Field, ...]:
    """What was said of an experience in words, and its marks."""
    return (
        own("summary", Kind.LONG_TEXT, names=(*DESCRIPTIONS, "in breve", "sintesi", "obiettivi", "summary"),
            attribute="summary"),
        own("outputs", Kind.LONG_TEXT, names=("esiti", "risultati", "prodotti", "cosa ha prodotto", "outputs"),
            attribute="outputs"),
        own("critical_points", Kind.LONG_TEXT, names=("criticità", "criticita", "difficoltà", "punti critici"),
            attribute="critical_points"),
        own("good_practice", Kind.YES_NO, YES_OR_NO, names=("buona pratica", "buona prassi"),
        attribute="is_good_practice"),
        own("experiment", Kind.YES_NO, YES_OR_NO, names=("sperimentazione",), attribute="is_experiment"),
        own("sensitive", Kind.YES_NO, _("yes where naming it may harm: then only staff see it"),
            attribute="is_sensitive"),
        own("parent", Kind.RECORD, _("the number of the experience that holds it"), attribute="parent_id",
            names=("parte di",)),
        own("continues", Kind.RECORD, _("the number of the experience that it continues"), attribute="continues_id",
            names=("continua",)),
        own("copied_from", Kind.RECORD, _("the number of the experience on the model of which it was made"),
            attribute="copied_from_id"),
        own("sources", Kind.LONG_TEXT, names=("fonti", "fonte", "link", "fonti e link"), attribute="source_text"),
    )  # fmt: skip


def _when(own: _Own) -> tuple[Field, ...]:
    """From when until when, and the single dates."""
    return (
        own("starts_on", Kind.DATE, A_DATE, attribute="starts_on",
            names=("dal", "inizio", "data inizio", "data di inizio", "avvio", "data avvio", "data", "start date",
                   "start")),
        own("ends_on", Kind.DATE, A_DATE, attribute="ends_on",
            names=("al", "fino al", "fine", "data fine", "data di fine", "conclusione", "termine", "end date", "end")),
        own("dates", Kind.DATES,
            _("single dates for the calendar, parted by semicolons: day and hours; behind them, each after a comma,"
              " “place: …”, “area: …”, “title: …”, “cancelled: why”"),
            names=("date singole", "calendario", "incontri", "appuntamenti", "date degli incontri", "calendar"),
            example=_("2026-03-01 17:00–19:00, place: Library; 2026-03-08 17:00–19:00")),
    )  # fmt: skip


def _experiences() -> Registered:
    own = _Own(EXPERIENCES)
    fields = (
        _number(own),
        own("name", Kind.TEXT, _("what it is called"), required=True, attribute="name",
            names=("titolo", "nome", "denominazione", "progetto", "esperienza", "nome progetto", "titolo progetto",
                   "attività", "iniziativa", "title", "name", "project")),
        own("kind", Kind.CODE, ONE_OF, required=True, list="experience_kind", attribute="kind_id",
            names=("tipo", "tipologia", "categoria", "tipo di esperienza", "type", "kind")),
        own("state", Kind.CHOICE, ONE_OF, options=tuple(ExperienceState.choices), attribute="state", names=("stato",)),
        own("areas", Kind.AREAS, _("the names of its areas, parted by semicolons; where two bear one: “Borgo (Imola)”"),
            names=(*AREA_NAMES, "aree", "quartieri", "territori", "comuni", "areas")),
        own("area_codes", Kind.AREA_CODES, _("the codes of its areas, parted by semicolons"),
            names=("codici aree", "codici delle aree")),
        own("places", Kind.PLACES, _("the names of registered places, parted by semicolons"),
            names=("luogo", "luoghi", "dove si svolge", "sede", "places")),
        own("city_wide", Kind.YES_NO, YES_OR_NO, names=("cittadina", "in tutto il territorio", "tutta la città"),
            attribute="is_city_wide"),
        *_when(own),
        own("organisations", Kind.ORGANISATIONS,
            _("who takes part: names parted by semicolons, each with its role in brackets: Auser (promotore); ARCI;"
              " behind it, each after a comma, “gives: …”, “receives: …”, “since: a date”"),
            example=_("Circolo Arci Sole (promoter), gives: a room, since: 2024-02-03; Auser (partner)"),
            names=("organizzazioni", "realtà coinvolte", "enti coinvolti", "partner", "soggetti coinvolti",
                   "associazioni",
                   "soggetti", "ente", "promotore", "ente promotore", "partners", "organisations", "capofila")),
        _facet(own, "target", "destinatari", "target", "a chi si rivolge", "rivolto a", "utenza", "for whom"),
        _facet(own, "aim", "obiettivi", "obiettivo", "scopi", "aims"),
        _facet(own, "need", "bisogni", "bisogno", "needs"),
        own("service_role", Kind.CODE, ONE_OF, list="service_role", attribute="service_role_id",
            names=("ruolo del servizio", "ruolo servizio sociale")),
        _facet(own, "public_service", "servizi pubblici", "servizi coinvolti", "servizi"),
        _facet(own, "instrument", "strumenti", "strumento", "strumenti attivati"),
        _facet(own, "purpose", "finalità", "finalita"),
        _facet(own, "theme", "tema", "temi", "tematica", "ambito", "area tematica"),
        *_people(own),
        own("funding", Kind.FUNDING,
            _("euro per year: 2025: 1000; 2026: 500.50; behind it, each after a comma, “from: who pays”, “fund: …”,"
              " “note: …”"),
            example=_("2025: 1000, from: Municipality, fund: social fund; 2026: 500"),
            names=("finanziamento", "finanziamenti", "fondi")),
        *_told_of_experiences(own),
        *_point(own),
        *_dates(own),
        SOURCE_KEY,
        *_kept(own),
        *_told(own, "experiment_outcome", "edited_at"),
    )  # fmt: skip
    return Registered(
        EXPERIENCES, _("experiences: projects, activities, groups"), _("an experience"), fields,
        apart=("kind", "starts_on", "areas"),
    )  # fmt: skip


# --- places ---------------------------------------------------------------------------------------------------------
def _places() -> Registered:
    own = _Own(PLACES)
    fields = (
        _number(own),
        own("name", Kind.TEXT, _("what it is called"), required=True, attribute="name",
            names=("nome", "denominazione", "luogo", "titolo", "struttura", "scuola", "biblioteca", "name", "place",
                   "nome struttura", "denominazione struttura")),
        own("kind", Kind.CODE, ONE_OF, required=True, list="place_kind", attribute="kind_id",
            names=("tipo", "tipologia", "categoria", "tipo di luogo", "tipo struttura", "type", "kind")),
        own("roles", Kind.CODES, SEVERAL_OF, names=("ruolo", "ruoli"), list="place_role"),
        *_where(own),
        _address(own),
        own("civic_key", Kind.TEXT, _("the key of its number in the register of streets of the municipality"),
            names=("codice civico", "chiave civico", "civkey", "id civico"), attribute="civic_key", example="1234000"),
        own("description", Kind.LONG_TEXT, names=DESCRIPTIONS, attribute="description"),
        own("factors", Kind.CODES, SEVERAL_OF, names=("fattori di vulnerabilità",), list="vulnerability_factor"),
        own("known", Kind.YES_NO, YES_OR_NO, attribute="known_to_services", names=("conosciuto dai servizi",)),
        own("public", Kind.YES_NO, _("no for what only staff may see"), attribute="is_public", names=("pubblico",)),
        *_point(own),
        *_dates(own),
        SOURCE_KEY,
        _source(own),
        *_told(own, "edited_at"),
    )  # fmt: skip
    return Registered(PLACES, _("places"), _("a place"), fields, apart=("address", "kind"))


REGISTERED: dict[str, Registered] = {
    one.key: one for one in (_organisations(), _resources(), _experiences(), _places())
}
