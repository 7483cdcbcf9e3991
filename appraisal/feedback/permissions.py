"""Functions on the answer to a score sheet and on feedback interviews (APP-10)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

SHEET_SIGN = declare("appraisal.feedback.sign", "签收本人考核表", own=(Role.CM,))
MY_GRADE = declare("appraisal.feedback.mine", "查看本人等级", own=(Role.CM,))
FEEDBACK_LIST = declare(
    "appraisal.feedback.list", "查看签收与面谈进度", everywhere=(Role.HRH,), subtree=(Role.HRB, Role.MGR)
)
FEEDBACK_EXPORT = declare(
    "appraisal.feedback.export", "导出签收与面谈进度", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
# A talk and its record are the supervisor's own: no deputy has it for him.
FEEDBACK_GIVE = declare("appraisal.feedback.give", "登记拒签与反馈面谈", subtree=(Role.MGR,))
