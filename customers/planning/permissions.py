"""Functions on allocation plans (reliability-security 2.1: assignment plan, approve, rebalance run)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

PLAN_VIEW = declare(
    "customers.plans.view",
    "查看分客方案",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR,),
    scope="allocation-plans:read",
)
REBALANCE = declare("customers.plans.rebalance", "运行客户再平衡", everywhere=(Role.CMD,))
PLAN_EDIT = declare("customers.plans.edit", "调整与提交分客方案", everywhere=(Role.CMD,))
