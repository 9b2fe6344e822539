"""Write the pages of docs/ that follow from the code: docs/privacy.md and docs/indicators.md.

.venv/bin/python scripts/pages.py            write them
.venv/bin/python scripts/pages.py --check    change nothing; exit status 1 when one is behind the code
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PRIVACY = """\
# What Trama keeps, and why

Made from the code by `make pages`; do not edit. Every table says what kind of data it holds. Personal data say their
purpose, legal basis, retention, and what erases them; the audit names the fields marked here, and never their values.

The legal bases are a proposal for the record of processing of the body that uses Trama: its data protection officer
decides.
"""
INDICATORS = """\
# Indicators

Made from the code by `make pages`; do not edit. What Trama can count, from the declarations of each app.
"""
KINDS = {
    "special": "Special categories of personal data",
    "personal": "Personal data",
    "internal": "Internal: no personal data, for staff",
    "public": "Public, or made public record by record",
}


def title(model_meta: object) -> str:
    """`app.Model`, with the name that people read when there is one of ours."""
    return f"`{model_meta.label}`"  # type: ignore[attr-defined]


def privacy_page() -> str:
    """docs/privacy.md."""
    from django.apps import apps

    # A test may bring a model of its own, to prove that a new kind of record fits in.
    models = [m for m in apps.get_models() if m.__module__.startswith("trama.") and ".tests." not in m.__module__]
    parts = [PRIVACY]
    for kind, heading in KINDS.items():
        of_kind = sorted((m for m in models if m.privacy.kind.value == kind), key=lambda m: m._meta.label)
        if not of_kind:
            continue
        parts.append(f"\n## {heading}\n")
        for model in of_kind:
            stated = model.privacy
            if kind in {"public", "internal"}:
                personal = ", ".join(sorted(stated.personal_fields))
                parts.append(f"- {title(model._meta)}: {model._meta.verbose_name_plural}")
                parts.append(f" · personal fields: {personal}\n" if personal else "\n")
                continue
            parts.append(f"\n### {title(model._meta)}: {model._meta.verbose_name_plural}\n\n")
            parts.append(f"- purpose: {stated.purpose}\n- legal basis: {stated.legal_basis}\n")
            parts.append(f"- retention: {stated.retention}\n- erased by: {stated.eraser}\n")
            if stated.personal_fields:
                parts.append(f"- personal fields: {', '.join(sorted(stated.personal_fields))}\n")
    return "".join(parts)


def indicators_page() -> str:
    """docs/indicators.md."""
    from django.utils import translation

    from trama.core.declarations import gathered

    parts = [INDICATORS]
    for indicator in sorted(gathered.indicators.values(), key=lambda one: one.code):
        with translation.override("it"):
            italian = str(indicator.label)
        parts.append(f"\n## {indicator.code} · {indicator.label}\n\n{indicator.description}\n\n")
        parts.append(f"- in Italian: {italian}\n- unit: {indicator.unit}\n")
        if indicator.register:
            parts.append(f"- counts records of: {indicator.register}\n")
    return "".join(parts)


def pages() -> dict[Path, str]:
    """The path and the text of every generated page; Django must be set up."""
    from django.utils import translation

    with translation.override("en"):
        return {
            ROOT / "docs" / "privacy.md": privacy_page(),
            ROOT / "docs" / "indicators.md": indicators_page(),
        }


def behind() -> list[str]:
    """The pages that do not say what the code says."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a page is behind the code")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("TRAMA_HOME", home)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
        import django

        django.setup()
        if options.check:
            late = behind()
            if late:
                print(f"Behind the code: {', '.join(late)}. `make pages` writes them again.", file=sys.stderr)
            return 1 if late else 0
        for path, text in pages().items():
            path.write_text(text, encoding="utf-8")
            print(f"Written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
