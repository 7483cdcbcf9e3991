"""Functions on training plans (reliability-security 2.1: courses, plans, exams)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

PLAN_LIST = declare(
    "training.plans.list", "查询培训计划", everywhere=(Role.HRH, Role.TRN), subtree=(Role.HRB, Role.MGR)
)
PLAN_VIEW = declare(
    "training.plans.view",
    "查看培训计划",
    everywhere=(Role.HRH, Role.TRN),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
    scope="training:read",
)
PLAN_PROPOSE = declare("training.plans.propose", "拟定培训计划", everywhere=(Role.TRN,), subtree=(Role.MGR,))
PLAN_SIGN = declare("training.plans.sign", "主管同意培训计划", subtree=(Role.MGR,), delegable=True)
PLAN_ACCEPT = declare("training.plans.accept", "本人同意培训计划", own=(Role.CM,))
PLAN_TRACK = declare("training.plans.track", "登记培训结果", everywhere=(Role.TRN,), subtree=(Role.MGR,))
PLAN_EXPORT = declare(
    "training.plans.export", "导出培训计划", everywhere=(Role.HRH, Role.TRN), subtree=(Role.HRB,)
)
