"""What can be done with a case, verb by verb: the form, the service behind it, and what is said before and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy

from appraisal.grading import forms
from appraisal.grading.queues import CONFIRM, REVIEW, Level
from appraisal.grading.resources import change_said, grade_name
from appraisal.grading.services import confirming, review
from appraisal.grading.services.moving import Moved
from appraisal.grading.transitions import DECISION
from appraisal.scoring.words import words_of
from cmsys.access.functions import Function
from cmsys.accounts.models import User
from cmsys.org.models import RoleGrant
from cmsys.ui.registry import Text
from managers.careers.models import Grade

Run = Callable[..., Moved]


@dataclass(frozen=True)
class Act:
    """One verb. `run(actor, decision_id, form, now, today, **only)` is the service; `only` takes from the form what only
    this verb has. `effects` say what will happen, `done` what has."""

    verb: str
    level: Level
    form: type[forms.ActForm]
    run: Run
    title: Text
    label: Text
    effects: tuple[Text, ...]
    done: Text
    danger: bool = False
    only: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda given: {}

    @property
    def function(self) -> Function:
        """What the reader needs for this very case."""
        function = DECISION[self.verb].function
        assert function is not None
        return function

    @property
    def slug(self) -> str:
        return self.verb.replace("_", "-")

    def take(self, actor: User, key: int, form: forms.ActForm, now: datetime, today: date) -> Moved:
        """Does it, in the reader's name."""
        return self.run(
            actor=actor,
            decision_id=key,
            form=form.sent(),
            now=now,
            today=today,
            **self.only(form.cleaned_data),
        )


ACTS: dict[str, Act] = {
    act.verb: act
    for act in (
        Act(
            "approve", REVIEW, forms.ApproveForm, review.decision_approve, gettext_lazy("通过%(name)s的等级变更"),
            gettext_lazy("通过"), (gettext_lazy("%(change)s，转人力资源审定。"),),
            gettext_lazy("已通过：%(name)s %(change)s，转人力资源审定。"),
        ),
        Act(
            "return", REVIEW, forms.ReturnForm, review.decision_return, gettext_lazy("退回%(name)s的等级变更"),
            gettext_lazy("退回"), (gettext_lazy("退回人力资源，由其答复后重新提交；理由会一并送达。"),),
            gettext_lazy("已退回：%(name)s，等人力资源答复。"), danger=True,
        ),
        Act(
            "amend", REVIEW, forms.AmendForm, review.decision_amend, gettext_lazy("调整%(name)s的等级"),
            gettext_lazy("调整后通过"),
            (gettext_lazy("以您选的等级代替系统建议，转人力资源审定。"), gettext_lazy("系统建议和您的理由都会保留在经过里。")),
            gettext_lazy("已调整：%(name)s %(change)s，转人力资源审定。"),
            only=lambda given: {"grade_code": given["grade"].code, "exceptional": given["exceptional"]},
        ),
        Act(
            "delegate", REVIEW, forms.DelegateForm, review.decision_delegate, gettext_lazy("转办%(name)s的等级变更"),
            gettext_lazy("转办"), (gettext_lazy("由您选的人复核，截止日不变；对方会收到消息。"),),
            gettext_lazy("已转办：%(name)s。"), only=lambda given: {"assignee_id": given["assignee"].pk},
        ),
        Act(
            "confirm", CONFIRM, forms.ApproveForm, confirming.decision_confirm, gettext_lazy("审定%(name)s的等级变更"),
            gettext_lazy("审定"),
            (gettext_lazy("%(change)s。晋升随后公示，降级随后送达本人，保持到期生效。"),),
            gettext_lazy("已审定：%(name)s %(change)s。"),
        ),
        Act(
            "send_back", CONFIRM, forms.SendBackForm, confirming.decision_send_back,
            gettext_lazy("把%(name)s的等级变更退回复核"), gettext_lazy("退回复核"),
            (gettext_lazy("退回主管重新复核，原复核意见作废；理由会一并送达。"),),
            gettext_lazy("已退回复核：%(name)s。"), danger=True,
        ),
        Act(
            "resubmit", CONFIRM, forms.ResubmitForm, confirming.decision_resubmit,
            gettext_lazy("答复并重新提交%(name)s的等级变更"), gettext_lazy("答复并重新提交"),
            (gettext_lazy("您的答复会写入经过，主管重新复核。"),), gettext_lazy("已重新提交：%(name)s。"),
        ),
        Act(
            "withdraw", CONFIRM, forms.WithdrawForm, confirming.decision_withdraw, gettext_lazy("撤销%(name)s的等级变更"),
            gettext_lazy("撤销"),
            (gettext_lazy("这一期不再变更其等级，原等级不变；撤销后不能恢复。"),), gettext_lazy("已撤销：%(name)s。"),
            danger=True,
        ),
    )
}  # fmt: skip


def form_of(act: Act, actor: User, decision: Any, data: Any, today: date, **kwargs: Any) -> forms.ActForm:
    """The act's form; choices are those that make sense for this case where one is given."""
    given: dict[str, Any] = {"decision": decision, "actor": actor, **kwargs}
    if issubclass(act.form, forms.DelegateForm):
        given["people"] = colleagues(actor, today)
    form = act.form(data, **given)
    if isinstance(form, forms.AmendForm) and decision is not None:
        form.fields["grade"].queryset = grades_for(decision)  # type: ignore[attr-defined]
    return form


def grades_for(decision: Any) -> QuerySet[Grade]:
    """The grades of the scheme, without the one that stands there already."""
    codes = [grade.code for grade in words_of(decision.cycle.scheme).scheme.grades]
    rows = Grade.objects.filter(code__in=codes) if codes else Grade.objects.all()
    return rows.exclude(pk=decision.grade_id).order_by("series", "order")


def colleagues(actor: User, today: date) -> QuerySet[User]:
    """Accounts that hold a role which reviews, other than one's own, each with where it stands."""
    roles = [role.value for role in REVIEW.function.reach]
    in_force = Q(starts_on__lte=today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=today))
    held = RoleGrant.objects.filter(in_force, role__in=roles, user=OuterRef("pk")).order_by("pk")
    rows = User.objects.filter(is_active=True).exclude(pk=actor.pk)
    stands = Subquery(held.values("unit__name")[:1])
    return rows.annotate(stands=stands).filter(stands__isnull=False).order_by("name", "pk")


def words_for(decision: Any) -> dict[str, str]:
    """What the sentences of an act are filled with."""
    return {
        "name": decision.manager.name,
        "change": change_said(decision),
        "grade": grade_name(decision.grade),
    }
