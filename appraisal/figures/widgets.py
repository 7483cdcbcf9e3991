"""A field for indicator codes that suggests those there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms import TextInput


class CodeInput(TextInput):
    """A text with a list of suggestions, code and name. Forms fill `suggestions` once they know who asks for what."""

    template_name = "figures/code_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "autocapitalize": "characters", **(attrs or {})})
        self.suggestions: Mapping[str, str] = {}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, {"list": f"codes-{name}", **(attrs or {})})
        context["widget"]["suggestions"] = sorted(self.suggestions.items())
        return context
