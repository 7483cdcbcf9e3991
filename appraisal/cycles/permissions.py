"""Functions on appraisal cycles (reliability-security 2.1: grade run)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

CYCLE_VIEW = declare(
    "appraisal.cycles.view",
    "查看考核周期",
    everywhere=(Role.HRH, Role.HRB, Role.MGR, Role.CM, Role.CMD),
    scope="cycles:read",
)
CYCLE_EDIT = declare("appraisal.cycles.edit", "开启、关闭考核周期与定级计划", everywhere=(Role.HRH,))
MEMBER_VIEW = declare(
    "appraisal.cycles.members", "查看参评名单", everywhere=(Role.HRH,), subtree=(Role.HRB, Role.MGR)
)
