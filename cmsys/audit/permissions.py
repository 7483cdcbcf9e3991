"""Functions of the ledger (reliability-security 2.1): read by the security auditor, changed by nobody."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

LEDGER_VIEW = declare("audit.ledger.view", "查看操作日志与登录日志", everywhere=(Role.AUD,))
