"""The texts of a report that people rewrite: laid over the automatic ones, and asked about when the figures change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.utils import translation
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.reports.document import Block, Document, Heading, Paragraph, kept
from trama.reports.models import WrittenText
from trama.reports.subjects import Subject, field_of

BY_HAND = "by_hand"  # the note that says what was written by hand
DRAWN = {"svg", "narrow", "specification"}  # of pictures: full of numbers that nobody reads
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Text:
    """A paragraph of a report as an editor meets it: the automatic text of today, and what was written instead."""

    key: str
    section: str
    automatic: str
    written: WrittenText | None = None

    @property
    def text(self) -> str:
        """What is printed."""
        return self.written.text if self.written is not None else self.automatic

    @property
    def is_written(self) -> bool:
        """Whether somebody rewrote it."""
        return self.written is not None

    @property
    def figures_changed(self) -> bool:
        """Whether the automatic text is another than the one that the editor saw: the figures under it changed."""
        return self.written is not None and self.written.automatic != self.automatic

    @property
    def is_place(self) -> bool:
        """Whether it is only a place where text can be added."""
        return not self.automatic


def texts_of(actor: Actor, subject: Subject, document: Document) -> list[Text]:
    """The paragraphs of a report that can be rewritten, in order; then those whose automatic text is there no more."""
    written = written_texts(actor, subject, document.language)
    found, section = [], ""
    for block in document.blocks:
        if isinstance(block, Heading):
            section = block.text
        elif isinstance(block, Paragraph) and block.key:
            found.append(Text(block.key, section, block.text, written.pop(block.key, None)))
    found += [Text(key, "", "", one) for key, one in sorted(written.items())]
    return found


def written_texts(actor: Actor, subject: Subject, language: str) -> dict[str, WrittenText]:
    """What was written for a report, by paragraph, as far as the actor may read it."""
    rows = WrittenText.objects.visible_to(actor).filter(language=language, **field_of(subject))
    return {row.key: row for row in rows.order_by("key")}


def edited(document: Document, texts: Mapping[str, str]) -> Document:
    """The document with these texts in the place of the automatic ones, and a note at its end that says which.

    An empty line makes two paragraphs. A text whose place is no longer in the document (nothing is known any more of
    what it spoke of) is not printed; the page of texts still shows it.
    """
    if not texts:
        return document
    blocks = tuple(_laid_over(document, texts))
    named = dict.fromkeys(_sections_written(document, texts))
    if named:
        with translation.override(document.language):
            sections = ", ".join(f"«{name}»" if document.language == "it" else f"“{name}”" for name in named if name)
            text = _("Written by hand, not made from the figures: paragraphs under %(sections)s.")
            blocks += (Paragraph(text % {"sections": sections}, "note", BY_HAND),)
    return replace(document, blocks=blocks)


def _sections_written(document: Document, texts: Mapping[str, str]) -> Iterator[str]:
    section = document.title
    for block in document.blocks:
        if isinstance(block, Heading):
            section = block.text
        elif isinstance(block, Paragraph) and texts.get(block.key, block.text) != block.text:
            yield section


def numbers_of_nowhere(text: str, document: Document) -> list[str]:
    """The numbers of a text written by hand that stand nowhere in the document made from the figures."""
    blocks = [{name: value for name, value in block.items() if name not in DRAWN} for block in kept(document)["blocks"]]
    head = f"{document.title} {document.subtitle} {document.date} {document.summary}"
    known = set(NUMBER.findall(head + json.dumps(blocks, ensure_ascii=False)))
    return [one for one in dict.fromkeys(NUMBER.findall(text)) if one not in known]


def _laid_over(document: Document, texts: Mapping[str, str]) -> Iterator[Block]:
    for block in document.blocks:
        if not isinstance(block, Paragraph) or block.key not in texts:
            yield block
            continue
        for place, part in enumerate(re.split(r"\n\s*\n", texts[block.key].strip())):
            text = " ".join(part.split())
            yield replace(block, text=text) if place == 0 else Paragraph(text)


def with_written(actor: Actor, subject: Subject, document: Document) -> Document:
    """The document with all that was written for it."""
    written = written_texts(actor, subject, document.language)
    return edited(document, {key: one.text for key, one in written.items()})
