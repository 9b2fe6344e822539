"""CSV that an Italian spreadsheet opens at once, beside the plain one."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from trama.core import memo
from trama.core.declarations import gathered
from trama.insight.spreadsheet import csv_text
from trama.insight.tests.factories import REGISTER, make_experience
from trama.territory import finding
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.tests.factories import make_city


def test_the_sign_between_cells_and_the_decimal_sign() -> None:
    rows = [["Città; centro", 1234.5, 7, None, "=1+1", "1.0"]]
    assert csv_text(["a"] * 6, rows) == "\ufeffa,a,a,a,a,a\r\nCittà; centro,1234.5,7,,'=1+1,1.0\r\n"
    # Of texts (a version, a code) no point becomes a comma.
    assert csv_text(["a"] * 6, rows, italian=True) == '\ufeffa;a;a;a;a;a\r\n"Città; centro";1234,5;7;;\'=1+1;1.0\r\n'


@pytest.mark.django_db
def test_tables_and_indicators_offer_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    memo.forget_all()
    finding.forget()
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)
    for kind in ("festa", "festa", "mercato"):
        make_experience(kind)
    one = ContextIndicator.objects.create(code="share", name_it="Quota", name_en="Share", unit_it="%", decimals=1)
    ContextValue.objects.create(indicator=one, area=make_city()["west"], year=2023, value=53.7)

    def read(address: str) -> list[dict[str, str]]:
        content = client.get(address).content.decode()
        assert content.startswith("\ufeff")
        return list(csv.DictReader(io.StringIO(content[1:]), delimiter=";"))

    page = client.get("/numeri/experiences/?rows=kind").content.decode()
    assert "/numeri/experiences/tabella.excel.csv?rows=kind" in page
    found = {
        row["kind"]: (row["value"], row["share"][:6]) for row in read("/numeri/experiences/tabella.excel.csv?rows=kind")
    }
    assert found["festa"] == ("2", "0,6666")
    assert "tabella.excel.csv" in client.get("/numeri/indicatori/share/").content.decode()
    lines = read("/numeri/indicatori/share/tabella.excel.csv?years=all&level=district")
    assert {row["area"]: row["value"] for row in lines} == {"Ovest": "53,7", "Est": ""}
