"""Broken archives and broken recipes, as they are sent from the page of loads."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from trama.intake.tests.broken.case import HEAD, Case, Files, bodies, zones
from trama.intake.tests.broken.maps import GOOD as GOOD_ZONE
from trama.intake.tests.broken.maps import collection
from trama.intake.tests.broken.tables import COMMA, GOOD, HEADER, csv

RECIPE = bodies(table=COMMA)
WEB = ("web",)


def archive(*parts: tuple[str, bytes]) -> Callable[[], Files]:
    """An archive with these files."""

    def make() -> Files:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in parts:
                packed.writestr(name, content)
        return {"dati.zip": target.getvalue()}

    return make


TABLE = ("enti.csv", (HEADER + GOOD).encode())


def _half() -> Files:
    content = archive(TABLE, ("altro.csv", b"x" * 500))()["dati.zip"]
    return {"dati.zip": content[: len(content) // 2]}


def _locked() -> Files:
    content = bytearray(archive(TABLE)()["dati.zip"])
    # The mark of encryption, in the header of the file and in the directory at the end.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return {"dati.zip": bytes(content)}


def _spoiled() -> Files:
    content = bytearray(archive(("enti.csv", (HEADER + GOOD * 50).encode()))()["dati.zip"])
    content[45:60] = bytes(15)
    return {"dati.zip": bytes(content)}


def nothing(megabytes: int) -> bytes:
    """An archive that unfolds to so many megabytes of zeros, made without holding them."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("enti.csv", "w") as file:
        for _number in range(megabytes):
            file.write(bytes(1 << 20))
    return target.getvalue()


def lying(megabytes: int) -> bytes:
    """The same, but the archive states that the file has ten bytes."""
    content = bytearray(nothing(megabytes))
    where = content.index(b"PK\x01\x02")
    content[where + 24 : where + 28] = (10).to_bytes(4, "little")
    return bytes(content)


def _packed_again() -> Files:
    inner = archive(TABLE)()["dati.zip"]
    return archive(("dentro.zip", inner))()


ARCHIVES = [
    Case(
        "zip bomb",
        lambda: {"dati.zip": nothing(12)},
        RECIPE,
        ("«dati.zip»", "12 MB", "10 MB"),
        ("“dati.zip”", "12 MB", "10 MB"),
        ways=WEB,
    ),
    Case(
        "zip bomb that lies",
        lambda: {"dati.zip": lying(2)},
        RECIPE,
        ("«dati.zip»", "rotto"),
        ("“dati.zip”", "broken"),
        ways=WEB,
    ),
    Case(
        "zip slip",
        archive(("../enti.csv", TABLE[1])),
        RECIPE,
        ("«dati.zip»", "../enti.csv", "fuori dalla sua cartella"),
        ("“dati.zip”", "../enti.csv", "out of its folder"),
        ways=WEB,
    ),
    Case(
        "zip from the root",
        archive(("/etc/enti.csv", TABLE[1])),
        RECIPE,
        ("/etc/enti.csv", "fuori dalla sua cartella"),
        ("/etc/enti.csv", "out of its folder"),
        ways=WEB,
    ),
    Case(
        "an archive in an archive",
        _packed_again,
        RECIPE,
        ("«dati.zip»", "dentro.zip", "aprilo"),
        ("“dati.zip”", "dentro.zip", "open it"),
        ways=WEB,
    ),
    Case(
        "an archive with a password", _locked, RECIPE, ("«dati.zip»", "password"), ("“dati.zip”", "password"), ways=WEB
    ),
    Case("half an archive", _half, RECIPE, ("«dati.zip»", "rotto"), ("“dati.zip”", "broken"), ways=WEB),
    Case(
        "an archive with a spoiled file", _spoiled, RECIPE, ("«dati.zip»", "rotto"), ("“dati.zip”", "broken"), ways=WEB
    ),
    Case(
        "no archive",
        lambda: {"dati.zip": b"PK nothing"},
        RECIPE,
        ("«dati.zip»", "rotto"),
        ("“dati.zip”", "broken"),
        ways=WEB,
    ),
    Case(
        "too many files",
        archive(*((f"{number}.csv", b"x") for number in range(201))),
        RECIPE,
        ("«dati.zip»", "201"),
        ("“dati.zip”", "201"),
        ways=WEB,
    ),
    Case(
        "the same file twice",
        archive(TABLE, ("altra/enti.csv", b"x")),
        RECIPE,
        ("«enti.csv»", "due volte"),
        ("“enti.csv”", "twice"),
        ways=WEB,
    ),
    Case(
        "an endless name",
        archive(("a" * 5000 + ".csv", b"x")),
        RECIPE,
        ("«dati.zip»", "aaaa", "nome breve"),
        ("“dati.zip”", "aaaa", "short and plain name"),
        ways=WEB,
    ),
    Case(
        "a name that is turned around",
        archive(("enti\u202evsc.csv", b"x")),
        RECIPE,
        ("[U+202E]", "nome breve"),
        ("[U+202E]", "short and plain name"),
        ways=WEB,
    ),
    Case(
        "files that nobody reads",
        archive(TABLE, ("leggimi.exe", b"x")),
        RECIPE,
        ("leggimi.exe", "Un file dell'archivio non è letto"),
        ("leggimi.exe", "One file of the archive is not read"),
        1,
        ways=WEB,
    ),
    Case(
        "a program",
        lambda: {"programma.exe": b"MZ"},
        RECIPE,
        ("«programma.exe»", ".csv"),
        ("“programma.exe”", ".csv"),
        ways=WEB,
    ),
]


