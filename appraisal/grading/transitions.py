"""The machine of a grade decision: docs/states/grade_decision.md shows the same table."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from appraisal.grading.choices import DecisionState as S
from appraisal.grading.permissions import DECISION_CONFIRM, DECISION_REVIEW, DECISION_WITHDRAW, ROUND_EDIT
from cmsys.workflow.transitions import Machine, Transition

REVIEW, CONFIRM, OBJECTION, APPEAL = "review", "confirm", "objection", "appeal"
BEFORE_EFFECT = frozenset(
    {S.IN_REVIEW, S.RETURNED, S.REVIEWED, S.CONFIRMED, S.ON_NOTICE, S.SERVED, S.CLEARED}
)

DECISION = Machine(
    "grade_decision",
    dict(S.choices),
    Transition("submit", _("提交复核"), frozenset({S.DRAFTED}), S.IN_REVIEW, ROUND_EDIT),
    # --- first level: the supervisor ---
    Transition("approve", _("通过"), frozenset({S.IN_REVIEW}), S.REVIEWED, DECISION_REVIEW, level=REVIEW),
    Transition("amend", _("调整后通过"), frozenset({S.IN_REVIEW}), S.REVIEWED, DECISION_REVIEW, reason=True, level=REVIEW),
    Transition("return", _("退回"), frozenset({S.IN_REVIEW}), S.RETURNED, DECISION_REVIEW, reason=True, level=REVIEW),
    Transition("delegate", _("转办"), frozenset({S.IN_REVIEW}), S.IN_REVIEW, DECISION_REVIEW, reason=True),
    # --- second level: human resources ---
    Transition("resubmit", _("答复并重新提交"), frozenset({S.RETURNED}), S.IN_REVIEW, DECISION_CONFIRM, reason=True),
    Transition("send_back", _("退回复核"), frozenset({S.REVIEWED}), S.IN_REVIEW, DECISION_CONFIRM, reason=True),
    Transition("confirm", _("审定"), frozenset({S.REVIEWED}), S.CONFIRMED, DECISION_CONFIRM, level=CONFIRM),
    Transition("publish", _("公示"), frozenset({S.CONFIRMED}), S.ON_NOTICE, DECISION_CONFIRM),
    Transition("serve", _("送达"), frozenset({S.CONFIRMED}), S.SERVED, DECISION_CONFIRM),
    Transition("withdraw", _("撤销"), BEFORE_EFFECT, S.WITHDRAWN, DECISION_WITHDRAW, reason=True),
    # --- the system: the notice has passed, the day has come, the ground has moved ---
    Transition("clear", _("公示期满"), frozenset({S.ON_NOTICE}), S.CLEARED, None),
    Transition("uphold", _("异议成立，退回复核"), frozenset({S.ON_NOTICE}), S.IN_REVIEW, None, reason=True, level=OBJECTION),
    Transition("take_effect", _("生效"), frozenset({S.CONFIRMED, S.SERVED, S.CLEARED}), S.EFFECTIVE, None),
    Transition("supersede", _("被取代"), frozenset({S.EFFECTIVE}), S.SUPERSEDED, None),
    Transition("void", _("数据变动，原意见作废"), BEFORE_EFFECT, S.IN_REVIEW, None),
    # An appeal that was upheld after the day: the better grade stands from then on.
    Transition("correct", _("申诉成立，更正"), frozenset({S.EFFECTIVE}), S.EFFECTIVE, None, reason=True, level=APPEAL),
)  # fmt: skip
