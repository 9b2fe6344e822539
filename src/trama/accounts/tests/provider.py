"""A small OpenID Connect provider on this machine, for tests: it knows one person and asks nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

CLIENT, SECRET = "trama", "a-secret-of-the-tests-that-is-long-enough"


class Provider:
    """Discovery, authorisation with PKCE, token and userinfo. `claims` is who signs in; `refuses` makes it say no."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "42", "email": "maria.rossi@comune.example", "email_verified": True}
        self.refuses = False
        self.asked: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, query: dict[str, str]) -> str:
        """Where the provider sends the browser after its own login page."""
        self.asked = query
        answer = {"state": query["state"], **({"error": "access_denied"} if self.refuses else {"code": "a-code"})}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, for who proves to have asked for it."""
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if form.get("code") != "a-code" or form.get("client_secret") != SECRET:
            return None
        if proof.decode() != self.asked.get("code_challenge"):
            return None
        claims = {"iss": self.url, "aud": CLIENT, "iat": 1, "exp": 4_000_000_000, **self.claims}
        return {"access_token": "t", "token_type": "Bearer", "id_token": jwt.encode(claims, SECRET, "HS256")}

    def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def _json(self, data: Any, status: int = 200) -> None:
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/.well-known/openid-configuration":
                    names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
                    found = {f"{name}_endpoint": f"{provider.url}/{path}" for name, path in names.items()}
                    methods = ["client_secret_post"]
                    self._json(
                        {
                            "issuer": provider.url,
                            "jwks_uri": f"{provider.url}/keys",
                            "token_endpoint_auth_methods_supported": methods,
                            **found,
                        }
                    )
                elif parts.path == "/authorize":
                    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif parts.path == "/userinfo" and self.headers["Authorization"] == "Bearer t":
                    self._json(provider.claims)
                else:
                    self._json({}, 404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = provider.token({name: values[0] for name, values in parse_qs(body).items()})
                self._json(answer or {"error": "invalid_grant"}, 200 if answer else 400)

        return Handler
