"""What a way to reach somebody shows of a person: numbers and mail boxes are read, told apart, and classified.

Role mail boxes, switchboards and sites of bodies are public. What names a person, what rings in a pocket and what
cannot be told is for staff only: publication needs a positive reason, hiding needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from trama.core.search import fold
from trama.network.choices import ContactKind, Visibility
from trama.network.wordlists import CITIES, FIRST_NAMES, FREE_PROVIDERS, JOINING, ROLE_WORDS, UNMISTAKABLE

EMAIL = re.compile(r"(?<![\w.@])[A-Za-z0-9][\w.%+'-]*@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,}(?!\.?\w|@)")
# A run of digits with the usual separators, at least six digits long, or one of the short public numbers.
NUMBER = re.compile(r"(?:\+|00)?\d[\d .\-/]{4,}\d|\b1\d{2,4}\b")
# So many digits has a mobile at least: a long text without such a run needs no closer look.
NINE_DIGITS = re.compile(r"\d(?:[ .\-/]*\d){8}")
# A number begins with one of these; two numbers written one after the other are cut where the second begins.
COVERED = "•••"
BEGINNINGS = tuple(sorted(UNMISTAKABLE))
ENDINGS = tuple(word for word in BEGINNINGS if len(word) >= 8)
TOLL_FREE = ("800", "803", "840", "848", "199", "892")


@dataclass(frozen=True)
class Reach:
    """One contact read from a text: its kind, its value, and what was said beside it."""

    kind: ContactKind
    value: str
    label: str = ""


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", fold(text))


def digits_of(number: str) -> str:
    """The digits of a telephone number without the Italian country prefix."""
    digits = re.sub(r"\D", "", number)
    if digits.startswith("0039"):
        return digits[4:]
    if digits.startswith("39") and (number.strip().startswith("+") or len(digits) in {11, 12}):
        return digits[2:]
    return digits


def is_mobile(number: str) -> bool:
    """Whether a number is an Italian mobile: it begins with 3 and has nine or ten digits."""
    digits = digits_of(number)
    return digits.startswith("3") and len(digits) in {9, 10}


def is_switchboard(number: str) -> bool:
    """Whether a number is a landline, a toll-free number or a short number of public utility."""
    digits = digits_of(number)
    if digits.startswith("0"):
        return 6 <= len(digits) <= 11
    if digits.startswith(TOLL_FREE):
        return 6 <= len(digits) <= 10
    return digits.startswith("1") and 3 <= len(digits) <= 5


def names_a_person(text: str) -> bool:
    """Whether a text bears a common first name as a word of its own."""
    return any(word in FIRST_NAMES for word in _words(text))


def classify(kind: str, value: str, context: str = "", *, label: str = "", informal: bool = False) -> Visibility:
    """Who may see a contact.

    `context` is what is known around it (name of the body, of the resource, of the area): a mail box that is made of
    nothing but such words belongs to the body. `label` stands beside the value and is shown with it. `informal` says
    that it belongs to a group without statute or to a single person, whose contacts are private by nature.
    """
    if informal or (label and names_a_person(label)):
        return Visibility.STAFF
    return Visibility.PUBLIC if _is_public(kind, value.strip(), context) else Visibility.STAFF


def _is_public(kind: str, value: str, context: str) -> bool:
    if "@" in value and kind not in (ContactKind.PERSON, ContactKind.SOCIAL):
        kind = ContactKind.EMAIL
    match ContactKind(kind):
        case ContactKind.PHONE:
            return _is_public_phone(value)
        case ContactKind.EMAIL:
            return _is_public_email(value, context)
        case ContactKind.WEB | ContactKind.SOCIAL:
            return _is_public_address(value)
    return False


def _is_public_phone(text: str) -> bool:
    numbers = NUMBER.findall(text)
    return bool(numbers) and all(is_switchboard(number) for number in numbers) and not names_a_person(text)


def _is_public_address(text: str) -> bool:
    """Sites and pages of bodies; not personal profiles, chats and invitations that carry a number."""
    parts = urlsplit(text if "//" in text else f"https://{text}")
    host, path = (parts.hostname or "").removeprefix("www."), parts.path.casefold()
    if parts.scheme not in {"http", "https"} or "." not in host or " " in text.strip():
        return False
    if host in {"wa.me", "t.me", "chat.whatsapp.com", "api.whatsapp.com", "discord.gg", "m.me"}:
        return False
    if host.endswith("linkedin.com"):
        return path.startswith(("/company/", "/school/"))
    if host.endswith(("facebook.com", "fb.com")):
        return not path.startswith(("/people/", "/profile.php")) and not re.fullmatch(r"/\d+/?", path)
    return True


def is_address(text: str) -> bool:
    """Whether a text is the address of a page: a name with a dot in it, no blanks."""
    parts = urlsplit(text if "//" in text else f"https://{text}")
    return (
        parts.scheme in {"http", "https"} and re.fullmatch(r"[^\s@]+\.[^\W\d_]{2,}", parts.hostname or "") is not None
    )


def _is_public_email(text: str, context: str) -> bool:
    addresses = EMAIL.findall(text)
    left = fold(EMAIL.sub(" ", text))
    if not addresses or re.sub(r"\b(e-?mail|pec|posta)\b|[\s,;:.\-/]", "", left):
        return False
    return all(_is_public_mailbox(address, context) for address in addresses)


def _is_public_mailbox(address: str, context: str) -> bool:
    local, _at, domain = address.casefold().rpartition("@")
    tokens = _words(re.sub(r"[._%+'\-\d]+", " ", local))
    if not tokens or any(token in FIRST_NAMES for token in tokens):
        return False
    around = frozenset(_words(context))
    if any(len(token) == 1 and token not in around for token in tokens) and len(tokens) > 1:
        # An initial and a family name.
        return False
    if domain in FREE_PROVIDERS:
        return _begins_unmistakably(tokens)
    if len(tokens) == 1 and tokens[0] in domain.split("."):
        return True
    known = ROLE_WORDS | UNMISTAKABLE | around
    if _begins_unmistakably(tokens) or tokens[0] in ROLE_WORDS:
        # A role and then a name (“segreteria.bianchi@”) may be a person's: the rest must be known, or run together.
        return len(tokens) == 1 or all(_is_made_of(token, known | CITIES) for token in tokens[1:])
    pieces = [piece for token in tokens for piece in _pieces(token, known | (CITIES & around))]
    if not pieces or sum(map(len, pieces)) < sum(map(len, tokens)):
        return False
    telling = [piece for piece in pieces if piece in ROLE_WORDS or piece in UNMISTAKABLE]
    places = [piece for piece in pieces if piece in CITIES]
    return bool(telling or places) or len([piece for piece in pieces if piece not in JOINING]) >= 2


def _begins_unmistakably(tokens: list[str]) -> bool:
    """Whether a mail box begins or ends with what only a body is called (“parrocchia”, “biblioteca”, “segreteria”)."""
    return tokens[0].startswith(BEGINNINGS) or tokens[-1].endswith(ENDINGS)


def _is_made_of(token: str, known: frozenset[str]) -> bool:
    pieces = _pieces(token, known)
    return bool(pieces) and sum(map(len, pieces)) == len(token)


def _pieces(token: str, known: Iterable[str]) -> list[str]:
    """The known words that a run of letters consists of, from the left; an empty list when something is left over."""
    words = frozenset(word for word in known if len(word) >= 3) | JOINING

    @cache
    def cut(start: int) -> tuple[str, ...] | None:
        if start == len(token):
            return ()
        for end in range(len(token), start + 1, -1):
            if token[start:end] in words and (rest := cut(end)) is not None:
                return (token[start:end], *rest)
        return None

    found = list(cut(0) or ())
    # A family name may end as an article does (“Casale” is no house).
    return [] if found and found[-1] in JOINING - {"bo"} else found


def _has_few_digits(text: str) -> bool:
    """Whether it is plain at a glance that a text has fewer digits than a mobile: most texts have none."""
    try:
        # Latin 1 has no other digits; what goes beyond it (an apostrophe of the printers) is looked at more closely.
        plain = text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return len(plain) - len(plain.translate(None, b"0123456789")) < 9


def without_personal(text: str, context: str = "") -> str:
    """A text for everybody: the personal mail boxes and mobiles that somebody wrote into it are covered."""
    mailed = "@" in text
    if not mailed and (_has_few_digits(text) or not NINE_DIGITS.search(text)):
        return text

    def mail(found: re.Match[str]) -> str:
        return found[0] if _is_public_email(found[0], context) else COVERED

    def phone(found: re.Match[str]) -> str:
        return COVERED if any(is_mobile(number) for number in _numbers(found[0])) else found[0]

    return NUMBER.sub(phone, EMAIL.sub(mail, text) if mailed else text)


def read_phones(text: str) -> list[Reach]:
    """The numbers in a text, each with what is said beside it; mobiles are told from landlines.

    A text without any number is given back as it is, as the contact of a person: nobody knows what it is.
    """
    found: list[Reach] = []
    for line in filter(None, (part.strip() for part in re.split(r"[\n;]+", text))):
        numbers = _numbers(line)
        for number in numbers:
            kind = ContactKind.MOBILE if is_mobile(number) else ContactKind.PHONE
            found.append(Reach(kind, " ".join(number.split()), _beside(line)))
        if not numbers and found and not found[-1].label:
            found[-1] = Reach(found[-1].kind, found[-1].value, line[:120])
        elif not numbers:
            found.append(Reach(ContactKind.PERSON, line[:300]))
    return list(dict.fromkeys(found))


def _numbers(line: str) -> list[str]:
    numbers: list[str] = []
    for run in NUMBER.findall(line):
        # Three blanks, a hyphen between blanks, or a prefix in the middle part two numbers in one run.
        parts = re.split(r"\s{2,}|\s+-\s+|\s*/\s*", run)
        for part in parts:
            part = part.strip(" .-/")
            cut = re.match(r"^(\d{2,4}[ .]?\d{5,8})\s+(0\d{1,3}[ .]?\d{5,8}|3\d{2}[ .]?\d{6,7})$", part)
            numbers += [cut[1], cut[2]] if cut else [part]
    return [number for number in numbers if len(re.sub(r"\D", "", number)) >= 3]


def _beside(line: str) -> str:
    rest = re.sub(r"\s+", " ", NUMBER.sub(" ", line)).strip(" ,;:.-/")
    return rest[:120]


def read_emails(text: str) -> list[Reach]:
    """The mail addresses in a text. What is no address is given back as a person's contact."""
    found = [Reach(ContactKind.EMAIL, address) for address in EMAIL.findall(text)]
    if not found and text.strip():
        line = " ".join(text.split())
        kind = ContactKind.WEB if line.startswith("http") else ContactKind.PERSON
        found = [Reach(kind, line[:300])]
    return list(dict.fromkeys(found))


def read_addresses(text: str, kind: ContactKind = ContactKind.WEB) -> list[Reach]:
    """The web addresses in a text, split at blanks and line ends; words in between are left out."""
    parts = re.split(r"[\s,;]+(?=https?://|www\.)|\s+", text.strip())
    return [Reach(kind, part.strip(",;")[:300]) for part in dict.fromkeys(parts) if "." in part]
