"""The declared class of training plans."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.access.functions import Reach
from cmsys.ui.context import covered
from cmsys.ui.formats import cn_date, money
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from training.plans.choices import ItemState, PlanState
from training.plans.filters import PlanFilterSet
from training.plans.models import TrainingPlan
from training.plans.permissions import PLAN_ACCEPT, PLAN_LIST, PLAN_PROPOSE, PLAN_SIGN

TONES = {PlanState.PROPOSED: "warn", PlanState.AGREED: "info", PlanState.DONE: "good", PlanState.DROPPED: ""}
OPEN = (PlanState.PROPOSED, PlanState.AGREED)


def overdue(plan: Any) -> bool:
    """Past its day and not over."""
    return plan.state in OPEN and plan.ends_on < timezone.localdate()


class PlanResource(Resource):
    """培训计划."""

    key = "training-plans"
    noun = gettext_lazy("培训计划")
    model = TrainingPlan
    filterset = PlanFilterSet
    list_action = "list"
    default_sort = ("ends_on", "manager__employee_no")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda p: p.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda p: p.manager.employee_no, sort=("manager__employee_no",)),
        Column("unit", gettext_lazy("所属机构"), lambda p: p.manager.unit.name, sort=("manager__unit__path",)),
        Column("period", gettext_lazy("考核期间"), lambda p: p.sheet.cycle.period, sort=("sheet__cycle__starts_on",)),
        Column("courses", gettext_lazy("课程数"), lambda p: p.courses, sort=("courses",), numeric=True, kind="number"),
        Column("finished", gettext_lazy("已完成"), lambda p: p.finished, sort=("finished",), numeric=True, kind="number"),
        Column("hours", gettext_lazy("学时"), lambda p: p.hours, sort=("hours",), numeric=True, kind="number"),
        Column("cost", gettext_lazy("费用（元）"), lambda p: p.cost, sort=("cost",), numeric=True, kind="number"),
        Column(
            "state", gettext_lazy("状态"), lambda p: _("已逾期") if overdue(p) else p.get_state_display(),
            sort=("state",), tone=lambda p: "bad" if overdue(p) else TONES[p.state],
        ),
        Column("ends_on", gettext_lazy("完成期限"), lambda p: p.ends_on, sort=("ends_on",), kind="date"),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action)
        return rows.select_related("manager__unit", "sheet__cycle", "signed_by").annotate(
            courses=Count("items"),
            finished=Count("items", filter=Q(items__state=ItemState.COMPLETED)),
            hours=Sum("items__course__hours"),
            cost=Sum("items__course__cost"),
        )

    def subtitle(self, request: Any, total: int) -> Text:
        reached = request.user.access.reaches(PLAN_LIST)
        if all(one.reach is Reach.SELF for one in reached):
            return _("本人")
        return covered(request.user, PLAN_LIST)

    def object_title(self, instance: Any) -> str:
        return _("%(name)s %(period)s 培训计划") % {
            "name": instance.manager.name,
            "period": instance.sheet.cycle.period,
        }

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(number)s · %(unit)s · %(state)s") % {
            "number": instance.manager.employee_no, "unit": instance.manager.unit.name,
            "state": _("已逾期") if overdue(instance) else instance.get_state_display(),
        }  # fmt: skip

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        return [
            {"label": _("课程"), "value": _("%(done)d / %(all)d 门完成") % {"done": instance.finished, "all": instance.courses}},
            {"label": _("学时"), "value": instance.hours},
            {"label": _("费用"), "value": money(instance.cost or 0)},
            {"label": _("完成期限"), "value": cn_date(instance.ends_on)},
        ]  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """What this reader can do with this very plan as it stands; one query."""
        asked = {
            function for function in (PLAN_ACCEPT, PLAN_SIGN, PLAN_PROPOSE) if may(request.user, function)
        }
        reached = self.within_reach(request.user, asked, instance)
        open_, actions = instance.state in OPEN, []
        if PLAN_PROPOSE in reached and open_:
            actions.append(Action(_("终止"), reverse("training_plan_drop", args=[instance.pk]), danger=True))
        if PLAN_PROPOSE in reached and instance.state == PlanState.PROPOSED:
            actions.append(
                Action(_("加课程"), reverse("training_plan_item_add", args=[instance.pk]), icon="plus")
            )
        if instance.state == PlanState.PROPOSED:
            own = getattr(request.user, "employee_no", None) == instance.manager.employee_no
            if PLAN_SIGN in reached and instance.signed_at is None and not own:
                actions.append(
                    Action(_("主管同意"), reverse("training_plan_sign", args=[instance.pk]), primary=True)
                )
            if PLAN_ACCEPT in reached and instance.accepted_at is None:
                actions.append(
                    Action(_("本人同意"), reverse("training_plan_accept", args=[instance.pk]), primary=True)
                )
        return actions


PLANS = PlanResource()
