"""Forms of customers, contacts and owners: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Reach
from cmsys.org.choices import UnitChoiceField
from cmsys.org.grants import NOWHERE
from cmsys.org.models import OrgUnit
from cmsys.ui.resource import ResourceForm
from customers.registry.models import AssignmentRole, Contact, Customer, CustomerTier
from customers.registry.permissions import ASSIGNMENT_EDIT, CUSTOMER_EDIT, CUSTOMER_TIER
from managers.profiles.models import RelationshipManager, Status


class CustomerForm(ResourceForm):
    """A customer as it is registered. The tier is set here at entry only; the owner has a page of his own."""

    unit = UnitChoiceField(label=_("所属机构"), queryset=OrgUnit.objects.none())

    class Meta:
        model = Customer
        fields = (
            "customer_no", "name", "kind", "credit_code", "unit", "nature", "category", "group_no", "industry_code", "scale",
            "region_code", "latitude", "longitude", "needs", "source",
        )  # fmt: skip

    fieldsets = (
        (_("基本信息"), "", ("customer_no", "name", "kind", "credit_code", "unit", "group_no", "source")),
        (_("分类"), _("合作状态由首份合同推出；分级按规则评定。"), ("tier", "nature", "category", "reason")),
        (_("经营与位置"), "", ("industry_code", "scale", "region_code", "latitude", "longitude")),
        (_("需求"), "", ("needs",)),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keeps_name = False
        reaches = self.actor.access.reaches(CUSTOMER_EDIT)
        everywhere = any(reached.reach is not Reach.SELF for reached in reaches)
        units = OrgUnit.objects.reached_by(self.actor, CUSTOMER_EDIT).filter(closed_on__isnull=True)
        self.fields["unit"].queryset = units.order_by("path")  # type: ignore[attr-defined]
        if not everywhere:
            # One's own customers belong to one's own unit: the service says which.
            del self.fields["unit"]
        if self.instance.pk:
            self._of_existing(everywhere)
        elif may(self.actor, CUSTOMER_TIER):
            self.fields["tier"] = forms.ModelChoiceField(
                label=_("客户分级"),
                queryset=CustomerTier.objects.all(),
                required=False,
                empty_label=_("未分级"),
            )

    def _of_existing(self, everywhere: bool) -> None:
        self.fields["customer_no"].disabled = True
        if everywhere:
            self.initial["unit"] = self.instance.unit.code if self.instance.unit else None
            # A customer without a unit may stay so when something else is changed.
            self.fields["unit"].required = self.instance.unit is not None
        self.fields["reason"] = forms.CharField(
            label=_("修改原因"), required=False, max_length=300,
            help_text=_("修改客户分类或客户属性时必填；会记入操作日志。"),
        )  # fmt: skip
        if self.instance.is_person and not getattr(self.instance, "clear", False):
            # Opening a form is no reason to see a name in clear: left empty it keeps what is on file.
            self.keeps_name = True
            self.initial["name"] = None
            self.fields["name"].required = False
            masked = self.instance.masked_name
            self.fields["name"].help_text = _("已登记 %(masked)s，不修改请留空。") % {"masked": masked}

    def values(self) -> dict[str, Any]:
        values = super().values()
        if self.instance.pk:
            values.pop("customer_no")
            if self.keeps_name and not values["name"]:
                values.pop("name")
        return values

    def _post_clean(self) -> None:
        # The service checks the whole customer; the form's own pass would ask for a name that is to be kept.
        if not self.keeps_name:
            super()._post_clean()  # type: ignore[misc]


class ContactForm(forms.Form):
    """A contact. What is masked for the reader is left empty to keep what is on file."""

    name = forms.CharField(label=_("联系人"), max_length=100)
    role = forms.ChoiceField(label=_("角色"), required=False)
    mobile = forms.CharField(label=_("手机"), max_length=20, required=False)
    birthday = forms.DateField(label=_("生日"), required=False, widget=forms.DateInput())
    channel = forms.ChoiceField(label=_("首选渠道"), required=False)
    marketing = forms.ChoiceField(
        label=_("营销意愿"),
        required=False,
        help_text=_("拒绝营销的联系人不列入生日提示；服务与移交的联系不受影响。"),
    )

    def __init__(
        self, *args: Any, contact: Contact | None = None, clear: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kept: list[str] = []
        for name in ("role", "channel", "marketing"):
            field: Any = Contact._meta.get_field(name)
            choices = [("", _("不填")), *field.choices]
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if contact is None:
            return
        self.initial = {name: getattr(contact, name) for name in self.fields}
        if clear:
            return
        for name, mask in Contact.audit_masks.items():
            value = self.initial[name]
            if value:
                self.kept.append(name)
                self.initial[name] = None
                self.fields[name].required = False
                shown = mask(value.isoformat() if hasattr(value, "isoformat") else value)
                self.fields[name].help_text = _("已登记 %(masked)s，不修改请留空。") % {"masked": shown}

    def values(self) -> dict[str, Any]:
        """The cleaned values without those that keep what is on file."""
        return {name: value for name, value in self.cleaned_data.items() if value or name not in self.kept}


class OwnerForm(forms.Form):
    """A manager in a role from a day on."""

    role = forms.ChoiceField(label=_("归属类型"), choices=AssignmentRole.choices)
    manager = forms.CharField(
        label=_("客户经理工号"), max_length=40, widget=forms.TextInput(attrs={"list": "holders"}),
        help_text=_("输入工号或姓名，可从客户所属机构的客户经理中选择。"),
    )  # fmt: skip
    starts_on = forms.DateField(label=_("开始日期"), initial=timezone.localdate, widget=forms.DateInput())
    ends_on = forms.DateField(
        label=_("结束日期"), required=False, widget=forms.DateInput(), help_text=_("当天起不再负责；长期的不填。")
    )  # fmt: skip
    reason = forms.CharField(
        label=_("原因"), max_length=300, help_text=_("写明依据，如文号或移交单号；会记入操作日志。")
    )

    def __init__(self, *args: Any, actor: Actor, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = RelationshipManager.objects.reached_by(actor, ASSIGNMENT_EDIT)
        working = self.people.exclude(status=Status.LEFT)
        near = (
            working.filter(unit__path__startswith=customer.unit.path or NOWHERE)
            if customer.unit
            else working.none()
        )
        self.near = list(near.select_related("unit").order_by("name_pinyin", "pk")[:200])

    def clean_manager(self) -> RelationshipManager:
        text = self.cleaned_data["manager"].strip()
        found = list(self.people.filter(employee_no=text) or self.people.filter(name=text)[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(
                _("叫“%(name)s”的不止一人，请填工号。") % {"name": text}, code="not_found"
            )
        raise forms.ValidationError(
            _("没有工号或姓名为“%(text)s”的客户经理。") % {"text": text}, code="not_found"
        )


class EndForm(forms.Form):
    """The first day on which an assignment no longer holds."""

    ends_on = forms.DateField(
        label=_("结束日期"), initial=timezone.localdate, widget=forms.DateInput(), help_text=_("当天起不再负责。")
    )  # fmt: skip
    reason = forms.CharField(label=_("原因"), max_length=300)


class TierForm(forms.Form):
    """A tier by hand, until when it holds against rules, and why."""

    tier = forms.ModelChoiceField(
        label=_("客户分级"), queryset=CustomerTier.objects.all(), required=False, empty_label=_("未分级")
    )
    until = forms.DateField(
        label=_("有效期至（不含）"), required=False, widget=forms.DateInput(),
        help_text=_("在此之前按规则分级不改动；不填则一直有效，直到解除。"),
    )  # fmt: skip
    reason = forms.CharField(label=_("原因"), max_length=300)


class ReasonForm(forms.Form):
    """A reason that goes into the ledger."""

    reason = forms.CharField(label=_("原因"), max_length=300)
