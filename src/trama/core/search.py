"""Full-text search in Italian, forgiving of accents and typing errors, on SQLite (FTS5) and PostgreSQL alike.

Words are stemmed here, so that both databases find the same. What somebody may see is asked of the records.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from django.db import connection
from django.db.models import Model, Q
from django.db.models.expressions import RawSQL

from trama.core import bulk, memo
from trama.core.actor import NOBODY, Actor
from trama.core.models import SearchEntry, SearchTerm

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
# Words that tell nothing apart; dropped before accents are, so that "perché" goes and "perche" stays harmless.
STOP_TEXT = """
a ad al allo ai agli alla alle all anche che chi ci come con cui da dal dallo dai dagli dalla dalle dall de dei del
della delle dello degli dell di e ed è fra gli ha hanno i il in io l la le lo loro ma nei nel nella nelle nello negli
nell noi non nostra nostro o per perché più presso quale questa questo quella quello se sei si sono su sua sui sul
sulla sulle sullo sugli sull suo tra tu un una uno vi voi the of and to
"""
STOP = frozenset(STOP_TEXT.split())
# Words of a question: dropped from what is looked for, if anything else is left; in a record they may tell something.
ASKING_TEXT = "fa fare fanno cosa cos dove quando prossima prossimo prossime prossimi cerco trovo trovare"
ASKING = frozenset(ASKING_TEXT.split())
APOSTROPHE, ARTICLE = re.compile(r"['’]"), re.compile(r"\w{1,6}['’]\w{2,}")
MOST_NEAR = 12  # so many similar words are tried
SIMILAR_ENOUGH = 76.0  # rapidfuzz ratio from which a word counts as a misspelling of another


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("italian")


def fold(text: str) -> str:
    """Lower case, without accents."""
    lower = text.casefold()
    # Every cell of a load comes by here: plain texts have nothing to be taken apart.
    return lower if lower.isascii() else unicodedata.normalize("NFKD", lower).translate(_WITHOUT_MARKS)


class _Marks(dict[int, int | None]):
    """What becomes of each sign: marks that combine with a letter go; found out once for each."""

    def __missing__(self, sign: int) -> int | None:
        found = None if unicodedata.combining(chr(sign)) else sign
        if len(self) < 5000:  # what people write; a stranger's collection of signs is not kept
            self[sign] = found
        return found


_WITHOUT_MARKS = _Marks()


def words(text: str) -> list[str]:
    """The words of a text that tell something, lower case, articles with an apostrophe cut off."""
    found = WORD.findall(text.casefold())
    if "'" in text or "’" in text:
        found = [APOSTROPHE.split(word)[-1] if ARTICLE.match(word) else word for word in found]
    return [word for word in found if word not in STOP]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of an Italian word, without accents.

    The stemmer leaves short words whole (“orto”, “orti”): these lose their last vowel, so that both meet.
    """
    folded = fold(word)
    found = fold(_stemmer().stemWord(word))
    return found[:-1] if found == folded and len(found) >= 4 and found[-1] in "aeio" else found


def stems(text: str) -> list[str]:
    """The stems of a text, in order."""
    return [stem(word) for word in words(text)]


@lru_cache(maxsize=64)
def _kind_term(kind: str) -> str:
    return "zk" + re.sub(r"\W", "", kind)


# --- writing ------------------------------------------------------------------------------------------------------
def refresh(model: type[Model], pks: Sequence[Any] | None = None, batch: int = 1000) -> int:
    """Bring the index up to date for these rows of a model (None: for all of them). Gives how many are indexed."""
    from trama.core.declarations import gathered

    kind = model._meta.label_lower
    searchable = gathered.searchables.get(kind)
    if searchable is None:
        return 0
    entries: list[tuple[str, int, str, str, str]] = []
    seen: set[int] = set()
    terms: set[str] = set()
    written: set[str] = set()
    for pk, title, text in searchable.entries(pks):
        seen.add(pk)
        entries.append(_entry(kind, pk, title, text, terms))
        if len(entries) >= batch:
            _write(entries, terms - written)
            written |= terms
            entries, terms = [], set()
    _write(entries, terms - written)
    gone = SearchEntry.objects.filter(kind=kind)
    if pks is not None:
        missing = [pk for pk in pks if pk not in seen]
        if missing:
            gone.filter(object_id__in=missing).delete()
    else:
        stale = [pk for pk in gone.values_list("object_id", flat=True) if pk not in seen]
        for start in range(0, len(stale), 500):
            gone.filter(object_id__in=stale[start : start + 500]).delete()
    return len(seen)