def recipe(name: str, text: str | bytes, it: tuple[str, ...], en: tuple[str, ...]) -> Case:
    """A broken recipe, beside a good file."""
    return Case(name, csv(HEADER + GOOD), text, it, en)


RECIPES = [
    recipe(
        "no TOML",
        'format = 1\nkey "prova"\n',
        ("prova.toml, riga 2, colonna 5", "«=»"),
        ("prova.toml, line 2, column 5", "“=”"),
    ),
    recipe("TOML cut off", RECIPE[:-8], ("prova.toml", "virgolette"), ("prova.toml", "quote")),
    recipe(
        "a key that is not known",
        RECIPE.replace("when_gone", "quando"),
        ("prova.toml, riga", "«quando»"),
        ("prova.toml, line", "“quando”"),
    ),
    recipe(
        "a file of another folder",
        bodies("../../etc/passwd"),
        ("«../../etc/passwd» non è il nome di un file", "senza cartelle"),
        ("“../../etc/passwd” is no name of a file", "without folders"),
    ),
    recipe(
        "not in UTF-8",
        (HEAD + 'description = "Perché"\n').encode("iso-8859-1"),
        ("prova.toml, riga 8", "UTF-8"),
        ("prova.toml, line 8", "UTF-8"),
    ),
    recipe(
        "a sign that cannot be seen",
        RECIPE.replace('name = "enti"', 'name = "en\\u0000ti"'),
        ("prova.toml, riga", "«name»", "non si vede"),
        ("prova.toml, line", "“name”", "cannot be seen"),
    ),
    recipe(
        "an encoding that is none",
        bodies(table='encoding = "klingon"'),
        ("prova.toml, riga", "«klingon»", "utf-8"),
        ("prova.toml, line", "“klingon”", "utf-8"),
    ),
    recipe(
        "an encoding that unfolds",
        bodies(table='encoding = "zlib"'),
        ("prova.toml, riga", "«zlib»"),
        ("prova.toml, line", "“zlib”"),
    ),
    recipe(
        "a separator of two signs",
        bodies(table='separator = ";;"'),
        ("prova.toml, riga", "«separator»"),
        ("prova.toml, line", "“separator”"),
    ),
    recipe(
        "a pattern that is none",
        RECIPE + "\n[[steps.kinds]]\npattern = '('\nkind = \"aps\"\n",
        ("prova.toml, riga", "«(»"),
        ("prova.toml, line", "“(”"),
    ),
    recipe(
        "nested without end",
        "a=" + "[" * 20_000 + "]" * 20_000,
        ("prova.toml", "non è una ricetta"),
        ("prova.toml", "no recipe"),
    ),
    recipe(
        "a day that never was",
        RECIPE.replace('title = "Dati di prova"', 'title = "Dati"\nretrieved_on = "2024-02-30"'),
        ("«s»", "«2024-02-30» non è una data"),
        ("“s”", "“2024-02-30” is not a date"),
    ),
    Case(
        "an area that is not there",
        collection(GOOD_ZONE),
        zones().replace("999001", "111111"),
        ("«aree»", "111111"),
        ("“aree”", "111111"),
    ),
]
CASES = [*ARCHIVES, *RECIPES]
