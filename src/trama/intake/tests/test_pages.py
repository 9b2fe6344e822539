"""The pages of loads: who may open them, the dry run first, and then the load."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from trama.accounts.models import User
from trama.core.facts import HOME_AREA, set_fact
from trama.directory.models import Resource
from trama.intake import staging
from trama.intake.models import Load
from trama.intake.tests.factories import AREAS_STEP, HEAD, RESOURCES_STEP, TOWN, town, write_areas, write_resources
from trama.network.models import Membership
from trama.territory.models import Area

pytestmark = pytest.mark.django_db


def client_of(role: str, area: Area | None) -> Client:
    user = User.objects.create(username=f"{role}-{area.pk if area else 0}")
    Membership.objects.create(user=user, role=role, area=area)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def home() -> Area:
    area = town()
    set_fact(HOME_AREA, TOWN)
    return area


def sent(folder: Path) -> dict[str, Any]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(write_areas(folder), "dati/aree.geojson")
        archive.write(write_resources(folder), "dati/risorse.csv")
        archive.writestr("leggimi.exe", "no")
    recipe = (HEAD + AREAS_STEP + RESOURCES_STEP).encode()
    return {
        "recipe": SimpleUploadedFile("prova.toml", recipe),
        "sent": [SimpleUploadedFile("dati.zip", packed.getvalue())],
    }


@pytest.mark.parametrize(
    ("role", "held_on", "sees", "brings"),
    [
        ("plan_office", "home", 200, 200),
        ("technical_coordinator", "home", 200, 200),
        ("dpo_admin", "everywhere", 200, 200),
        ("plan_office", "hamlet", 200, 404),
        ("plan_office", "elsewhere", 200, 404),
        ("community_worker", "home", 404, 404),
        ("evaluator", "everywhere", 404, 404),
        ("citizen", "home", 404, 404),
    ],
)
def test_who_may(home: Area, role: str, held_on: str, sees: int, brings: int) -> None:
    from trama.core.actor import SYSTEM
    from trama.territory.actions import add_area

    areas = {
        "home": home,
        "everywhere": None,
        "hamlet": add_area(SYSTEM, name="Frazione", kind="hamlet", parent=home),
        "elsewhere": add_area(SYSTEM, name="Altrove", kind="municipality", code="999002"),
    }
    client = client_of(role, areas[held_on])
    load = Load.objects.create(recipe="Prova", loaded_by="Trama")
    assert client.get("/caricamenti/").status_code == sees
    assert client.get(f"/caricamenti/{load.pk}/").status_code == sees
    assert client.get("/caricamenti/nuovo/").status_code == brings
    assert client.post("/caricamenti/nuovo/0-aaaaaaaaaaaaaaaaaaaaaaaa/").status_code == 404


def test_nobody_is_asked_to_sign_in(client: Client) -> None:
    for address in ("/caricamenti/", "/caricamenti/nuovo/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert "/accedi/" in answer.headers["Location"]


def test_the_dry_run_comes_first_and_then_the_load(home: Area, tmp_path: Path) -> None:
    client = client_of("plan_office", home)
    checked = client.post("/caricamenti/nuovo/", sent(tmp_path))
    html = checked.content.decode()
    assert "Carica davvero" in html
    assert "Attività inventata" in html  # the refused row is named
    assert not Resource.objects.exists()
    found = re.search(r"/caricamenti/nuovo/(\d+-[\w-]+)/", html)
    assert found is not None
    token = found[1]
    # What one put aside nobody else can load.
    assert client_of("dpo_admin", None).post(f"/caricamenti/nuovo/{token}/").status_code == 404
    done = client.post(f"/caricamenti/nuovo/{token}/", follow=True)
    assert Resource.objects.count() == 3
    assert "Prova" in done.content.decode()
    assert client.post(f"/caricamenti/nuovo/{token}/").status_code == 404
    load = Load.objects.get()
    page = client.get(f"/caricamenti/{load.pk}/").content.decode()
    assert "risorse.csv" in page


def test_what_is_wrong_is_said_beside_the_field(home: Area, tmp_path: Path) -> None:
    client = client_of("plan_office", home)
    broken = sent(tmp_path)
    broken["recipe"] = SimpleUploadedFile("prova.toml", (HEAD + AREAS_STEP).replace("levels", "livelli").encode())
    assert "livelli" in client.post("/caricamenti/nuovo/", broken).content.decode()
    missing = sent(tmp_path)
    missing["sent"] = []
    assert "aree.geojson" in client.post("/caricamenti/nuovo/", missing).content.decode()
    bad = sent(tmp_path)
    bad["sent"] = [SimpleUploadedFile("dati.zip", b"PK nothing")]
    assert client.post("/caricamenti/nuovo/", bad).status_code == 200
    assert not Resource.objects.exists()


def test_folders_in_an_archive_are_left_behind(tmp_path: Path) -> None:
    sent_ = staging.stage(7, b"x", sent(tmp_path)["sent"])
    token = sent_.token
    assert sent_.left_out == ["leggimi.exe"]
    folder = staging.staged(7, token)
    assert folder is not None
    assert sorted(path.name for path in folder.iterdir()) == ["aree.geojson", "recipe.toml", "risorse.csv"]
    assert staging.staged(8, token) is None
    assert staging.staged(7, f"7-../{token}") is None
    staging.drop(token)
    assert staging.staged(7, token) is None


def test_what_is_too_big_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="MB"):
        staging.stage(7, b"x", sent(tmp_path)["sent"])
    assert not list((Path(staging.settings.TRAMA_HOME) / "staged").glob("7-*"))


def test_what_another_process_takes_away_meanwhile_is_no_error(tmp_path: Path) -> None:
    kept = staging.stage(11, b"x", []).token
    # It is listed, and no longer there when it is looked at.
    taken = Path(staging.settings.TRAMA_HOME) / "staged" / "11-taken-away-meanwhile"
    taken.symlink_to(tmp_path / "nowhere")
    last = staging.stage(11, b"x", []).token
    taken.unlink()
    assert staging.staged(11, kept)
    assert staging.staged(11, last)
    for _twice in range(2):  # two presses of one button
        staging.drop(last, loaded=5)
        assert staging.loaded_as(11, last) == 5
    staging.drop(kept)
    assert staging.loaded_as(11, kept) == 0
