"""Functions on notices, objections and service (reliability-security 2.1: grade change review, appeals).

System, security and audit administrators see no business data, so none of them reads a notice.
"""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

_STAFF = (Role.HRH, Role.HRB, Role.MGR, Role.LDR, Role.CM, Role.CMD, Role.DA, Role.TRN)

# Whoever is only in the audience reads what is running (models.NoticeQuerySet); human resources also prepare it.
NOTICE_READ = declare(
    "appraisal.notices.read",
    "查看公示",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB,),
    own=(Role.MGR, Role.LDR, Role.CM, Role.CMD, Role.DA, Role.TRN),
)
NOTICE_EDIT = declare(
    "appraisal.notices.edit", "起草与发布公示", everywhere=(Role.HRH,), subtree=(Role.HRB,), delegable=True
)
OBJECTION_LODGE = declare("appraisal.objections.lodge", "提出公示异议", own=_STAFF)
# Everybody reads what he lodged himself, human resources what they have to answer.
OBJECTION_VIEW = declare(
    "appraisal.objections.view",
    "查看公示异议",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB,),
    own=(Role.MGR, Role.LDR, Role.CM, Role.CMD, Role.DA, Role.TRN),
)
OBJECTION_HANDLE = declare(
    "appraisal.objections.handle",
    "办理公示异议",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB,),
    delegable=True,
)
SERVICE_LIST = declare(
    "appraisal.served.list", "查询送达", everywhere=(Role.HRH,), subtree=(Role.HRB, Role.MGR)
)
SERVICE_VIEW = declare(
    "appraisal.served.view",
    "查看送达",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
)
SERVICE_SERVE = declare(
    "appraisal.served.serve", "送达等级变更", everywhere=(Role.HRH,), subtree=(Role.HRB,), delegable=True
)
SERVICE_SIGN = declare("appraisal.served.sign", "签收本人送达", own=(Role.CM, Role.MGR))
APPOINTMENT_PRINT = declare(
    "appraisal.appointments.print",
    "打印聘任通知",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
)
