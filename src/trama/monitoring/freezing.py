"""What a wave freezes: rows, figures, definitions, and one hash over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation

from trama.core import bulk, small_counts
from trama.core.declarations import Tally, gathered
from trama.monitoring.choices import COVERED, OUTSIDE
from trama.monitoring.models import FrozenFigure, FrozenRow, Questionnaire, Sheet, Wave
from trama.territory import finding


def canonical(value: Any) -> str:
    """JSON that is the same wherever it is made."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def row_digest(record: int, answer: str, content: dict[str, Any], answers: dict[str, Any]) -> str:
    """The SHA-256 of one frozen row."""
    return hashlib.sha256(canonical([record, str(answer), content, answers]).encode()).hexdigest()


def freeze_rows(wave: Wave, sheets: Sequence[Sheet]) -> None:
    """Freeze the records of these sheets as they are now; those that are frozen already stay."""
    contents = gathered.monitored[wave.what].content([sheet.record for sheet in sheets])
    rows = []
    for sheet in sheets:
        content = contents.get(sheet.record, {})
        digest = row_digest(sheet.record, sheet.answer, content, sheet.answers)
        rows.append(
            FrozenRow(
                wave=wave,
                record=sheet.record,
                area_id=sheet.area_id,
                is_sensitive=bool(sheet.is_sensitive or content.get("sensitive")),
                answer=str(sheet.answer),
                content=content,
                answers=sheet.answers,
                digest=digest,
            )
        )
    bulk.insert(rows, ignore_conflicts=True)


def freeze_outside(wave: Wave, records: Sequence[int]) -> None:
    """Freeze what became of records of the wave before that are no longer in the scope of this one.

    Without it nobody could tell later what had ended from what nobody asked about.
    """
    monitored = gathered.monitored[wave.what]
    contents, described = monitored.content(records), monitored.described(records)
    rows = []
    for record in records:
        content, one = contents.get(record, {}), described.get(record)
        rows.append(
            FrozenRow(
                wave=wave,
                record=record,
                area_id=one.area if one else None,
                is_sensitive=bool(one and one.sensitive),
                answer=OUTSIDE,
                content=content,
                answers={},
                digest=row_digest(record, OUTSIDE, content, {}),
            )
        )
    bulk.insert(rows, ignore_conflicts=True)


def counted(wave: Wave) -> list[dict[str, Any]]:
    """The contents of which the figures of a wave are made: what somebody answered for, and may be named to all."""
    rows = FrozenRow.objects.filter(wave=wave, answer__in=COVERED, is_sensitive=False).order_by("record")
    return [content for content in rows.values_list("content", flat=True) if content]


def definitions_of(wave: Wave, contents: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What the words and numbers of these contents stand for today: codes, areas with all above them, questions,
    thresholds.

    An area is `[code, name, kind, id of the area above, place in the order of the tree]`.
    """
    monitored = gathered.monitored[wave.what]
    used = {area for one in contents if one for area in monitored.places(one)[0]} | wave.area_ids()
    places = {node.id: node for area in used for node in finding.path_of(area)}
    last = Questionnaire.objects.filter(wave=wave).order_by("-version").first()
    return monitored.definitions() | {
        "areas": {str(pk): [one.code, one.name, one.kind, one.parent, one.position] for pk, one in places.items()},
        "questions": last.questions if last is not None else [],
        "questionnaire": last.version if last is not None else 0,
        "thresholds": {
            "persons": [small_counts.THRESHOLD, small_counts.SPECIAL_THRESHOLD],
            "aim": wave.aim,
            "times_apart": wave.times_apart,
        },
    }


def figures_of(wave: Wave) -> list[FrozenFigure]:
    """The figures of a wave from its frozen rows, in every language; not saved."""
    contents = counted(wave)
    by_language = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            by_language[language] = [_words(tally) for tally in gathered.monitored[wave.what].tallies(contents)]
    first = by_language[settings.LANGUAGE_CODE]
    return [
        FrozenFigure(
            wave=wave,
            position=position,
            key=tally.key,
            group=str(words["group"])[:120],
            value=tally.value,
            number=tally.number,
            base=tally.base,
            known=tally.known,
            words={language: found[position][1] for language, found in by_language.items()},
        )
        for position, (tally, words) in enumerate(first)
    ]


def _words(tally: Tally) -> tuple[Tally, dict[str, str]]:
    return tally, {
        "label": str(tally.label),
        "text": tally.text,
        "note": str(tally.note),
        "group": str(tally.group),
        "value": tally.value_label,
    }


def fingerprint(wave: Wave) -> str:
    """One SHA-256 over what a wave looked at, its definitions, its rows and its figures, as they stand now.

    The hash of each row is worked out again from its content, so that a row altered in the database shows.
    """
    whole = hashlib.sha256()
    head = [wave.name, wave.promoter, wave.researcher, wave.what, wave.rule, wave.kinds]
    period = [wave.starts_on.isoformat(), wave.ends_on.isoformat(), sorted(wave.area_ids())]
    whole.update(canonical([head, period, wave.definitions]).encode())
    rows = FrozenRow.objects.filter(wave=wave).order_by("record").values_list("record", "answer", "content", "answers")
    for row in rows.iterator(chunk_size=2000):
        whole.update(row_digest(*row).encode())
    figures = FrozenFigure.objects.filter(wave=wave).order_by("position")
    for figure in figures.values_list("key", "group", "value", "number", "base", "known", "words"):
        whole.update(canonical(list(figure)).encode())
    return whole.hexdigest()


def holds(wave: Wave) -> bool:
    """Whether a closed wave is still what it was when it was closed."""
    return bool(wave.fingerprint) and fingerprint(wave) == wave.fingerprint
