"""The scheme DEMO of the interfaces, imported; with one group of raters more where a test wants it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.services.schemes import scheme_import
from tests.cast import STAGE


def demo_document() -> str:
    return (Path(settings.BASE_DIR) / "examples/schemes/demo.yaml").read_text(encoding="utf-8")


def store_demo(text: str | None = None) -> SchemeVersion:
    """COMM and TEAM are rated by superiors and peers; SALES and OVERDUE are figures."""
    return scheme_import(actor=STAGE, text=text or demo_document()).version
