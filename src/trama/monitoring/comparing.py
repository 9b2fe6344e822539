"""Two waves side by side: what began, went on, ended; and what of each change is reality, what is coverage.

Only what the waves froze is compared. A record counts where somebody answered for it. The reality changed where a
record began after the first period, ended, or states another number in both; the coverage where a record that was there
in both periods was answered for in one only, or states a number in one only. Bodies that were united or divided since
are followed, so that they neither came nor went; what this alone makes of a total is a third part. The parts always add
up to the whole change. What only one of the waves looked at (other areas, other kinds) is counted apart and is in no
total: of the rest alone the two can tell the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from trama.core import figures
from trama.core.declarations import Monitored, Tally, gathered
from trama.monitoring.choices import COVERED, OUTSIDE, Answer, Rule
from trama.monitoring.cuts.words import Words
from trama.monitoring.models import FrozenFigure, FrozenRow, Sheet, Wave
from trama.monitoring.reading import monitored_of, said
from trama.territory import finding

NEW, CONTINUED, CHANGED, ENDED, LOST, FOUND = "new", "continued", "changed", "ended", "not_covered", "newly_covered"
APART = "out_of_scope"  # only one of the two waves looked there
REAL = frozenset({NEW, ENDED, CONTINUED, CHANGED})


@dataclass
class Change:
    """How a total moved from one wave to the other, split in two; numbers are the published ones."""

    key: str
    label: str
    was: int
    now: int
    reality: int = 0
    coverage: int = 0
    united: int = 0  # things counted once that stood under several names, or several under one
    was_text: str = ""
    now_text: str = ""
    told: bool = True
    estimated: bool = False  # one of the totals is: then no difference is told to the last unit

    def value(self, part: int) -> int:
        """A part of the change, no more exact than the totals are."""
        return figures.rounded(abs(part)) * (-1 if part < 0 else 1) if self.estimated else part

    def signed(self, part: int) -> str:
        """The same in words, with its sign."""
        text = signed(self.value(part))
        return _("about %(number)s") % {"number": text} if self.estimated and part else text

    @property
    def signed_reality(self) -> str:
        """How much of it is reality."""
        return self.signed(self.reality)

    @property
    def signed_coverage(self) -> str:
        """How much of it is coverage."""
        return self.signed(self.coverage)

    @property
    def signed_united(self) -> str:
        """How much of it comes of names that were united or divided since."""
        return self.signed(self.united)

    @property
    def text(self) -> str:
        """The change in one or two sentences."""
        if not self.told:
            return _("%(label)s: too few persons to tell the change.") % {"label": self.label}
        said = {"label": self.label, "was": self.was_text, "now": self.now_text}
        if not (self.now - self.was or self.reality or self.coverage or self.united):
            return _("%(label)s: %(now)s, as in the wave before.") % said
        said |= {"change": self.signed(self.now - self.was), "united": self.signed_united}
        said |= {"reality": self.signed_reality, "coverage": self.signed_coverage}
        if self.united:
            sentence = _(
                "%(label)s: from %(was)s to %(now)s (%(change)s). Of this, %(reality)s because the reality changed, "
                "%(coverage)s because something else was covered, %(united)s because names of the same body were "
                "united since, or divided."
            )
        elif not self.coverage:
            sentence = _("%(label)s: from %(was)s to %(now)s (%(change)s), all of it because the reality changed.")
        elif not self.reality:
            sentence = _(
                "%(label)s: from %(was)s to %(now)s (%(change)s), all of it because something else was covered: "
                "the reality did not change."
            )
        else:
            sentence = _(
                "%(label)s: from %(was)s to %(now)s (%(change)s). Of this, %(reality)s because the reality changed, "
                "%(coverage)s because something else was covered."
            )
        return sentence % said


def signed(number: int) -> str:
    """A difference with its sign; a true minus."""
    return f"{'−' if number < 0 else '+'}{figures.written(abs(number))}" if number else "0"


@dataclass(frozen=True)
class Look:
    """What a wave looked at, and how much of it somebody answered for."""

    wave: Wave
    areas: list[str]
    kinds: list[str]
    asked: int
    answered: int

    @property
    def share(self) -> float | None:
        """Which share of the sheets was answered."""
        return self.answered / self.asked if self.asked else None


def look_of(wave: Wave) -> Look:
    """What a closed wave looked at, in the words that it froze."""
    places = Words(wave.definitions).places
    areas = sorted(places[pk].name if pk in places else finding.name_of(pk) for pk in wave.area_ids())
    kinds = [name for value, name in monitored_of(wave).kinds() if value in wave.kinds]
    sheets = Sheet.objects.filter(wave=wave)
    return Look(wave, areas, kinds, sheets.count(), sheets.covered().count())


@dataclass
class Comparison:
    """Two waves compared."""

    earlier: Wave
    later: Wave
    counts: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    # record → what became of it, for who may see the records
    records: dict[int, str] = field(default_factory=dict)
    # How many records of the earlier, of the later wave the other did not look at.
    apart: tuple[int, int] = (0, 0)

    @property
    def differs(self) -> bool:
        """Whether the two waves looked at different things."""
        first, second = ((wave.area_ids(), set(wave.kinds), wave.rule) for wave in (self.earlier, self.later))
        return first != second

    @property
    def looks(self) -> list[Look]:
        """What each of the two looked at, the earlier first."""
        return [look_of(wave) for wave in (self.earlier, self.later)]

    @property
    def follows_names(self) -> bool:
        """Whether names that were united or divided since make a part of any change."""
        return any(change.united for change in self.changes)


@dataclass
class _Row:
    answer: str
    content: dict[str, Any]
    area: int | None


def compare(earlier: Wave, later: Wave) -> Comparison:
    """Compare two closed waves that monitor the same thing."""
    if earlier.what != later.what:
        raise ValueError("two waves that monitor different things")
    before, after, outside = _rows(earlier), _rows(later), _rows(later, (OUTSIDE,))
    found = Comparison(earlier, later)
    unseen = _Unseen(earlier, later), _Unseen(later, earlier)
    for record in sorted(before.keys() | after.keys()):
        rows = before.get(record), after.get(record), outside.get(record)
        fate = became(*rows, earlier, later)
        if record not in after:
            is_apart = unseen[0].by(record, rows[2] or before[record], ended=fate == ENDED)
        else:
            is_apart = record not in before and unseen[1].by(record, after[record], ended=fate == NEW)
        found.records[record] = APART if is_apart else fate
    found.counts.update(dict.fromkeys((NEW, CONTINUED, CHANGED, ENDED, LOST, FOUND, APART), 0))
    found.counts.update(found.records.values())
    apart = [
        {record: row for record, row in rows.items() if found.records[record] == APART} for rows in (before, after)
    ]
    found.apart = (len(apart[0]), len(apart[1]))
    before, after = ({r: row for r, row in rows.items() if found.records[r] != APART} for rows in (before, after))
    monitored = gathered.monitored[later.what]
    for key, label, number in monitored.measures:
        found.changes.append(_summed(found, Change(key, str(label), 0, 0), before, after, number))
    today = monitored.today() if monitored.today is not None else None
    for key, label, names in monitored.distinct:
        found.changes.append(_distinct(found, Change(key, str(label), 0, 0), before, after, names, today))
    _say(
        found,
        [
            _texts_of(monitored, rows, left) if left else _texts(wave)
            for wave, rows, left in ((earlier, before, apart[0]), (later, after, apart[1]))
        ],
    )
    return found


def _rows(wave: Wave, answers: Sequence[str] = COVERED) -> dict[int, _Row]:
    rows = FrozenRow.objects.filter(wave=wave, answer__in=answers, is_sensitive=False).order_by()
    return {record: _Row(*row) for record, *row in rows.values_list("record", "answer", "content", "area")}


class _Unseen:
    """What of one wave the other did not look at: it did not ask, and the areas, the kind or the rule say why."""

    def __init__(self, wave: Wave, other: Wave) -> None:
        self.monitored, self.other, self.scope = monitored_of(wave), other, other.area_ids()
        asked = FrozenRow.objects.filter(wave=other).exclude(answer=OUTSIDE).order_by()
        self.asked = set(asked.values_list("record", flat=True))
        self.kinds = dict(Sheet.objects.filter(wave=wave).order_by().values_list("record", "kind"))
        self.words = [Words(one.definitions) for one in (wave, other)]
        self.within: dict[int, bool] = {}

    def by(self, record: int, row: _Row, *, ended: bool) -> bool:
        """Whether the other wave did not look at this record; that it began or `ended` since is no matter of a rule."""
        if record in self.asked:
            return False
        areas = self.monitored.places(row.content)[0] if row.content else ()
        areas = areas or ([row.area] if row.area else [])
        if areas and not any(self._is_within(area) for area in areas):
            return True
        if self.other.kinds and self.kinds.get(record, self.other.kinds[0]) not in self.other.kinds:
            return True
        if self.other.rule != Rule.BEGUN or ended:
            return False
        starts = row.content.get("starts_on")
        return not starts or not self.other.starts_on.isoformat() <= starts <= self.other.ends_on.isoformat()

    def _is_within(self, area: int) -> bool:
        if area not in self.within:
            paths = [words.path(area) for words in self.words]
            above = {place.id for path in paths for place in path} or {node.id for node in finding.path_of(area)}
            self.within[area] = not self.scope.isdisjoint(above)
        return self.within[area]


def became(before: _Row | None, after: _Row | None, outside: _Row | None, earlier: Wave, later: Wave) -> str:
    """What became of one record between two waves; `outside` is what the later one froze of it without asking."""
    if before is not None and after is not None:
        return CONTINUED if before.content == after.content else CHANGED
    if before is not None:
        ends = (outside or before).content.get("ends_on")
        over = before.answer == Answer.ENDED or (ends is not None and ends < later.starts_on.isoformat())
        return ENDED if over else LOST
    starts = after.content.get("starts_on") if after is not None else None
    return NEW if starts is not None and starts > earlier.ends_on.isoformat() else FOUND


def _summed(found: Comparison, change: Change, before: dict[int, _Row], after: dict[int, _Row], number: Any) -> Change:
    for record, fate in found.records.items():
        was = number(before[record].content) if record in before else None
        now = number(after[record].content) if record in after else None
        change.was += was or 0
        change.now += now or 0
        difference = (now or 0) - (was or 0)
        both = record in before and record in after
        if fate not in REAL or (both and (was is None) != (now is None)):
            change.coverage += difference
        else:
            change.reality += difference
    return change


def _distinct(
    found: Comparison, change: Change, before: dict[int, _Row], after: dict[int, _Row], names: Any, today: Any
) -> Change:
    """Things counted once: one that is in a single wave came or went in reality if any of its records says so."""
    was, now = _by_name(before, names), _by_name(after, names)
    change.was, change.now = len(was), len(now)
    was, now = _followed(was, today), _followed(now, today)
    change.united = (change.now - len(now)) - (change.was - len(was))
    for only, step in ((now.keys() - was.keys(), 1), (was.keys() - now.keys(), -1)):
        for name in only:
            if any(found.records[record] in REAL for record in (now if step > 0 else was)[name]):
                change.reality += step
            else:
                change.coverage += step
    return change


def _by_name(rows: dict[int, _Row], names: Any) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for record, row in rows.items():
        for name in names(row.content):
            found.setdefault(name, []).append(record)
    return found


def _followed(named: dict[int, list[int]], today: Any) -> dict[int, list[int]]:
    """The same under the names of today."""
    if today is None:
        return named
    found: dict[int, list[int]] = {}
    for name, records in named.items():
        for one in today(name):
            found.setdefault(one, []).extend(records)
    return found


_Texts = dict[str, tuple[int | None, str]]


def _say(found: Comparison, texts: Sequence[_Texts]) -> None:
    """Take the words of the totals from the frozen figures; what these do not tell, no difference tells."""
    for change in found.changes:
        was, now = (known.get(change.key) for known in texts)
        change.told = was is not None and now is not None and was[0] is not None and now[0] is not None
        if was and now:
            change.was_text, change.now_text = was[1], now[1]
            change.estimated = any(n is not None and text != figures.written(n) for n, text in (was, now))


def _texts(wave: Wave) -> _Texts:
    rows = FrozenFigure.objects.filter(wave=wave, group="").order_by("position")
    return {row.key: (row.number, said(row)["text"]) for row in rows}


def _texts_of(monitored: Monitored, rows: dict[int, _Row], left: dict[int, _Row]) -> _Texts:
    """The same of a part of a wave. Whoever takes it from the whole has the rest: what may not be told of that either
    is told of neither."""

    def figures_of(some: Iterable[_Row]) -> dict[str, Tally]:
        tallies = monitored.tallies([row.content for row in some if row.content])
        return {one.key: one for one in tallies if not one.group}

    rest = figures_of(left.values())
    silent = {key for key, one in rest.items() if one.number is None and one.known}
    return {key: (None if key in silent else one.number, one.text) for key, one in figures_of(rows.values()).items()}
