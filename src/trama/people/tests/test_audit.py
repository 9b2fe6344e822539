"""The chain of the audit: any tampering shows, on the page, in the command and in a file that somebody keeps."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from trama.accounts.models import User
from trama.core import history
from trama.core.actor import SYSTEM, Actor
from trama.core.models import AuditEntry, AuditHead
from trama.network.models import Membership
from trama.people import actions

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> None:
    """Six acts of three kinds, one of them with letters beyond ASCII and a change."""
    acts = [history.Act("created", "x.y", str(n), f"Città n. {n}", {"name": [None, f"«è» {n}"]}) for n in range(5)]
    history.record_many(Actor(user=7, name="Anna Però"), acts)
    history.record(SYSTEM, "exported", extra={"audit": "*"})


def run(sql: str, *params: Any) -> None:
    """Somebody with a hand on the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def renumber(old: int, new: int) -> None:
    run("UPDATE core_auditentry SET number = %s WHERE number = %s", new, old)


def forged(number: int, previous: str) -> AuditEntry:
    """An entry with a hash that is right for its own content."""
    model = AuditEntry.objects.get(number=2)
    entry = AuditEntry(number=number, at=model.at, user=7, user_name="Anna Però", verb="created", previous=previous)
    entry.hash = history.hash_of(entry)
    return entry


def test_an_untouched_chain_holds(chain: None) -> None:
    result = history.verify()
    assert (result.problem, result.entries) == ("", 6)
    assert result.last_hash == AuditHead.objects.get().hash == AuditEntry.objects.get(number=6).hash


def test_an_empty_one_holds_too() -> None:
    assert history.verify() == history.Verification(0, "")


@pytest.mark.parametrize(
    "column",
    ["user_name", "verb", "kind", "object_id", "label"],
)
def test_an_altered_word_shows(chain: None, column: str) -> None:
    run(f"UPDATE core_auditentry SET {column} = 'z' WHERE number = 3")  # noqa: S608
    assert history.verify().problem == "entry 3 was altered"


def test_an_altered_change_shows(chain: None) -> None:
    AuditEntry.objects.filter(number=3).update(changes={"name": [None, "other"]})
    assert history.verify().problem == "entry 3 was altered"


def test_another_time_and_another_person_show(chain: None) -> None:
    entry = AuditEntry.objects.get(number=4)
    AuditEntry.objects.filter(number=4).update(user=8)
    assert history.verify().problem == "entry 4 was altered"
    AuditEntry.objects.filter(number=4).update(user=7, at=entry.at.replace(year=2020))
    assert history.verify().problem == "entry 4 was altered"


def test_an_altered_row_with_its_hash_made_again_shows_at_the_next(chain: None) -> None:
    entry = AuditEntry.objects.get(number=3)
    entry.label = "other"
    AuditEntry.objects.filter(number=3).update(label="other", hash=history.hash_of(entry))
    assert history.verify().problem == "entry 4 does not follow the one before it"


def test_a_row_taken_out_of_the_middle_shows(chain: None) -> None:
    run("DELETE FROM core_auditentry WHERE number = 3")
    assert history.verify().problem == "entry 3 is missing"


def test_a_row_taken_out_and_the_others_moved_up_show(chain: None) -> None:
    run("DELETE FROM core_auditentry WHERE number = 3")
    for number in (4, 5, 6):
        renumber(number, number - 1)
    assert history.verify().problem == "entry 3 does not follow the one before it"


@pytest.mark.parametrize("first", [6, 5, 1])
def test_a_cut_tail_shows(chain: None, first: int) -> None:
    run("DELETE FROM core_auditentry WHERE number >= %s", first)
    problem = history.verify().problem
    assert problem == f"the chain ends at entry {first - 1}, its head says 6"


def test_two_rows_that_changed_places_show(chain: None) -> None:
    renumber(3, 90)
    renumber(4, 3)
    renumber(90, 4)
    assert history.verify().problem == "entry 3 does not follow the one before it"


def test_a_row_put_in_between_shows(chain: None) -> None:
    for number in (6, 5, 4):
        renumber(number, number + 1)
    AuditEntry.objects.bulk_create([forged(4, AuditEntry.objects.get(number=3).hash)])
    assert history.verify().problem == "entry 5 does not follow the one before it"


def test_a_row_put_at_the_end_shows(chain: None) -> None:
    AuditEntry.objects.bulk_create([forged(7, AuditEntry.objects.get(number=6).hash)])
    assert history.verify().problem == "the chain ends at entry 7, its head says 6"


def test_a_head_that_was_set_back_shows(chain: None) -> None:
    entry = AuditEntry.objects.get(number=5)
    AuditHead.objects.update(number=5, hash=entry.hash)
    assert history.verify().problem == "the chain ends at entry 6, its head says 5"


