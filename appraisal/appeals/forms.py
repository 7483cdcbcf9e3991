"""What people type on the pages of appeals and improvement plans; services decide and write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.appeals.cases import remedies_for
from appraisal.appeals.choices import Ground, Outcome, Progress, Remedy
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.services.plans import Draft, Measure
from appraisal.grading.models import GradeDecision
from cmsys.ui.registry import Text
from cmsys.workflow.form import Form as Sent
from managers.careers.models import Grade

MOST_ROWS = 12


def area(rows: int, most: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": most})


class SentForm(forms.Form):
    """Carries the form's own number, and the version its reader had before him."""

    fieldsets: Sequence[tuple[Text, Text, tuple[str, ...]]] = ()
    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, case: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.case = case
        self.fields["nonce"].initial = uuid4().hex
        self.fields["version"].initial = case.updated_at.isoformat() if case is not None else ""

    def sent(self) -> Sent:
        """What a service takes."""
        values = self.cleaned_data
        return Sent(reason=values.get("reason", ""), nonce=values["nonce"], version=values["version"])


class PlainForm(SentForm):
    """Nothing but the click."""


class ReasonForm(SentForm):
    """A click with words."""

    reason = forms.CharField(label=gettext_lazy("理由"), max_length=2000, widget=area(4, 2000))


class StatementForm(SentForm):
    """The supervisor's statement."""

    reason = forms.CharField(
        label=gettext_lazy("说明"), max_length=2000, widget=area(6, 2000),
        help_text=gettext_lazy("写明事实；办理人和申诉人都会看到。"),
    )  # fmt: skip


class LodgeForm(SentForm):
    """The appeal itself."""

    ground = forms.ChoiceField(
        label=gettext_lazy("理由类别"), choices=Ground.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=gettext_lazy("事实与理由"), max_length=2000, widget=area(8, 2000),
        help_text=gettext_lazy("写明哪一项不对、依据是什么；主管和办理人会看到。"),
    )  # fmt: skip
    wish = forms.CharField(label=gettext_lazy("您请求怎样处理"), max_length=500, widget=area(2, 500))


