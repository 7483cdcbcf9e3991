"""From stored documents to the engine: schemes ready to be applied, and what makes two documents the same."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from functools import lru_cache
from typing import Any

from appraisal.schemes.engine import Scheme, load_scheme
from appraisal.schemes.engine.document import exact_data, read_yaml
from appraisal.schemes.engine.exact import plain
from appraisal.schemes.models import SchemeVersion


def loaded(version: SchemeVersion) -> Scheme:
    """The engine's scheme of a stored version; 0.1 s the first time in a process, then kept. Not to be changed."""
    return _built(version.document)


@lru_cache(maxsize=16)
def _built(document: str) -> Scheme:
    return load_scheme(document)


def digest_of(text: str) -> str:
    """sha256 of what the document says: its data as canonical JSON, so that layout, comments, the order of keys and
    `1.0` for `1` do not count. Raises SchemeError for what is not a document."""
    data = json.dumps(
        _plain(exact_data(read_yaml(text))), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(data.encode()).hexdigest()


def _plain(data: Any) -> Any:
    if isinstance(data, Fraction):
        return {"number": plain(data, most=60)}
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, tuple) else data