def test_entries_cannot_be_saved_or_deleted_by_mistake(chain: None) -> None:
    entry = AuditEntry.objects.get(number=2)
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_the_command_says_one_sentence(chain: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "verify")
    last = AuditHead.objects.get().hash
    assert capsys.readouterr().out == f"The chain is whole: 6 entries, last hash {last}.\n"
    run("DELETE FROM core_auditentry WHERE number = 2")
    with pytest.raises(CommandError, match=r"The chain is broken: entry 2 is missing \(1 entries hold\)\."):
        call_command("audit", "verify")


def test_whoever_holds_the_file_can_check_the_chain_without_trama(chain: None, tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"
    call_command("audit", "export", str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == [str(n) for n in range(1, 7)]
    previous = ""
    for row in rows:
        assert row["previous"] == previous
        content = [
            int(row["number"]),
            row["at"],
            int(row["user"]) if row["user"] else None,
            *(row[name] for name in ("user_name", "verb", "kind", "object_id", "label")),
            json.loads(row["changes"]),
            row["previous"],
        ]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert row["hash"] == previous
    assert AuditEntry.objects.count() == 7, "the export itself leaves an entry"


def test_a_file_that_cannot_be_written_is_one_sentence(chain: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be written"):
        call_command("audit", "export", str(tmp_path / "nowhere" / "audit.csv"))


def test_a_cell_of_the_file_is_no_formula(chain: None, administrator: Client) -> None:
    history.record_many(Actor(user=1, name="=cmd()"), [history.Act("created", label="@sum(a1)")])
    body = b"".join(administrator.get("/persone/registro/esporta.csv?verb=created").streaming_content).decode()
    row = list(csv.DictReader(io.StringIO(body.lstrip("\ufeff"))))[-1]
    assert (row["user_name"], row["label"]) == ("'=cmd()", "'@sum(a1)")


@pytest.fixture
def administrator() -> Client:
    user = User.objects.create(username="ada", first_name="Ada", last_name="Neri")
    Membership.objects.create(user=user, role="dpo_admin")
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_the_state_of_the_chain(chain: None, administrator: Client) -> None:
    page = administrator.get("/persone/registro/").content.decode()
    assert "Catena intatta: 6 voci" in page
    assert AuditHead.objects.get().hash[:12] in page
    run("UPDATE core_auditentry SET label = 'z' WHERE number = 3")
    page = administrator.get("/persone/registro/").content.decode()
    assert "La catena è spezzata." in page
    assert "Catena intatta" not in page


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [6, 5, 4, 3, 2, 1]),
        ("who=anna", [5, 4, 3, 2, 1]),
        ("who=Trama", [6]),
        ("verb=exported", [6]),
        ("kind=x.y&record=3", [4]),
        ("since=2000-01-01&until=2000-12-31", []),
        ("since=2000-01-01", [6, 5, 4, 3, 2, 1]),
        ("verb=no-such-verb", []),
        ("since=yesterday", []),
    ],
)
def test_the_page_is_narrowed(chain: None, administrator: Client, query: str, numbers: list[int]) -> None:
    response = administrator.get(f"/persone/registro/?{query}")
    assert [act.number for act in response.context["entries"]] == numbers
    body = b"".join(administrator.get(f"/persone/registro/esporta.csv?{query}").streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(body.lstrip("\ufeff"))))
    assert sorted((int(row["number"]) for row in rows), reverse=True) == numbers


def test_opening_the_page_of_a_person_leaves_an_entry(administrator: Client) -> None:
    person = User.objects.create(username="bruno")
    administrator.get(f"/persone/{person.pk}/")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.kind, entry.object_id) == ("read", "accounts.user", str(person.pk))
    assert entry.user_name == "Ada Neri"


def test_a_long_chain_is_walked_when_somebody_asks(
    administrator: Client, monkeypatch: pytest.MonkeyPatch, chain: None
) -> None:
    from trama.people.views import audit

    monkeypatch.setattr(audit, "WALKED_AT_ONCE", 5)
    assert administrator.get("/persone/registro/").context["verification"] is None
    assert administrator.get("/persone/registro/?verify=1").context["verification"].problem == ""


def test_personal_fields_are_named_and_never_quoted() -> None:
    user = actions.accounts.create_user(SYSTEM, "carla", email="carla@example.org", first_name="Carla")
    actions.accounts.change_account(SYSTEM, user, email="c@example.org", first_name="Carla", last_name="Bo")
    text = json.dumps([entry.changes for entry in AuditEntry.objects.order_by("number")])
    assert "email" in text
    assert "example.org" not in text


def test_the_ends_of_the_calendar_are_days_too(chain: None, administrator: Client) -> None:
    for days, count in (("since=0001-01-01&until=9999-12-31", 6), ("since=9999-12-31", 0), ("until=0001-01-01", 0)):
        answer = administrator.get(f"/persone/registro/?{days}")
        assert answer.status_code == 200
        body = b"".join(administrator.get(f"/persone/registro/esporta.csv?{days}").streaming_content).decode()
        assert len(list(csv.reader(io.StringIO(body)))) == count + 1
