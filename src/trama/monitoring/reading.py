"""What the pages of a wave show: its figures, its board, its sheets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.declarations import Monitored, gathered
from trama.core.models import AuditEntry
from trama.monitoring.choices import COVERED, Answer, WaveState
from trama.monitoring.doubting import doubts_of
from trama.monitoring.models import MIN_REST, FrozenFigure, FrozenRow, Invitation, Sheet, SheetQuerySet, Wave
from trama.monitoring.permissions import REOPENERS, follows_all, may_reopen
from trama.network.acting import actor_of
from trama.network.models import Membership
from trama.territory import finding

MOST_DOUBTS = 5000  # sheets looked at on the page
MOST_SHOWN = 100  # doubtful sheets on the page: mended ones make room for the next
AT_PEACE = 7  # days in which nobody is reminded of what they have just answered in another wave
TRYING = timedelta(minutes=10)  # a letter that was begun and has not left: after that it is written again


def said(figure: FrozenFigure) -> dict[str, str]:
    """The words of a frozen figure in the language of the reader."""
    words: dict[str, dict[str, str]] = figure.words
    language = (get_language() or "it").split("-")[0]
    return words.get(language) or words["it"]


def figures(wave: Wave) -> tuple[list[dict[str, Any]], list[tuple[str, list[dict[str, Any]]]]]:
    """The figures of the whole, and those by each cut in the order in which they were frozen."""
    whole: list[dict[str, Any]] = []
    cuts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    right = corrected(wave)
    for row in FrozenFigure.objects.filter(wave=wave).order_by("position"):
        shown: dict[str, Any] = {
            **said(row),
            "key": row.key,
            "number": row.number,
            "base": row.base,
            "known": row.known,
            "code": row.value,
            "corrected": right.get(row.position, ""),
        }
        shown["share"] = row.number / row.known if row.number is not None and row.known else None
        if row.group:
            cuts[shown["group"]].append(shown)
        else:
            whole.append(shown)
    return whole, list(cuts.items())


def printed(wave: Wave) -> dict[str, str]:
    """The figures that the page of a closed wave tells, by what they are called: what was printed of each.

    Those by area are not among them: of these only what the protected tables show is told.
    """
    whole, cuts = figures(wave)
    found = {one["label"]: one["text"] for one in whole}
    for name, rows in cuts[1:]:
        found |= {f"{name}: {row['value']}": row["text"] for row in rows}
    return {name[:200]: text for name, text in found.items()}


def corrected(wave: Wave) -> dict[int, str]:
    """What is right instead of a frozen figure, by its place: the last correction that names it, in any language."""
    right = {one.figure: one.should_be for one in wave.errata.all()}
    found: dict[int, str] = {}
    if not right:
        return found
    for row in FrozenFigure.objects.filter(wave=wave).order_by("position"):
        for words in row.words.values():
            name = f"{words['group']}: {words['value']}" if row.group else words["label"]
            if name[:200] in right:
                found[row.position] = right[name[:200]]
    return found


def monitored_of(wave: Wave) -> Monitored:
    """What this wave monitors."""
    return gathered.monitored[wave.what]


def who_reopens(wave: Wave) -> list[tuple[str, str]]:
    """Who may open a wave again once it is closed: the name of each, and the role that allows it."""
    held = Membership.objects.in_force().filter(role__in=REOPENERS, user__is_active=True)
    areas, found = wave.area_ids(), {}
    for one in held.select_related("user").order_by("role", "user__last_name", "user__username"):
        if one.user_id not in found and may_reopen(actor_of(one.user_id, ""), areas):
            found[one.user_id] = (one.user.called, one.get_role_display())
    return list(found.values())


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
    _tell_apart(areas)
    positions = {pk: place for place, pk in enumerate(finding.nodes())}
    aim = wave.aim / 100
    handed = sheets.filter(pk__in=_handed_over(wave))
    nowhere = unreached(wave, actor).count()
    return {
        "is_narrowed": not follows_all(actor, wave.area_ids()),
        "handed": handed.count(),
        "handed_answered": handed.covered().count(),
        "below": [line for line in areas.values() if line.share < aim and line.total],
        "to_write": _letterless(wave).visible_to(actor).count() - nowhere if wave.is_open else 0,
        "next_reminder": next_reminder(wave, timezone.localdate()) if wave.is_open else None,
        "whole": whole,
        "areas": sorted(areas.values(), key=lambda line: positions.get(line.area or 0, 1 << 30)),
        "kinds": sorted(kinds.values(), key=lambda line: line.name.casefold()),
        "unreachable": nowhere,
        "to_remind": to_remind(wave).count() if wave.is_open else 0,
        "remind_from": may_remind_from(wave) if wave.is_open else None,
        "reminded": last_reminder(wave) if wave.is_open else None,
        "at_peace": answered_elsewhere(wave, actor) if wave.is_open else 0,
    }


def _tell_apart(lines: dict[int | None, Line]) -> None:
    """Say of an area above others of the board that its line counts none of theirs."""
    above = {node.id for area in lines for node in finding.path_of(area)[:-1]}
    for area, line in lines.items():
        if area in above:
            line.name = _("%(area)s, no narrower area stated") % {"area": line.name}


NARROWING = ("q", "answer", "area", "kind")
UNREACHED, HANDED = "unreached", "handed"


def narrowed(wave: Wave, actor: Actor, chosen: dict[str, str]) -> SheetQuerySet:
    """The sheets that the actor may see, by words of the title or a number, by answer, area and kind."""
    rows = Sheet.objects.filter(wave=wave).visible_to(actor)
    if chosen["answer"] == UNREACHED:
        rows = unreached(wave, actor)
    elif chosen["answer"] == HANDED:
        rows = rows.filter(pk__in=_handed_over(wave))
    elif chosen["answer"] in Answer.values:
        rows = rows.filter(answer=chosen["answer"])
    if _is_number(chosen["area"]):
        rows = rows.filter(area=int(chosen["area"]))
    if chosen["kind"]:
        rows = rows.filter(kind=chosen["kind"])
    number = chosen["q"].removeprefix("n.").strip()
    if _is_number(number):
        return rows.filter(Q(pk=int(number)) | Q(title__icontains=number))
    for word in chosen["q"].split():
        rows = rows.filter(title__icontains=word)
    return rows


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _handed_over(wave: Wave) -> Any:
    """The sheets that a worker sent to somebody else."""
    rows = Invitation.objects.filter(sheet__wave=wave, handed_by__isnull=False, on_paper=False)
    return rows.order_by().values("sheet")


def handed_to(sheet: Sheet) -> Invitation | None:
    """The last link by which a sheet that still waits was handed to somebody else."""
    rows = Invitation.objects.filter(sheet=sheet, handed_by__isnull=False, on_paper=False, used_at__isnull=True)
    return rows.exclude(email="").order_by("-sent_at", "-pk").first() if sheet.is_waiting else None


def waiting_elsewhere(sheets: Iterable[Sheet]) -> set[int]:
    """Which of these sheets are silent in the hands of somebody else."""
    silent = [sheet.pk for sheet in sheets if sheet.is_waiting]
    rows = Invitation.objects.filter(sheet__in=silent, handed_by__isnull=False, on_paper=False)
    return set(rows.order_by().values_list("sheet", flat=True))


def answered_by(sheet: Sheet, actor: Actor) -> str:
    """Who gave the answer of a sheet; to the bearer of a link no name is told."""
    if actor.user is None:
        return _("somebody")
    entries = AuditEntry.objects.filter(kind=history.kind_of(sheet), object_id=str(sheet.pk), verb="answered")
    entry = entries.order_by("-number").first()
    if entry is not None and entry.user == actor.user:
        return _("you, in another window,")
    return entry.user_name if entry is not None and entry.user_name else _("somebody")


def choices(wave: Wave, actor: Actor) -> dict[str, Any]:
    """What the list of sheets can be narrowed by: answers, and the areas and kinds that there are."""
    rows = Sheet.objects.filter(wave=wave).visible_to(actor).order_by()
    there = {pk for pk in rows.values_list("area", flat=True).distinct() if pk is not None}
    kinds = set(rows.values_list("kind", flat=True).distinct())
    return {
        "answers": [*Answer.choices, (UNREACHED, _("no address")), (HANDED, _("handed to somebody else"))],
        "areas": [(str(pk), finding.name_of(pk)) for pk in finding.nodes() if pk in there],
        "kinds": [(value, label) for value, label in monitored_of(wave).kinds() if value in kinds],
    }


def unprinted_first(rows: SheetQuerySet) -> SheetQuerySet:
    """Sheets in the order in which they are printed: those that were not on paper yet, by title."""
    printed = Count("invitations", filter=Q(invitations__on_paper=True))
    return rows.annotate(printed=printed).order_by("printed", "title", "pk")


def _letterless(wave: Wave) -> SheetQuerySet:
    """Silent sheets about which no letter has left, and that nobody holds on paper."""
    held = Invitation.objects.filter(sheet__wave=wave, is_unsent=False).order_by()
    return Sheet.objects.filter(wave=wave).silent().exclude(pk__in=held.values("sheet")).order_by("pk")


def unreached(wave: Wave, actor: Actor) -> SheetQuerySet:
    """Silent sheets to which no link leads, and nobody to write to: they are asked by telephone or face to face."""
    rows = _letterless(wave).visible_to(actor)
    records = list(rows.values_list("record", flat=True))
    known: set[int] = set()
    for start in range(0, len(records), 500):
        found = monitored_of(wave).referents(records[start : start + 500])
        known |= {record for record, referents in found.items() if referents}
    return Sheet.objects.filter(wave=wave, record__in=[record for record in records if record not in known])


def _written_to(wave: Wave) -> Any:
    """Silent sheets with the moment of the last letter that left (`asked`), but for those being written just now."""
    trying = Invitation.objects.filter(sheet__wave=wave, is_unsent=True, sent_at__gt=timezone.now() - TRYING)
    by_letter = Q(invitations__on_paper=False, invitations__is_unsent=False) & ~Q(invitations__email="")
    rows = Sheet.objects.filter(wave=wave).silent().exclude(pk__in=trying.order_by().values("sheet"))
    return rows.annotate(asked=Max("invitations__sent_at", filter=by_letter))


def unwritten(wave: Wave) -> SheetQuerySet:
    """Silent sheets about which no letter has left."""
    return _written_to(wave).filter(asked__isnull=True)


def to_remind(wave: Wave) -> SheetQuerySet:
    """Silent sheets about which one may write again today: the last letter is some days old.

    Whoever has just answered about the record in another open wave is left in peace for some days.
    """
    rows = _written_to(wave).filter(asked__lte=timezone.now() - timedelta(days=MIN_REST))
    return rows.exclude(record__in=_answered_elsewhere(wave))


def _answered_elsewhere(wave: Wave) -> Any:
    """The records about which somebody answered in another open wave in the last days."""
    others = Sheet.objects.filter(wave__state=WaveState.OPEN, wave__what=wave.what).exclude(wave=wave).covered()
    return others.filter(answered_at__gt=timezone.now() - timedelta(days=AT_PEACE)).order_by().values("record")


def answered_elsewhere(wave: Wave, actor: Actor) -> int:
    """How many silent sheets are not reminded now because another open wave has just had an answer."""
    rows = Sheet.objects.filter(wave=wave, record__in=_answered_elsewhere(wave)).silent()
    return rows.visible_to(actor).count()


def may_remind_from(wave: Wave) -> date | None:
    """The first day to come on which one may write again about some silent sheet; None: there is none."""
    resting = _written_to(wave).filter(asked__gt=timezone.now() - timedelta(days=MIN_REST))
    asked = resting.aggregate(first=Min("asked"))["first"]
    return timezone.localdate(asked + timedelta(days=MIN_REST)) if asked else None


def last_reminder(wave: Wave) -> tuple[date, int] | None:
    """The day of the last reminders that left, and how many letters left on it."""
    acts = AuditEntry.objects.filter(kind=history.kind_of(wave), object_id=str(wave.pk))
    last = acts.filter(verb="reminded").order_by("-number").first()
    if last is None:
        return None
    day = timezone.localdate(last.at)
    start = timezone.make_aware(datetime.combine(day, time.min))
    rows = acts.filter(verb__in=("reminded", "letter_failed"), at__gte=start).order_by("number")
    written: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for verb, changes in rows.values_list("verb", "changes"):
        (written if verb == "reminded" else failed)[str(changes.get("sheets"))] += 1
    return day, sum((written - failed).values())


def before_opening(wave: Wave, actor: Actor) -> dict[str, Any]:
    """What opening a wave would do now: sheets, letters, sheets without an address, and who is being asked already."""
    monitored = monitored_of(wave)
    records = list(monitored.in_scope(wave.scope()).order_by("pk").values_list("pk", flat=True))
    boxes: set[str] = set()
    reached = 0
    for start in range(0, len(records), 500):
        for referents in monitored.referents(records[start : start + 500]).values():
            reached += bool(referents)
            boxes |= {one.email for one in referents}
    wanted, twice = set(records), set()
    others: Counter[int] = Counter()
    open_ = Sheet.objects.filter(wave__state=WaveState.OPEN, wave__what=wave.what).exclude(wave=wave).order_by()
    for other, record in open_.values_list("wave", "record").iterator():
        if record in wanted:
            others[other] += 1
            twice.add(record)
    named = Wave.objects.visible_to(actor).filter(pk__in=list(others)).order_by("answer_by", "pk")
    return {
        "sheets": len(records),
        "letters": len(boxes),
        "nowhere": len(records) - reached,
        "twice": len(twice),
        "others": [{"wave": one, "count": others[one.pk]} for one in named],
    }


def due(wave: Wave, today: date) -> SheetQuerySet:
    """Silent sheets that the calendar of reminders wants to be written about by `today`."""
    past = [day for day in wave.calendar() if day <= today]
    rows = _written_to(wave).exclude(record__in=_answered_elsewhere(wave))
    if not past or today > wave.answer_by:
        return rows.none()
    start = timezone.make_aware(datetime.combine(past[-1], time.min))
    return rows.filter(asked__lt=start)


def next_reminder(wave: Wave, today: date) -> date | None:
    """The next day of the calendar of reminders."""
    return next((day for day in wave.calendar() if day > today), None)


def quality(wave: Wave, actor: Actor) -> dict[str, Any]:
    """How complete each field is, and what is hard to believe, of the sheets that the actor may see."""
    monitored = monitored_of(wave)
    contents = _contents(wave, actor)
    earlier = _earlier(wave, contents.keys())
    scope = wave.scope()
    filled: Counter[str] = Counter()
    doubtful = []
    rows = Sheet.objects.filter(wave=wave, record__in=list(contents)).order_by()
    sheets = {row[0]: row[1:] for row in rows.values_list("record", "pk", "prefilled", "checked")}
    for record, content in contents.items():
        for asked in monitored.fields:
            value = content.get(asked.key)
            filled[asked.key] += bool(value[0] is not None if isinstance(value, list) else value)
        sheet, prefilled, checked = sheets.get(record, (None, {}, ""))
        doubts, mark = doubts_of(monitored, content, earlier.get(record), prefilled, scope)
        if doubts and checked != mark:
            doubtful.append({"sheet": sheet, "title": content["name"], "doubts": doubts})
    fields = [
        {"label": asked.label, "filled": filled[asked.key], "share": filled[asked.key] / len(contents)}
        for asked in monitored.fields
        if contents
    ]
    return {"fields": fields, "base": len(contents), "doubtful": doubtful[:MOST_SHOWN], "doubted": len(doubtful)}


def doubts_on(sheet: Sheet) -> tuple[list[dict[str, str]], str]:
    """What is hard to believe on one sheet and nobody has looked at since, and its hash."""
    monitored = monitored_of(sheet.wave)
    content = monitored.content([sheet.record]).get(sheet.record)
    if content is None:
        return [], ""
    earlier = _earlier(sheet.wave, [sheet.record]).get(sheet.record)
    doubts, mark = doubts_of(monitored, content, earlier, sheet.prefilled, sheet.wave.scope())
    return ([] if sheet.checked == mark else doubts), mark


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
    if len(wanted) == 1:
        rows = rows.filter(record__in=wanted)
    return {record: content for record, content in rows if record in wanted}
