"""Form: what comes with the click that takes a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Form:
    """Words, the form's own number (the same one sent twice is one step), and the version the person was looking at."""

    reason: str = ""
    nonce: str = ""
    version: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
