"""Functions on relationship managers (reliability-security 2.1: profile, personal data, import)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

MANAGER_LIST = declare(
    "managers.profile.list",
    "查询客户经理名册",
    everywhere=(Role.HRH, Role.CMD, Role.TRN),
    subtree=(Role.HRB, Role.MGR, Role.LDR),
)
MANAGER_VIEW = declare(
    "managers.profile.view",
    "查看客户经理档案",
    everywhere=(Role.HRH, Role.CMD, Role.TRN),
    subtree=(Role.HRB, Role.MGR, Role.LDR),
    own=(Role.CM,),
    scope="managers:read",
)
PERSONAL_VIEW = declare(
    "managers.profile.personal",
    "查看客户经理个人信息（打码）",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
)
MANAGER_EDIT = declare(
    "managers.profile.edit", "维护客户经理档案", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
MANAGER_EXPORT = declare(
    "managers.profile.export", "导出客户经理名册", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
MANAGER_IMPORT = declare(
    "managers.profile.import", "导入客户经理", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
MANAGER_REVEAL = declare(
    "managers.profile.reveal",
    "查看客户经理个人信息原文",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB,),
    own=(Role.CM,),
)
MOBILE_REVEAL = declare(
    "managers.profile.reveal_mobile",
    "查看客户经理手机号原文",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
)
CONTACT_EDIT = declare("managers.profile.contact", "维护本人联系方式", own=(Role.CM,))
