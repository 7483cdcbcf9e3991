"""Functions on allocation policies, staff evaluation sheets and rules for single customers (2.1: assignment plan)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

POLICY_VIEW = declare(
    "customers.policies.view",
    "查看分客政策",
    everywhere=(Role.CMD, Role.HRH),
    subtree=(Role.MGR, Role.HRB, Role.LDR),
)
POLICY_EDIT = declare("customers.policies.edit", "维护分客政策", everywhere=(Role.CMD,))
EVALUATION_LIST = declare(
    "customers.evaluations.list",
    "查询员工评估",
    everywhere=(Role.CMD, Role.HRH),
    subtree=(Role.HRB, Role.MGR, Role.LDR),
)
EVALUATION_VIEW = declare(
    "customers.evaluations.view",
    "查看员工评估",
    everywhere=(Role.CMD, Role.HRH),
    subtree=(Role.HRB, Role.MGR, Role.LDR),
    own=(Role.CM,),
)
EVALUATION_DRAFT = declare(
    "customers.evaluations.draft", "编制员工评估", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
# 004 五（三）: human resources and the head of the department each confirm.
EVALUATION_HR = declare(
    "customers.evaluations.confirm_hr", "确认员工评估（人力资源）", everywhere=(Role.HRH,), subtree=(Role.HRB,),
    delegable=True,
)  # fmt: skip
EVALUATION_HEAD = declare(
    "customers.evaluations.confirm_head", "确认员工评估（部门主管）", subtree=(Role.MGR,), delegable=True
)
RULE_VIEW = declare(
    "customers.allocation_rules.view",
    "查看客户特别约定",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR, Role.LDR),
)
RULE_EDIT = declare("customers.allocation_rules.edit", "登记客户特别约定", everywhere=(Role.CMD,))
