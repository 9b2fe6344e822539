"""From the blocks of a document to slides: one finding on each, with its base and its source at the foot.

A picture becomes a slide whose title is its finding, with the sentence that introduces it beside; its table is not
repeated. A table that no picture draws becomes a slide with its rows. What is only text is gathered, as much as a slide
can hold; a sentence alone stands large. What an editor wrote is text like any other, so it is there too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.reports.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Figures,
    KeyFigure,
    Map,
    Paragraph,
    Part,
    Table,
    foot_of,
    parts,
    table_of,
)
from trama.ui.numbers import number

TITLE = 170  # letters: a longer sentence is no title
BESIDE = 340  # letters that find place beside a picture
LINE, LINES = 100, 17  # letters of a line of text, lines of a slide
ROWS = 11  # rows of a table on a slide
MOST_TABLES = 2  # slides that one table may take; the rest is in the report
COLUMNS, TEXT_COLUMNS = 6, 3
CELL = 260  # letters of a cell
SILENT = frozenset({"closeups.none"})  # what has nothing to say on a slide

Item = tuple[str, str]  # a term (or none) and a text


@dataclass
class Slide:
    """One slide. `kind`: cover, contents, figures, picture, table, text, statement (a sentence alone, large)."""

    kind: str
    title: str
    chapter: str = ""
    items: list[Item] = field(default_factory=list)
    figures: tuple[KeyFigure, ...] = ()
    picture: Chart | Map | None = None
    table: Table | None = None
    foot: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # for who speaks: what the picture shows, figure by figure

    @property
    def foot_line(self) -> str:
        """What stands at the foot, each sentence once."""
        return " ".join(dict.fromkeys(_sentence(text) for text in self.foot if text))


def deck_of(document: Document) -> list[Slide]:
    """The slides of a document, in the language in which it was made and that is active now."""
    found = parts(document)
    drawn = {block.table for block in document.blocks if isinstance(block, (Chart, Map)) and block.table}
    chapters = [(part.title, part) for part in found if part.level == 1]
    slides = [Slide("cover", document.title)]
    if len(chapters) > 2:
        contents = Slide("contents", document.words.get("contents") or _("Contents"))
        contents.items = [("", title) for title, _part in chapters]
        slides.append(contents)
    seen: set[Figures] = set()
    for chapter, inside in _chapters(found):
        slides += _chapter_slides(chapter, inside, drawn, seen)
    for slide in slides:
        if slide.picture is not None:
            slide.notes = list(_notes(slide.picture, table_of(document, slide.picture)))
    _tell_apart(slides)
    return slides


def _tell_apart(slides: Sequence[Slide]) -> None:
    """Give no two slides the same title: who listens, or reads the outline, finds a slide by it."""
    taken: set[str] = set()
    for slide in slides:
        title, place = slide.title, 1
        while slide.title in taken:
            of = f"{slide.chapter}, {place}" if place > 1 else slide.chapter or "2"
            slide.title, place = f"{title} ({of})", place + 1
        taken.add(slide.title)


def _notes(picture: Chart | Map, table: Table | None) -> Iterator[str]:
    """A picture in words, and the figures behind it."""
    yield picture.alt
    if table is None:
        return
    yield f"{table.caption}. {table.subtitle}".strip()
    for line in table.lines:
        figures = zip(table.heads[1:], line.cells, strict=False)
        yield f"{line.name}: " + "; ".join(f"{head} {cell.text}" for head, cell in figures if cell.text)


def _chapters(found: Sequence[Part]) -> Iterator[tuple[str, list[Part]]]:
    chapter: tuple[str, list[Part]] | None = None
    for part in found:
        if part.level <= 1 or chapter is None:
            if chapter is not None:
                yield chapter
            chapter = (part.title, [])
        chapter[1].append(part)
    if chapter is not None:
        yield chapter


def _chapter_slides(chapter: str, inside: Sequence[Part], drawn: set[str], seen: set[Figures]) -> list[Slide]:
    """The slides of a chapter. Sections that are only text stand together, until a picture or a table comes."""
    slides: list[Slide] = []
    gathered: list[Item] = []
    told_apart = any(part.key == "closeups" for part in inside)
    for part in inside:
        made, left = _part_slides(part, drawn, seen)
        if made or (told_apart and left):
            slides += _texts(chapter, gathered)
            gathered = []
        slides += made
        if not left:
            continue
        first, *rest = left
        if made and _finds_place(made[-1], part, left):
            continue
        if made or told_apart:
            slides += _texts(part.title, [("", text) for text in left])
        elif part.level == 1 and len(first) <= TITLE:
            slides += _texts(first, [("", text) for text in rest])
        else:
            term = f"{part.title}." if part.level > 1 else ""
            gathered += [(term if place == 0 else "", text) for place, text in enumerate(left)]
    slides += _texts(chapter, gathered)
    for slide in slides:
        slide.chapter = chapter
        slide.items = [(term, _kept_together(text)) for term, text in slide.items]
    return slides


def _kept_together(text: str) -> str:
    """The text with no line ending before a percent sign."""
    return text.replace(" %", "\u00a0%")


def _finds_place(slide: Slide, part: Part, texts: Sequence[str]) -> bool:
    """Lay what is left of a section on its last slide, where there is room; False where there is none."""
    items: list[Item] = [("", text) for text in texts]
    if slide.kind == "text" and sum(map(_lines, [*slide.items, *items])) <= LINES:
        slide.items += items
        return True
    if slide.kind == "table" and part.key == "sources" and sum(map(len, texts)) <= BESIDE:
        slide.foot += texts
        return True
    return False


def _part_slides(part: Part, drawn: set[str], seen: set[Figures]) -> tuple[list[Slide], list[str]]:
    """The slides of a section, and the texts that stand on none of them."""
    slides: list[Slide] = []
    pending: list[Paragraph] = []
    asides: list[str] = []
    for block in part.blocks:
        if isinstance(block, Paragraph):
            if block.key in SILENT:
                continue
            if block.style != "note":
                pending.append(block)
            elif slides:
                slides[-1].foot.append(block.text)
            else:
                asides.append(block.text)
            continue
        made = list(_block_slides(block, pending, part, drawn, seen))
        if made:
            made[0].foot += asides
            pending, asides = [], []
            slides += made
    texts = [paragraph.text for paragraph in pending]
    return slides, texts if slides else [*texts, *asides]


def _block_slides(
    block: Block, pending: Sequence[Paragraph], part: Part, drawn: set[str], seen: set[Figures]
) -> Iterator[Slide]:
    texts = [paragraph.text for paragraph in pending]
    match block:
        case Figures():
            if block not in seen and block.items:
                seen.add(block)
                title, rest = _titled(texts, part.title)
                yield Slide("figures", title, figures=block.items, items=[("", text) for text in rest])
        case Chart() | Map():
            yield from _picture_slides(block, pending, part)
        case Table():
            if block.key not in drawn or not block.key:
                yield from _table_slides(block, texts)
        case Bullets():
            title, rest = _titled(texts, part.title)
            yield from _texts(title, [*(("", text) for text in rest), *block.items])


def _titled(texts: Sequence[str], otherwise: str) -> tuple[str, list[str]]:
    """The title of a slide: the sentence that introduces it, if it is short enough; and the other texts."""
    if texts and len(texts[0]) <= TITLE:
        return texts[0], list(texts[1:])
    return otherwise, list(texts)


def _picture_slides(block: Chart | Map, pending: Sequence[Paragraph], part: Part) -> Iterator[Slide]:
    leads = [paragraph.text for paragraph in pending if paragraph.style == "lead"]
    others = [paragraph.text for paragraph in pending if paragraph.style != "lead"]
    title, rest = _titled(leads, part.title)
    if leads:
        yield from _texts(title, [("", text) for text in rest])
    if sum(map(len, others)) > BESIDE:
        yield from _texts(part.title, [("", text) for text in others])
        others = []
    slide = Slide("picture", block.title, picture=block, items=[("", text) for text in others])
    slide.foot.append(foot_of(block))
    yield slide


# --- text ---------------------------------------------------------------------------------------------------------
def _lines(item: Item) -> int:
    return max(1, -(-len(f"{item[0]} {item[1]}".strip()) // LINE))


def _pieces(item: Item) -> Iterator[Item]:
    """A text that no slide can hold, cut between its sentences."""
    term, text = item
    if _lines(item) <= LINES:
        yield item
        return
    piece = ""
    for sentence in text.replace("\n", " ").split(". "):
        sentence = sentence if sentence.endswith((".", "…", "!", "?")) else f"{sentence}."
        if piece and _lines((term, f"{piece} {sentence}")) > LINES:
            yield term, piece
            term, piece = "", sentence
        else:
            piece = f"{piece} {sentence}".strip()
    if piece:
        yield term, piece


def _texts(title: str, items: Sequence[Item]) -> Iterator[Slide]:
    """As many slides as a text takes; a title without a text is a sentence that stands alone."""
    if not items:
        if len(title) > 60:  # a name alone says nothing
            yield Slide("statement", title)
        return
    if len(items) == 1 and items[0][0]:
        title, items = items[0][0].rstrip("."), [("", items[0][1])]
    groups: list[list[Item]] = [[]]
    for piece in (piece for item in items for piece in _pieces(item)):
        if groups[-1] and sum(map(_lines, groups[-1])) + _lines(piece) > LINES:
            groups.append([])
        groups[-1].append(piece)
    for place, group in enumerate(groups, start=1):
        told = f"{title} ({place}/{len(groups)})" if len(groups) > 1 else title
        yield Slide("text", told, items=group)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."


# --- tables -------------------------------------------------------------------------------------------------------
def _table_slides(table: Table, texts: Sequence[str]) -> Iterator[Slide]:
    title, rest = _titled(texts, table.caption)
    narrow = _narrowed(table)
    groups = [narrow.lines[start : start + ROWS] for start in range(0, len(narrow.lines), ROWS)]
    shown = groups[:MOST_TABLES]
    left = sum(map(len, groups[MOST_TABLES:]))
    for place, lines in enumerate(shown, start=1):
        told = f"{title} ({place}/{len(shown)})" if len(shown) > 1 else title
        slide = Slide("table", told, table=replace(narrow, lines=tuple(lines)))
        slide.items = [("", text) for text in rest] if place == 1 else []
        slide.foot = [table.subtitle, *table.notes]
        if left and place == len(shown):
            text = ngettext("One more row is in the report.", "%(n)s more rows are in the report.", left)
            slide.foot.insert(0, text % {"n": number(left)})
        yield slide


def _narrowed(table: Table) -> Table:
    """The table as far as a slide is wide: the first columns, and no cell longer than can be read."""
    width = min(len(table.heads), TEXT_COLUMNS if len(table.texts) > 1 else COLUMNS)
    lines = [
        replace(
            line,
            name=_cut(line.name),
            cells=tuple(replace(cell, text=_cut(cell.text)) for cell in line.cells[: width - 1]),
        )
        for line in table.lines
    ]
    return replace(table, heads=table.heads[:width], lines=tuple(lines), widths=table.widths[:width])


def _cut(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1].rstrip()}…"
