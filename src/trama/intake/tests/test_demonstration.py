"""The demonstration: true where it names a source, invented where it says so, and the totals that were published."""

from __future__ import annotations

import re
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command
from django.utils import timezone, translation

from trama.accounts.models import User
from trama.core import history, search
from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.core.declarations import gathered
from trama.directory.models import Resource
from trama.experiences.models import Experience, ExperiencePlace, Funding, Occurrence, Participation
from trama.insight.models import IndexDefinition
from trama.intake.actions import NotEmpty, build_demonstration
from trama.monitoring import comparing, freezing, reading
from trama.monitoring.cuts import cuts
from trama.monitoring.models import FrozenFigure, Wave
from trama.network.choices import Role
from trama.network.models import Membership, Organisation, Proposal
from trama.reports.choices import FORMS, SLIDES
from trama.territory import finding
from trama.territory.models import Area, AreaClosure, ContextIndicator, ContextValue, Place, Population

# The demonstration is built once (tests.sharing).
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def imola(taken_back: None) -> list[tuple[str, str, str]]:
    """The demonstration of the Imola district, built once for these tests and taken back at the end."""
    return build_demonstration(SYSTEM)[0]


def figure(code: str, actor: Actor = NOBODY) -> tuple[float | None, str]:
    found = gathered.indicators[code].compute(actor, None, None)
    return found.value, found.text


@pytest.mark.parametrize("actor", [NOBODY, SYSTEM], ids=["nobody", "the administrator"])
def test_the_published_totals(imola: object, actor: Actor) -> None:
    assert figure("EXP-01", actor)[0] == 147
    assert figure("EXP-02", actor)[0] == 165
    assert figure("EXP-03", actor) == (512, "oltre 500")
    assert figure("EXP-04", actor) == (6900, "circa 6.900")


def test_the_registers_hold_the_same_numbers(imola: object) -> None:
    today = timezone.localdate()
    published = Experience.objects.published().active_in(today, today)
    assert published.count() == 147
    assert Participation.objects.filter(experience__in=published).values("organisation").distinct().count() == 165
    assert Organisation.objects.visible_to(NOBODY).exclude(source__key="demonstration-requests").count() == 165


def test_the_first_wave_gives_the_totals_of_the_survey_and_the_second_compares_with_it(imola: object) -> None:
    first, second, third = Wave.objects.order_by("starts_on")
    assert [wave.state for wave in (first, second, third)] == ["closed", "closed", "open"]
    assert freezing.holds(first)
    assert freezing.holds(second)
    for language, texts in (
        ("it", {"records": "147", "organisations": "165", "volunteers": "oltre 500", "beneficiaries": "circa 6.900"}),
        ("en", {"volunteers": "more than 500", "beneficiaries": "about 6,900"}),
    ):
        with translation.override(language):
            told = {one["key"]: one["text"] for one in reading.figures(first)[0]}
            assert {key: told[key] for key in texts} == texts
            # Every cut ends in the same totals: 147, 165, more than 500, about 6,900.
            for cut in cuts(first, NOBODY):
                totals = {key: one.phrase for key, one in cut.total.numbers.items()} | {
                    "records": cut.total.count.phrase
                }
                assert {key: totals[key] for key in texts} == texts, cut.key
                assert cut.said + cut.missing == cut.base == 147
    assert FrozenFigure.objects.get(wave=first, group="", key="beneficiaries").number == 6900
    found = comparing.compare(first, second)
    assert all(found.counts[fate] for fate in ("new", "continued", "changed", "ended", "not_covered"))
    for change in found.changes:
        assert change.now - change.was == change.reality + change.coverage + change.united
        assert change.coverage or change.key == "organisations"
    board = reading.board(third, SYSTEM)
    assert board["whole"].answered
    assert board["to_remind"]


