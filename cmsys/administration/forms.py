"""Forms of units, accounts and grants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import BusinessLine, OrgUnit
from cmsys.ui.resource import ResourceForm


class UnitForm(ResourceForm):
    """A unit; its place in the tree is set at the opening and changes by moving."""

    head = forms.ModelChoiceField(
        label=_("负责人"),
        queryset=User.objects.filter(is_active=True).order_by("name_pinyin"),
        required=False,
    )

    class Meta:
        model = OrgUnit
        fields = ("code", "name", "kind", "region_code", "latitude", "longitude", "head", "opened_on")

    fieldsets = (
        (_("机构"), "", ("code", "name", "kind", "parent", "head", "opened_on")),
        (_("位置"), _("行政区划代码和坐标用于就近分配客户。"), ("region_code", "latitude", "longitude")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].disabled = True
        else:
            self.fields["parent"] = UnitChoiceField(
                label=_("上级机构"), queryset=open_units(self.actor), required=False,
                help_text=_("不选则为最高一级机构。"),
            )  # fmt: skip

    def values(self) -> dict[str, Any]:
        values = super().values()
        if self.instance.pk:
            values.pop("code")
        return values


def open_units(actor: Any) -> Any:
    """Units that still exist and that the actor may edit, in tree order."""
    return OrgUnit.objects.visible_to(actor, "edit").filter(closed_on__isnull=True).order_by("path")


class MoveForm(forms.Form):
    """Another parent from a day on."""

    parent = UnitChoiceField(label=_("新的上级机构"), queryset=OrgUnit.objects.none())
    on = forms.DateField(label=_("生效日期"), initial=timezone.localdate, widget=forms.DateInput())
    reason = forms.CharField(label=_("原因"), max_length=300)

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = open_units(actor)  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """The first day on which the unit no longer exists."""

    on = forms.DateField(label=_("撤销日期"), initial=timezone.localdate, widget=forms.DateInput())
    reason = forms.CharField(label=_("原因"), max_length=300)


class UserForm(forms.Form):
    """A new account; the password is made by the system and shown once."""

    username = forms.RegexField(
        label=_("账号"), regex=r"^[A-Za-z0-9._-]{3,60}$",
        error_messages={"invalid": _("账号由 3–60 个字母、数字、点、横线或下划线组成。")},
    )  # fmt: skip
    name = forms.CharField(label=_("姓名"), max_length=100)
    employee_no = forms.CharField(label=_("工号"), max_length=40, required=False)


class GrantForm(forms.Form):
    """A role at a unit, from a day to a day."""

    role = forms.ChoiceField(label=_("角色"), choices=Role.choices)
    unit = UnitChoiceField(
        label=_("机构"), queryset=OrgUnit.objects.filter(closed_on__isnull=True).order_by("path"),
        help_text=_("权限及于该机构和它的下级。"),
    )  # fmt: skip
    line = forms.ModelChoiceField(
        label=_("条线"), queryset=BusinessLine.objects.all(), required=False, empty_label=_("不限"),
    )  # fmt: skip
    starts_on = forms.DateField(label=_("生效日期"), initial=timezone.localdate, widget=forms.DateInput())
    ends_on = forms.DateField(
        label=_("失效日期"), required=False, widget=forms.DateInput(), help_text=_("当天起失效；不填为长期。")
    )
    reason = forms.CharField(label=_("授权事由"), max_length=300)


class ReasonForm(forms.Form):
    """A reason that goes into the ledger."""

    reason = forms.CharField(label=_("原因"), max_length=300)
