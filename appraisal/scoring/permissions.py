"""Functions on score sheets (reliability-security 2.1: grade results, grade run)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

SHEET_LIST = declare(
    "appraisal.sheets.list", "查询考核结果", everywhere=(Role.HRH,), subtree=(Role.HRB, Role.MGR)
)
SHEET_VIEW = declare(
    "appraisal.sheets.view",
    "查看考核表",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
    scope="score-sheets:read",
)
SHEET_EXPORT = declare("appraisal.sheets.export", "导出考核结果", everywhere=(Role.HRH,), subtree=(Role.HRB,))
REGRADE = declare("appraisal.scoring.regrade", "运行定级", everywhere=(Role.HRH,))
SHEET_MINE = declare("appraisal.sheets.mine", "查看本人考核", own=(Role.CM,))