def rebuild() -> int:
    """Index everything anew; gives how many records can be found."""
    from trama.core.declarations import gathered

    return sum(refresh(searchable.model) for searchable in gathered.searchables.values())


def _entry(kind: str, pk: int, title: str, text: str, terms: set[str]) -> tuple[str, int, str, str, str]:
    """The row of a record: kind, id, title, its stems, those of its text; its words go into `terms`."""
    in_title, in_text = words(title), words(text)
    terms.update(in_title, in_text)
    stems_of_text = f"{_kind_term(kind)} {' '.join(map(stem, in_text))}"
    return kind, pk, title[:300], " ".join(map(stem, in_title)), stems_of_text


ENTRY = ("kind", "object_id", "title", "title_stems", "stems")


def _write(entries: list[tuple[str, int, str, str, str]], terms: set[str]) -> None:
    bulk.insert_values(SearchEntry, ENTRY, entries, unique=ENTRY[:2], update=ENTRY[2:])
    wanted = [(word, stem(word)[:60]) for word in sorted(terms) if 3 <= len(word) <= 40]
    bulk.insert_values(SearchTerm, ("word", "stem"), wanted, ignore_conflicts=True)


# --- reading ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Query:
    """What is looked for: per word typed, its stem, then (if any) what a word may begin with: it is being typed."""

    groups: tuple[tuple[str, ...], ...]
    # Words that stand nowhere and what was looked for instead.
    corrected: tuple[tuple[str, str], ...] = ()


def understand(text: str, actor: Actor = NOBODY) -> Query:
    """Read what a person typed; a word that stands nowhere is replaced by the most similar that does.

    “Somewhere” is among the records that the actor may see: a correction tells nobody that a hidden word exists.
    """
    rights = (actor.user, actor.system, actor.grants)
    return memo.remember(("core.search.understood", text, rights), 20, lambda: _understand(text, actor))


def _understand(text: str, actor: Actor) -> Query:
    groups, corrected = [], []
    typed = words(text)
    for word in ([word for word in typed if word not in ASKING] or typed)[:12]:
        group: tuple[str, ...] = (stem(word), fold(word))
        if not _stands_somewhere(actor, *group):
            other = _most_similar(word, actor)
            if other:
                corrected.append((word, other))
                group = (stem(other),)
        groups.append(group)
    return Query(tuple(groups), tuple(corrected))


def _stands_somewhere(actor: Actor, found: str, beginning: str) -> bool:
    anywhere = SearchTerm.objects.filter(Q(stem=found) | Q(stem__startswith=beginning)).exists()
    return anywhere and _is_shown(actor, (found, beginning))


def _is_shown(actor: Actor, group: tuple[str, ...]) -> bool:
    """Whether a record that the actor may see bears one of these stems (the others may be beginnings)."""
    from trama.core.declarations import gathered

    query = Query((group,))
    found = sorted(gathered.searchables.values(), key=lambda searchable: searchable.order)
    return any(each.visible(actor).filter(_bearing(each.model, query)).exists() for each in found)


def _most_similar(word: str, actor: Actor) -> str:
    from rapidfuzz import fuzz, process

    vocabulary = memo.remember(
        "core.search.words",
        120,
        lambda: {item: fold(item) for item in SearchTerm.objects.values_list("word", flat=True)},
    )
    near = process.extract(fold(word), vocabulary, scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH, limit=MOST_NEAR)
    return next((other for _folded, _score, other in near if _is_shown(actor, (stem(other),))), "")


