"""Functions on appeals and improvement plans (reliability-security 2.1: appeal, grade change review)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

APPEAL_VIEW = declare(
    "appraisal.appeals.view",
    "查看申诉",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
    scope="appeals:read",
    delegable=True,
)
APPEAL_LODGE = declare("appraisal.appeals.lodge", "提出与撤回申诉", own=(Role.CM,))
APPEAL_COMMENT = declare("appraisal.appeals.comment", "对申诉作说明", subtree=(Role.MGR,), delegable=True)
APPEAL_HANDLE = declare(
    "appraisal.appeals.handle", "办理申诉", everywhere=(Role.HRH,), subtree=(Role.HRB,), delegable=True
)
APPEAL_WATCH = declare("appraisal.appeals.watch", "催办逾期申诉", everywhere=(Role.HRH,))

PLAN_VIEW = declare(
    "appraisal.plans.view",
    "查看改进计划",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
    scope="improvement-plans:read",
    delegable=True,
)
PLAN_EDIT = declare("appraisal.plans.edit", "拟定与检查改进计划", subtree=(Role.MGR,), delegable=True)
PLAN_SIGN = declare("appraisal.plans.sign", "签署本人的改进计划", own=(Role.CM,))
PLAN_CANCEL = declare("appraisal.plans.cancel", "取消改进计划", everywhere=(Role.HRH,), subtree=(Role.HRB,))
