"""Which pairs of entries are worth a look, and how alike the two of each are.

Candidates share a good part of their letters and stand in the same wider place, or bear the same name anywhere, or one
bears the initials of the other in the same place, or they share a phone, a mail box, a site or a tax code.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trama.network.analysis import names

Floats = NDArray[np.floating[Any]]
Whole = NDArray[np.int64]

LEAST_ALIKE = 0.22  # cosine of trigrams under which two names are not compared at all
LARGEST_GROUP = 30  # so many entries that share a key say that the key tells nothing
CHUNK = 800  # rows of the product of trigrams held at a time


@dataclass(frozen=True)
class Party:
    """One entry of a register or a list. What is not known stays empty.

    `place` and `wider` are texts that are equal when the places are (a municipality and its province). `lists` are the
    editions of the lists in which the entry stands: one edition names a body once, hence two entries of the same
    edition are two bodies. `marks` are properties that a body keeps (its kind).
    """

    key: Hashable
    name: str
    acronym: str = ""
    place: str = ""
    wider: str = ""
    address: str = ""
    phones: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    tax_code: str = ""
    marks: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()


@dataclass
class Prepared:
    """The entries, read once: names, letters as vectors, words with their weight."""

    parties: Sequence[Party]
    names: list[names.Name] = field(init=False)

    def __post_init__(self) -> None:
        known: dict[str, names.Name] = {}
        self.names = [known.setdefault(text, names.read(text)) for text in (self._text(one) for one in self.parties)]

    @staticmethod
    def _text(party: Party) -> str:
        return f"{party.name} {party.acronym}" if party.acronym and party.acronym not in party.name else party.name

    @cached_property
    def frequent(self) -> dict[str, int]:
        """In how many names each word stands."""
        return Counter(word for name in self.names for word in set(name.words))

    @cached_property
    def letters(self) -> Any:
        """Trigrams of the telling words written as one (rows of length 1; a sparse matrix)."""
        return _trigrams([name.together for name in self.names])

    @cached_property
    def whole(self) -> Any:
        """Trigrams of all words but those between words."""
        return _trigrams(["".join(w for w in name.words if w not in names.LINKS) for name in self.names])

    @cached_property
    def telling(self) -> Any:
        """Which telling words stand in each name, without those of its own place (a sparse matrix of ones)."""
        from scipy import sparse

        number: dict[str, int] = {}
        rows, cols = [], []
        places = {text: frozenset(names.words_of(text)) for text in {party.place for party in self.parties}}
        for row, (party, name) in enumerate(zip(self.parties, self.names, strict=True)):
            words = set(name.telling) - places[party.place] or set(name.telling)
            for word in words:
                rows.append(row)
                cols.append(number.setdefault(word, len(number)))
        shape = (len(self.names), max(1, len(number)))
        ones = np.ones(len(rows))
        matrix = sparse.csr_matrix((ones, (rows, cols)), shape=shape)
        self.weights = np.zeros(shape[1])
        for word, at in number.items():
            self.weights[at] = math.log(1 + len(self.names) / self.frequent[word])
        return matrix


def _trigrams(texts: list[str]) -> Any:
    """TF-IDF of the trigrams of each text (letters a-z and digits), rows of length 1."""
    from scipy import sparse

    edged = "".join(f"^{text or '^'}$" for text in texts).encode("ascii")
    letters = np.frombuffer(edged, dtype=np.uint8).astype(np.int32)
    lengths = np.array([max(len(text), 1) + 2 for text in texts], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    row_of_letter = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    whole = np.ones(len(letters), dtype=bool)  # the last two letters of a text begin no trigram of it
    whole[starts + lengths - 1] = whole[starts + lengths - 2] = False
    at = np.flatnonzero(whole)
    codes = (letters[at] * 128 + letters[at + 1]) * 128 + letters[at + 2]
    # Codes are small numbers: which of them occur is counted, not sorted.
    occurs = np.zeros(1 << 21, dtype=bool)
    occurs[codes] = True
    columns = (np.cumsum(occurs, dtype=np.int32) - 1)[codes]
    shape = (len(texts), max(1, int(occurs.sum())))
    ones = np.ones(len(at), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, (row_of_letter[at], columns)), shape=shape)
    matrix.sum_duplicates()
    counts = np.bincount(matrix.indices, minlength=shape[1])
    rarity = np.log(1 + len(texts) / np.maximum(counts, 1)).astype(np.float32)
    matrix.data = (1 + np.log(matrix.data)) * rarity[matrix.indices]
    squares = np.add.reduceat(matrix.data**2, matrix.indptr[:-1]) if len(texts) else np.empty(0)
    matrix.data /= np.repeat(np.sqrt(np.maximum(squares, 1e-12)), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


# --- candidates -----------------------------------------------------------------------------------------------------
def candidates(prepared: Prepared) -> Whole:
    """Pairs of row numbers worth a look, each once, the smaller first: shape (n, 2)."""
    size = len(prepared.parties)
    found = [_alike_in_place(prepared)]
    found += [_sharing(keys) for keys in _keys(prepared)]
    found.append(_by_initials(prepared))
    pairs = np.concatenate([part for part in found if len(part)] or [np.empty((0, 2), dtype=np.int64)])
    codes = pairs.min(axis=1) * size + pairs.max(axis=1)
    codes.sort()
    if len(codes):
        codes = codes[np.concatenate([[True], codes[1:] != codes[:-1]])]
    return np.stack([codes // size, codes % size], axis=1) if size else np.empty((0, 2), dtype=np.int64)


def _alike_in_place(prepared: Prepared) -> Whole:
    blocks: dict[str, list[int]] = defaultdict(list)
    for row, party in enumerate(prepared.parties):
        blocks[party.wider or party.place].append(row)
    parts = []
    for rows in blocks.values():
        numbers = np.array(rows, dtype=np.int64)
        vectors = prepared.letters[numbers]
        turned = vectors.T.tocsc()
        for start in range(0, len(rows), CHUNK):
            product = (vectors[start : start + CHUNK] @ turned).tocoo()
            kept = (product.data >= LEAST_ALIKE) & (product.row + start < product.col)
            parts.append(np.stack([numbers[product.row[kept] + start], numbers[product.col[kept]]], axis=1))
    return np.concatenate(parts) if parts else np.empty((0, 2), dtype=np.int64)


def _keys(prepared: Prepared) -> Iterable[Iterable[tuple[int, Hashable]]]:
    """Ways in which two entries may share something that few share: (row, key) of each way."""
    rows = list(enumerate(prepared.parties))
    yield [(row, name.together) for row, name in enumerate(prepared.names) if len(name.together) > 3]
    yield [(row, phone) for row, party in rows for phone in party.phones]
    yield [(row, mail) for row, party in rows for mail in party.mails]
    yield [(row, site) for row, party in rows for site in party.sites]
    yield [(row, party.tax_code) for row, party in rows if party.tax_code]


def _sharing(keyed: Iterable[tuple[int, Hashable]]) -> Whole:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in keyed:
        groups[key].append(row)
    pairs = [pair for rows in groups.values() if 1 < len(rows) <= LARGEST_GROUP for pair in combinations(rows, 2)]
    return np.array(pairs, dtype=np.int64) if pairs else np.empty((0, 2), dtype=np.int64)


def _by_initials(prepared: Prepared) -> Whole:
    """Pairs of the same place of which one bears the initials of the other."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, party in enumerate(prepared.parties):
        places[party.wider, party.place].append(row)
    known = _too_frequent(prepared)
    pairs = []
    short = [tuple(w for w in name.telling if 3 <= len(w) <= 8 and w not in known) for name in prepared.names]
    for rows in places.values():
        borne = {word for row in rows for word in short[row]}
        if not borne:
            continue
        spelled: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            initials = prepared.names[row].initials
            for size in range(3, min(8, len(initials)) + 1):
                for start in range(len(initials) - size + 1):
                    piece = initials[start : start + size]
                    if piece in borne:
                        spelled[piece].append(row)
        for row in rows:
            for word in short[row]:
                others = spelled.get(word, ())
                if 0 < len(others) <= LARGEST_GROUP:
                    pairs += [(row, other) for other in others if other != row]
    return np.array(pairs, dtype=np.int64) if pairs else np.empty((0, 2), dtype=np.int64)


