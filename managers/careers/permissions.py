"""Functions on posts and grades; viewing and editing posts goes with the organisation (cmsys.org.permissions)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

POSTS_IMPORT = declare("careers.post.import", "导入岗位", everywhere=(Role.HRH,))
GRADE_VIEW = declare(
    "careers.grade.view",
    "查看等级阶梯",
    everywhere=(Role.HRH, Role.HRB, Role.MGR, Role.LDR, Role.CM, Role.CMD, Role.TRN),
)
GRADE_EDIT = declare("careers.grade.edit", "维护等级阶梯", everywhere=(Role.HRH,))
