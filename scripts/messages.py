"""Extract, merge, check and compile the Italian messages of each app, without GNU gettext.

    .venv/bin/python scripts/messages.py APP...          extract, merge into the .po, compile the .mo
    .venv/bin/python scripts/messages.py                 the same for every app
    .venv/bin/python scripts/messages.py --check [APP…]  change nothing; say what is missing, exit status 1

Message ids are English, so English needs no catalogue. A text that is no longer in the sources leaves the catalogue;
a new one takes the Italian that another app already gives to the same text, and otherwise waits empty for a person:
nothing is guessed.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "trama"
LOCALE = "it"

# Argument positions as Babel wants them: (1, "c") is the context.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    # gettext at once, beside a gettext_lazy that is called _
    "_now": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
TEMPLATE_SUFFIXES = {".html", ".txt", ".xml"}
UNSPOKEN_FOLDERS = {"tests", "migrations", "locale", "__pycache__"}
HEADER = """\
# Italian messages of the app "{app}". Made by scripts/messages.py; the translations are written by hand.
msgid ""
msgstr ""
"Language: it\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
# Dates in a catalogue would change the file at every run.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)

PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|%%|%[sdif]\b|\{\w*(?:[.!:\[][^{}]*)?\}")

Key = tuple[str | None, str]


class MessagesError(Exception):
    """A sentence for the person at the terminal."""


def apps(package: Path = PACKAGE) -> list[str]:
    """Names of the app folders that exist, in alphabetical order."""
    return sorted(child.name for child in package.iterdir() if (child / "__init__.py").exists())


def po_path(app: str, package: Path = PACKAGE) -> Path:
    """Where the catalogue of an app lives."""
    return package / app / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def sources(folder: Path) -> Iterator[Path]:
    """Python files and templates of an app whose texts people read, in a stable order."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if UNSPOKEN_FOLDERS.intersection(parts) or not path.is_file():
            continue
        if path.suffix == ".py" or (path.suffix in TEMPLATE_SUFFIXES and "templates" in parts):
            yield path


def extracted(path: Path) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    """(message, comments, context) of one source file; raises MessagesError naming the file."""
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix != ".py":
            # The blanked-out HTML between messages must not look like Python indentation to the tokenizer.
            lines = templatize(text, origin=str(path)).splitlines()
            text = "\n".join(line.strip() for line in lines)
        found = extract(
            "python",
            io.BytesIO(text.encode("utf-8")),
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            options={"encoding": "utf-8"},
        )
        for _line, message, comments, context in found:
            yield message, comments, context
    except Exception as error:  # the tokenizer and the template lexer each have their own
        raise MessagesError(f"{path}: its messages cannot be read: {error}") from error


def key_of(message: Message) -> Key:
    """What makes a message one: its context and its (singular) id."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def extract_app(app: str, package: Path = PACKAGE) -> Catalog:
    """The catalogue that the sources of an app ask for, without translations."""
    catalog = Catalog(locale=LOCALE, charset="utf-8", creation_date=NO_DATE, revision_date=NO_DATE)
    folder = package / app
    for path in sources(folder):
        location = path.relative_to(package.parent).as_posix()
        for message, comments, context in extracted(path):
            if message and message != ("", ""):
                # Babel's own merge joins a plural to a singular with the same id, as gettext does.
                catalog.add(message, None, [(location, 0)], auto_comments=comments, context=context)
    return catalog


def read_catalogue(path: Path) -> Catalog:
    """The catalogue on disk, or an empty one."""
    if not path.exists():
        return Catalog(locale=LOCALE, charset="utf-8")
    with path.open("rb") as file:
        try:
            return read_po(file, locale=LOCALE, charset="utf-8", abort_invalid=True)
        except Exception as error:
            raise MessagesError(f"{path}: the catalogue cannot be read: {error}") from error


def texts(catalog: Catalog) -> Iterator[Message]:
    """Messages of a catalogue without its header."""
    return (message for message in catalog if message.id)


def forms(string: str | Iterable[str] | None) -> tuple[str, ...]:
    """The translated forms: one, or one per plural."""
    if not string:
        return ()
    return (string,) if isinstance(string, str) else tuple(string)


def is_translated(message: Message) -> bool:
    """Whether every form has a text."""
    wanted = 1 if isinstance(message.id, str) else 2
    given = forms(message.string)
    return len(given) == wanted and all(given)


def merge(new: Catalog, old: Catalog, others: dict[Key, Message]) -> Catalog:
    """Give the extracted messages the translations that people wrote, from this app first, else from the others."""
    kept = {key_of(message): message for message in texts(old) if "fuzzy" not in message.flags}
    for message in texts(new):
        for source in (kept.get(key_of(message)), others.get(key_of(message))):
            if source is None or isinstance(source.id, str) != isinstance(message.id, str) or not is_translated(source):
                continue
            message.string = source.string
            message.user_comments = list(source.user_comments)
            break
    return new


def po_text(app: str, catalog: Catalog) -> str:
    """The .po as text: sorted by file, locations without line numbers, no dates, so that differences stay small."""
    buffer = io.BytesIO()
    write_po(
        buffer, catalog, width=110, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return HEADER.format(app=app) + buffer.getvalue().decode("utf-8")


def mo_bytes(po: str) -> bytes:
    """The compiled catalogue, the same bytes for the same .po."""
    catalog = read_po(io.BytesIO(po.encode("utf-8")), locale=LOCALE, charset="utf-8")
    catalog.creation_date = catalog.revision_date = NO_DATE
    for message in list(texts(catalog)):
        if not is_translated(message):
            catalog.delete(message.id, context=message.context)
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def placeholders(text: str) -> Counter[str]:
    """The parts of a text that the program fills in, with how often each appears."""
    return Counter(PLACEHOLDER.findall(text))


def faults(message: Message) -> Iterator[str]:
    """Sentences about one translated message: placeholders and line ends must be the same in both languages."""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    for english, italian in zip(ids, forms(message.string), strict=False):
        if placeholders(english) != placeholders(italian):
            yield f"«{english}» and «{italian}» do not carry the same placeholders"
        for end in ("\n", " "):
            if english.endswith(end) != italian.endswith(end) or english.startswith(end) != italian.startswith(end):
                yield f"«{english}» and «{italian}» do not begin and end with the same white space"


def check_app(app: str, package: Path = PACKAGE) -> list[str]:
    """Everything that is wrong with the catalogue of an app, as sentences; an empty list when all is well."""
    new, path = extract_app(app, package), po_path(app, package)
    old = read_catalogue(path)
    if not any(texts(new)) and not path.exists():
        return []
    wanted, written = {key_of(m) for m in texts(new)}, {key_of(m) for m in texts(old)}
    found = [f"{app}: «{text}» is in the sources but not in the catalogue" for _, text in wanted - written]
    found += [f"{app}: «{text}» is in the catalogue but no longer in the sources" for _, text in written - wanted]
    for message in texts(old):
        name = key_of(message)[1]
        if "fuzzy" in message.flags:
            found.append(f"{app}: «{name}» is marked fuzzy: confirm its Italian")
        elif not is_translated(message):
            found.append(f"{app}: «{name}» has no Italian text")
        else:
            found += [f"{app}: {fault}" for fault in faults(message)]
    if found:
        return sorted(found)
    text = po_text(app, merge(new, old, {}))
    if path.read_text(encoding="utf-8") != text:
        found.append(f"{app}: the catalogue is behind the sources (file comments or plural forms)")
    mo = path.with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != mo_bytes(path.read_text(encoding="utf-8")):
        found.append(f"{app}: {mo.name} is behind {path.name}")
    return found


def contradictions(package: Path = PACKAGE) -> list[str]:
    """Texts that two apps translate differently: Django would show one of the two everywhere."""
    seen: dict[Key, tuple[str, tuple[str, ...]]] = {}
    found = []
    for app in apps(package):
        for message in texts(read_catalogue(po_path(app, package))):
            if not is_translated(message):
                continue
            given = forms(message.string)
            first_app, first = seen.setdefault(key_of(message), (app, given))
            if first[0] != given[0]:
                found.append(
                    f"«{key_of(message)[1]}» is «{first[0]}» in {first_app} and «{given[0]}» in {app}: choose one, "
                    "or tell the two apart with pgettext"
                )
    return found


def update_app(app: str, package: Path = PACKAGE) -> list[str]:
    """Extract, merge, compile; return the ids that still have no Italian."""
    new, path = extract_app(app, package), po_path(app, package)
    if not any(texts(new)) and not path.exists():
        return []
    others = {
        key_of(message): message
        for other in apps(package)
        if other != app
        for message in texts(read_catalogue(po_path(other, package)))
        if is_translated(message) and "fuzzy" not in message.flags
    }
    merged = merge(new, read_catalogue(path), others)
    text = po_text(app, merged)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".mo").write_bytes(mo_bytes(text))
    return [key_of(message)[1] for message in texts(merged) if not is_translated(message)]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/messages.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("apps", nargs="*", metavar="APP", help="folders under src/trama; every app when none is named")
    parser.add_argument("--check", action="store_true", help="change nothing, say what is wrong, fail if anything is")
    options = parser.parse_args(arguments)
    known = apps()
    chosen = options.apps or known
    unknown = [app for app in chosen if app not in known]
    if unknown:
        print(f"No such app: {', '.join(unknown)}. The apps are: {', '.join(known)}.", file=sys.stderr)
        return 2
    try:
        if options.check:
            sentences = [sentence for app in chosen for sentence in check_app(app)] + contradictions()
            for sentence in sentences:
                print(sentence, file=sys.stderr)
            print("Translations: complete." if not sentences else f"Translations: {len(sentences)} faults.")
            return 1 if sentences else 0
        for app in chosen:
            missing = update_app(app)
            print(f"{app}: {len(missing)} texts without Italian" if missing else f"{app}: complete")
            for text in missing:
                print(f"    «{text}»")
        wrong = [fault for app in chosen for m in texts(read_catalogue(po_path(app))) for fault in faults(m)]
        for sentence in wrong:
            print(f"  ! {sentence}", file=sys.stderr)
    except MessagesError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
