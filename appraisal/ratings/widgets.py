"""A score: a number, and buttons that fill it in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.forms import NumberInput
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Short anchors, ours; the middle of each band is what a button fills in.
ANCHORS: tuple[tuple[int, str | Promise], ...] = (
    (95, _("优秀")),
    (85, _("良好")),
    (75, _("合格")),
    (65, _("待提高")),
    (50, _("不合格")),
)


class ScoreInput(NumberInput):
    """A number with its keyboard on a phone. Buttons are there where scores go from 0 to 100 and scripts run."""

    template_name = "ratings/score_input.html"

    def __init__(self, low: Decimal, high: Decimal) -> None:
        super().__init__({"inputmode": "decimal", "min": f"{low:f}", "max": f"{high:f}", "step": "any"})
        self.anchors = ANCHORS if (low, high) == (0, 100) else ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["anchors"] = self.anchors
        return context
