"""Functions on contracts, transactions and opportunities (reliability-security 2.1: performance data)."""

from typing import Any

from cmsys.access.functions import declare
from cmsys.access.roles import Role

RECORDS: dict[str, Any] = {
    "everywhere": (Role.HRH, Role.CMD, Role.DA),
    "subtree": (Role.HRB, Role.MGR, Role.LDR),
    "own": (Role.CM,),
}
TRANSACTION_VIEW = declare("customers.transactions.view", "查看交易", scope="transactions:read", **RECORDS)
CONTRACT_VIEW = declare("customers.contracts.view", "查看合同", scope="contracts:read", **RECORDS)
OPPORTUNITY_VIEW = declare("customers.opportunities.view", "查看商机", scope="opportunities:read", **RECORDS)
RECORDS_IMPORT = declare(
    "customers.records.import",
    "导入合同、交易、商机",
    everywhere=(Role.HRH, Role.DA),
    subtree=(Role.HRB,),
)
RECORDS_EXPORT = declare(
    "customers.records.export", "导出合同、交易、商机", everywhere=(Role.HRH, Role.DA), subtree=(Role.HRB,)
)
