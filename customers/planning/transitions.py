"""The machine of a plan: docs/states/allocation_plan.md shows the same table."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cmsys.workflow.transitions import Machine, Transition
from customers.planning.choices import PlanState as P
from customers.planning.permissions import PLAN_AGREE, PLAN_APPLY, PLAN_APPROVE, PLAN_EDIT, REBALANCE

# Who has decided on one level decides on no other.
PROPOSED, SIDES, HEAD = "propose", "sides", "head"

PLAN = Machine(
    "allocation_plan",
    dict(P.choices),
    Transition("draft", _("生成草案"), frozenset({P.COMPUTING}), P.DRAFT, None),
    Transition("impossible", _("无法满足"), frozenset({P.COMPUTING}), P.IMPOSSIBLE, None),
    Transition("fail", _("计算失败"), frozenset({P.COMPUTING}), P.FAILED, None),
    Transition("choose", _("调整"), frozenset({P.DRAFT}), P.DRAFT, PLAN_EDIT),
    Transition("again", _("按选择重算"), frozenset({P.DRAFT, P.IMPOSSIBLE}), P.COMPUTING, REBALANCE),
    Transition("submit", _("提交审批"), frozenset({P.DRAFT}), P.REVIEWING, PLAN_EDIT, level=PROPOSED),
    # One side says what it thinks of some lines; the last answer hands the plan to the head.
    Transition("answer", _("审核"), frozenset({P.REVIEWING}), P.REVIEWING, PLAN_AGREE, level=SIDES),
    Transition("complete", _("部门审核完毕"), frozenset({P.REVIEWING}), P.DECIDING, None),
    Transition("recall", _("撤回"), frozenset({P.REVIEWING, P.DECIDING}), P.DRAFT, PLAN_EDIT, reason=True),
    Transition("return", _("退回"), frozenset({P.REVIEWING, P.DECIDING}), P.DRAFT, PLAN_APPROVE, reason=True, level=HEAD),
    Transition("approve", _("批准"), frozenset({P.DECIDING}), P.APPROVED, PLAN_APPROVE, level=HEAD),
    Transition("apply", _("执行"), frozenset({P.APPROVED}), P.APPLYING, PLAN_APPLY),
    Transition("applied", _("执行完毕"), frozenset({P.APPLYING}), P.APPLIED, None),
    Transition("revert", _("撤回已执行的方案"), frozenset({P.APPLIED}), P.REVERTING, PLAN_APPLY, reason=True),
    Transition("reverted", _("撤回完毕"), frozenset({P.REVERTING}), P.REVERTED, None),
    Transition(
        "discard", _("放弃"), frozenset({P.COMPUTING, P.DRAFT, P.IMPOSSIBLE, P.FAILED, P.APPROVED}), P.DISCARDED, PLAN_EDIT,
        reason=True,
    ),
)  # fmt: skip
