"""The machines of appeals and improvement plans: docs/states/appeal.md and improvement_plan.md show the same tables."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from appraisal.appeals.choices import AppealState as A
from appraisal.appeals.choices import PlanState as P
from appraisal.appeals.permissions import (
    APPEAL_COMMENT,
    APPEAL_HANDLE,
    APPEAL_LODGE,
    PLAN_CANCEL,
    PLAN_EDIT,
    PLAN_SIGN,
)
from cmsys.workflow.transitions import Machine, Transition

HEAR = "hear"

APPEAL = Machine(
    "appeal",
    dict(A.choices),
    Transition("withdraw", _("撤回申诉"), frozenset({A.LODGED, A.HEARING}), A.WITHDRAWN, APPEAL_LODGE),
    # A statement of the supervisor, while nobody hears the appeal yet and while somebody does.
    Transition("comment", _("提交说明"), frozenset({A.LODGED}), A.LODGED, APPEAL_COMMENT, reason=True),
    Transition("remark", _("提交说明"), frozenset({A.HEARING}), A.HEARING, APPEAL_COMMENT, reason=True),
    Transition("accept", _("受理"), frozenset({A.LODGED}), A.HEARING, APPEAL_HANDLE, level=HEAR),
    Transition("release", _("转出"), frozenset({A.HEARING}), A.LODGED, APPEAL_HANDLE, reason=True),
    Transition("stay", _("暂缓生效"), frozenset({A.HEARING}), A.HEARING, APPEAL_HANDLE, reason=True, level=HEAR),
    Transition("resume", _("解除暂缓"), frozenset({A.HEARING}), A.HEARING, APPEAL_HANDLE, reason=True, level=HEAR),
    Transition("decide", _("答复"), frozenset({A.HEARING}), A.DECIDED, APPEAL_HANDLE, reason=True, level=HEAR),
)  # fmt: skip

PLAN = Machine(
    "improvement_plan",
    dict(P.choices),
    Transition("issue", _("签字并送本人签署"), frozenset({P.DRAFT}), P.SIGNING, PLAN_EDIT),
    Transition("recall", _("收回修改"), frozenset({P.SIGNING}), P.DRAFT, PLAN_EDIT, reason=True),
    Transition("sign", _("签署"), frozenset({P.SIGNING}), P.ACTIVE, PLAN_SIGN),
    Transition("refusal", _("登记本人拒签"), frozenset({P.SIGNING}), P.ACTIVE, PLAN_EDIT, reason=True),
    Transition("pass", _("认定通过"), frozenset({P.ACTIVE}), P.PASSED, PLAN_EDIT, reason=True),
    Transition("fail", _("认定未通过"), frozenset({P.ACTIVE}), P.FAILED, PLAN_EDIT, reason=True),
    Transition("extend", _("延长"), frozenset({P.ACTIVE}), P.ACTIVE, PLAN_EDIT, reason=True),
    Transition("cancel", _("取消"), frozenset({P.DRAFT, P.SIGNING, P.ACTIVE}), P.CANCELLED, PLAN_CANCEL, reason=True),
)  # fmt: skip
