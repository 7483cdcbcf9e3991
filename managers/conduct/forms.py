"""Forms of declarations: they parse; services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cmsys.accounts.models import User
from managers.conduct.models import RelationKind
from managers.profiles.models import RelationshipManager


class DeclarationForm(forms.Form):
    """Who stands in which relation to whom. The people are those found by the search above the form."""

    manager = forms.ChoiceField(label=_("关系人"), widget=forms.RadioSelect)
    kind = forms.ChoiceField(label=_("关系"), choices=[("", _("请选择")), *RelationKind.choices])
    detail = forms.CharField(
        label=_("说明"), max_length=200, required=False, help_text=_("只有人力资源看得到；选“其他”时必填。")
    )

    def __init__(
        self,
        *args: Any,
        people: Sequence[RelationshipManager],
        accounts: Sequence[User] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].choices = [  # type: ignore[attr-defined]
            (str(one.pk), f"{one.name} · {one.employee_no} · {one.unit.name}") for one in people
        ]
        if len(people) == 1:
            self.initial.setdefault("manager", str(people[0].pk))
        if accounts is not None:
            self.fields["declarant"] = forms.ChoiceField(
                label=_("申报人"), widget=forms.RadioSelect,
                choices=[(str(one.pk), f"{one.name} · {one.employee_no or one.username}") for one in accounts],
                initial=str(accounts[0].pk) if len(accounts) == 1 else None,
            )  # fmt: skip
            self.order_fields(["declarant", "manager", "kind", "detail"])


class EndForm(forms.Form):
    """Why the relation keeps nobody apart any more."""

    reason = forms.CharField(label=_("解除原因"), max_length=200)
