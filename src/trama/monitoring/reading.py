"""What the pages of a wave show: its figures, its board, its sheets."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import get_language

from trama.core.actor import Actor
from trama.core.declarations import Monitored, gathered
from trama.monitoring.choices import COVERED, Answer, WaveState
from trama.monitoring.models import FrozenFigure, FrozenRow, Sheet, SheetQuerySet, Wave
from trama.territory import finding

MOST_DOUBTS = 5000  # sheets looked at on the page


def said(figure: FrozenFigure) -> dict[str, str]:
    """The words of a frozen figure in the language of the reader."""
    words: dict[str, dict[str, str]] = figure.words
    language = (get_language() or "it").split("-")[0]
    return words.get(language) or words["it"]


def figures(wave: Wave) -> tuple[list[dict[str, Any]], list[tuple[str, list[dict[str, Any]]]]]:
    """The figures of the whole, and those by each cut in the order in which they were frozen."""
    whole: list[dict[str, Any]] = []
    cuts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in FrozenFigure.objects.filter(wave=wave).order_by("position"):
        shown: dict[str, Any] = {
            **said(row),
            "key": row.key,
            "number": row.number,
            "base": row.base,
            "known": row.known,
            "code": row.value,
        }
        shown["share"] = row.number / row.known if row.number is not None and row.known else None
        if row.group:
            cuts[shown["group"]].append(shown)
        else:
            whole.append(shown)
    return whole, list(cuts.items())


def by_area(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cut by area as lines of a table: one line per area, one cell per figure."""
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        lines.setdefault(row["code"], {"name": row["value"], "base": row["base"]})[row["key"]] = row
    return list(lines.values())


def monitored_of(wave: Wave) -> Monitored:
    """What this wave monitors."""
    return gathered.monitored[wave.what]


# --- the board ----------------------------------------------------------------------------------------------------
@dataclass
class Line:
    """One area or kind of the board."""

    name: str
    area: int | None = None
    kind: str = ""
    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    last: Any = None

    @property
    def answered(self) -> int:
        return sum(self.counts[answer] for answer in COVERED)

    @property
    def silent(self) -> int:
        return self.counts[Answer.WAITING]

    @property
    def not_mine(self) -> int:
        return self.counts[Answer.NOT_MINE]

    @property
    def share(self) -> float:
        return self.answered / self.total if self.total else 0.0


def board(wave: Wave, actor: Actor) -> dict[str, Any]:
    """Who answered and who did not, by area and by kind, of the sheets that the actor may see."""
    sheets = Sheet.objects.filter(wave=wave).visible_to(actor)
    whole = Line("")
    areas: dict[int | None, Line] = {}
    kinds: dict[str, Line] = {}
    names = dict(monitored_of(wave).kinds())
    rows = sheets.order_by().values("area", "kind", "answer").annotate(n=Count("pk"), last=Max("answered_at"))
    for row in rows:
        area, kind = row["area"], row["kind"]
        found = (
            whole,
            areas.setdefault(area, Line(finding.name_of(area) or "—", area=area)),
            kinds.setdefault(kind, Line(names.get(kind, kind), kind=kind)),
        )
        for line in found:
            line.total += row["n"]
            line.counts[row["answer"]] += row["n"]
            line.last = max(filter(None, [line.last, row["last"]]), default=None)
    positions = {pk: place for place, pk in enumerate(finding.nodes())}
    return {
        "whole": whole,
        "areas": sorted(areas.values(), key=lambda line: positions.get(line.area or 0, 1 << 30)),
        "kinds": sorted(kinds.values(), key=lambda line: line.name.casefold()),
        "unreachable": unreached(wave, actor).count(),
        "to_remind": to_remind(wave).count() if wave.is_open else 0,
    }


def unreached(wave: Wave, actor: Actor) -> SheetQuerySet:
    """Silent sheets to which no link leads: to be asked by telephone, on paper, face to face."""
    rows = Sheet.objects.filter(wave=wave).visible_to(actor).silent()
    return rows.exclude(pk__in=Sheet.objects.filter(wave=wave, invitations__isnull=False).order_by().values("pk"))


def to_remind(wave: Wave) -> SheetQuerySet:
    """Silent sheets whose last link was sent as long ago as the wave's reminders wait."""
    before = timezone.now() - timedelta(days=wave.remind_after)
    rows = (
        Sheet.objects.filter(wave=wave)
        .silent()
        .annotate(asked=Max("invitations__sent_at", filter=Q(invitations__on_paper=False) & ~Q(invitations__email="")))
    )
    return rows.filter(asked__lte=before)


def quality(wave: Wave, actor: Actor) -> dict[str, Any]:
    """How complete each field is, and what is hard to believe, of the sheets that the actor may see."""
    monitored = monitored_of(wave)
    contents = _contents(wave, actor)
    earlier = _earlier(wave, contents.keys())
    scope = wave.scope()
    filled: Counter[str] = Counter()
    doubtful = []
    titles = dict(Sheet.objects.filter(wave=wave, record__in=list(contents)).order_by().values_list("record", "pk"))
    for record, content in contents.items():
        for asked in monitored.fields:
            value = content.get(asked.key)
            filled[asked.key] += bool(value[0] is not None if isinstance(value, list) else value)
        doubts = monitored.doubts(content, earlier.get(record), scope)
        if doubts:
            doubtful.append(
                {"sheet": titles.get(record), "title": content["name"], "doubts": [text for _key, text in doubts]}
            )
    fields = [
        {"label": asked.label, "filled": filled[asked.key], "share": filled[asked.key] / len(contents)}
        for asked in monitored.fields
        if contents
    ]
    return {"fields": fields, "base": len(contents), "doubtful": doubtful}


def _contents(wave: Wave, actor: Actor) -> dict[int, dict[str, Any]]:
    """What stands in the records of a wave: as frozen once it is closed, as it is until then."""
    if wave.state == WaveState.CLOSED:
        rows = FrozenRow.objects.filter(wave=wave, answer__in=COVERED).visible_to(actor).order_by("record")
        return dict(rows.values_list("record", "content")[:MOST_DOUBTS])
    seen = Sheet.objects.filter(wave=wave).visible_to(actor).order_by("record").values_list("record", flat=True)
    records = list(seen[:MOST_DOUBTS])
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(records), 500):
        found |= monitored_of(wave).content(records[start : start + 500])
    return found


def wave_before(wave: Wave) -> Wave | None:
    """The last closed wave that looked at the same thing before this one."""
    rows = Wave.objects.filter(state=WaveState.CLOSED, what=wave.what, ends_on__lt=wave.ends_on).exclude(pk=wave.pk)
    return rows.order_by("-ends_on", "-pk").first()


def _earlier(wave: Wave, records: Any) -> dict[int, dict[str, Any]]:
    before = wave_before(wave)
    if before is None:
        return {}
    wanted = set(records)
    rows = FrozenRow.objects.filter(wave=before, answer__in=COVERED).order_by().values_list("record", "content")
    return {record: content for record, content in rows if record in wanted}
