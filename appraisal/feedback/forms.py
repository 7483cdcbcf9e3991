"""Forms of answers and interviews: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appraisal.feedback.choices import Outcome
from cmsys.accounts.models import User

ANSWERS = (
    (Outcome.SIGNED.value, _("无异议，签字确认")),
    (Outcome.OBJECTED.value, _("有异议，签字并写明意见")),
)


class SignForm(forms.Form):
    """The person's answer to the version he has before him."""

    digest = forms.CharField(required=False, widget=forms.HiddenInput, max_length=32)
    outcome = forms.ChoiceField(label=_("我已阅读考核表"), choices=ANSWERS, widget=forms.RadioSelect)
    remark = forms.CharField(
        label=_("意见"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("有异议时必填；主管和人力资源会看到。签字不影响申诉。"),
    )  # fmt: skip


class AccountField(forms.CharField):
    """An active account by number, account or full name; exactly one."""

    def clean(self, value: Any) -> User:
        text = str(super().clean(value)).strip()
        known = User.objects.filter(is_active=True)
        found = list(known.filter(Q(employee_no__iexact=text) | Q(username__iexact=text))[:1]) or list(
            known.filter(name=text)[:2]
        )
        if len(found) == 1:
            return found[0]
        if found:
            message = _("叫“%(text)s”的不止一人，请填工号或账号。")
        else:
            message = _("没有工号、账号或姓名为“%(text)s”的启用账号。")
        raise forms.ValidationError(message, params={"text": text}, code="not_found")


class RefusalForm(forms.Form):
    """What happened, and who saw it."""

    digest = forms.CharField(required=False, widget=forms.HiddenInput, max_length=32)
    remark = forms.CharField(
        label=_("经过"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明何时何地送签、本人如何表示。本人和见证人都会收到消息。"),
    )  # fmt: skip
    witness = AccountField(label=_("见证人"), max_length=100, help_text=_("工号、账号或姓名全称。"))
    second_witness = AccountField(label=_("第二见证人"), max_length=100, help_text=_("与第一位不同的人。"))


class InterviewForm(forms.Form):
    """What supervisor and person agreed on."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    held_on = forms.DateField(label=_("面谈日期"), initial=timezone.localdate, widget=forms.DateInput())
    strengths = forms.CharField(
        label=_("优点与成绩"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("做得好的，举出考核期内的事实。"),
    )  # fmt: skip
    actions = forms.CharField(
        label=_("改进行动"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("双方商定的：做什么、何时完成、怎样算完成。"),
    )  # fmt: skip


class ConfirmForm(forms.Form):
    """The person's confirmation of a talk."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    remark = forms.CharField(
        label=_("本人意见"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("没有可以不填；与记录不一致的，请在这里写明。"),
    )  # fmt: skip
