"""Functions on service tickets (reliability-security 2.1: complaint, satisfaction)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

TICKET_VIEW = declare(
    "customers.tickets.view",
    "查看服务工单",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR, Role.LDR),
    own=(Role.CM,),
    scope="tickets:read",
)
TICKET_IMPORT = declare("customers.tickets.import", "导入服务工单", everywhere=(Role.CMD,))
TICKET_EXPORT = declare(
    "customers.tickets.export", "导出服务工单", everywhere=(Role.CMD,), subtree=(Role.MGR,)
)