class AnswerForm(SentForm):
    """The outcome with its reasons; a grade only where a better one is given."""

    outcome = forms.ChoiceField(label=gettext_lazy("结论"), choices=Outcome.choices, widget=forms.RadioSelect)
    remedy = forms.ChoiceField(label=gettext_lazy("处理"), widget=forms.RadioSelect)
    grade_code = forms.ChoiceField(
        label=gettext_lazy("改定等级"), required=False,
        help_text=gettext_lazy("选“改定为更高的等级”时填写；申诉不得使结果更差。"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("答复理由"), max_length=2000, widget=area(8, 2000),
        help_text=gettext_lazy("逐条回应申诉人的理由；会原文送达本人。"),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, case: GradeAppeal, **kwargs: Any) -> None:
        super().__init__(data, case=case, **kwargs)
        decision = case.decision
        remedies = [(remedy.value, remedy.label) for remedy in remedies_for(decision)]
        self.fields["remedy"].choices = remedies  # type: ignore[attr-defined]
        if Remedy.GRADE in remedies_for(decision):
            grades = [("", _("不填")), *grades_of(decision)]
            self.fields["grade_code"].choices = grades  # type: ignore[attr-defined]
        else:
            del self.fields["grade_code"]


def grades_of(decision: GradeDecision) -> list[tuple[str, str]]:
    """Every grade of the series, lowest first: the service says why one cannot be given. One query."""
    rows = Grade.objects.order_by("order")
    if decision.grade is not None:
        rows = rows.filter(series=decision.grade.series)
    return [(grade.code, grade.name) for grade in rows]


# --- improvement plans ----------------------------------------------------------------------------------------------------
class OpenForm(SentForm):
    """A plan opened by hand."""

    employee_no = forms.CharField(label=gettext_lazy("工号"), max_length=40)
    note = forms.CharField(
        label=gettext_lazy("为什么制定"), max_length=300, widget=area(3, 300),
        help_text=gettext_lazy("写明事实，例如哪一项指标连续两期没有完成。"),
    )  # fmt: skip


class DraftForm(SentForm):
    """Everything a plan says, on one page: rows left empty are not there."""

    goal = forms.CharField(
        label=gettext_lazy("改进目标"), max_length=500, required=False, widget=area(2, 500)
    )
    coach = forms.CharField(label=gettext_lazy("辅导人"), max_length=80, required=False)
    starts_on = forms.DateField(label=gettext_lazy("开始日期"), widget=forms.DateInput())
    ends_on = forms.DateField(label=gettext_lazy("结束日期"), widget=forms.DateInput())

    def __init__(self, data: Any = None, *, case: ImprovementPlan, **kwargs: Any) -> None:
        super().__init__(data, case=case, **kwargs)
        for name in ("goal", "coach", "starts_on", "ends_on"):
            self.fields[name].initial = getattr(case, name)
        measures, checks = list(case.measures.order_by("position")), list(case.checks.order_by("on"))
        self.measures = min(MOST_ROWS, max(3, len(measures) + 2))
        self.checks = min(MOST_ROWS, max(3, len(checks) + 1))
        for place in range(1, self.measures + 1):
            self._measure(place, measures[place - 1] if place <= len(measures) else None)
        for place in range(1, self.checks + 1):
            initial = checks[place - 1].on if place <= len(checks) else None
            label = _("检查点 %(n)d") % {"n": place}
            self.fields[f"c{place}_on"] = forms.DateField(
                label=label, required=False, initial=initial, widget=forms.DateInput()
            )
        self.fieldsets = self._groups()

    def _measure(self, place: int, measure: Any) -> None:
        for name, label, most in (("text", _("措施"), 300), ("how", _("衡量办法"), 300)):
            self.fields[f"m{place}_{name}"] = forms.CharField(
                label=label, required=False, max_length=most, initial=getattr(measure, name, ""),
                widget=area(2, most),
            )  # fmt: skip
        self.fields[f"m{place}_due_on"] = forms.DateField(
            label=_("完成期限"),
            required=False,
            initial=getattr(measure, "due_on", None),
            widget=forms.DateInput(),
        )

    def _groups(self) -> Sequence[tuple[Text, Text, tuple[str, ...]]]:
        """Groups as the page shows them."""
        measures = [
            (_("措施 %(n)d") % {"n": n}, "", (f"m{n}_text", f"m{n}_how", f"m{n}_due_on"))
            for n in range(1, self.measures + 1)
        ]
        return (
            (_("目标与期限"), _("到期时凭什么认定通过；由谁辅导。"), ("goal", "coach", "starts_on", "ends_on")),
            *measures,
            (_("检查点"), _("在这些日子检查进度并登记，缺一次就不能认定结果。"),
             tuple(f"c{n}_on" for n in range(1, self.checks + 1))),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for place in range(1, self.measures + 1):
            given = [values.get(f"m{place}_{name}") for name in ("text", "how", "due_on")]
            if any(given) and not all(given):
                for name, value in zip(("text", "how", "due_on"), given, strict=True):
                    field = f"m{place}_{name}"
                    if not value and field not in self.errors:
                        self.add_error(field, _("一条措施要写明内容、衡量办法和期限。"))
        return values

    def draft(self) -> Draft:
        """What the service takes."""
        values = self.cleaned_data
        measures = [
            Measure(values[f"m{n}_text"], values[f"m{n}_how"], values[f"m{n}_due_on"])
            for n in range(1, self.measures + 1)
            if values.get(f"m{n}_text")
        ]
        checks: list[date] = [
            day for n in range(1, self.checks + 1) if (day := values.get(f"c{n}_on")) is not None
        ]
        return Draft(
            values["goal"], values["coach"], values["starts_on"], values["ends_on"], measures, checks
        )


class SignForm(SentForm):
    """The person's signature."""

    opinion = forms.CharField(
        label=gettext_lazy("本人意见"), max_length=500, required=False, widget=area(3, 500),
        help_text=gettext_lazy("可以不填；不同意计划内容的，写在这里。"),
    )  # fmt: skip


class RefusalForm(SentForm):
    """Who saw that the person would not sign."""

    witness = forms.CharField(
        label=gettext_lazy("见证人"),
        max_length=80,
        help_text=gettext_lazy("您和本人以外的人，写姓名和岗位。"),
    )
    reason = forms.CharField(
        label=gettext_lazy("拒签情况"), max_length=2000, widget=area(4, 2000),
        help_text=gettext_lazy("何时何地送本人签署，本人说了什么。"),
    )  # fmt: skip


class ExtendForm(SentForm):
    """A later end."""

    ends_on = forms.DateField(label=gettext_lazy("新的结束日期"), widget=forms.DateInput())
    reason = forms.CharField(label=gettext_lazy("延长理由"), max_length=2000, widget=area(4, 2000))


class CheckForm(SentForm):
    """What a check-point found."""

    progress = forms.ChoiceField(
        label=gettext_lazy("检查结果"), choices=Progress.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("检查情况"), max_length=1000, widget=area(5, 1000),
        help_text=gettext_lazy("逐条措施写进度；会成为计划的书面记录。"),
    )  # fmt: skip