@pytest.mark.parametrize(
    ("language", "totals", "mark"),
    [
        ("it", ("147 esperienze", "165 realtà", "oltre 500 volontari", "circa 6.900 persone raggiunte"), "Dimostraz"),
        ("en", ("147 experiences", "165 organisations", "more than 500 volunteers", "about 6,900 people"), "Demonstr"),
    ],
)
def test_the_report_of_the_first_wave_says_the_same_in_every_form(
    imola: object, tmp_path: Path, language: str, totals: tuple[str, ...], mark: str
) -> None:
    first = Wave.objects.get(name="Primo monitoraggio")
    for form in (*FORMS, *SLIDES):
        out = tmp_path / ("report.slides.pdf" if form == "slides" else f"report.{form}")
        call_command("report", "wave", wave=str(first.pk), out=[str(out)], lang=language)
        said = said_by(out)
        for total in totals:
            assert total in said, (form, total)
        assert mark in said, form
        assert not re.search(r"(?<![\d.,a-f])512(?![\d.,a-f])", said), (form, "“more than 500” is not 512 anywhere")


def test_the_report_of_the_second_wave_compares_with_the_first(imola: object, tmp_path: Path) -> None:
    out = tmp_path / "secondo.zip"
    call_command("report", "wave", wave="Secondo monitoraggio", out=[str(out)])
    said = said_by(out)
    assert "Esperienze: da 147 a " in said
    assert "Persone raggiunte: da circa 6.900 a circa " in said
    assert "è cambiata la realtà" in said


