"""Functions on allocation plans (reliability-security 2.1: assignment plan, approve, rebalance run)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

PLAN_VIEW = declare(
    "customers.plans.view",
    "查看分客方案",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR, Role.LDR),
    scope="allocation-plans:read",
)
REBALANCE = declare("customers.plans.rebalance", "运行客户再平衡", everywhere=(Role.CMD,))
PLAN_EDIT = declare("customers.plans.edit", "调整与提交分客方案", everywhere=(Role.CMD,))
# 004 五（四）: the departments concerned and the head above them both.
PLAN_AGREE = declare(
    "customers.plans.agree", "审核分客方案（移出方、接收方）", subtree=(Role.MGR,), delegable=True
)
PLAN_APPROVE = declare("customers.plans.approve", "审批分客方案", subtree=(Role.LDR,), delegable=True)
PLAN_APPLY = declare("customers.plans.apply", "执行与撤回分客方案", everywhere=(Role.CMD,))