def _match(query: Query, kind: str) -> str:
    """The condition in the words of the database's own search."""
    clean = [[re.sub(r"\W", "", alternative) for alternative in group] for group in query.groups]
    groups = [group for group in clean if all(group)]
    if connection.vendor == "sqlite":
        wanted = [" OR ".join([f'"{g[0]}"', *(f'"{a}"*' for a in g[1:])]) for g in groups]
        return " AND ".join([f'"{_kind_term(kind)}"', *(f"({text})" for text in wanted)])
    wanted = [" | ".join([g[0], *(f"{a}:*" for a in g[1:])]) for g in groups]
    return " & ".join([_kind_term(kind), *(f"({text})" for text in wanted)])


_SQLITE = (
    "SELECT {what} FROM core_search_fts JOIN core_searchentry e ON e.id = core_search_fts.rowid "
    "WHERE core_search_fts MATCH %s"
)
_VECTOR = "(setweight(to_tsvector('simple', e.title_stems), 'A') || setweight(to_tsvector('simple', e.stems), 'D'))"
_POSTGRESQL = f"SELECT {{what}} FROM core_searchentry e WHERE {_VECTOR} @@ to_tsquery('simple', %s)"  # noqa: S608 - our own text


def matching(model: type[Model], text: str, actor: Actor = NOBODY) -> Q:
    """The condition "this record is found by this text", as understood for the actor; to be joined with others."""
    query = understand(text, actor)
    return _bearing(model, query) if query.groups else Q(pk__in=[])


def _bearing(model: type[Model], query: Query) -> Q:
    sql = (_SQLITE if connection.vendor == "sqlite" else _POSTGRESQL).format(what="e.object_id")
    # The text of the statement is ours; what a person typed travels as a parameter, with all but letters dropped.
    return Q(pk__in=RawSQL(sql, (_match(query, model._meta.label_lower),)))  # noqa: S611


def best(model: type[Model], text: str, limit: int = 200, actor: Actor = NOBODY) -> list[int]:
    """The ids of the records that a text finds, best first, whoever may see them.

    What bears the words in its title comes first. Of very many, only the first `RANKED` are compared with each other:
    no order of ten thousand answers means anything.
    """
    query = understand(text, actor)
    if not query.groups:
        return []
    match = _match(query, model._meta.label_lower)
    if connection.vendor != "sqlite":
        order = f" ORDER BY ts_rank({_VECTOR}, to_tsquery('simple', %s)) DESC LIMIT %s"
        return _ids(_POSTGRESQL.format(what="e.object_id") + order, [match, match, limit])
    kind, _and, wanted = match.partition(" AND ")
    in_title = _ids(_RANKED, [f"stems : {kind} AND title_stems : ({wanted})", RANKED, limit])
    if len(in_title) >= limit:
        return in_title
    return list(dict.fromkeys([*in_title, *_ids(_RANKED, [match, RANKED, limit])]))[:limit]


RANKED = 1500
_RANKED = (
    "SELECT e.object_id FROM (SELECT rowid AS id, bm25(core_search_fts, 8.0, 1.0) AS weight FROM core_search_fts "
    "WHERE core_search_fts MATCH %s LIMIT %s) found JOIN core_searchentry e ON e.id = found.id "
    "ORDER BY found.weight LIMIT %s"
)


def _ids(sql: str, params: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True)
class Hit:
    """One record found."""

    pk: int
    title: str
    url: str
    line: str = ""


@dataclass(frozen=True)
class Found:
    """What a text found in one register: how many in all, and the best of them."""

    kind: str
    label: str
    count: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Forgiven:
    """What was found, the words that were respelt, and (if not all could be) the words with which it was found."""

    found: list[Found]
    corrected: tuple[tuple[str, str], ...]
    fewer: tuple[str, ...] = ()