def said_by(path: Path) -> str:
    """All the words and figures of a file, as one line."""
    if path.suffix == ".pdf":
        done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
        return re.sub(r"\s+", " ", done.stdout.replace("-\n", ""))
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        cells = (cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
        return " ".join(str(cell) for cell in cells if cell is not None)
    package = zipfile.ZipFile(path)
    texts = [package.read(name).decode() for name in package.namelist() if name.endswith((".xml", ".csv", ".json"))]
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", " ".join(texts)))


def test_what_is_true_names_its_source_and_what_is_invented_says_so(imola: object) -> None:
    for model in (Experience, Resource, Organisation):
        assert not model.objects.filter(source=None).exists()
        assert model.objects.filter(is_demonstration=True).exclude(source__is_demonstration=True).count() == 0
        assert model.objects.filter(is_demonstration=False, source__is_demonstration=True).count() == 0
    true = Experience.objects.filter(is_demonstration=False)
    assert true.count() == 8
    assert not true.filter(source_text="").exists()
    # Nobody invents anything about a body that exists.
    mixed = Participation.objects.filter(organisation__is_demonstration=False, experience__is_demonstration=True)
    assert not mixed.exists()


def test_the_genealogy_of_the_programme(imola: object) -> None:
    last = Experience.objects.get(name="MediAZIONI di comunità")
    names = []
    step: Experience | None = last
    while step is not None:
        names.append(step.name)
        step = step.continues
    assert names == [
        "MediAZIONI di comunità",
        "Sportello di Comunità",
        "La comunità resiliente… una prospettiva che Scambia",
        "Costruire Comunità – Uscire dalle macerie",
    ]
    money = Funding.objects.get(experience__name="Costruire Comunità – Uscire dalle macerie")
    assert (money.year, int(money.amount), str(money.funder)) == (2021, 250_000, "Comune di Imola")
    assert ExperiencePlace.objects.filter(experience__name="Intrecci di Comunità").count() == 12


def test_the_stops_of_the_mobile_desk(imola: object) -> None:
    stops = Occurrence.objects.filter(experience__name="Sportello di Comunità").order_by("starts_at")
    days = [(timezone.localtime(stop.starts_at).date().isoformat(), stop.place.area.name) for stop in stops]  # type: ignore[union-attr]
    assert days == [
        ("2025-01-28", "Imola"),
        ("2025-01-30", "Sesto Imolese"),
        ("2025-02-06", "Spazzate Sassatelli"),
        ("2025-02-13", "Sasso Morelli"),
        ("2025-02-20", "Sesto Imolese"),
        ("2025-02-27", "Sasso Morelli"),
        ("2026-02-05", "Ponticelli"),
        ("2026-02-26", "Ponticelli"),
        ("2026-03-26", "Ponticelli"),
    ]
    last = stops.last()
    assert last is not None
    assert timezone.localtime(last.starts_at).hour == 10
    assert timezone.localtime(last.ends_at).hour == 12


def test_the_territory_is_real(imola: object) -> None:
    town = Area.objects.get(code="037032")
    assert Population.objects.get(area=town, year=2023).total == 69_121
    assert Area.objects.filter(parent__kind="union", kind="municipality").count() == 10
    inside = set(AreaClosure.objects.filter(ancestor=town).values_list("area_id", flat=True))
    for area in Area.objects.filter(parent=town, lon__isnull=False):
        assert finding.area_at(area.lon, area.lat) in inside, area.name


def test_every_point_lies_in_the_municipality_of_its_area(imola: object) -> None:
    towns = dict(AreaClosure.objects.filter(ancestor_kind="municipality").values_list("area_id", "ancestor_id"))
    for model in (Experience, Resource, Organisation, Place):
        rows = list(model.objects.filter(lon__isnull=False).order_by("pk"))
        assert len(rows) > 20
        found = finding.areas_at([row.lon for row in rows], [row.lat for row in rows])
        assert [towns[row.area_id] for row in rows] == [towns.get(area or 0) for area in found]


def test_realistic_gaps(imola: object) -> None:
    shown = Experience.objects.published().active_in(timezone.localdate(), timezone.localdate())
    assert 10 <= shown.filter(beneficiaries=None).count() <= 30
    assert shown.filter(volunteers=None).count() > shown.filter(beneficiaries=None).count()
    assert shown.filter(beneficiaries_precision="estimated").count() > 30
    assert Experience.objects.filter(state="draft").count() == 9
    assert shown.filter(is_city_wide=True).count() == 5
    assert shown.filter(is_good_practice=True).count() > 3
    assert shown.exclude(copied_from=None).count() > 1
    assert shown.filter(participations=None).exists()
    assert Organisation.objects.filter(is_sensitive=True).count() == 1
    to_confirm = [row for row in shown if row.to_confirm]
    assert 0.15 < len(to_confirm) / 147 < 0.5
    assert Resource.objects.filter(opening="").exists()


def test_the_calendar_lives(imola: object) -> None:
    now = timezone.now()
    assert Occurrence.objects.filter(starts_at__range=(now, now + timedelta(days=7))).count() >= 10
    assert Occurrence.objects.filter(starts_at__lt=now).exists()


def test_everything_is_found_and_in_the_audit(imola: object) -> None:
    assert Experience.objects.filter(search.matching(Experience, "mediazioni comunita")).count() >= 1
    assert history.verify().problem == ""


def test_one_login_for_each_role(imola: list[tuple[str, str, str]]) -> None:
    assert {role for role, _name, _password in imola} == set(Role.values)
    for _role, name, password in imola:
        assert User.objects.get(username=name).check_password(password)
    contact = Membership.objects.get(user__username="referente")
    assert contact.organisation is not None
    assert contact.organisation.is_demonstration


def test_repeating_changes_nothing_and_another_place_is_refused(imola: object) -> None:
    entries = history.verify().entries
    assert build_demonstration(SYSTEM) == ([], False)
    assert history.verify().entries == entries
    with pytest.raises(NotEmpty, match="--reset"):
        build_demonstration(SYSTEM, "Faenza")


def test_indicators_and_an_index_are_invented_and_say_so(imola: object) -> None:
    shown = ContextIndicator.objects.filter(code__startswith="demo_")
    assert shown.count() == 4
    assert all("dimostrazione" in one.name_it for one in shown)
    values = ContextValue.objects.filter(indicator__in=shown)
    assert values.exclude(source__is_demonstration=True).count() == 0
    assert values.filter(area__kind="municipality").count() == 4 * 4 * 10  # indicators, years, municipalities
    index = IndexDefinition.objects.get(code="demo_living")
    assert index.state == "published"
    assert ContextValue.objects.filter(indicator=index.indicator, value__isnull=False).count() == 4 * 10


def test_the_queue_of_duplicates_holds_some_to_try(imola: object) -> None:
    """Second entries are certain or probable, what only looks alike is neither, a string waits to be split."""
    second = Organisation.objects.filter(source__key="demonstration-requests")
    open_ = Proposal.objects.filter(other__in=second).exclude(tier="possible")
    assert {row.tier for row in open_} == {"certain", "probable"}
    assert open_.count() >= 5
    assert set(Proposal.objects.filter(tier="certain").values_list("pk", flat=True)) <= {row.pk for row in open_}
    caritas = second.get(kind="organisation_kind:caritas")
    assert not open_.filter(other=caritas).exists()
    assert second.filter(names_several=True).count() == 1
