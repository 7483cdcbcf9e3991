"""Forms of deputies: they parse; services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.accounts.models import User


class DeputyForm(forms.Form):
    """Who stands in, when and why. The candidates are those found by the search above the form."""

    deputy = forms.ChoiceField(label=_("代理人"), widget=forms.RadioSelect)
    starts_on = forms.DateField(label=_("开始日期"), initial=timezone.localdate, widget=forms.DateInput())
    last_on = forms.DateField(
        label=_("最后一天"), widget=forms.DateInput(), help_text=_("这一天仍由代理人办理，次日起自动结束。")
    )
    reason = forms.CharField(label=_("事由"), max_length=300, help_text=_("如：年休假、出差。双方都会看到。"))

    def __init__(
        self, *args: Any, candidates: Sequence[User], places: dict[int, str], principals: Sequence[User] | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.fields["deputy"].choices = _choices(candidates, places)  # type: ignore[attr-defined]
        if len(candidates) == 1:
            self.initial.setdefault("deputy", str(candidates[0].pk))
        if principals is not None:
            self.fields["principal"] = forms.ChoiceField(
                label=_("委托人"), choices=_choices(principals, places), widget=forms.RadioSelect,
                initial=str(principals[0].pk) if len(principals) == 1 else None,
            )  # fmt: skip
            self.order_fields(["principal", "deputy", "starts_on", "last_on", "reason"])


def _choices(people: Sequence[User], places: dict[int, str]) -> list[tuple[str, str]]:
    return [
        (
            str(one.pk),
            " · ".join(
                part for part in (one.name, one.employee_no or one.username, places.get(one.pk, "")) if part
            ),
        )
        for one in people
    ]


class EndForm(forms.Form):
    """Why a deputyship ends early; the principal himself need not say."""

    reason = forms.CharField(label=_("原因"), max_length=300, required=False)
