"""What a telephone number and a credit code look like; the same for forms, services and imports."""

from __future__ import annotations

import re

# Mainland mobile, landline with area code, Hong Kong, Macao, Taiwan.
_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|(?:\+?86)?0\d{9,11}|\+?(?:852|853|886)\d{7,10}")
# GB 32100: eighteen digits and capitals, without I, O, S, V and Z.
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RT-UW-Y]{18}")


def is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(re.sub(r"[\s\-()（）]", "", text)))


def is_credit_code(text: str) -> bool:
    return bool(_CREDIT_CODE.fullmatch(text))


def is_masked(text: str) -> bool:
    """Whether this is what a page shows instead of the value."""
    return "*" in text or "＊" in text


# What stands in the same place of an address as a customer's number.
_RESERVED = ("new", "export.csv", "export.xlsx", ".", "..")


def is_addressable(number: str) -> bool:
    """Whether a page can have this number in its address."""
    return "/" not in number and number not in _RESERVED
