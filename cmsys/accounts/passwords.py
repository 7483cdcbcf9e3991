"""Password rules of 等保 that Django does not bring."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class LengthValidator:
    """At least so many characters. Django's own says so in English: its sentence has lost its translation."""

    def __init__(self, least: int = 12) -> None:
        self.least = least

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < self.least:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        return _("密码至少需要 %(least)d 位。") % {"least": self.least}


class CharacterClassesValidator:
    """At least three of: lower case, upper case, digit, other (GB/T 22239 8.1.4.1a)."""

    def __init__(self, least: int = 3) -> None:
        self.least = least

    def validate(self, password: str, user: Any = None) -> None:
        classes = {
            "lower"
            if char.islower()
            else "upper"
            if char.isupper()
            else "digit"
            if char.isdigit()
            else "other"
            for char in password
        }
        if len(classes) < self.least:
            raise ValidationError(self.get_help_text(), code="password_classes")

    def get_help_text(self) -> str:
        return _("密码须包含小写字母、大写字母、数字、符号中的至少 %(least)d 种。") % {"least": self.least}
