"""Whether a package of Office Open XML is what ECMA-376 (transitional) asks: for tests, where no office program is.

`problems_of(package)` gives sentences. Checked are the package (types, relationships, what leads nowhere and what
nothing leads to), and of each element that we write which children it may have, in which order, how often. An element
that the grammar below does not know is a problem too: whoever writes a new one looks it up first.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import normpath
from xml.etree import ElementTree as ET

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
LINKS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
SPACES = {
    "http://schemas.openxmlformats.org/presentationml/2006/main": "p",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing": "wp",
    "http://schemas.openxmlformats.org/drawingml/2006/picture": "pic",
}
# The type of the part to which a relationship of each kind leads.
LEADS_TO = {
    "slideMaster": "presentationml.slideMaster+xml",
    "slideLayout": "presentationml.slideLayout+xml",
    "slide": "presentationml.slide+xml",
    "notesMaster": "presentationml.notesMaster+xml",
    "notesSlide": "presentationml.notesSlide+xml",
    "tableStyles": "presentationml.tableStyles+xml",
    "theme": "theme+xml",
    "styles": "wordprocessingml.styles+xml",
    "numbering": "wordprocessingml.numbering+xml",
    "settings": "wordprocessingml.settings+xml",
    "header": "wordprocessingml.header+xml",
    "footer": "wordprocessingml.footer+xml",
    "image": "image/png",
    "officeDocument": "main+xml",
    "extended-properties": "extended-properties+xml",
}

# Children in their order: "x" once, "x?" at most once, "x*" any number, "x+" one at least, "x|y" one of them, "(x|y)*"
# any of them mixed. Abbreviations in capitals stand for the groups of the schema.
FILL = "a:noFill|a:solidFill|a:gradFill|a:blipFill|a:pattFill|a:grpFill"
GROUPS = {
    "FILL?": f"{FILL}?",
    "EFFECT?": "a:effectLst|a:effectDag?",
    "LEVELS": "a:defPPr? " + " ".join(f"a:lvl{level}pPr?" for level in range(1, 10)),
    "PARAGRAPH": (
        "a:lnSpc? a:spcBef? a:spcAft? a:buClrTx|a:buClr? a:buSzTx|a:buSzPct|a:buSzPts? a:buFontTx|a:buFont? "
        "a:buNone|a:buAutoNum|a:buChar|a:buBlip? a:tabLst? a:defRPr? a:extLst?"
    ),
    "LETTERS": "a:ln? FILL? EFFECT? a:highlight? a:latin? a:ea? a:cs? a:sym? a:hlinkClick? a:rtl? a:extLst?",
    "SHAPE": "a:xfrm? a:custGeom|a:prstGeom? FILL? a:ln? EFFECT? a:scene3d? a:sp3d? a:extLst?",
    "TEXT": "a:bodyPr a:lstStyle? a:p+",
    "WORDS": "(w:r|w:hyperlink|w:bookmarkStart|w:bookmarkEnd)*",
}
GRAMMAR = {
    # --- presentations
    "p:presentation": (
        "p:sldMasterIdLst? p:notesMasterIdLst? p:handoutMasterIdLst? p:sldIdLst? p:sldSz? p:notesSz p:embeddedFontLst? "
        "p:defaultTextStyle? p:modifyVerifier? p:extLst?"
    ),
    "p:sldMasterIdLst": "p:sldMasterId*",
    "p:notesMasterIdLst": "p:notesMasterId?",
    "p:sldIdLst": "p:sldId*",
    "p:defaultTextStyle": "LEVELS",
    "p:sld": "p:cSld p:clrMapOvr? p:transition? p:timing? p:extLst?",
    "p:sldLayout": "p:cSld p:clrMapOvr? p:transition? p:timing? p:hf? p:extLst?",
    "p:sldMaster": "p:cSld p:clrMap p:sldLayoutIdLst? p:transition? p:timing? p:hf? p:txStyles? p:extLst?",
    "p:notes": "p:cSld p:clrMapOvr? p:extLst?",
    "p:notesMaster": "p:cSld p:clrMap p:hf? p:notesStyle? p:extLst?",
    "p:sldLayoutIdLst": "p:sldLayoutId*",
    "p:txStyles": "p:titleStyle? p:bodyStyle? p:otherStyle?",
    "p:titleStyle": "LEVELS",
    "p:bodyStyle": "LEVELS",
    "p:otherStyle": "LEVELS",
    "p:notesStyle": "LEVELS",
    "p:cSld": "p:bg? p:spTree p:custDataLst? p:controls? p:extLst?",
    "p:bg": "p:bgPr|p:bgRef",
    "p:bgPr": f"{FILL} EFFECT? a:extLst?",
    "p:clrMapOvr": "a:masterClrMapping|a:overrideClrMapping",
    "p:spTree": "p:nvGrpSpPr p:grpSpPr (p:sp|p:grpSp|p:graphicFrame|p:cxnSp|p:pic)* p:extLst?",
    "p:nvGrpSpPr": "p:cNvPr p:cNvGrpSpPr p:nvPr",
    "p:grpSpPr": "a:xfrm? FILL? EFFECT? a:extLst?",
    "p:sp": "p:nvSpPr p:spPr p:style? p:txBody? p:extLst?",
    "p:nvSpPr": "p:cNvPr p:cNvSpPr p:nvPr",
    "p:cNvPr": "a:hlinkClick? a:hlinkHover? a:extLst?",
    "p:cNvSpPr": "a:spLocks? a:extLst?",
    "p:cNvPicPr": "a:picLocks? a:extLst?",
    "p:cNvGraphicFramePr": "a:graphicFrameLocks? a:extLst?",
    "p:nvPr": "p:ph? p:custDataLst? p:extLst?",
    "p:spPr": "SHAPE",
    "p:txBody": "TEXT",
    "p:pic": "p:nvPicPr p:blipFill p:spPr p:style? p:extLst?",
    "p:nvPicPr": "p:cNvPr p:cNvPicPr p:nvPr",
    "p:blipFill": "a:blip? a:srcRect? a:tile|a:stretch?",
    "p:cxnSp": "p:nvCxnSpPr p:spPr p:style? p:extLst?",
    "p:nvCxnSpPr": "p:cNvPr p:cNvCxnSpPr p:nvPr",
    "p:graphicFrame": "p:nvGraphicFramePr p:xfrm a:graphic p:extLst?",
    "p:nvGraphicFramePr": "p:cNvPr p:cNvGraphicFramePr p:nvPr",
    "p:xfrm": "a:off? a:ext?",
    # --- drawings
    "a:xfrm": "a:off? a:ext? a:chOff? a:chExt?",
    "a:prstGeom": "a:avLst?",
    "a:ln": "FILL? a:prstDash|a:custDash? a:round|a:bevel|a:miter? a:headEnd? a:tailEnd? a:extLst?",
    "a:solidFill": "a:scrgbClr|a:srgbClr|a:hslClr|a:sysClr|a:schemeClr|a:prstClr?",
    "a:blip": "(a:alphaModFix|a:duotone)* a:extLst?",
    "a:stretch": "a:fillRect?",
    "a:bodyPr": "a:prstTxWarp? a:noAutofit|a:normAutofit|a:spAutoFit? a:scene3d? a:sp3d|a:flatTx? a:extLst?",
    "a:lstStyle": "LEVELS",
    "a:defPPr": "PARAGRAPH",
    **{f"a:lvl{level}pPr": "PARAGRAPH" for level in range(1, 10)},
    "a:pPr": "PARAGRAPH",
    "a:lnSpc": "a:spcPct|a:spcPts",
    "a:spcBef": "a:spcPct|a:spcPts",
    "a:spcAft": "a:spcPct|a:spcPts",
    "a:buClr": "a:srgbClr|a:schemeClr",
    "a:rPr": "LETTERS",
    "a:defRPr": "LETTERS",
    "a:endParaRPr": "LETTERS",
    "a:p": "a:pPr? (a:r|a:br|a:fld)* a:endParaRPr?",
    "a:r": "a:rPr? a:t",
    "a:fld": "a:rPr? a:pPr? a:t?",
    "a:graphic": "a:graphicData",
    "a:graphicData": "a:tbl|pic:pic",
    "a:tbl": "a:tblPr? a:tblGrid a:tr*",
    "a:tblPr": "FILL? EFFECT? a:tableStyle|a:tableStyleId? a:extLst?",
    "a:tblGrid": "a:gridCol*",
    "a:tr": "a:tc* a:extLst?",
    "a:tc": "a:txBody? a:tcPr? a:extLst?",
    "a:txBody": "TEXT",
    "a:tcPr": "a:lnL? a:lnR? a:lnT? a:lnB? a:lnTlToBr? a:lnBlToTr? a:cell3D? FILL? a:headers? a:extLst?",
    **{f"a:ln{side}": "FILL? a:prstDash? a:round|a:bevel|a:miter? a:headEnd? a:tailEnd?" for side in "LRTB"},
    "a:tblStyleLst": "a:tblStyle*",
    "a:extLst": "a:ext*",
    "a:theme": "a:themeElements a:objectDefaults? a:extraClrSchemeLst? a:custClrLst? a:extLst?",
    "a:themeElements": "a:clrScheme a:fontScheme a:fmtScheme a:extLst?",
    "a:clrScheme": (
        "a:dk1 a:lt1 a:dk2 a:lt2 a:accent1 a:accent2 a:accent3 a:accent4 a:accent5 a:accent6 a:hlink a:folHlink "
        "a:extLst?"
    ),
    **{
        f"a:{name}": "a:srgbClr|a:sysClr"
        for name in ("dk1", "lt1", "dk2", "lt2", "hlink", "folHlink", *(f"accent{n}" for n in range(1, 7)))
    },
    "a:fontScheme": "a:majorFont a:minorFont a:extLst?",
    "a:majorFont": "a:latin a:ea a:cs a:font* a:extLst?",
    "a:minorFont": "a:latin a:ea a:cs a:font* a:extLst?",
    "a:fmtScheme": "a:fillStyleLst a:lnStyleLst a:effectStyleLst a:bgFillStyleLst",
    "a:fillStyleLst": " ".join([FILL] * 3),
    "a:bgFillStyleLst": " ".join([FILL] * 3),
    "a:lnStyleLst": "a:ln a:ln a:ln",
    "a:effectStyleLst": "a:effectStyle a:effectStyle a:effectStyle",
    "a:effectStyle": "a:effectLst|a:effectDag a:scene3d? a:sp3d?",
    # --- documents
    "w:document": "w:background? w:body?",
    "w:body": "(w:p|w:tbl)* w:sectPr?",
    "w:hdr": "(w:p|w:tbl)*",
    "w:ftr": "(w:p|w:tbl)*",
    "w:p": "w:pPr? WORDS",
    "w:pPr": (
        "w:pStyle? w:keepNext? w:keepLines? w:pageBreakBefore? w:framePr? w:widowControl? w:numPr? "
        "w:suppressLineNumbers? w:pBdr? w:shd? w:tabs? w:suppressAutoHyphens? w:spacing? w:ind? w:contextualSpacing? "
        "w:jc? w:textAlignment? w:outlineLvl? w:rPr? w:sectPr?"
    ),
    "w:rPr": (
        "w:rStyle? w:rFonts? w:b? w:bCs? w:i? w:iCs? w:caps? w:smallCaps? w:strike? w:noProof? w:vanish? w:color? "
        "w:spacing? w:w? w:kern? w:position? w:sz? w:szCs? w:highlight? w:u? w:bdr? w:shd? w:vertAlign? w:lang?"
    ),
    "w:r": "w:rPr? (w:t|w:tab|w:br|w:fldChar|w:instrText|w:drawing)*",
    "w:hyperlink": "w:r*",
    "w:numPr": "w:ilvl? w:numId?",
    "w:pBdr": "w:top? w:left? w:bottom? w:right? w:between? w:bar?",
    "w:tabs": "w:tab+",
    "w:tbl": "w:tblPr w:tblGrid w:tr*",
    "w:tblPr": (
        "w:tblStyle? w:tblpPr? w:tblOverlap? w:bidiVisual? w:tblStyleRowBandSize? w:tblStyleColBandSize? w:tblW? w:jc? "
        "w:tblCellSpacing? w:tblInd? w:tblBorders? w:shd? w:tblLayout? w:tblCellMar? w:tblLook? w:tblCaption? "
        "w:tblDescription?"
    ),
    "w:tblBorders": "w:top? w:left? w:bottom? w:right? w:insideH? w:insideV?",
    "w:tblCellMar": "w:top? w:left? w:bottom? w:right?",
    "w:tblGrid": "w:gridCol*",
    "w:tr": "w:trPr? w:tc*",
    "w:trPr": "(w:cantSplit|w:tblHeader|w:trHeight)*",
    "w:tc": "w:tcPr? (w:p|w:tbl)* w:p",
    "w:tcPr": "w:tcW? w:gridSpan? w:vMerge? w:tcBorders? w:shd? w:noWrap? w:tcMar? w:vAlign?",
    "w:tcBorders": "w:top? w:left? w:bottom? w:right? w:insideH? w:insideV?",
    "w:sectPr": (
        "(w:headerReference|w:footerReference)* w:type? w:pgSz? w:pgMar? w:pgBorders? w:pgNumType? w:cols? w:titlePg?"
    ),
    "w:drawing": "wp:inline|wp:anchor",
    "wp:inline": "wp:extent wp:effectExtent? wp:docPr wp:cNvGraphicFramePr? a:graphic",
    "pic:pic": "pic:nvPicPr pic:blipFill pic:spPr",
    "pic:nvPicPr": "pic:cNvPr pic:cNvPicPr",
    "pic:blipFill": "a:blip? a:srcRect? a:tile|a:stretch?",
    "pic:spPr": "SHAPE",
    "w:styles": "w:docDefaults? w:latentStyles? w:style*",
    "w:docDefaults": "w:rPrDefault? w:pPrDefault?",
    "w:rPrDefault": "w:rPr?",
    "w:pPrDefault": "w:pPr?",
    "w:style": (
        "w:name? w:aliases? w:basedOn? w:next? w:link? w:autoRedefine? w:hidden? w:uiPriority? w:semiHidden? "
        "w:unhideWhenUsed? w:qFormat? w:locked? w:pPr? w:rPr? w:tblPr? w:trPr? w:tcPr? w:tblStylePr*"
    ),
    "w:tblStylePr": "w:pPr? w:rPr? w:tblPr? w:trPr? w:tcPr?",
    "w:numbering": "w:abstractNum* w:num*",
    "w:abstractNum": "w:nsid? w:multiLevelType? w:tmpl? w:name? w:lvl*",
    "w:lvl": "w:start? w:numFmt? w:lvlRestart? w:pStyle? w:isLgl? w:suff? w:lvlText? w:lvlJc? w:pPr? w:rPr?",
    "w:num": "w:abstractNumId w:lvlOverride*",
    "w:settings": (
        "w:view? w:zoom? w:documentProtection? w:defaultTabStop? w:autoHyphenation? w:evenAndOddHeaders? "
        "w:characterSpacingControl? w:updateFields? w:footnotePr? w:endnotePr? w:compat? w:rsids? w:themeFontLang? "
        "w:clrSchemeMapping? w:decimalSymbol? w:listSeparator?"
    ),
    "w:compat": "w:compatSetting*",
}
# Elements without children.
EMPTY = {
    "p": ("sldMasterId notesMasterId sldId sldSz notesSz clrMap sldLayoutId cNvGrpSpPr cNvCxnSpPr ph hf"),
    "a": (
        "off ext chOff chExt avLst noFill srgbClr schemeClr fillRect noAutofit normAutofit spcPct spcPts "
        "buNone buAutoNum buChar buFont t latin ea cs tableStyleId gridCol masterClrMapping effectLst spLocks "
        "picLocks graphicFrameLocks"
    ),
    "w": (
        "pStyle keepNext keepLines pageBreakBefore ilvl numId tab spacing ind jc outlineLvl rFonts b i color "
        "sz szCs lang t br fldChar instrText bookmarkStart bookmarkEnd tblStyle tblW tblInd tblLayout tblLook "
        "tblCaption tblDescription gridCol cantSplit tblHeader tcW gridSpan shd top left bottom right insideH "
        "insideV headerReference footerReference pgSz pgMar titlePg name basedOn next uiPriority semiHidden "
        "qFormat multiLevelType start numFmt lvlText lvlJc abstractNumId defaultTabStop "
        "characterSpacingControl updateFields compatSetting vAlign u"
    ),
    "wp": ("extent docPr"),
    "pic": ("cNvPr cNvPicPr"),
}
LEAVES = frozenset(f"{space}:{name}" for space, names in EMPTY.items() for name in names.split())


RULES: dict[str, re.Pattern[str]] = {}


def _rule(name: str) -> re.Pattern[str]:
    if name not in RULES:
        words = GRAMMAR[name]
        for _time in range(3):
            words = " ".join(GROUPS.get(word, word) for word in words.split())
        parts = []
        for word in words.split():
            mark = word[-1] if word[-1] in "?*+" else ""
            names = "|".join(re.escape(one) for one in word.rstrip("?*+").strip("()").split("|"))
            parts.append(f"(?:(?:{names}) ){mark}")
        RULES[name] = re.compile("".join(parts))
    return RULES[name]


def short(tag: str) -> str:
    """`{http://…/main}p` as `w:p`."""
    space, _brace, name = tag[1:].partition("}")
    return f"{SPACES[space]}:{name}" if space in SPACES else name


def problems_of(package: zipfile.ZipFile) -> list[str]:
    """Everything that is wrong with a package, a sentence for each."""
    return [*_package(package), *_order(package)]


def _order(package: zipfile.ZipFile) -> Iterator[str]:
    for part in package.namelist():
        if not part.endswith(".xml") or part.startswith(("docProps", "[")):
            continue
        for element in ET.fromstring(package.read(part)).iter():  # noqa: S314 - our own file
            name = short(element.tag)
            if ":" not in name:
                continue  # an extension of somebody else's
            children = "".join(f"{short(child.tag)} " for child in element)
            if name in GRAMMAR and not (name == "a:ext" or _rule(name).fullmatch(children)):
                yield f"{part}: <{name}> holds {children.strip() or 'nothing'}"
            elif name not in GRAMMAR and name not in LEAVES:
                yield f"{part}: <{name}> is not known"
            elif name in LEAVES and children and name != "a:ext":
                yield f"{part}: <{name}> holds {children.strip()}"


def _package(package: zipfile.ZipFile) -> Iterator[str]:
    names = package.namelist()
    if names[0] != "[Content_Types].xml":
        yield "the types do not come first"
    if len(names) != len(set(names)):
        yield "a part is there twice"
    root = ET.fromstring(package.read("[Content_Types].xml"))  # noqa: S314 - our own file
    stated = {one.get("PartName", "")[1:]: one.get("ContentType", "") for one in root.iter(f"{TYPES}Override")}
    usual = {one.get("Extension", ""): one.get("ContentType", "") for one in root.iter(f"{TYPES}Default")}
    yield from (f"{name} is stated and not there" for name in stated if name not in names)
    types = {name: stated.get(name) or usual.get(name.rpartition(".")[2], "") for name in names}
    for name in names[1:]:
        if not types[name] or types[name] == "application/xml":
            yield f"{name} has no type of its own"
    reached: set[str] = set()
    for name in (one for one in names if one.endswith(".rels")):
        yield from _links(package, name, types, reached)
    for name in names[1:]:
        if name not in reached and not name.endswith(".rels"):
            yield f"nothing leads to {name}"


def _links(package: zipfile.ZipFile, name: str, types: dict[str, str], reached: set[str]) -> Iterator[str]:
    """What is wrong with the relationships of one part; adds where they lead to `reached`."""
    source = str(PurePosixPath(name).parent.parent / PurePosixPath(name).stem)
    if name != "_rels/.rels" and source not in types:
        yield f"{name} is of a part that is not there"
    ids: set[str] = set()
    for link in ET.fromstring(package.read(name)).iter(f"{LINKS}Relationship"):  # noqa: S314 - our own file
        target = normpath(str(PurePosixPath(name).parent.parent / link.get("Target", "")))
        kind, own = link.get("Type", "").rpartition("/")[2], link.get("Id", "")
        reached.add(target)
        if own in ids:
            yield f"{name}: {own} is there twice"
        ids.add(own)
        if target not in types:
            yield f"{name}: {own} leads to {target}, which is not there"
        elif kind in LEADS_TO and not types[target].endswith(LEADS_TO[kind]):
            yield f"{name}: {own} is a {kind} and leads to {types[target]}"
    if source in types:
        used = set(re.findall(r'\br:(?:id|embed|link)="([^"]+)"', package.read(source).decode()))
        yield from (f"{source} uses {one}, which leads nowhere" for one in sorted(used - ids))