def search(actor: Actor, text: str, per_kind: int = 8) -> tuple[list[Found], Query]:
    """Everything that the actor may see and that the text finds, by register, best first."""
    from trama.core.declarations import gathered

    query = understand(text, actor)
    result: list[Found] = []
    if not query.groups:
        return result, query
    for kind, searchable in sorted(gathered.searchables.items(), key=lambda item: item[1].order):
        found = memo.until_changed(
            ("core.search", kind, text, per_kind),
            actor,
            lambda kind=kind, searchable=searchable: _found(actor, kind, searchable, text, per_kind),  # type: ignore[misc]
        )
        if found is not None:
            result.append(found)
    return result, query


MOST_TRIED = 5  # of more words the combinations are too many


def forgiving(actor: Actor, text: str, per_kind: int = 8) -> Forgiven:
    """The same search; if nothing bears all the words, what a better spelling finds, else what fewer of them find."""
    found, query = search(actor, text, per_kind)
    typed = [word for word in words(text) if word not in ASKING][:12]
    if (found and not query.corrected) or not typed:
        return Forgiven(found, ())
    # One word is misspelt, or no record has them all: then the others may be misspelt too, though they look like stems.
    respelt = [(word, _respelt(word, actor)) for word in typed]
    changed = tuple(pair for pair in respelt if pair[0] != pair[1])
    if changed:
        better, _query = search(actor, " ".join(other for _word, other in respelt), per_kind)
        if sum(group.count for group in better) >= max(1, sum(group.count for group in found)):
            return Forgiven(better, changed)
    if found:
        return Forgiven(found, query.corrected)
    if len(typed) > 1:
        return _with_fewer(actor, respelt, per_kind)
    return Forgiven([], ())


def _respelt(word: str, actor: Actor) -> str:
    """The word itself if it stands somewhere, or begins one that does; else the most similar.

    A stem is not asked: that of "spazate" is that of "spazio".
    """
    written = SearchTerm.objects.filter(Q(word=word) | Q(word__startswith=word)).order_by("word")
    stems_of = dict.fromkeys(written.values_list("stem", flat=True)[:MOST_NEAR])
    if any(_is_shown(actor, (one,)) for one in stems_of):
        return word
    return _most_similar(word, actor) or word


def _with_fewer(actor: Actor, respelt: Sequence[tuple[str, str]], per_kind: int) -> Forgiven:
    """What the most words together find; of equally many those that find least: they tell most."""
    useful = [pair for pair in respelt if search(actor, pair[1], per_kind)[0]][:MOST_TRIED]
    for size in range(min(len(useful), len(respelt) - 1), 0, -1):
        best: tuple[int, list[Found], tuple[tuple[str, str], ...]] | None = None
        for chosen in combinations(useful, size):
            found, _query = search(actor, " ".join(other for _word, other in chosen), per_kind)
            total = sum(group.count for group in found)
            if total and (best is None or total < best[0]):
                best = total, found, chosen
        if best is not None:
            changed = tuple(pair for pair in best[2] if pair[0] != pair[1])
            return Forgiven(best[1], changed, tuple(other for _word, other in best[2]))
    return Forgiven([], ())


def _found(actor: Actor, kind: str, searchable: Any, text: str, per_kind: int) -> Found | None:
    visible = searchable.visible(actor)
    count = visible.filter(matching(searchable.model, text, actor)).count()
    if not count:
        return None
    ranked = best(searchable.model, text, 50 + per_kind, actor)
    allowed = set(visible.filter(pk__in=ranked).values_list("pk", flat=True))
    ids = [pk for pk in ranked if pk in allowed][:per_kind]
    titles = dict(SearchEntry.objects.filter(kind=kind, object_id__in=ids).values_list("object_id", "title"))
    lines = searchable.lines(ids) if searchable.lines and ids else {}
    hits = tuple(Hit(pk, titles[pk], searchable.url(pk), lines.get(pk, "")) for pk in ids if pk in titles)
    return Found(kind, str(searchable.label), count, hits)
