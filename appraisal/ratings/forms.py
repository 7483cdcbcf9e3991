"""The form of one sheet: it parses; the service decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.ratings.items import Item
from appraisal.ratings.models import Rating
from appraisal.ratings.services.ratings import LONGEST_COMMENT, Mark
from appraisal.ratings.widgets import ScoreInput


class SheetForm(forms.Form):
    """A number and a comment for each indicator. Which may be left out, the service says."""

    def __init__(
        self, data: Any, *, items: Sequence[Item], present: Mapping[str, Rating], is_open: bool
    ) -> None:
        super().__init__(data)
        self.items = items
        for item in items:
            given = present.get(item.code)
            self.fields[item.code] = forms.DecimalField(
                label=_("评分（%(low)s–%(high)s）") % {"low": f"{item.low:f}", "high": f"{item.high:f}"},
                required=not item.optional,
                min_value=item.low,
                max_value=item.high,
                max_digits=6,
                decimal_places=2,
                initial=f"{given.score.normalize():f}" if given else None,
                widget=ScoreInput(item.low, item.high),
                help_text=_("不适用于此人的可以不填。") if item.optional else "",
            )
            self.fields[f"{item.code}.comment"] = forms.CharField(
                label=_("评语"),
                required=False,
                max_length=LONGEST_COMMENT,
                initial=given.comment if given else "",
            )
        for field in self.fields.values():
            field.disabled = not is_open

    def marks(self) -> dict[str, Mark]:
        """What was said, indicator by indicator."""
        said: dict[str, Mark] = {}
        for item in self.items:
            score: Decimal | None = self.cleaned_data.get(item.code)
            if score is not None:
                said[item.code] = Mark(score, self.cleaned_data.get(f"{item.code}.comment", ""))
        return said

    def fieldsets(self) -> Iterable[dict[str, Any]]:
        """One group for each indicator: its name, and beside it the weight and what it means."""
        for item in self.items:
            hints = [part for part in (item.dimension,) if part]
            if item.weight is not None:
                hints.append(_("权重 %(weight)s%%") % {"weight": f"{item.weight:f}"})
            if item.note:
                hints.append(item.note)
            yield {
                "title": item.name,
                "hint": " · ".join(hints),
                "fields": [self[item.code], self[f"{item.code}.comment"]],
            }


class WithdrawForm(forms.Form):
    """Why a sheet is taken back."""

    reason = forms.CharField(label=gettext_lazy("原因"), max_length=300)
