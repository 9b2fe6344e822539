"""The shapes of a slide in Office Open XML: texts, lists, pictures, tables. Lengths in English metric units (EMU)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from trama.reports.document import Table
from trama.reports.word import FORBIDDEN

INCH = 914_400
POINT = 12_700
WIDE = 0.5  # mean width of a letter, in sizes of the type
HIGH = 1.2  # distance of two lines, in sizes of the type
NO_GRID = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # "no style, no grid": the lines are the cells' own
INK, DEEP, SOFT, LINE, SKY, AMBER = "tx1", "tx2", "accent3", "accent6", "accent2", "accent4"


@dataclass(frozen=True)
class Box:
    """A place on a slide."""

    x: int
    y: int
    wide: int
    high: int

    @property
    def xfrm(self) -> str:
        return f'<a:off x="{self.x}" y="{self.y}"/><a:ext cx="{self.wide}" cy="{self.high}"/>'


def box(x: float, y: float, wide: float, high: float) -> Box:
    """A place in inches."""
    return Box(*(round(value * INCH) for value in (x, y, wide, high)))


def text(words: str) -> str:
    """Words as XML holds them."""
    return escape(FORBIDDEN.sub("", words))


def attribute(words: str) -> str:
    """Words as the value of an attribute, with its quotation marks."""
    return quoteattr(" ".join(FORBIDDEN.sub("", words).split()))


def run(words: str, language: str, *, size: float = 0, bold: bool = False, colour: str = "") -> str:
    """A piece of text in one type."""
    look = f' sz="{round(size * 100)}"' if size else ""
    look += ' b="1"' if bold else ""
    fill = f'<a:solidFill><a:schemeClr val="{colour}"/></a:solidFill>' if colour else ""
    return f'<a:r><a:rPr lang="{language}"{look} dirty="0">{fill}</a:rPr><a:t>{text(words)}</a:t></a:r>'


def paragraph(inside: str, properties: str = "") -> str:
    """A paragraph; `properties` are attributes and marks of `a:pPr`, as they stand."""
    return f"<a:p>{properties}{inside}</a:p>"


PLAIN = '<a:pPr marL="0" indent="0"><a:buNone/></a:pPr>'
NUMBERED = (
    '<a:pPr marL="457200" indent="-457200"><a:buFont typeface="+mj-lt"/><a:buAutoNum type="arabicPeriod"/></a:pPr>'
)
RIGHT = '<a:pPr algn="r"/>'


def holder(number: int, name: str, kind: str, paragraphs: str, place: Box | None = None) -> str:
    """A text in one of the places that the layout keeps for it: an outline and a screen reader find it there."""
    where = f"<a:xfrm>{place.xfrm}</a:xfrm>" if place else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name={quoteattr(name)}/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
        f"<p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr><p:spPr>{where}</p:spPr>"
        f"<p:txBody><a:bodyPr/><a:lstStyle/>{paragraphs}</p:txBody></p:sp>"
    )


def text_box(number: int, name: str, place: Box, paragraphs: str, anchor: str = "t") -> str:
    """A text anywhere."""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name={quoteattr(name)}/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
        f'<p:spPr><a:xfrm>{place.xfrm}</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/></p:spPr>'
        f'<p:txBody><a:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}"><a:normAutofit/>'
        f"</a:bodyPr><a:lstStyle/>{paragraphs}</p:txBody></p:sp>"
    )


def rule(number: int, place: Box, colour: str = SKY, points: float = 2.5) -> str:
    """A line, from the top left to the bottom right of its place. It says nothing."""
    return (
        f'<p:cxnSp><p:nvCxnSpPr><p:cNvPr id="{number}" name="Line {number}"><a:extLst>'
        '<a:ext uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}">'
        '<adec:decorative xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext>'
        "</a:extLst></p:cNvPr><p:cNvCxnSpPr/><p:nvPr/></p:nvCxnSpPr>"
        f'<p:spPr><a:xfrm>{place.xfrm}</a:xfrm><a:prstGeom prst="line"><a:avLst/></a:prstGeom>'
        f'<a:ln w="{round(points * POINT)}"><a:solidFill><a:schemeClr val="{colour}"/></a:solidFill></a:ln>'
        "</p:spPr></p:cxnSp>"
    )


def picture(number: int, name: str, alt: str, relation: str, place: Box, size: tuple[int, int]) -> str:
    """A picture as large as its place allows, in its middle."""
    wide, high = size
    scale = min(place.wide / wide, place.high / high)
    inner = Box(
        place.x + round((place.wide - wide * scale) / 2),
        place.y + round((place.high - high * scale) / 2),
        round(wide * scale),
        round(high * scale),
    )
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="{number}" name={quoteattr(name)} descr={attribute(alt)}/><p:cNvPicPr>'
        '<a:picLocks noChangeAspect="1"/></p:cNvPicPr><p:nvPr/></p:nvPicPr><p:blipFill>'
        f'<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr>'
        f'<a:xfrm>{inner.xfrm}</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>'
    )


# --- how much finds place -----------------------------------------------------------------------------------------
def lines_of(letters: int, wide: int, size: float) -> int:
    """How many lines a text takes, about, in a width, at a size in points."""
    return max(1, -(-letters // max(1, int(wide / POINT / (size * WIDE)))))


def fitting(sizes: Sequence[float], texts: Sequence[str], place: Box, between: float = 8) -> float:
    """The largest of these sizes at which paragraphs find place, about."""
    for size in sizes:
        high = sum(lines_of(len(words), place.wide, size) * size * HIGH + between for words in texts)
        if high * POINT <= place.high:
            return size
    return sizes[-1]


# --- tables -------------------------------------------------------------------------------------------------------
def table(number: int, table: Table, place: Box, language: str) -> str:
    """A real table: its first row is its head, also for who listens."""
    widths = _widths(table, place.wide)
    rows = [(table.heads, "head")]
    rows += [((line.name, *(cell.text for cell in line.cells)), line.role) for line in table.lines]
    size, heights = _sized(rows, widths, place)
    width = len(table.heads)
    numeric = [column > 0 and column not in table.texts for column in range(width)]
    written = []
    for (cells, role), high in zip(rows, heights, strict=True):
        full = [*cells, *[""] * (width - len(cells))]
        inside = "".join(
            _cell(words, language, size, role=role, right=right, last=role == "total")
            for words, right in zip(full, numeric, strict=True)
        )
        written.append(f'<a:tr h="{high}">{inside}</a:tr>')
    grid = "".join(f'<a:gridCol w="{wide}"/>' for wide in widths)
    frame = Box(place.x, place.y, sum(widths), sum(heights))
    name = quoteattr("{} {}".format(_("Table"), number))
    return (
        f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="{number}" name={name} '
        f"descr={attribute(table.caption)}/>"
        '<p:cNvGraphicFramePr><a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>'
        f"<p:xfrm>{frame.xfrm}</p:xfrm><a:graphic>"
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
        f'<a:tbl><a:tblPr firstRow="1"><a:tableStyleId>{NO_GRID}</a:tableStyleId></a:tblPr>'
        f"<a:tblGrid>{grid}</a:tblGrid>{''.join(written)}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def _widths(table: Table, wide: int) -> list[int]:
    width = len(table.heads)
    shares = list(table.widths) if len(table.widths) == width else []
    shares = shares or [2.8 if column == 0 else 1.8 if column in table.texts else 1.0 for column in range(width)]
    return [int(wide * share / sum(shares)) for share in shares]


SIZES = (16, 15, 14, 13, 12, 11, 10, 9)
MARGIN = 3 * POINT


def _sized(rows: Sequence[tuple[Sequence[str], str]], widths: Sequence[int], place: Box) -> tuple[float, list[int]]:
    """The size of the type and the heights of the rows with which a table finds place."""
    heights: list[int] = []
    size: float = SIZES[-1]
    for size in SIZES:
        heights = []
        for cells, _role in rows:
            most = max(
                lines_of(len(words), wide - 12 * POINT, size) for words, wide in zip(cells, widths, strict=False)
            )
            heights.append(round(most * size * HIGH * POINT) + 2 * MARGIN)
        if sum(heights) <= place.high:
            break
    return size, heights


def _cell(words: str, language: str, size: float, *, role: str, right: bool, last: bool) -> str:
    bold = role in {"head", "total", "group"}
    colour = SOFT if role == "apart" else INK
    none = "".join(f'<a:{side} w="0"><a:noFill/></a:{side}>' for side in ("lnL", "lnR"))
    above = _edge("lnT", INK, 1.25) if last else '<a:lnT w="0"><a:noFill/></a:lnT>'
    below = _edge("lnB", INK, 1.25) if role == "head" else _edge("lnB", LINE, 0.75)
    inside = paragraph(run(words, language, size=size, bold=bold, colour=colour), RIGHT if right else "")
    anchor = "b" if role == "head" else "t"
    return (
        f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{inside}</a:txBody>"
        f'<a:tcPr marL="{6 * POINT}" marR="{6 * POINT}" marT="{MARGIN}" marB="{MARGIN}" anchor="{anchor}">'
        f"{none}{above}{below}<a:noFill/></a:tcPr></a:tc>"
    )


def _edge(side: str, colour: str, points: float) -> str:
    fill = f'<a:solidFill><a:schemeClr val="{colour}"/></a:solidFill>'
    return f'<a:{side} w="{round(points * POINT)}">{fill}</a:{side}>'
