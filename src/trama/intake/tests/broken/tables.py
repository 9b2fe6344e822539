"""Broken CSV and JSON files of organisations and of numbers."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable

from trama.intake.tests.broken.case import VALUES, Case, Files, bodies

HEADER = "ID;NOME;TIPO;ANNO;LAT;LON\n"
GOOD = "1;Orto comune;;2001;44,505;11,305\n"
COMMA = 'separator = ";", decimal = ","'


def csv(text: str | bytes, name: str = "enti.csv", encoding: str = "utf-8") -> Callable[[], Files]:
    """A file with this text."""
    return lambda: {name: text if isinstance(text, bytes) else text.encode(encoding)}


def row(second: str, **more: str) -> Callable[[], Files]:
    """A good row, and this one."""
    return csv(HEADER + GOOD + second, **more)


def values(second: str) -> Callable[[], Files]:
    """A good row of numbers, and this one."""
    return csv("AREA;ANNO;FAMIGLIE;SOLI\nVia Mondo;2021;1200;40,5\n" + second + "\n", "numeri.csv")


def document(found: object) -> Callable[[], Files]:
    """A JSON file; a text is taken as it is."""
    return lambda: {"enti.json": (found if isinstance(found, str) else json.dumps(found)).encode()}


def _wide() -> Files:
    return {"enti.csv": (";".join(f"C{number}" for number in range(100_000)) + "\n1;2\n").encode()}


def _noise() -> Files:
    return {"enti.csv": random.Random(7).randbytes(20_000)}


def _image() -> Files:
    return {"enti.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + random.Random(7).randbytes(500)}


def _packed() -> Files:
    import xlsxwriter

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, ["ID", "NOME"])
    return {"enti.csv": target.getvalue()}


CSV = bodies(table=COMMA)
FREE = bodies(table='decimal = ","')
JSON = bodies("enti.json")

WHOLE = [
    Case(
        "empty file", csv(""), CSV, ("enti.csv è vuoto", "Manda di nuovo"), ("enti.csv is empty", "send the file again")
    ),
    Case("blank file", csv("\n\n \n"), CSV, ("enti.csv, riga 1", "intestazione"), ("enti.csv, row 1", "header")),
    Case(
        "header only",
        csv(HEADER),
        CSV,
        ("enti.csv contiene un'intestazione e nessuna riga",),
        ("enti.csv holds a header and no rows", "Was it saved before"),
    ),
    Case(
        "wrong encoding",
        csv(HEADER + GOOD + "2;Caffè;;;;\n", encoding="iso-8859-1"),
        bodies(table='separator = ";", encoding = "utf-8"'),
        ("enti.csv, riga 3", "non è scritto in utf-8", "CSV UTF-8"),
        ("enti.csv, line 3", "not written in utf-8", "CSV UTF-8"),
    ),
    Case(
        "no encoding at all",
        csv(HEADER.encode() + b"1;Caff\x81\x8d;;;;\n"),
        CSV,
        ("enti.csv, riga 2", "ricetta"),
        ("enti.csv, line 2", "recipe"),
    ),
    Case(
        "UTF-16 without its mark",
        csv(HEADER + GOOD, encoding="utf-16-le"),
        CSV,
        ("enti.csv è scritto in UTF-16", "CSV UTF-8"),
        ("enti.csv is written in UTF-16", "CSV UTF-8"),
    ),
    Case(
        "wrong separator",
        csv("ID,NOME,TIPO,ANNO,LAT,LON\n1,Orto,,,,\n"),
        CSV,
        ("enti.csv ha una sola colonna", "separate da «,»", "ricetta"),
        ("enti.csv has one column", "separated by “,”", "recipe"),
    ),
    Case(
        "missing column",
        csv("ID;TITOLO;TIPO;ANNO;LAT;LON\n1;Orto;;;;\n"),
        CSV,
        ("enti.csv, riga 1", "non c'è la colonna «NOME»", "TITOLO"),
        ("enti.csv, row 1", "no column “NOME”", "TITOLO"),
    ),
    Case(
        "a column that stands twice",
        csv("ID;NOME;TIPO;ANNO;LAT;LON;NOME\n1;Orto;;;;;x\n"),
        CSV,
        ("enti.csv, riga 1", "«NOME» c'è due volte (colonne 2, 7)", "Rinominane"),
        ("enti.csv, row 1", "“NOME” stands there twice (columns 2, 7)", "Rename"),
    ),
    Case("noise", _noise, CSV, ("enti.csv non è un testo", "file giusto"), ("enti.csv is no text", "right file")),
    Case("an image", _image, CSV, ("enti.csv non è un testo", "PNG"), ("enti.csv is no text", "PNG")),
    Case("a workbook renamed", _packed, CSV, ("enti.csv non è un testo", "XLSX"), ("enti.csv is no text", "XLSX")),
    Case(
        "a line of ten megabytes",
        lambda: {"enti.csv": (HEADER + "1;" + "a" * 10_000_000).encode()},
        CSV,
        ("enti.csv, riga 2", "più di 1000000 segni", "virgolette"),
        ("enti.csv, line 2", "more than 1000000 signs", "quote"),
    ),
    Case("a hundred thousand columns", _wide, CSV, ("enti.csv ha 100000 colonne",), ("enti.csv has 100000 columns",)),
    Case(
        "cut off inside quotes",
        row('2;"Banca del te'),
        CSV,
        ("enti.csv, riga 3", "virgolette", "tagliato"),
        ("enti.csv, line 3", "quotes", "cut off"),
    ),
    Case(
        "another file",
        csv("x\n1\n", "altro.csv"),
        CSV,
        ("«enti.csv» non è tra quelli dati", "altro.csv"),
        ("“enti.csv” is not among those given", "altro.csv"),
    ),
    Case("JSON too deep", document("[" * 100_000), JSON, ("enti.json", "annidato"), ("enti.json", "nested too deep")),
    Case(
        "JSON with a number that is none",
        document('[{"ID": 1, "NOME": "Orto", "LAT": NaN}]'),
        JSON,
        ("enti.json: «NaN» non è un numero",),
        ("enti.json: “NaN” is no number",),
    ),
    Case(
        "JSON that is cut off",
        document('[{"ID": 1,\n "NOME": "Or'),
        JSON,
        ("enti.json, riga 2", "finisce a metà"),
        ("enti.json, line 2", "ends in the middle"),
    ),
    Case(
        "JSON that is none",
        document('[{"ID": 1}\n{"ID": 2}]'),
        JSON,
        ("enti.json, riga 2, colonna 1", "virgola"),
        ("enti.json, line 2, column 1", "comma"),
    ),
    Case(
        "JSON without records",
        document({"dati": [1, 2]}),
        JSON,
        ("enti.json non contiene un elenco", "records"),
        ("enti.json does not hold a list", "records"),
    ),
    Case(
        "JSON records without names",
        document([{"ID": 1}, 7]),
        JSON,
        ("enti.json, elemento 2", "7"),
        ("enti.json, record 2", "7"),
    ),
    Case(
        "JSON with a key twice",
        document('[{"ID": 1, "ID": 2}]'),
        JSON,
        ("«ID» c'è due volte",),
        ("“ID” stands twice",),
    ),
    Case(
        "JSON with an endless number",
        document('[{"ID": ' + "9" * 5000 + "}]"),
        JSON,
        ("enti.json", "numero troppo lungo"),
        ("enti.json", "number that is too long"),
    ),
]
ROWS = [
    Case(
        "cut off in a row", row("2;Banca"), CSV, ("riga 3", "2 celle", "tagliato"), ("row 3", "2 cells", "cut off"), 1
    ),
    Case(
        "one field too many",
        row("2;Banca;;;;;ancora\n"),
        CSV,
        ("riga 3", "7 celle, l'intestazione ne ha 6"),
        ("row 3", "7 cells, the header has 6"),
        1,
    ),
    Case("a key twice", row("1;Banca;;;;\n"), CSV, ("riga 3", "«ID»", "riga 2"), ("row 3", "“ID”", "row 2"), 1),
    Case(
        "no key", row(";Banca;;;;\n"), CSV, ("riga 3", "«ID»", "chiave è vuota"), ("row 3", "“ID”", "key is empty"), 1
    ),
    Case(
        "no name",
        row("2; ;;;;\n"),
        CSV,
        ("riga 3", "«NOME»", "manca il nome"),
        ("row 3", "“NOME”", "there is no name"),
        1,
    ),
    Case(
        "an unknown code",
        row("2;Banca;zzz;;;\n"),
        CSV,
        ("riga 3", "«TIPO»", "«zzz» non è nell'elenco"),
        ("row 3", "“TIPO”", "“zzz” is not in the list"),
        1,
    ),
    Case(
        "coordinates exchanged",
        row("2;Banca;;;11,315;44,505\n"),
        CSV,
        ("riga 3", "«LAT»", "scambiate"),
        ("row 3", "“LAT”", "exchanged"),
        1,
    ),
    Case(
        "coordinates in metres",
        row("2;Banca;;;4928000;686000\n"),
        CSV,
        ("riga 3", "«LAT»", "sembrano metri"),
        ("row 3", "“LAT”", "looks like metres"),
        1,
    ),
    Case(
        "no coordinates",
        row("2;Banca;;;a nord;qui\n"),
        CSV,
        ("riga 3", "«a nord qui» non è un punto", "gradi"),
        ("row 3", "“a nord qui” is not a point", "degrees"),
        1,
    ),
    Case(
        "a formula",
        row("2;=1+2;;;;\n"),
        CSV,
        ("riga 3", "«NOME»", "formula (=1+2)"),
        ("row 3", "“NOME”", "formula (=1+2)"),
        1,
    ),
    Case(
        "an error of a spreadsheet",
        row("2;#RIF!;;;;\n"),
        CSV,
        ("riga 3", "«NOME»", "#RIF!"),
        ("row 3", "“NOME”", "#RIF!"),
        1,
    ),
    Case(
        "a year that never was",
        row("2;Banca;;31/02/2020;;\n"),
        CSV,
        ("riga 3", "«ANNO»", "«31/02/2020» non è un anno"),
        ("row 3", "“ANNO”", "“31/02/2020” is not a year"),
        1,
    ),
    Case("a year to come", row("2;Banca;;2150;;\n"), CSV, ("riga 3", "«2150»"), ("row 3", "“2150”"), 1),
    Case(
        "control characters",
        row("2;Ban\x07ca;;;;\n"),
        CSV,
        ("riga 3", "«NOME»", "U+0007"),
        ("row 3", "“NOME”", "U+0007"),
        2,
    ),
    Case(
        "text turned around",
        row("2;Banca \u202eopmet;;;;\n"),
        CSV,
        ("riga 3", "«NOME»", "U+202E"),
        ("row 3", "“NOME”", "U+202E"),
        2,
    ),
    Case("NUL bytes", row("2;Ban\x00ca;;;;\n"), CSV, ("riga 3", "U+0000"), ("row 3", "U+0000"), 2),
    Case(
        "UTF-16 with its mark",
        csv(HEADER + GOOD, encoding="utf-16"),
        CSV,
        ("enti.csv", "UTF-16"),
        ("enti.csv", "UTF-16"),
        1,
    ),
    Case(
        "two marks, and a fault",
        csv("\ufeff\ufeff" + HEADER + GOOD + ";x;;;;\n"),
        FREE,
        ("riga 3", "chiave è vuota"),
        ("row 3", "key is empty"),
        1,
    ),
]
NUMBERS = [
    Case(
        "a count below nothing",
        values("La Birra;2021;-3;1"),
        VALUES,
        ("riga 3", "«FAMIGLIE»", "«-3» è meno di 0"),
        ("row 3", "“FAMIGLIE”", "“-3” is less than 0"),
        3,
    ),
    Case(
        "more than all of them",
        values("La Birra;2021;30;140,0"),
        VALUES,
        ("riga 3", "«SOLI»", "«140,0»", "100"),
        ("row 3", "“SOLI”", "140,0", "100"),
        3,
    ),
    Case(
        "an area that nobody knows",
        values("Atlantide;2021;3;1"),
        VALUES,
        ("riga 3", "«AREA»", "«Atlantide»"),
        ("row 3", "“AREA”", "“Atlantide”"),
        2,
    ),
    Case(
        "a text for a number",
        values("La Birra;2021;tante;1"),
        VALUES,
        ("riga 3", "«FAMIGLIE»", "«tante» non è un numero"),
        ("row 3", "“FAMIGLIE”", "“tante” is not a number"),
        3,
    ),
    Case(
        "an infinite number",
        values("La Birra;2021;1e999;1"),
        VALUES,
        ("riga 3", "«FAMIGLIE»", "non è un numero"),
        ("row 3", "“FAMIGLIE”", "is not a number"),
        3,
    ),
    Case(
        "a date for a year",
        values("La Birra;31/02/2021;3;1"),
        VALUES,
        ("riga 3", "«ANNO»", "«31/02/2021» non è un anno"),
        ("row 3", "“ANNO”", "“31/02/2021” is not a year"),
        2,
    ),
    Case(
        "a value twice",
        values("Via Mondo;2021;5;41,0"),
        VALUES,
        ("riga 3", "«SOLI»", "riga 2"),
        ("row 3", "“SOLI”", "row 2"),
        2,
    ),
]
CASES = [*WHOLE, *ROWS, *NUMBERS]
