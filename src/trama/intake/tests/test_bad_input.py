"""Every broken file on every way in: a clear sentence in Italian and in English, nothing half written, no traceback."""

from __future__ import annotations

import html
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import translation
from django.utils.html import strip_tags

from trama.accounts.models import User
from trama.core import archives
from trama.core.facts import HOME_AREA, set_fact
from trama.intake import staging
from trama.intake import workbooks as workbooks_
from trama.intake.tests.broken import maps, packages, tables, workbooks
from trama.intake.tests.broken.case import Case
from trama.network.models import Membership, Organisation
from trama.territory.models import Area, ContextValue
from trama.territory.tests.factories import make_area

pytestmark = pytest.mark.django_db
CASES = [*tables.CASES, *workbooks.CASES, *workbooks.HUGE, *maps.CASES, *packages.CASES]
WATCHED = [
    model
    for model in apps.get_models()
    if model._meta.app_label in {"core", "territory", "network", "directory", "experiences", "intake"}
]
LIBRARY = re.compile(
    r"Traceback|[a-z]Error\b|Exception|[Ee]rrno|\bNone\b|<class|0x[0-9a-f]{6}|pyogrio|calamine|/vsi|codec"
)


@pytest.fixture
def town() -> Area:
    """A municipality with a boundary and two statistical areas in it."""
    found = make_area("Borgo Prova", "municipality", shape=shapely.box(11.30, 44.50, 11.34, 44.52), code="999001")
    make_area("Via Mondo", "statistical_area", found, shapely.box(11.30, 44.50, 11.31, 44.51), code="999001-A1")
    make_area("La Birra", "statistical_area", found, shapely.box(11.31, 44.50, 11.32, 44.51), code="999001-A2")
    set_fact(HOME_AREA, "999001")
    return found


@pytest.fixture(autouse=True)
def _low_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is far too big is made quickly; the true bounds are met in test_big_input.py."""
    for module, name in ((archives, "MOST_BYTES"), (staging, "MOST_BYTES"), (workbooks_, "MOST_UNPACKED")):
        monkeypatch.setattr(module, name, 10 * 1024 * 1024)


def rows() -> dict[str, int]:
    """How many rows each table holds."""
    counts = ", ".join(f'(SELECT count(*) FROM "{model._meta.db_table}")' for model in WATCHED)  # noqa: S608
    with connection.cursor() as cursor:  # one question: it is asked a thousand times
        cursor.execute(f"SELECT {counts}")
        return dict(zip((model._meta.label for model in WATCHED), cursor.fetchone(), strict=True))


def taken() -> int:
    """How many records the good rows of the cases became."""
    return Organisation.objects.count() + ContextValue.objects.count() + Area.objects.filter(kind="zone").count()


def check_sentence(text: str, pieces: tuple[str, ...]) -> None:
    """The pieces stand in the text, and nothing that only a programmer reads does."""
    assert [piece for piece in pieces if piece not in text] == [], text
    assert LIBRARY.search(text) is None, text


def content_of(case: Case) -> bytes:
    return case.recipe if isinstance(case.recipe, bytes) else case.recipe.encode()


def words(page: str) -> str:
    """What is read in the middle of a page."""
    middle = re.search(r"(?s)<main.*?</main>", page)
    assert middle is not None
    return " ".join(html.unescape(strip_tags(middle[0])).split())


class Web:
    """The page of loads, in a browser of somebody from the plan office."""

    def __init__(self, town: Area) -> None:
        user = User.objects.create(username="piano")
        Membership.objects.create(user=user, role="plan_office", area=town)
        self.client = Client()
        self.client.force_login(user)

    def bring(self, case: Case) -> str:
        answer = self.client.post(
            "/caricamenti/nuovo/",
            {
                "recipe": SimpleUploadedFile("prova.toml", content_of(case)),
                "sent": [SimpleUploadedFile(name, content) for name, content in case.files.items()],
            },
        )
        assert answer.status_code == 200
        self.page = answer.content.decode()
        return words(self.page)

    def confirm(self) -> None:
        token = re.search(r"/caricamenti/nuovo/(\d+-[\w-]+)/", self.page)
        assert token is not None
        assert self.client.post(token[0]).status_code == 302


def on_the_page(case: Case, town: Area) -> None:
    web = Web(town)
    before = rows()
    check_sentence(web.bring(case), case.it)
    assert rows() == before
    if case.taken is None:
        assert "/caricamenti/nuovo/1" not in web.page
        return
    web.confirm()
    assert taken() == case.taken


def laid_out(case: Case, folder: Path) -> Path:
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    (folder / "prova.toml").write_bytes(content_of(case))
    return folder


def run(*arguments: Any, **options: Any) -> tuple[str, str]:
    """What a command says, and the sentence with which it fails (empty when it does not)."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def by_load(case: Case, folder: Path) -> None:
    before = rows()
    for language, pieces in (("en", case.en), ("it", case.it)):
        with translation.override(language):
            said, failed = run("load", folder / "prova.toml", folder=folder, dry_run=language == "en")
        if case.taken is None:
            check_sentence(failed, pieces)
            assert rows() == before
        else:
            assert failed == ""
            check_sentence(said, pieces)
    if case.taken is not None:
        assert taken() == case.taken


def by_areas(case: Case, folder: Path) -> None:
    before = rows()
    main = next(name for name in sorted(case.files) if Path(name).suffix not in {".dbf", ".shx", ".prj", ".cpg"})
    for language, pieces in (("en", case.en), ("it", case.it)):
        with translation.override(language):
            said, failed = run(
                "areas", "load", str(folder / main), "--parent", "999001", "--kind", "zone", "--name", "NOME",
                "--code", "COD", *(["--crs", case.options["crs"]] if "crs" in case.options else []),
                *(["--dry-run"] if language == "en" else []),
            )  # fmt: skip
        check_sentence(f"{said} {failed}", pieces)
        if case.taken != 2:
            assert failed
        if case.taken != 2 or language == "en":
            assert rows() == before
    # One zone that is refused keeps all of them out, until somebody says otherwise.
    assert taken() == (2 if case.taken == 2 else 0)


def by_drawing(case: Case, town: Area) -> None:
    web = Web(town)
    zone = make_area("Zona", "zone", town, code="999001-Z9")
    before = rows()
    text = case.files["aree.geojson"].decode()
    if case.taken is not None:
        text = json.dumps(json.loads(text)["features"][1])
    answer = web.client.post(f"/territorio/{zone.code}/disegna/", {"shape": text}, follow=True)
    # Here no file is named, and no area: the outline stands before whoever pasted it.
    pieces = tuple(piece for piece in case.it if piece not in {"Seconda", "aree.geojson"})
    check_sentence(words(answer.content.decode()), pieces)
    if case.taken != 2:
        assert rows() == before


# Each way in on SQLite; on PostgreSQL each file once: it might refuse a value that SQLite takes, whatever the way.
WAYS = [(case, way) for case in CASES for way in (case.ways if connection.vendor == "sqlite" else case.ways[:1])]


@pytest.mark.every_case
@pytest.mark.parametrize(("case", "way"), [pytest.param(case, way, id=f"{case}-{way}") for case, way in WAYS])
def test_what_is_broken_is_said_and_nothing_is_half_written(case: Case, way: str, town: Area, tmp_path: Path) -> None:
    match way:
        case "web":
            on_the_page(case, town)
        case "load":
            by_load(case, laid_out(case, tmp_path))
        case "areas":
            by_areas(case, laid_out(case, tmp_path))
        case "draw":
            by_drawing(case, town)


def test_there_are_enough_of_them_and_each_has_its_name() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 40
