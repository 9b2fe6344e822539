"""What every test of Trama stands on: its own folder of state, its own database, a Chromium, stricter Django."""

from __future__ import annotations

import atexit
import contextlib
import gc
import glob
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from unittest import mock

# Before Django reads the settings: a test never touches the state of an installation.
HOME = Path(tempfile.mkdtemp(prefix="trama-test-"))
(HOME / "static").mkdir()
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["TRAMA_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "trama.config.settings"
for name in [name for name in os.environ if name.startswith("TRAMA_") and name not in {"TRAMA_HOME", "TRAMA_SHARED"}]:
    del os.environ[name]

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from tests import ground, strictness  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent

# Property tests try the same examples everywhere and every time, and no clock decides: what fails in CI fails here too.
# `--search=100` looks further. A profile is taken over by every @settings, so it is loaded before tests are imported.
hypothesis.settings.register_profile(
    "trama",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("trama")


def pytest_configure(config: pytest.Config) -> None:
    """Settings that only tests want; the rest is what an installation runs with."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Every new Client would read all static files again (0.08 s of processor time): they are found when asked for.
    settings.WHITENOISE_AUTOREFRESH = True
    for database in settings.DATABASES.values():
        if database["ENGINE"].endswith("sqlite3"):
            # A file, not memory: the server thread of a browser test needs a connection of its own.
            database.setdefault("TEST", {})["NAME"] = str(HOME / "test.sqlite3")
        database["CONN_MAX_AGE"] = 0
    for template_engine in settings.TEMPLATES:
        template_engine.setdefault("OPTIONS", {})["string_if_invalid"] = strictness.UndefinedVariable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--every-case`: what is sampled on PostgreSQL is tried whole. `--search`: property tests look further."""
    parser.addoption("--every-case", action="store_true", help="on PostgreSQL: every case of every table of cases")
    parser.addoption(
        "--search", type=int, metavar="N", help="property tests: N times as many examples, others each time"
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """With `--search`, a property test leaves the examples that it always tries."""
    times = item.config.option.search
    test = getattr(item, "obj", None)
    if times and getattr(test, "is_hypothesis_test", False):
        test = getattr(test, "__func__", test)
        usual = test._hypothesis_internal_use_settings  # Hypothesis has no public name for it
        # The same function is collected once for each of its cases: what was asked for before is not multiplied again.
        if usual.derandomize:
            more = hypothesis.settings(usual, max_examples=times * usual.max_examples, derandomize=False)
            test._hypothesis_internal_use_settings = more


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What a module builds once is built in one worker."""
    from tests.sharing import Sharing

    return Sharing(config, log)


def pytest_report_header(config: pytest.Config) -> str:
    """Which database the tests run on."""
    from django.conf import settings

    name = settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]
    sampled = name != "sqlite3" and not config.option.every_case
    return f"database: {name}{', long tables of cases sampled (decision 0011)' if sampled else ''}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever asks for a browser or for the shared data bears the marker, so that it can be left out.

    What asks nothing of a database (analyses, scripts, the packaging, the checks of the tree) is tried on SQLite alone;
    of a long table of cases PostgreSQL gets each third (decision 0011). What takes long begins first.
    """
    from django.conf import settings

    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "chromium" in fixtures:
            item.add_marker(pytest.mark.browser)
        if "shared" in fixtures:
            item.add_marker(pytest.mark.conformance)
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        left_out = set() if config.option.every_case else _not_in_the_sample(items)
        kept = [
            item
            for item in items
            if _asks_the_database(item)
            and item.nodeid not in left_out
            # What an act costs the processor is stated for SQLite; whether it works is another test.
            and not item.path.name.endswith("_speed.py")
        ]
        chosen = set(kept)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = kept
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _not_in_the_sample(items: list[pytest.Item]) -> set[str]:
    """Two of three cases of each test that has more than six, always the same ones.

    They send the same statements with other values; a test whose cases are different pages is marked `every_case`.
    """
    tables: dict[str, list[str]] = {}
    for item in items:
        whole = any(item.get_closest_marker(name) for name in ("every_case", "conformance"))
        if hasattr(item, "callspec") and not whole:
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item.nodeid)
    return {case for cases in tables.values() if len(cases) > 6 for n, case in enumerate(sorted(cases)) if n % 3}


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays until the end: the collector of garbage need not look at it again."""
    gc.collect()
    gc.freeze()


def _asks_the_database(item: pytest.Item) -> bool:
    ways = {"db", "transactional_db", "live_server", "taken_back", "databases"}
    return item.get_closest_marker("django_db") is not None or bool(ways & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session", autouse=True)
def _unordered_rows_come_in_any_order() -> Iterator[None]:
    with strictness.shuffled_querysets():
        yield


# Seconds by the clock that a test gives what an installation gives less: the machine may have much else to do.
PATIENCE = 600


@pytest.fixture(scope="session", autouse=True)
def _a_busy_machine_is_waited_for() -> Iterator[None]:
    from trama.reports import printing
    from trama.ui import drawing

    with mock.patch.object(drawing, "DRAW_SECONDS", PATIENCE), mock.patch.object(printing, "PRESS_SECONDS", PATIENCE):
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> bool:
    """Whether this run begins on a database that an earlier one migrated; `--create-db` begins from nothing."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return bool(request.config.getvalue("reuse_db"))
    return not request.config.getvalue("create_db") and ground.take(Path(database["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_keepdb: bool, django_db_blocker: Any) -> None:
    """The code lists are there, as `trama prepare` leaves them."""
    from django.conf import settings
    from django.db import connection

    from trama.core import codes

    with django_db_blocker.unblock():
        made = connection.settings_dict["NAME"] == connection.settings_dict["TEST"]["NAME"]
        if connection.vendor == "sqlite" and made and not django_db_keepdb:
            ground.keep()
        codes.load_folders(settings.CODELISTS)
    _Emptied.blocker = django_db_blocker


class _Emptied:
    """A test that commits empties every table at its end, the code lists too: they are brought back before the next."""

    blocker: Any = None
    lists = False


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Outside the transaction of the test to come."""
    if not _Emptied.lists or not _asks_the_database(item):
        return
    from django.conf import settings

    from trama.core import codes

    _Emptied.lists = False
    with _Emptied.blocker.unblock():
        _forget_all()
        codes.load_folders(settings.CODELISTS)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Remember who committed."""
    mark = item.get_closest_marker("django_db")
    commits = mark is not None and (mark.kwargs.get("transaction") or bool(mark.args and mark.args[0]))
    if commits or {"live_server", "transactional_db"} & set(getattr(item, "fixturenames", ())):
        _Emptied.lists = True


class _TakenBack(Exception):
    pass


@pytest.fixture(scope="module")
def taken_back(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What a fixture of a whole module writes, it writes in here: taken back when the module is done.

    A test that committed emptied every table before, the code lists too; and a process remembers what it read.
    """
    from django.conf import settings
    from django.db import transaction

    from trama.core import codes

    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                _forget_all()
                codes.load_folders(settings.CODELISTS)
                yield
                raise _TakenBack
        except _TakenBack:
            pass


@pytest.fixture(autouse=True)
def _nothing_is_remembered_from_another_test() -> None:
    """A test is rolled back in the database, not in what the process remembers of it."""
    _forget_all()


def _forget_all() -> None:
    from django.core.cache import cache
    from django.utils import translation

    from trama.core import codes, memo
    from trama.territory import finding

    codes.forget()
    memo.forget_all()
    finding.forget()
    cache.clear()  # counts of attempts to sign in, among others
    translation.deactivate()  # a page asked for in English leaves its language to the thread


@pytest.fixture(scope="session")
def _answers() -> dict[tuple[Any, ...], bytes | None]:
    return {}


@pytest.fixture(autouse=True)
def _files_are_read_once(monkeypatch: pytest.MonkeyPatch, _answers: dict[tuple[Any, ...], bytes | None]) -> None:
    """A file of a stranger that a process of its own has read is not read again when the same bytes come again.

    Every such process costs a third of a second, and what it answers hangs on the bytes alone.
    """
    from trama.core import apart

    real = apart.answer

    @contextlib.contextmanager
    def answer(script: Path, asked: list[str], seconds: int) -> Iterator[IO[bytes]]:
        key = (script, seconds, *(_bytes_of(Path(word)) or word for word in asked))
        if key not in _answers:
            try:
                with real(script, asked, seconds) as told:
                    _answers[key] = told.read()
            except apart.NoAnswer:
                _answers[key] = None
        known = _answers[key]
        if known is None:
            raise apart.NoAnswer
        yield io.BytesIO(known)

    monkeypatch.setattr(apart, "answer", answer)


def _bytes_of(path: Path) -> tuple[tuple[str, str], ...]:
    """Names and digests of a file and of those that belong to it (a shapefile is several); nothing for another word."""
    if not path.is_absolute() or not path.is_file():
        return ()
    parts = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*"))
    return tuple((part.name, hashlib.sha256(part.read_bytes()).hexdigest()) for part in parts)


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data and standards beside the repository; without them the test is skipped, in CI it fails."""
    folder = Path(os.environ.get("TRAMA_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        sentence = f"there is no shared data in {folder} (TRAMA_SHARED names another folder)"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(sentence)
        pytest.skip(sentence)
    return folder


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The Python of the programs to compare with (`make oracles`); without it the test is skipped, in CI it fails."""
    python = ROOT / ".venv-oracles" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        sentence = "the programs to compare with are not there: make oracles"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(sentence)
        pytest.skip(sentence)
    return python


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium for the whole session; `make test` gets one when there is none."""
    from playwright.sync_api import sync_playwright
    from scripts import browser

    path = browser.found()
    if path is None:
        pytest.fail("No Chromium: run scripts/browser.py, or name one with CHROMIUM=")
    # Playwright's loop runs in this thread; Django takes that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # Nobody looks at what is painted: without a graphics process a page costs an eighth less.
    arguments = ["--disable-dev-shm-usage", "--disable-gpu", "--disable-software-rasterizer"]
    if os.name != "nt" and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright, _static_files_are_kept():
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


@contextlib.contextmanager
def _static_files_are_kept() -> Iterator[None]:
    """The browser keeps static files, as an installation tells it to; Django's own server for them does not say so."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler

    real = StaticFilesHandler.serve

    def serve(self: Any, request: Any) -> Any:
        response = real(self, request)
        response["Cache-Control"] = "max-age=3600"
        return response

    with mock.patch.object(StaticFilesHandler, "serve", serve):
        yield


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`open_page(address, width=1280, height=900, language="it", user=None, **context)`: a tab on the live server.

    `user` is signed in without a password. A test fails when the page logs an error or the browser refuses something
    (a content security policy that is broken, a file that is not there).
    """
    from django.conf import settings
    from django.test import Client

    contexts: list[Any] = []
    complaints: list[str] = []

    def open_one(
        address: str = "/", width: int = 1280, height: int = 900, language: str = "it", user: Any = None, **more: Any
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, locale=language, **more
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000 / 5)
        cookies = [(settings.LANGUAGE_COOKIE_NAME, language)]
        if user is not None:
            client = Client()
            client.force_login(user)
            cookies.append((settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value))
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: complaints.append(f"{page.url}: {message.text}") if message.type == "error" else None,
        )
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, "the browser complained:\n" + "\n".join(complaints)
