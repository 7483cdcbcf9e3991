"""How a service says no: to a value, at its field, with a code that programs can read; to whoever comes too late."""

from __future__ import annotations

from django.core.exceptions import ValidationError


def refused(field: str, code: str, message: str) -> ValidationError:
    """The error for one field. The code sits on the inner error: Django drops one that is given beside a dictionary."""
    return ValidationError({field: ValidationError(message, code=code)})


class Conflict(Exception):
    """Somebody else was first (409). The sentence says who, when and what became of it, and what to do now."""
