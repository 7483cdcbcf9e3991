"""Masks for personal data, the same in pages, API, exports and ledger (reliability-security 2.2)."""

from __future__ import annotations

from collections.abc import Callable

Mask = Callable[[str], str]


def mask_mobile(value: str) -> str:
    """`13812345678` → `138****5678`; anything too short for that is hidden whole."""
    return f"{value[:3]}****{value[-4:]}" if len(value) >= 11 else "*" * len(value)


def mask_email(value: str) -> str:
    """`zhang@126.com` → `z**@126.com`."""
    name, at, domain = value.partition("@")
    return f"{name[:1]}**@{domain}" if at and name else "*" * len(value)


def mask_birth_date(value: str) -> str:
    """`1990-05-17` → `1990-**-**`: the year is needed for age bands, the day never."""
    return f"{value[:4]}-**-**" if len(value) >= 4 else "*" * len(value)
