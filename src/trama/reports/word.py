"""A document as DOCX that an office goes on writing in: real headings, a table of contents, tables with header rows,
pictures with their alternative text. The parts that never change (styles, list, settings) lie in the folder `word`.

Written as Office Open XML at once: it takes no library to run, and every mark that a screen reader needs can be set.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from trama.reports.document import (
    Block,
    Bullets,
    Cell,
    Chart,
    Document,
    Figures,
    Heading,
    Line,
    Map,
    Paragraph,
    Table,
    foot_of,
    shown,
)

PARTS = Path(__file__).parent / "word"
MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
NAMESPACES = (
    f'xmlns:w="{MAIN}" xmlns:r="{RELATIONS}" xmlns:wp="{DRAWING}/wordprocessingDrawing" '
    f'xmlns:a="{DRAWING}/main" xmlns:pic="{DRAWING}/picture"'
)
TEXT_WIDTH = 9300  # twentieths of a point between the margins
PICTURE_WIDTH = 5_900_000  # English metric units (914,400 to the inch) between the margins
MOST_HEIGHT = 6_800_000
STYLES = {"plain": "", "lead": "Lead", "note": "Note"}
LANGUAGES = {"it": "it-IT", "en": "en-GB"}
# What XML 1.0 cannot hold.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# The same moment in every part: what is the same document is the same file.
STILL = (1980, 1, 1, 0, 0, 0)


def _text(words: str) -> str:
    return escape(FORBIDDEN.sub("", words))


def _run(words: str, properties: str = "") -> str:
    inside = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{inside}<w:t xml:space="preserve">{_text(words)}</w:t></w:r>'


def _paragraph(inside: str, style: str = "", more: str = "") -> str:
    properties = (f'<w:pStyle w:val="{style}"/>' if style else "") + more
    return f"<w:p><w:pPr>{properties}</w:pPr>{inside}</w:p>" if properties else f"<w:p>{inside}</w:p>"


def _field(code: str, shown_as: str = "", dirty: bool = False) -> str:
    """A field that the word processor computes: a page number, a table of contents."""
    mark = ' w:dirty="true"' if dirty else ""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"{mark}/></w:r><w:r>'
        f'<w:instrText xml:space="preserve"> {code} </w:instrText>'
        f'</w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>{shown_as}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


class Word:
    """One document on its way to DOCX; `pictures` are the PNG files of its pictures, in order."""

    def __init__(self, document: Document, pictures: Sequence[bytes]) -> None:
        self.document = document
        self.pictures = pictures
        self.blocks = list(shown(document))
        self.drawn = 0
        self.headings = 0

    def content(self) -> bytes:
        """The file."""
        body = "".join(self._body())
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as package:

            def put(name: str, data: str | bytes) -> None:
                info = zipfile.ZipInfo(name, STILL)
                info.compress_type = zipfile.ZIP_DEFLATED
                package.writestr(info, data)

            put("[Content_Types].xml", (PARTS / "content_types.xml").read_text(encoding="utf-8"))
            put("_rels/.rels", self._package_relations())
            put("docProps/core.xml", self._properties())
            put("docProps/app.xml", self._application())
            put("word/document.xml", f"{HEAD}<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>")
            language = LANGUAGES.get(self.document.language, self.document.language)
            styles = (PARTS / "styles.xml").read_text(encoding="utf-8")
            put("word/styles.xml", styles.replace("LANGUAGE", language))
            for name in ("numbering.xml", "settings.xml"):
                put(f"word/{name}", (PARTS / name).read_text(encoding="utf-8"))
            put("word/header1.xml", self._header())
            put("word/footer1.xml", self._footer())
            put("word/_rels/document.xml.rels", self._relations())
            for number, picture in enumerate(self.pictures, start=1):
                put(f"word/media/picture{number}.png", picture)
        return output.getvalue()

    # --- the body -------------------------------------------------------------------------------------------------
    def _body(self) -> Iterator[str]:
        document = self.document
        yield _paragraph(_run(document.body, "<w:b/>"))
        yield _paragraph(_run(document.subtitle), "Subtitle")
        yield _paragraph(_run(document.title), "Title")
        yield _paragraph(_run(document.date))
        if document.demonstration:
            yield _paragraph(_run(document.demonstration), "Demonstration")
        if document.summary:
            yield _paragraph(_run(document.summary), "Lead")
        if document.stamp:
            yield _paragraph(_run(document.stamp), "Small")
        yield from self._contents()
        for block in self.blocks:
            yield from self._block(block)
        yield (
            '<w:sectPr><w:headerReference w:type="default" r:id="rId4"/>'
            '<w:footerReference w:type="default" r:id="rId5"/>'
            '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1500" w:right="1150" w:bottom="1300" w:left="1440" '
            'w:header="680" w:footer="600" w:gutter="0"/><w:titlePg/></w:sectPr>'
        )

    def _contents(self) -> Iterator[str]:
        """The table of contents as a field, with its entries already in it for who opens it elsewhere."""
        entries = [block for block in self.blocks if isinstance(block, Heading)]
        listed = [(number, block) for number, block in enumerate(entries, start=1) if block.level <= 2]
        yield _paragraph(_run(self.document.words.get("contents") or _("Contents")), "TOCHeading")
        if not listed:
            return
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r><w:r><w:instrText xml:space="preserve"> '
            'TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        for place, (number, block) in enumerate(listed):
            page = "<w:r><w:tab/></w:r>" + _field(f"PAGEREF _h{number} \\h", dirty=True)
            link = f'<w:hyperlink w:anchor="_h{number}" w:history="1">{_run(block.text)}{page}</w:hyperlink>'
            inside = (begin if place == 0 else "") + link + (end if place == len(listed) - 1 else "")
            yield _paragraph(inside, f"TOC{block.level}")

    def _block(self, block: Block) -> Iterator[str]:
        match block:
            case Heading():
                self.headings += 1
                name, number = f"_h{self.headings}", self.headings
                begin = f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>'
                end = f'<w:bookmarkEnd w:id="{number}"/>'
                yield _paragraph(f"{begin}{_run(block.text)}{end}", f"Heading{block.level}")
            case Paragraph():
                yield _paragraph(_run(block.text), STYLES.get(block.style, ""))
            case Bullets():
                for term, text in block.items:
                    first = _run(f"{term} ", "<w:b/>") if term else ""
                    yield _paragraph(first + _run(text), "ListBullet")
            case Figures():
                yield from self._table(_figures_table(block))
            case Table():
                yield from self._table(block)
            case Chart() | Map():
                yield from self._picture(block)

    def _caption(self, title: str, subtitle: str) -> Iterator[str]:
        yield _paragraph(_run(title), "Caption")
        if subtitle:
            yield _paragraph(_run(subtitle), "CaptionSmall")

    def _table(self, table: Table) -> Iterator[str]:
        yield from self._caption(table.caption, table.subtitle)
        width = len(table.heads)
        widths = _widths(table)
        numeric = [place > 0 and place not in table.texts for place in range(width)]
        grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in widths)
        heads = [Cell(head) for head in table.heads]
        rows = [self._row(heads, widths, numeric, head=True)]
        for line in table.lines:
            if line.role == "group":
                inside = _paragraph(_run(line.name, "<w:b/>"), "TableText")
                rows.append(f'<w:tr><w:tc><w:tcPr><w:gridSpan w:val="{width}"/></w:tcPr>{inside}</w:tc></w:tr>')
            else:
                cells = [Cell(line.name), *line.cells, *[Cell("")] * (width - 1 - len(line.cells))]
                rows.append(self._row(cells, widths, numeric, line=line))
        about = f"<w:tblCaption w:val={quoteattr(_attribute(table.caption))}/>"
        if table.subtitle:
            about += f"<w:tblDescription w:val={quoteattr(_attribute(table.subtitle))}/>"
        yield (
            f'<w:tbl><w:tblPr><w:tblStyle w:val="ReportTable"/><w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/>'
            '<w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
            f'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>{about}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
            f"{''.join(rows)}</w:tbl>"
        )
        for note in table.notes:
            yield _paragraph(_run(note), "Small")
        # Two tables without a paragraph between them would grow together.
        yield _paragraph("")

    def _row(
        self,
        cells: Sequence[Cell],
        widths: Sequence[int],
        numeric: Sequence[bool],
        head: bool = False,
        line: Line | None = None,
    ) -> str:
        role = line.role if line is not None else ""
        look = "<w:b/>" if head or role == "total" else "<w:i/>" if role == "apart" else ""
        inside = []
        for cell, width, is_number in zip(cells, widths, numeric, strict=False):
            paragraph = _paragraph(_run(cell.text, look), "TableNumber" if is_number else "TableText")
            inside.append(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{paragraph}</w:tc>')
        header = "<w:tblHeader/>" if head else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{header}</w:trPr>{''.join(inside)}</w:tr>"

    def _picture(self, block: Chart | Map) -> Iterator[str]:
        yield from self._caption(block.title, block.subtitle)
        self.drawn += 1
        number = self.drawn
        if number > len(self.pictures):
            return
        wide, high = size_of(self.pictures[number - 1])
        width, height = PICTURE_WIDTH, round(PICTURE_WIDTH * high / wide)
        if height > MOST_HEIGHT:
            width, height = round(width * MOST_HEIGHT / height), MOST_HEIGHT
        alt = quoteattr(_attribute(block.alt))
        size = f'cx="{width}" cy="{height}"'
        picture = (
            f'<pic:pic><pic:nvPicPr><pic:cNvPr id="{number}" name="picture{number}.png" descr={alt}/><pic:cNvPicPr/>'
            f'</pic:nvPicPr><pic:blipFill><a:blip r:embed="rId{100 + number}"/><a:stretch><a:fillRect/></a:stretch>'
            f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm><a:prstGeom prst="rect">'
            "<a:avLst/></a:prstGeom></pic:spPr></pic:pic>"
        )
        yield _paragraph(
            f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
            f'<wp:docPr id="{number}" name="{_("Picture")} {number}" descr={alt}/><a:graphic>'
            f'<a:graphicData uri="{DRAWING}/picture">{picture}</a:graphicData></a:graphic></wp:inline></w:drawing>'
            "</w:r>"
        )
        if foot := foot_of(block):
            yield _paragraph(_run(foot), "Small")

    # --- the other parts ------------------------------------------------------------------------------------------
    def _header(self) -> str:
        document = self.document
        left = _run(f"{document.body} · {document.subtitle} {document.title}")
        inside = _paragraph(f"{left}<w:r><w:tab/></w:r>{_run(document.date)}", "Header")
        return f"{HEAD}<w:hdr {NAMESPACES}>{inside}</w:hdr>"

    def _footer(self) -> str:
        words = self.document.words
        parts = [_run(self.document.demonstration, '<w:color w:val="8A4B00"/>'), "<w:r><w:tab/></w:r>"]
        parts += [_run(f"{words.get('page', '')} "), _field("PAGE", _run("1"))]
        parts += [_run(f" {words.get('of', '')} "), _field("NUMPAGES", _run("1"))]
        return f"{HEAD}<w:ftr {NAMESPACES}>{_paragraph(''.join(parts), 'Footer')}</w:ftr>"

    def _properties(self) -> str:
        document = self.document
        return (
            f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE.replace("relationships", "metadata/core-properties")}" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
            f"<dc:title>{_text(f'{document.subtitle} {document.title}')}</dc:title>"
            f"<dc:subject>{_text(document.summary)}</dc:subject><dc:creator>{_text(document.body)}</dc:creator>"
            f"<dc:description>{_text(document.demonstration or document.stamp)}</dc:description>"
            f"<dc:language>{LANGUAGES.get(document.language, document.language)}</dc:language></cp:coreProperties>"
        )

    def _application(self) -> str:
        return (
            f'{HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
            f"<Application>Trama</Application><Company>{_text(self.document.body)}</Company></Properties>"
        )

    def _package_relations(self) -> str:
        core = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
        return (
            f'{HEAD}<Relationships xmlns="{PACKAGE}">'
            f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="word/document.xml"/>'
            f'<Relationship Id="rId2" Type="{core}" Target="docProps/core.xml"/>'
            f'<Relationship Id="rId3" Type="{RELATIONS}/extended-properties" Target="docProps/app.xml"/>'
            "</Relationships>"
        )

    def _relations(self) -> str:
        kinds = ("styles", "numbering", "settings", "header", "footer")
        targets = ("styles.xml", "numbering.xml", "settings.xml", "header1.xml", "footer1.xml")
        parts = [
            f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(zip(kinds, targets, strict=True), start=1)
        ]
        parts += [
            f'<Relationship Id="rId{100 + number}" Type="{RELATIONS}/image" Target="media/picture{number}.png"/>'
            for number in range(1, len(self.pictures) + 1)
        ]
        return f'{HEAD}<Relationships xmlns="{PACKAGE}">{"".join(parts)}</Relationships>'


def _attribute(words: str) -> str:
    return " ".join(FORBIDDEN.sub("", words).split())


def _figures_table(block: Figures) -> Table:
    """Key figures as a table: read in order by whoever reads line by line."""
    lines = tuple(Line(item.label, (Cell(item.value), Cell(item.note))) for item in block.items)
    return Table(_("In figures"), (_("What"), _("How many"), _("When, of how many")), lines, texts=frozenset({2}))


def _widths(table: Table) -> list[int]:
    """The widths of the columns in twentieths of a point; names and texts take more than numbers."""
    width = len(table.heads)
    shares = list(table.widths) or [
        2.6 if place == 0 else 1.8 if place in table.texts else 1.0 for place in range(width)
    ]
    whole = sum(shares)
    return [int(TEXT_WIDTH * share / whole) for share in shares]


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels."""
    wide, high = struct.unpack(">II", png[16:24])
    return max(1, wide), max(1, high)