def _too_frequent(prepared: Prepared) -> set[str]:
    most = max(20, len(prepared.names) // 50)
    return {word for word, count in prepared.frequent.items() if count > most}


# --- how alike ------------------------------------------------------------------------------------------------------
FEATURES = (
    "letters",
    "whole",
    "covered",
    "covering",
    "shared",
    "initials",
    "same_place",
    "same_wider",
    "same_marks",
    "letters_in_place",
    "covered_in_place",
    "covered_both",
    "letters_squared",
    "initials_in_place",
    "length",
    "same_address",
    "same_phone",
    "other_phone",
    "same_mail",
    "same_site",
    "same_code",
    "other_code",
)


def features(prepared: Prepared, pairs: Whole) -> Floats:
    """How alike the two of each pair are: shape (n, len(FEATURES)).

    letters, whole: cosines 0 … 1; covered (covering): the share of the weight of telling words that the name with the
    larger (smaller) share has in common with the other; shared: that weight; the rest is 0 or 1, length a logarithm.
    """
    one, other = pairs[:, 0], pairs[:, 1]
    letters, whole = _rowwise(prepared.letters, one, other), _rowwise(prepared.whole, one, other)
    covered, covering, shared = _coverage(prepared, one, other)
    equal = _equalities(prepared, pairs)
    place = equal["same_place"]
    initials = _initials(prepared, pairs, (place + equal["same_wider"]) > 0)
    length = np.array([len(name.together) for name in prepared.names], dtype=float)
    columns = {
        "letters": letters,
        "whole": whole,
        "covered": covered,
        "covering": covering,
        "shared": shared,
        "initials": initials,
        "letters_in_place": letters * place,
        "covered_in_place": covered * place,
        "covered_both": covered * covering,
        "letters_squared": letters**2,
        "initials_in_place": initials * place,
        "length": np.log1p(length[one] + length[other]),
        **equal,
    }
    found = np.empty((len(pairs), len(FEATURES)), dtype=np.float32)
    for at, name in enumerate(FEATURES):
        found[:, at] = columns.pop(name)
    return found


def _rowwise(matrix: Any, one: Whole, other: Whole) -> Floats:
    parts = [
        np.asarray(matrix[one[at : at + 50_000]].multiply(matrix[other[at : at + 50_000]]).sum(axis=1)).ravel()
        for at in range(0, len(one), 50_000)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _coverage(prepared: Prepared, one: Whole, other: Whole) -> tuple[Floats, Floats, Floats]:
    words = prepared.telling
    weights = prepared.weights
    total = np.maximum(np.asarray(words @ weights).ravel(), 1e-12)
    parts = [
        words[one[at : at + 50_000]].multiply(words[other[at : at + 50_000]]) @ weights
        for at in range(0, len(one), 50_000)
    ]
    shared = np.concatenate(parts) if parts else np.empty(0)
    of_one, of_other = shared / total[one], shared / total[other]
    return np.maximum(of_one, of_other), np.minimum(of_one, of_other), shared


def _initials(prepared: Prepared, pairs: Whole, near: Any) -> Floats:
    known, read = _too_frequent(prepared), prepared.names
    # Few names have a word that can be somebody's initials: only their pairs are looked at.
    short = [tuple(w for w in name.telling if 3 <= len(w) <= 8 and w not in known) for name in read]
    bears = np.zeros(len(pairs))
    bearing = np.array([bool(words) for words in short])
    looked_at = np.flatnonzero(near & (bearing[pairs[:, 0]] | bearing[pairs[:, 1]]))
    for number, (a, b) in zip(looked_at.tolist(), pairs[looked_at].tolist(), strict=True):
        one, other = read[a], read[b]
        for words, initials, whole in ((short[a], other.initials, other.words), (short[b], one.initials, one.words)):
            for word in words:
                if word in initials and word not in whole:
                    bears[number] = 1.0
    return bears


def _equalities(prepared: Prepared, pairs: Whole) -> dict[str, Floats]:
    parties = prepared.parties
    one, other = pairs[:, 0], pairs[:, 1]
    found: dict[str, Floats] = {}
    for name in ("place", "wider", "address"):
        found[f"same_{name}"] = _same_text([getattr(party, name) for party in parties], one, other)
    marks = [party.marks for party in parties]
    found["same_marks"] = _equal_numbers(marks, one, other)
    for name, attribute in (("phone", "phones"), ("mail", "mails"), ("site", "sites")):
        found[f"same_{name}"], differs = _meeting([getattr(party, attribute) for party in parties], pairs)
        if name == "phone":
            found["other_phone"] = differs
    codes = [frozenset({party.tax_code} if party.tax_code else ()) for party in parties]
    found["same_code"], found["other_code"] = _meeting(codes, pairs)
    return found


def _numbers(values: Sequence[Hashable]) -> Whole:
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values], dtype=np.int64)


def _equal_numbers(values: Sequence[Hashable], one: Whole, other: Whole) -> Floats:
    numbers = _numbers(values)
    return (numbers[one] == numbers[other]).astype(float)


def _same_text(values: Sequence[str], one: Whole, other: Whole) -> Floats:
    said = np.array([bool(value) for value in values])
    return _equal_numbers(values, one, other) * said[one] * said[other]


def _meeting(values: Sequence[frozenset[str]], pairs: Whole) -> tuple[Floats, Floats]:
    """Whether the two have one in common; whether both have some and none in common."""
    same, differs = np.zeros(len(pairs)), np.zeros(len(pairs))
    said = np.array([bool(value) for value in values])
    for number in np.flatnonzero(said[pairs[:, 0]] & said[pairs[:, 1]]).tolist():
        meets = not values[pairs[number, 0]].isdisjoint(values[pairs[number, 1]])
        same[number], differs[number] = meets, not meets
    return same, differs
