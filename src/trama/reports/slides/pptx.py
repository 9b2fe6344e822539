"""Slides as PPTX that an office goes on working on: titles and texts in the places of the layout, real tables, pictures
with their alternative text. What never changes (theme, master, layouts) lies in the folder `parts`.

Written as Office Open XML at once, as the DOCX is (decision 0010).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from trama.reports.document import Document
from trama.reports.slides import shapes
from trama.reports.slides.deck import Slide
from trama.reports.slides.shapes import AMBER, DEEP, NUMBERED, PLAIN, SOFT, Box, box, paragraph, run
from trama.reports.word import HEAD, LANGUAGES, PACKAGE, RELATIONS, STILL, size_of

PARTS = Path(__file__).parent / "parts"
MAIN = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
NAMESPACES = f'xmlns:a="{DRAWING}" xmlns:r="{RELATIONS}" xmlns:p="{MAIN}"'
TYPE = "application/vnd.openxmlformats-officedocument"
COVER, TEXT, TITLE_ONLY = 1, 2, 3  # the layouts, by their numbers
TREE = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>'
    '<a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)
COLOURS = "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr>"
SLIDE_WIDE, SLIDE_HIGH = 12_192_000, 6_858_000  # 16:9
# Places, in inches.
CHAPTER = box(0.667, 0.3, 12, 0.3)
BODY = box(0.667, 1.95, 12, 4.3)
FOOT = box(0.667, 6.33, 12, 0.58)
STATEMENT = box(1.1, 2.2, 10.4, 2.6)
SUBTITLE = box(0.667, 1.72, 12, 0.3)
PICTURE = box(0.667, 2.1, 12, 4.1)
PICTURE_LEFT = box(0.667, 2.1, 8.2, 4.1)
BESIDE = box(9.35, 2.3, 3.3, 3.7)
BODY_SIZES = (24, 22, 20, 18, 17, 16, 15, 14, 13, 12)


class Presentation:
    """Slides on their way to PPTX; `pictures` are the PNG files of their pictures, in order."""

    def __init__(self, document: Document, slides: Sequence[Slide], pictures: Sequence[bytes]) -> None:
        self.document, self.slides, self.pictures = document, slides, pictures
        self.language = LANGUAGES.get(document.language, document.language)
        self.drawn = 0

    def content(self) -> bytes:
        """The file."""
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as package:
            for name, data in self._parts():
                info = zipfile.ZipInfo(name, STILL)
                info.compress_type = zipfile.ZIP_DEFLATED
                package.writestr(info, data)
        return output.getvalue()

    def _parts(self) -> Iterator[tuple[str, str | bytes]]:
        yield "[Content_Types].xml", self._content_types()
        yield (
            "_rels/.rels",
            _relations(
                (f"{RELATIONS}/officeDocument", "ppt/presentation.xml"),
                (PACKAGE.replace("relationships", "relationships/metadata/core-properties"), "docProps/core.xml"),
                (f"{RELATIONS}/extended-properties", "docProps/app.xml"),
            ),
        )
        yield "docProps/core.xml", self._properties()
        yield "docProps/app.xml", self._application()
        yield "ppt/presentation.xml", self._presentation()
        count = len(self.slides)
        yield (
            "ppt/_rels/presentation.xml.rels",
            _relations(
                (f"{RELATIONS}/slideMaster", "slideMasters/slideMaster1.xml"),
                *((f"{RELATIONS}/slide", f"slides/slide{number}.xml") for number in range(1, count + 1)),
                (f"{RELATIONS}/theme", "theme/theme1.xml"),
                (f"{RELATIONS}/tableStyles", "tableStyles.xml"),
                (f"{RELATIONS}/notesMaster", "notesMasters/notesMaster1.xml"),
            ),
        )
        yield "ppt/theme/theme2.xml", self._kept("theme.xml")
        yield "ppt/notesMasters/notesMaster1.xml", self._kept("notes.xml")
        yield "ppt/notesMasters/_rels/notesMaster1.xml.rels", _relations((f"{RELATIONS}/theme", "../theme/theme2.xml"))
        yield "ppt/theme/theme1.xml", self._kept("theme.xml")
        yield "ppt/tableStyles.xml", f'{HEAD}<a:tblStyleLst xmlns:a="{DRAWING}" def="{shapes.NO_GRID}"/>'
        yield "ppt/slideMasters/slideMaster1.xml", self._kept("master.xml")
        yield (
            "ppt/slideMasters/_rels/slideMaster1.xml.rels",
            _relations(
                *((f"{RELATIONS}/slideLayout", f"../slideLayouts/slideLayout{number}.xml") for number in (1, 2, 3)),
                (f"{RELATIONS}/theme", "../theme/theme1.xml"),
            ),
        )
        for number in (COVER, TEXT, TITLE_ONLY):
            yield f"ppt/slideLayouts/slideLayout{number}.xml", self._kept(f"layout{number}.xml")
            yield (
                f"ppt/slideLayouts/_rels/slideLayout{number}.xml.rels",
                _relations((f"{RELATIONS}/slideMaster", "../slideMasters/slideMaster1.xml")),
            )
        for number, slide in enumerate(self.slides, start=1):
            yield from self._slide(number, slide)
        for number, png in enumerate(self.pictures, start=1):
            yield f"ppt/media/picture{number}.png", png

    def _kept(self, name: str) -> str:
        return (PARTS / name).read_text(encoding="utf-8").replace("LANGUAGE", self.language)

    # --- slides ---------------------------------------------------------------------------------------------------
    def _slide(self, number: int, slide: Slide) -> Iterator[tuple[str, str]]:
        makers: dict[str, Callable[[Slide], tuple[int, list[str]]]] = {
            "cover": self._cover,
            "contents": self._contents,
            "figures": self._figures,
            "picture": self._picture,
            "table": self._table,
            "text": self._text,
            "statement": self._statement,
        }
        links = []
        if slide.picture is not None and self.drawn < len(self.pictures):
            links.append((f"{RELATIONS}/image", f"../media/picture{self.drawn + 1}.png"))
        if slide.notes:
            links.append((f"{RELATIONS}/notesSlide", f"../notesSlides/notesSlide{number}.xml"))
            yield from self._notes(number, slide)
        layout, inside = makers[slide.kind](slide)
        if layout != COVER:
            inside += self._around(slide)
        tree = f"<p:cSld><p:spTree>{TREE}{''.join(inside)}</p:spTree></p:cSld>"
        yield f"ppt/slides/slide{number}.xml", f"{HEAD}<p:sld {NAMESPACES}>{tree}{COLOURS}</p:sld>"
        yield (
            f"ppt/slides/_rels/slide{number}.xml.rels",
            _relations((f"{RELATIONS}/slideLayout", f"../slideLayouts/slideLayout{layout}.xml"), *links),
        )

    def _notes(self, number: int, slide: Slide) -> Iterator[tuple[str, str]]:
        words = "".join(paragraph(self._run(text)) for text in slide.notes)
        image = (
            '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Slide"/><p:cNvSpPr><a:spLocks noGrp="1" noRot="1" '
            'noChangeAspect="1"/></p:cNvSpPr><p:nvPr><p:ph type="sldImg"/></p:nvPr></p:nvSpPr><p:spPr/></p:sp>'
        )
        tree = TREE + image + shapes.holder(3, _("Text"), 'type="body" idx="1"', words)
        yield (
            f"ppt/notesSlides/notesSlide{number}.xml",
            f"{HEAD}<p:notes {NAMESPACES}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld>{COLOURS}</p:notes>",
        )
        yield (
            f"ppt/notesSlides/_rels/notesSlide{number}.xml.rels",
            _relations(
                (f"{RELATIONS}/notesMaster", "../notesMasters/notesMaster1.xml"),
                (f"{RELATIONS}/slide", f"../slides/slide{number}.xml"),
            ),
        )

    def _run(self, words: str, size: float = 0, colour: str = "", *, bold: bool = False) -> str:
        return run(words, self.language, size=size, bold=bold, colour=colour)

    def _title(self, slide: Slide) -> str:
        size = 22 if len(slide.title) > 110 else 26 if len(slide.title) > 60 else 30
        return shapes.holder(2, _("Title"), 'type="title"', paragraph(self._run(slide.title, size)))

    def _around(self, slide: Slide) -> list[str]:
        """What stands on every slide: the chapter, base and source, whose it is, the demonstration, the page."""
        document, found = self.document, []
        if slide.chapter and slide.chapter != slide.title:
            inside = paragraph(self._run(slide.chapter, 14, SOFT, bold=True))
            found.append(shapes.text_box(90, _("Chapter"), CHAPTER, inside))
        if slide.foot_line:
            size = shapes.fitting((12, 11, 10, 9, 8), [slide.foot_line], FOOT, 0)
            inside = paragraph(self._run(slide.foot_line, size, SOFT))
            found.append(shapes.text_box(91, _("Base and source"), FOOT, inside, "b"))
        words = self._run(f"{document.body} · {document.title}")
        if document.demonstration:
            words += self._run(f"   {document.demonstration}", 0, AMBER, bold=True)
        found.append(shapes.holder(92, _("Foot"), 'type="ftr" sz="quarter" idx="11"', paragraph(words)))
        page = (
            '<a:fld id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum">'
            f'<a:rPr lang="{self.language}"/><a:t>‹#›</a:t></a:fld>'
        )
        found.append(shapes.holder(93, _("Number"), 'type="sldNum" sz="quarter" idx="12"', paragraph(page)))
        return found

    def _cover(self, slide: Slide) -> tuple[int, list[str]]:
        document, white = self.document, "bg1"
        size = 32 if len(slide.title) > 70 else 40 if len(slide.title) > 28 else 48
        inside = [
            shapes.holder(2, _("Title"), 'type="ctrTitle"', paragraph(self._run(slide.title, size))),
            shapes.holder(3, _("Summary"), 'type="subTitle" idx="1"', paragraph(self._run(document.summary, 20))),
            shapes.text_box(
                4, _("Body"), box(1, 0.7, 11, 0.4), paragraph(self._run(document.body, 18, white, bold=True))
            ),
            shapes.rule(5, box(1, 1.55, 1.2, 0), points=5),
            shapes.text_box(
                6, _("What it is"), box(1, 1.7, 11, 0.4), paragraph(self._run(document.subtitle, 22, white))
            ),
            shapes.text_box(7, _("Date"), box(1, 5.1, 6, 0.35), paragraph(self._run(document.date, 16, white))),
        ]
        if document.demonstration:
            words = paragraph(self._run(document.demonstration, 16, "accent5", bold=True))
            inside.append(shapes.text_box(8, _("Demonstration"), box(1, 5.5, 11, 0.4), words))
        stamp = " ".join(part for part in (document.words.get("made_with", ""), document.stamp) if part)
        if stamp:
            inside.append(
                shapes.text_box(9, _("Frozen"), box(1, 6.4, 11.3, 0.6), paragraph(self._run(stamp, 11, "bg2")), "b")
            )
        return COVER, inside

    def _items(self, slide: Slide, place: Box, sizes: Sequence[float], *, marked: bool) -> str:
        size = shapes.fitting(sizes, [f"{term} {words}" for term, words in slide.items], place)
        return "".join(
            paragraph(
                (self._run(f"{term} ", size, bold=True) if term else "") + self._run(words, size),
                "" if marked else PLAIN,
            )
            for term, words in slide.items
        )

    def _contents(self, slide: Slide) -> tuple[int, list[str]]:
        size = shapes.fitting((24, 22, 20, 18, 16), [words for _term, words in slide.items], BODY)
        inside = "".join(paragraph(self._run(words, size), NUMBERED) for _term, words in slide.items)
        return TEXT, [self._title(slide), shapes.holder(3, _("Text"), 'idx="1"', inside)]

    def _text(self, slide: Slide) -> tuple[int, list[str]]:
        marked = len(slide.items) > 1 or bool(slide.items[0][0])
        inside = self._items(slide, BODY, BODY_SIZES, marked=marked)
        return TEXT, [self._title(slide), shapes.holder(3, _("Text"), 'idx="1"', inside)]

    def _statement(self, slide: Slide) -> tuple[int, list[str]]:
        size = 32 if len(slide.title) > 110 else 40
        words = paragraph(self._run(slide.title, size))
        return TITLE_ONLY, [
            shapes.holder(2, _("Title"), 'type="title"', words, STATEMENT),
            shapes.rule(3, box(0.75, 2.2, 0, 2.2), points=3),
        ]

    def _figures(self, slide: Slide) -> tuple[int, list[str]]:
        count = len(slide.figures)
        several = count if count <= 4 else -(-count // 2)
        step = 12 / several
        longest = max((len(item.value) for item in slide.figures), default=1)
        size = 30 if longest > 14 else 36 if longest > 9 else 54
        inside = [self._title(slide)]
        for place, item in enumerate(slide.figures):
            x, y = 0.667 + step * (place % several), 2.6 + 1.9 * (place // several)
            words = paragraph(self._run(item.value, size, DEEP, bold=True))
            words += paragraph(self._run(item.label, 20, bold=True))
            words += paragraph(self._run(item.note, 14, SOFT)) if item.note else ""
            inside.append(shapes.rule(10 + 2 * place, box(x, y, step - 0.3, 0)))
            inside.append(shapes.text_box(11 + 2 * place, item.label, box(x, y + 0.15, step - 0.3, 1.7), words))
        if slide.items:
            place_ = box(0.667, 5.2, 12, 1.0)
            inside.append(
                shapes.text_box(40, _("Text"), place_, self._items(slide, place_, (16, 14, 12), marked=False))
            )
        return TITLE_ONLY, inside

    def _picture(self, slide: Slide) -> tuple[int, list[str]]:
        picture = slide.picture
        assert picture is not None  # noqa: S101 - the kind of the slide says so
        inside = [self._title(slide)]
        inside.append(
            shapes.text_box(3, _("What is measured"), SUBTITLE, paragraph(self._run(picture.subtitle, 14, SOFT)))
        )
        if self.drawn < len(self.pictures):
            png = self.pictures[self.drawn]
            self.drawn += 1
            place = PICTURE_LEFT if slide.items else PICTURE
            name = f"{_('Picture')} {self.drawn}"
            inside.append(shapes.picture(4, name, picture.alt, "rId2", place, size_of(png)))
        if slide.items:
            words = self._items(slide, BESIDE, (18, 17, 16, 15, 14, 13, 12), marked=False)
            inside.append(shapes.rule(5, box(9.15, 2.6, 0, 3.1)))
            inside.append(shapes.text_box(6, _("In words"), BESIDE, words, "ctr"))
        return TITLE_ONLY, inside

    def _table(self, slide: Slide) -> tuple[int, list[str]]:
        assert slide.table is not None  # noqa: S101 - the kind of the slide says so
        inside, place = [self._title(slide)], BODY
        if slide.items:
            above = box(0.667, 1.75, 12, 0.7)
            inside.append(
                shapes.text_box(3, _("Text"), above, self._items(slide, above, (16, 14, 12, 11), marked=False))
            )
            place = box(0.667, 2.5, 12, 3.75)
        inside.append(shapes.table(4, slide.table, place, self.language))
        return TITLE_ONLY, inside

    # --- the other parts ------------------------------------------------------------------------------------------
    def _presentation(self) -> str:
        listed = "".join(
            f'<p:sldId id="{255 + number}" r:id="rId{1 + number}"/>' for number in range(1, len(self.slides) + 1)
        )
        return (
            f'{HEAD}<p:presentation {NAMESPACES} saveSubsetFonts="1"><p:sldMasterIdLst><p:sldMasterId id="2147483648" '
            f'r:id="rId1"/></p:sldMasterIdLst><p:notesMasterIdLst><p:notesMasterId r:id="rId{4 + len(self.slides)}"/>'
            f'</p:notesMasterIdLst><p:sldIdLst>{listed}</p:sldIdLst><p:sldSz cx="{SLIDE_WIDE}" '
            f'cy="{SLIDE_HIGH}"/><p:notesSz cx="6858000" cy="9144000"/><p:defaultTextStyle><a:defPPr><a:defRPr '
            f'lang="{self.language}"/></a:defPPr></p:defaultTextStyle></p:presentation>'
        )

    def _content_types(self) -> str:
        plain = f"{TYPE}.presentationml"
        overrides = [
            ("/ppt/presentation.xml", f"{plain}.presentation.main+xml"),
            ("/ppt/slideMasters/slideMaster1.xml", f"{plain}.slideMaster+xml"),
            *((f"/ppt/slideLayouts/slideLayout{number}.xml", f"{plain}.slideLayout+xml") for number in (1, 2, 3)),
            *((f"/ppt/slides/slide{n}.xml", f"{plain}.slide+xml") for n in range(1, len(self.slides) + 1)),
            *(
                (f"/ppt/notesSlides/notesSlide{number}.xml", f"{plain}.notesSlide+xml")
                for number, slide in enumerate(self.slides, start=1)
                if slide.notes
            ),
            ("/ppt/notesMasters/notesMaster1.xml", f"{plain}.notesMaster+xml"),
            *((f"/ppt/theme/theme{number}.xml", f"{TYPE}.theme+xml") for number in (1, 2)),
            ("/ppt/tableStyles.xml", f"{plain}.tableStyles+xml"),
            ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
            ("/docProps/app.xml", f"{TYPE}.extended-properties+xml"),
        ]
        listed = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides)
        return (
            f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
            f"{listed}</Types>"
        )

    def _properties(self) -> str:
        document = self.document
        return (
            f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE.replace("relationships", "metadata/core-properties")}" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
            f"<dc:title>{shapes.text(f'{document.subtitle} {document.title}')}</dc:title>"
            f"<dc:subject>{shapes.text(document.summary)}</dc:subject><dc:creator>{shapes.text(document.body)}</dc:creator>"
            f"<dc:description>{shapes.text(document.demonstration or document.stamp)}</dc:description>"
            f"<dc:language>{self.language}</dc:language></cp:coreProperties>"
        )

    def _application(self) -> str:
        return (
            f'{HEAD}<Properties xmlns="{RELATIONS.replace("relationships", "extended-properties")}">'
            f"<Application>Trama</Application><Slides>{len(self.slides)}</Slides>"
            f"<Company>{shapes.text(self.document.body)}</Company></Properties>"
        )


def _relations(*links: tuple[str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, start=1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}">{inside}</Relationships>'
