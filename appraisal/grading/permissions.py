"""Functions on grade decisions (reliability-security 2.1: grade change review, grade results)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

ROUND_VIEW = declare("appraisal.rounds.view", "查看定级批次", everywhere=(Role.HRH, Role.HRB, Role.MGR))
ROUND_EDIT = declare("appraisal.rounds.edit", "提交与办结定级批次", everywhere=(Role.HRH,))
DECISION_LIST = declare(
    "appraisal.decisions.list",
    "查询等级变更",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    delegable=True,
)
DECISION_VIEW = declare(
    "appraisal.decisions.view",
    "查看等级变更",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
    scope="grade-decisions:read",
    delegable=True,
)
DECISION_EXPORT = declare(
    "appraisal.decisions.export", "导出等级变更", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
# First level: the supervisor of the person's unit.
DECISION_REVIEW = declare("appraisal.decisions.review", "复核等级变更", subtree=(Role.MGR,), delegable=True)
# Second level: human resources.
DECISION_CONFIRM = declare(
    "appraisal.decisions.confirm", "审定等级变更", everywhere=(Role.HRH,), subtree=(Role.HRB,), delegable=True
)
DECISION_WITHDRAW = declare("appraisal.decisions.withdraw", "撤销等级变更", everywhere=(Role.HRH,))
# What clients read (interfaces 5): published grades, and with the second scope also what is still being decided.
GRADE_READ = declare("appraisal.grades.read", "读取等级（已公布）", scope="grades:read")
GRADE_READ_UNPUBLISHED = declare(
    "appraisal.grades.read_unpublished", "读取等级（含未公布）", scope="grades:read_unpublished"
)
