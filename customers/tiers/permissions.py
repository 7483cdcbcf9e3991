"""Functions on tier rules, their runs and the changes these propose (reliability-security 2.1: customer tier)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

SCOPE = "customer-tiers:read"

RULE_VIEW = declare(
    "customers.tier_rules.view",
    "查看分级规则",
    everywhere=(Role.CMD, Role.HRH, Role.MGR, Role.LDR),
    scope=SCOPE,
)
RULE_EDIT = declare("customers.tier_rules.edit", "维护分级规则", everywhere=(Role.CMD,))
RULE_ADOPT = declare("customers.tier_rules.adopt", "采用分级规则", everywhere=(Role.CMD,))
RUN_VIEW = declare(
    "customers.tier_runs.view",
    "查看分级批次",
    everywhere=(Role.CMD, Role.HRH, Role.MGR, Role.LDR),
    scope=SCOPE,
)
RUN_START = declare("customers.tier_runs.start", "运行客户分级", everywhere=(Role.CMD,))
RUN_DECIDE = declare("customers.tier_runs.decide", "采用或放弃分级建议", everywhere=(Role.CMD,))
# Rows name customers: whoever may not list customers sees figures only.
CHANGE_LIST = declare(
    "customers.tier_changes.list",
    "查询分级变动",
    everywhere=(Role.CMD, Role.DA),
    subtree=(Role.MGR, Role.LDR),
)
CHANGE_VIEW = declare(
    "customers.tier_changes.view",
    "查看分级变动",
    everywhere=(Role.CMD, Role.DA),
    subtree=(Role.MGR, Role.LDR),
    own=(Role.CM,),
    scope=SCOPE,
)
