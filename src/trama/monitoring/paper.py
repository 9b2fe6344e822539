"""The QR code of a sheet on paper: one path of squares, drawn in the page."""

from __future__ import annotations

import qrcode


def qr_path(address: str) -> tuple[str, int]:
    """The SVG path of the QR code of an address, and the width of its drawing in squares (quiet zone included)."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(address)
    code.make(fit=True)
    matrix = code.get_matrix()
    squares = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark]
    return "".join(squares), len(matrix)
