"""What people fill in when a plan is submitted, taken back, answered or decided."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.workflow.form import Form as Sent
from customers.planning.choices import Verdict
from customers.planning.models import AllocationPlan

REASON_LENGTH = 300


def _reason(label: Any, required: bool) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=REASON_LENGTH, required=required,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": REASON_LENGTH}),
        error_messages={"required": gettext_lazy("请写明理由，有关的人都能看到。")},
    )  # fmt: skip


class StepForm(forms.Form):
    """A step: the form's own number and the version its reader had before him."""

    phrases: ClassVar[tuple[Any, ...]] = ()

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("nonce", str(uuid4()))

    def sent(self) -> Sent:
        """What the services read."""
        given = self.cleaned_data
        return Sent(reason=given.get("reason", ""), nonce=given["nonce"], version=given["version"])


class RecallForm(StepForm):
    """Why a plan comes back to its planner."""

    reason = _reason(gettext_lazy("理由"), required=True)
    phrases = (
        gettext_lazy("政策有调整，重新计算。"),
        gettext_lazy("人员有变动，重新计算。"),
        gettext_lazy("有客户情况需要先核实。"),
    )


class ReturnForm(StepForm):
    """Why the head sends a plan back."""

    reason = _reason(gettext_lazy("理由"), required=True)
    phrases = (
        gettext_lazy("请按各机构的意见调整。"),
        gettext_lazy("移动过多，请降低移动上限。"),
        gettext_lazy("请与有关机构商定后再提交。"),
    )


class ApproveForm(StepForm):
    """From when the new owners look after their customers; and, where not all lines are listed, who stays."""

    effective_on = forms.DateField(
        label=gettext_lazy("生效日期"), help_text=gettext_lazy("从这一天起由新主办管户，可以是今天或以后。")
    )
    others = forms.CharField(
        label=gettext_lazy("另不批准的客户编号"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("未列在本页的客户，以空格、逗号或换行分隔。"),
    )  # fmt: skip
    reason = _reason(gettext_lazy("意见"), required=False)

    def __init__(self, *args: Any, today: date, all_listed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("effective_on", today)
        if all_listed:
            del self.fields["others"]
        self.fields["reason"].help_text = _("有不批准的客户时须填写，编制人会看到。")

    def numbers(self) -> list[str]:
        """The customer numbers typed."""
        return (
            self.cleaned_data.get("others", "")
            .replace(",", " ")
            .replace("，", " ")
            .replace("、", " ")
            .split()
        )


class AnswerForm(StepForm):
    """What a unit says: of the lines picked, or of all that are clear. `tab` is where it came from."""

    ALL = "all"
    phrases = (
        gettext_lazy("客户要求由原客户经理服务。"),
        gettext_lazy("有在办业务，暂不宜更换。"),
        gettext_lazy("接收人近期无力承接。"),
    )

    verdict = forms.ChoiceField(
        choices=(*Verdict.choices, (ALL, gettext_lazy("同意全部"))), widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("请选择同意或不同意。"), "invalid_choice": gettext_lazy("请选择同意或不同意。"),
        },
    )  # fmt: skip
    tab = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    reason = _reason(gettext_lazy("不同意的理由"), required=False)


def version_of(plan: AllocationPlan) -> str:
    """What a reader has before him of a plan's own steps."""
    return plan.updated_at.isoformat()
