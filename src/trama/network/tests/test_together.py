"""The certain ones merged together while others edit, decide, or press the same button: nothing of theirs is lost."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from trama.core.actor import SYSTEM
from trama.core.history import verify
from trama.network import actions, comparing
from trama.network.models import Merge, Organisation, Proposal
from trama.network.tests.factories import organisation, user

NAMES = ("Arad Imola", "Arad Imola OdV", "Arad Imola Aps", "Auser", "Auser Odv")


def certain() -> list[Organisation]:
    """Three that are one, and two that are one."""
    rows = [organisation(name) for name in NAMES]
    for a, b in ((0, 1), (1, 2), (3, 4)):
        Proposal.objects.create(one=rows[a], other=rows[b], probability=0.99, tier="certain")
    return rows


def groups() -> list[tuple[Organisation, list[Organisation]]]:
    return [(group.kept, group.gone) for group in comparing.certain_groups(SYSTEM)]


@pytest.mark.django_db
def test_a_record_changed_after_the_page_was_opened_leaves_its_group_alone(client: Client) -> None:
    rows = certain()
    client.force_login(user("plan_office"))
    page = reverse("network:duplicates_certain")
    shown = re.findall(r'name="group" value="([^"]+)"', client.get(page).content.decode())
    assert len(shown) == 2
    actions.save_organisation(SYSTEM, {"description": "Si sta insieme."}, rows[4])
    told = client.post(page, {"group": shown}, follow=True).content.decode()
    assert "2 schede unite" in told
    assert "Un gruppo è stato cambiato" in told
    assert set(Organisation.objects.values_list("name", flat=True)) == {"Arad Imola", "Auser", "Auser Odv"}
    # Looked at again, it is merged; what was written is in what is kept.
    again = re.findall(r'name="group" value="([^"]+)"', client.get(page).content.decode())
    client.post(page, {"group": again})
    assert Organisation.objects.filter(description="Si sta insieme.").count() == 1
    assert Organisation.objects.count() == 2


@pytest.mark.django_db
def test_what_happens_between_the_reading_and_the_merging_is_seen_pair_by_pair() -> None:
    rows = certain()
    read = groups()
    # Another pressed first: nothing is merged twice, and nothing fails.
    assert actions.merge_groups(SYSTEM, read) == (3, 0)
    assert actions.merge_groups(SYSTEM, read) == (0, 2)
    for done in Merge.objects.in_force().order_by("-pk"):
        actions.undo_merge(SYSTEM, done)
    read = groups()
    assert Organisation.objects.count() == 5
    # Somebody said that two of the three are not the same: the three stay; the others go on.
    actions.decide(SYSTEM, Proposal.objects.get(one=rows[0], other=rows[1]), "different")
    assert actions.merge_groups(SYSTEM, read) == (1, 1)
    assert set(Organisation.objects.values_list("name", flat=True)) >= set(NAMES[:3])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="make test-postgresql tries it: there rows are locked")
@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_and_one_who_writes_meanwhile_lose_nothing() -> None:
    rows = certain()
    read, found, failed = [groups(), groups()], [], []
    start = threading.Barrier(3)

    def run(act) -> None:
        try:
            start.wait()
            found.append(act())
        except Exception as error:  # noqa: BLE001 - of another thread pytest would not learn
            failed.append(error)
        finally:
            connection.close()

    def write() -> tuple[int, int]:
        try:
            actions.save_organisation(SYSTEM, {"description": "Si sta insieme."}, rows[4])
        except Organisation.DoesNotExist:
            return (0, 0)  # merged already: whoever writes is told
        return (0, 0)

    acts = [lambda: actions.merge_groups(SYSTEM, read[0]), lambda: actions.merge_groups(SYSTEM, read[1]), write]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed
    merged = sum(done for done, _left in found)
    assert merged == Merge.objects.in_force().count() == len(NAMES) - Organisation.objects.count()
    assert Merge.objects.values("gone").distinct().count() == merged
    assert verify().problem == ""
