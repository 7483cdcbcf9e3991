"""What people type on the pages of handovers and first contacts; services decide and write."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from cmsys.workflow.form import Form as Sent
from customers.handover.choices import Channel, LineKind


def area(rows: int, most: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": most})


class SentForm(forms.Form):
    """Carries the form's own number, and the version of the handover its reader had before him."""

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, version: str = "", **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["nonce"].initial = uuid4().hex
        self.fields["version"].initial = version

    def sent(self) -> Sent:
        """What a service takes."""
        values = self.cleaned_data
        return Sent(reason=values.get("reason", ""), nonce=values["nonce"], version=values["version"])


class PlainForm(SentForm):
    """Nothing but the click."""


class ReasonForm(SentForm):
    """A click with words."""

    reason = forms.CharField(label=_("原因"), max_length=500, widget=area(3, 500))


class StandInForm(SentForm):
    """Who was there, and why the giver does not sign himself."""

    witness = forms.CharField(
        label=_("见证人"), max_length=80, help_text=_("移交人、接交人和您以外的人，写姓名和岗位。")
    )
    reason = forms.CharField(
        label=_("代签原因"),
        max_length=500,
        widget=area(3, 500),
        help_text=_("例如：已离职，清单由部门核对。"),
    )


class ArrangeForm(SentForm):
    """What passes with a customer."""

    kind = forms.ChoiceField(label=_("移交方式"), choices=LineKind.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("原因"), max_length=300, required=False, widget=area(3, 300),
        help_text=_("选“不移交”时必填：例如授信审批中、贷款逾期、投诉未办结。"),
    )  # fmt: skip


class VisitForm(SentForm):
    """The joint visit."""

    on = forms.DateField(label=_("走访日期"), widget=forms.DateInput())
    note = forms.CharField(
        label=_("走访情况"), max_length=1000, widget=area(5, 1000),
        help_text=_("见了谁、谈了什么、客户有没有异议、下一步。"),
    )  # fmt: skip


class ContactForm(SentForm):
    """The first contact: made for two taps, so a call of today is what stands there already."""

    channel = forms.ChoiceField(
        label=_("联系方式"), choices=Channel.choices, widget=forms.RadioSelect, initial=Channel.PHONE
    )
    on = forms.DateField(label=_("联系日期"), widget=forms.DateInput())
    note = forms.CharField(
        label=_("联系情况"), max_length=500, required=False, widget=area(3, 500), help_text=_("可以不填。")
    )
    objection = forms.CharField(
        label=_("客户异议"), max_length=500, required=False, widget=area(2, 500),
        help_text=_("客户不同意换主办时，写明其理由；会告知客户管理部门。没有异议不填。"),
    )  # fmt: skip
