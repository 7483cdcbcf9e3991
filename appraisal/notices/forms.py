"""Forms of notices, objections and service: they parse; services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.grading.models import GradeDecision
from appraisal.notices.choices import Method
from appraisal.notices.models import NoticeLine
from appraisal.notices.permissions import NOTICE_EDIT
from appraisal.notices.words import CHANNEL
from cmsys.access.actors import Actor
from cmsys.access.functions import Reach
from cmsys.accounts.models import User
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.ui.registry import Text


class CasesField(forms.ModelMultipleChoiceField):
    """Promotions to be ticked, each in the words of the notice."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        before = obj.previous_grade.name if obj.previous_grade else str(_("未定级"))
        return f"{obj.manager.name} · {obj.unit.name} · {before} → {obj.grade.name if obj.grade else ''}"


class NoticeForm(forms.Form):
    """A notice as HR writes it; `waiting` are the promotions that can stand on it."""

    decisions = CasesField(label=_("公示人员"), queryset=GradeDecision.objects.none())
    title = forms.CharField(label=_("标题"), max_length=120)
    text = forms.CharField(label=_("正文"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
    audience = UnitChoiceField(
        label=_("公示范围"), queryset=OrgUnit.objects.none(), required=False, empty_label=_("全行"),
        help_text=_("须包含公示人员所在机构；只有范围内的人员看得到。"),
    )  # fmt: skip
    starts_on = forms.DateField(
        label=_("公布日"), widget=forms.DateInput(), help_text=_("公布当日不计入；截止日按工作日历推算。")
    )
    channel = forms.CharField(label=_("异议受理"), max_length=CHANNEL)
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    fieldsets: ClassVar[Sequence[tuple[Text, Text, tuple[str, ...]]]] = (
        (_("公示人员"), _("只公示姓名、机构和等级，不公示分数；降级不公示。"), ("decisions",)),
        (_("内容"), "", ("title", "text")),
        (_("范围与时间"), "", ("audience", "starts_on", "channel")),
    )

    def __init__(self, *args: Any, actor: Actor, waiting: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cases: Any = self.fields["decisions"]
        cases.queryset = waiting.select_related("manager", "unit", "grade", "previous_grade").order_by(
            "unit__path", "manager__name_pinyin"
        )
        units: Any = self.fields["audience"]
        units.queryset = (
            OrgUnit.objects.reached_by(actor, NOTICE_EDIT).filter(closed_on__isnull=True).order_by("path")
        )
        if not any(reached.reach is Reach.ALL for reached in actor.access.reaches(NOTICE_EDIT)):
            units.required, units.empty_label = True, _("请选择")

    def groups(self) -> list[dict[str, Any]]:
        """The fieldsets with their fields, for the page."""
        return [
            {"title": title, "hint": hint, "fields": [self[name] for name in names]}
            for title, hint, names in self.fieldsets
        ]

    def wording(self) -> dict[str, Any]:
        """The values that are written on the notice."""
        return {
            name: self.cleaned_data[name] for name in ("title", "text", "audience", "starts_on", "channel")
        }


class PublishForm(forms.Form):
    """Nothing to fill in but the version that was looked at."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """A reason that goes into the ledger."""

    reason = forms.CharField(label=_("原因"), max_length=300)


class LineField(forms.ModelChoiceField):
    """A person on the notice."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.unit_name} · {obj.from_grade} → {obj.to_grade}"


class ObjectionForm(forms.Form):
    """Who on the notice, what is wrong, and what shows it."""

    line = LineField(label=_("对谁"), queryset=NoticeLine.objects.none(), empty_label=_("请选择"))
    text = forms.CharField(label=_("异议内容"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    facts = forms.CharField(
        label=_("事实与依据"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("时间、地点、经过，可以核实的材料或知情人。"),
    )  # fmt: skip

    def __init__(self, *args: Any, lines: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["line"]
        field.queryset = lines


class AnswerForm(forms.Form):
    """The verdict and its words, which the objector reads."""

    verdict = forms.ChoiceField(
        label=_("结论"), widget=forms.RadioSelect,
        choices=[("reject", _("异议不成立，继续晋升")), ("uphold", _("异议成立，退回复核"))],
    )  # fmt: skip
    answer = forms.CharField(
        label=_("答复"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("书面答复异议人：核实了什么，结论和理由。不要写入当事人的分数。"),
    )  # fmt: skip
    version = forms.CharField(required=False, widget=forms.HiddenInput)


class ServeForm(forms.Form):
    """How the decision is handed over, and what the paper says."""

    method = forms.ChoiceField(label=_("送达方式"), choices=Method.choices, widget=forms.RadioSelect)
    mail_no = forms.CharField(
        label=_("邮件单号"), max_length=40, required=False, help_text=_("邮寄送达时填写。")
    )
    reasons = forms.CharField(label=_("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 8}))
    channel = forms.CharField(label=_("申诉受理"), max_length=CHANNEL)
    version = forms.CharField(required=False, widget=forms.HiddenInput)


class SignForm(forms.Form):
    """The person's receipt; words of his own are welcome, not asked for."""

    note = forms.CharField(
        label=_("本人说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("可以不填。签收只表示收到，不表示同意；不影响申诉。"),
    )  # fmt: skip


class NoteForm(forms.Form):
    """When the paper receipt was signed and where it is kept."""

    note = forms.CharField(label=_("签收日期与存放处"), max_length=500)


class AccountField(forms.CharField):
    """An enabled account by its name or the person's number."""

    def clean(self, value: Any) -> Any:
        words = super().clean(value)
        named = Q(username__iexact=words) | Q(employee_no__iexact=words)
        found = User.objects.filter(named, is_active=True).order_by("pk").first()
        if found is None:
            raise forms.ValidationError(
                _("没有这个账号：%(words)s。请填见证人的账号或工号。"),
                code="unknown",
                params={"words": words},
            )
        return found


class RefusalForm(forms.Form):
    """Two witnesses, and what happened."""

    witness_one = AccountField(label=_("见证人一（账号或工号）"), max_length=60)
    witness_two = AccountField(label=_("见证人二（账号或工号）"), max_length=60)
    note = forms.CharField(
        label=_("拒收经过"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("时间、地点，怎样告知了内容和申诉权利，本人怎样表示。"),
    )  # fmt: skip
