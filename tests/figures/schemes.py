"""A stored scheme: the document DEMO of the interfaces, as an import of schemes would leave it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from appraisal.schemes.models import SchemeVersion


def store(document: str, **changed: Any) -> SchemeVersion:
    """A version with this document."""
    values = {"code": "DEMO", "version": 1, "name": "示例方案", "cycle": "quarter"} | changed
    return SchemeVersion.objects.create(
        document=document, digest=sha256(document.encode()).hexdigest(), **values
    )


def demo_document() -> str:
    return (Path(settings.BASE_DIR) / "examples/schemes/demo.yaml").read_text(encoding="utf-8")


def store_demo() -> SchemeVersion:
    """COMM and TEAM are rated by superiors and peers; SALES and OVERDUE are figures."""
    return store(demo_document())
