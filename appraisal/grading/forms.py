"""What people fill in when they decide: a reason, another grade, somebody else; and the days of a round."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.accounts.models import User
from cmsys.workflow.form import Form as Sent
from managers.careers.models import Grade

REASON_LENGTH = 500


class ActForm(forms.Form):
    """One act on one case. Carries the form's own number and the version its reader had before him.

    `then` says where to go afterwards, `next` which case of the queue comes next.
    """

    reason_required: ClassVar[bool] = False
    phrases: ClassVar[tuple[Any, ...]] = ()

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    then = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    tab = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    next = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("意见"), max_length=REASON_LENGTH, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": REASON_LENGTH}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, decision: Any = None, actor: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.actor, self.decision = actor, decision
        reason = self.fields["reason"]
        reason.required = self.reason_required
        if self.reason_required:
            reason.label = _("理由")
            reason.error_messages["required"] = _("请写明理由，当事人和后续办理人都能看到。")
        if not self.is_bound:
            self.initial.setdefault("nonce", str(uuid4()))
            if decision is not None:
                self.initial.setdefault("version", decision.updated_at.isoformat())

    def sent(self) -> Sent:
        """What the services read."""
        given = self.cleaned_data
        return Sent(reason=given["reason"], nonce=given["nonce"], version=given["version"])

    @property
    def shown(self) -> list[Any]:
        """The fields a person sees, the reason last."""
        return sorted(self.visible_fields(), key=lambda bound: bound.name == "reason")


class ApproveForm(ActForm):
    """An opinion is welcome, not asked for."""

    phrases = (gettext_lazy("同意。"), gettext_lazy("情况属实，同意。"), gettext_lazy("已与本人沟通，同意。"))


class ReturnForm(ActForm):
    """Back to human resources, who answer."""

    reason_required = True
    phrases = (
        gettext_lazy("数据与实际不符，请核对："),
        gettext_lazy("缺少支撑材料，请补充："),
        gettext_lazy("有重大事项未反映，请重新评定："),
    )


class SendBackForm(ActForm):
    """Back to the supervisor."""

    reason_required = True
    phrases = (
        gettext_lazy("理由不充分，请补充说明。"),
        gettext_lazy("超出名额，请重新排序。"),
        gettext_lazy("与同类人员尺度不一，请再斟酌。"),
    )


class ResubmitForm(ActForm):
    """The answer to a return."""

    reason_required = True
    phrases = (
        gettext_lazy("已核对，数据无误。"),
        gettext_lazy("材料已补充，请再看。"),
        gettext_lazy("数据已更正并重新定级。"),
    )


class WithdrawForm(ActForm):
    """The end of a case without effect."""

    reason_required = True
    phrases = (
        gettext_lazy("本人已调离。"),
        gettext_lazy("评定依据有误，另行办理。"),
    )


class GradeField(forms.ModelChoiceField):
    """A grade by its code."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class AmendForm(ActForm):
    """Another grade than the one proposed."""

    reason_required = True
    phrases = (
        gettext_lazy("结合日常表现和贡献，调整等级。"),
        gettext_lazy("短期客观因素影响业绩，保留原等级。"),
        gettext_lazy("任职时间尚短，本期暂缓晋升。"),
    )
    grade = GradeField(
        label=gettext_lazy("调整为"), queryset=Grade.objects.order_by("series", "order"), to_field_name="code",
        empty_label=gettext_lazy("请选择"), error_messages={"required": gettext_lazy("请选择调整后的等级。")},
    )  # fmt: skip
    exceptional = forms.BooleanField(
        label=gettext_lazy("破格"), required=False,
        help_text=gettext_lazy("超过一级的晋升须勾选，并在理由中写明突出贡献。"),
    )  # fmt: skip


class PersonField(forms.ModelChoiceField):
    """An account by its key, with where it stands."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.stands}" if getattr(obj, "stands", "") else str(obj)


class DelegateForm(ActForm):
    """Somebody else decides this case."""

    reason_required = True
    phrases = (
        gettext_lazy("出差期间请代为办理。"),
        gettext_lazy("该同志由您直接管理，请办理。"),
        gettext_lazy("我与当事人有利害关系，回避。"),
    )
    assignee = PersonField(
        label=gettext_lazy("转给"), queryset=User.objects.none(), empty_label=gettext_lazy("请选择"),
        error_messages={"required": gettext_lazy("请选择转给谁办理。")},
    )  # fmt: skip

    def __init__(self, *args: Any, people: QuerySet[User] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if people is not None:
            self.fields["assignee"].queryset = people  # type: ignore[attr-defined]


class SubmitRoundForm(forms.Form):
    """The days of a round, with what the working calendar suggests."""

    review_due_on = forms.DateField(
        label=gettext_lazy("复核截止日"), help_text=gettext_lazy("主管须在这一天（含）之前办完，须为工作日。")
    )
    effective_on = forms.DateField(
        label=gettext_lazy("拟生效日"), help_text=gettext_lazy("公示结束更晚的，从公示期满后生效。")
    )
    notice_days = forms.IntegerField(
        label=gettext_lazy("公示工作日"), min_value=1, max_value=30,
        help_text=gettext_lazy("晋升公示的工作日数，1 到 30。"),
    )  # fmt: skip
    appeal_days = forms.IntegerField(
        label=gettext_lazy("申诉工作日"), min_value=1, max_value=60,
        help_text=gettext_lazy("送达或公布之后可以申诉的工作日数，1 到 60。"),
    )  # fmt: skip


class CloseRoundForm(forms.Form):
    """Nothing to fill in: the service says whether anything is still pending."""
