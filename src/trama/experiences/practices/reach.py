"""What must not stand in the texts of a sheet: telephone numbers, mail boxes and tax codes of people."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from trama.network.contacts import EMAIL

# An address of the web, a day and hours hold digits that call nobody.
_APART = re.compile(r"(?:https?://|www\.)\S+|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b", re.IGNORECASE)
_SAID = re.compile(r"\b(?:tel|cell|telefono|cellulare|whatsapp)\b[.:\s]*\+?\d(?:[ ./-]?\d){4,}", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.,€])(?:(?:\+|00)39[ ./-]?)?(?:"
    r"(?=3\d(?:[ ./-]?\d){7,8}(?![ ./-]?\d))3\d{2}[ ./-]?\d{2,4}(?:[ .-]?\d{2,4}){1,2}"  # a mobile
    r"|0[1-9]\d{1,2}[ ./-]?(?:\d{5,8}|\d{2,4}[ .-]\d{2,4}(?:[ .-]\d{2,3})?)"  # a line of a town
    r"|0[26][ ./-]?\d{6,8}"
    r"|80[03][ .-]?\d{3}[ .-]?\d{3})(?!\w)"
)
_TAX_CODE = re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b", re.IGNORECASE)


def reach_in(text: str) -> str:
    """What of this kind stands in a text, as a sentence for who wrote it; empty when nothing does."""
    if found := EMAIL.search(text):
        return _("“%(found)s” is an e-mail address: it belongs among the contacts, take it out.") % {"found": found[0]}
    rest = _APART.sub(" ", text)
    if found := _TAX_CODE.search(rest):
        return _("“%(found)s” is a tax code of a person: take it out.") % {"found": found[0]}
    if found := _SAID.search(rest) or _PHONE.search(rest):
        said = _("“%(found)s” is a telephone number: it belongs among the contacts, take it out.")
        return said % {"found": found[0].strip()}
    return ""
