"""The machines of a notice and of an objection: docs/states/public_notice.md and objection.md show the same tables."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from appraisal.notices.choices import NoticeState as N
from appraisal.notices.choices import ObjectionState as O
from appraisal.notices.permissions import NOTICE_EDIT, OBJECTION_HANDLE
from cmsys.workflow.transitions import Machine, Transition

# Who answers an objection decides on a level of its own: neither reviewer nor confirmer may.
OBJECTION_LEVEL = "objection"

NOTICE = Machine(
    "public_notice",
    dict(N.choices),
    Transition("change", _("修改草稿"), frozenset({N.DRAFT}), N.DRAFT, NOTICE_EDIT),
    Transition("discard", _("作废草稿"), frozenset({N.DRAFT}), N.WITHDRAWN, NOTICE_EDIT, reason=True),
    Transition("publish", _("发布"), frozenset({N.DRAFT}), N.PUBLISHED, NOTICE_EDIT),
    # --- the system: every line has been cleared or struck, or none is left ---
    Transition("end", _("公示结束"), frozenset({N.PUBLISHED}), N.ENDED, None),
    Transition("withdraw", _("撤下"), frozenset({N.DRAFT, N.PUBLISHED}), N.WITHDRAWN, None),
)  # fmt: skip

OBJECTION = Machine(
    "notice_objection",
    dict(O.choices),
    Transition(
        "reject", _("异议不成立"), frozenset({O.OPEN}), O.REJECTED, OBJECTION_HANDLE, reason=True, level=OBJECTION_LEVEL,
    ),
    Transition(
        "uphold", _("异议成立"), frozenset({O.OPEN}), O.UPHELD, OBJECTION_HANDLE, reason=True, level=OBJECTION_LEVEL,
    ),
    # --- the system: what was objected to is on notice no more ---
    Transition("close", _("终止"), frozenset({O.OPEN}), O.MOOT, None),
)  # fmt: skip
