"""A bound on what one request may bring: whoever sends more is told so, and nothing of it is kept on the disk."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

MOST_BYTES = 125 * 1024 * 1024  # of one request: all its files together, as they are sent


class Bound(FileUploadHandler):
    """Stands before the handlers that keep files. Files of a request that is too big are read and thrown away.

    The other fields (the proof that the form is ours) are kept, so that the page can say what happened: see `too_big`.
    """

    received = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 — its name in Django
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """What the request states of itself."""
        self.stated = content_length

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count, and stop when it is too much."""
        self.received += len(raw_data)
        if max(self.received, self.stated or 0) > MOST_BYTES:
            self.request.too_big = True  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The file is for the handlers that follow."""
        return


def too_big(request: HttpRequest) -> bool:
    """Whether files of this request were thrown away because together they are too big."""
    request.FILES  # noqa: B018 — reads the request, if nobody has yet
    return bool(getattr(request, "too_big", False))
