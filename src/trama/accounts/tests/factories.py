"""People for the tests of accounts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from typing import Any

from django.test import Client

from trama.accounts import actions
from trama.accounts.models import User
from trama.core.actor import SYSTEM

PASSWORD = "three green wooden chairs"


def make_user(username: str = "maria.rossi", password: str | None = PASSWORD, **fields: Any) -> User:
    """An account with a known password."""
    fields.setdefault("email", f"{username}@comune.example")
    fields.setdefault("first_name", "Maria")
    fields.setdefault("last_name", "Rossi")
    return actions.create_user(SYSTEM, username, password=password, **fields)


def sign_in(login: str, password: str = PASSWORD, client: Client | None = None, **query: str) -> tuple[Client, Any]:
    """Type name and password into the login page."""
    client = client or Client()
    return client, client.post("/accedi/login/", {"login": login, "password": password, **query})


def is_in(client: Client) -> bool:
    """Whether somebody is signed in."""
    return "_auth_user_id" in client.session


def code_of(secret: str, at: float | None = None) -> str:
    """The six figures that an app shows (RFC 6238: SHA-1, 30 seconds), computed apart from the library."""
    counter = int((time.time() if at is None else at) // 30)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
