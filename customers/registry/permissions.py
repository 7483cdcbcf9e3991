"""Functions on customers and their owners (reliability-security 2.1: customer list, detail, edit)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

CUSTOMER_LIST = declare(
    "customers.registry.list",
    "查询客户名单",
    everywhere=(Role.CMD, Role.DA),
    subtree=(Role.MGR, Role.LDR),
    own=(Role.CM,),
)
CUSTOMER_VIEW = declare(
    "customers.registry.view",
    "查看客户资料",
    everywhere=(Role.CMD, Role.DA),
    subtree=(Role.MGR, Role.LDR),
    own=(Role.CM,),
    scope="customers:read",
)
CUSTOMER_COUNT = declare(
    "customers.registry.count",
    "查看客户数量",
    everywhere=(Role.HRH, Role.CMD, Role.DA),
    subtree=(Role.HRB, Role.MGR, Role.LDR),
    own=(Role.CM,),
)
CUSTOMER_CLEAR = declare("customers.registry.clear", "查看客户敏感信息（不打码）", own=(Role.CM,))
CUSTOMER_REVEAL = declare(
    "customers.registry.reveal",
    "查看客户敏感信息原文（记录原因）",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR,),
    own=(Role.CM,),
)
CUSTOMER_EDIT = declare("customers.registry.edit", "维护客户资料", everywhere=(Role.DA,), own=(Role.CM,))
CUSTOMER_IMPORT = declare("customers.registry.import", "导入客户与归属", everywhere=(Role.CMD, Role.DA))
CUSTOMER_EXPORT = declare(
    "customers.registry.export", "导出客户名单（打码）", everywhere=(Role.CMD, Role.DA), subtree=(Role.MGR,)
)
ASSIGNMENT_EDIT = declare("customers.registry.assign", "登记客户归属", everywhere=(Role.CMD,))
CUSTOMER_TIER = declare("customers.registry.tier", "评定客户分级", everywhere=(Role.CMD, Role.DA))
