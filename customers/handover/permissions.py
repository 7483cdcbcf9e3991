"""Functions on handovers and first contacts (reliability-security 2.1: assignment, execution of a plan)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

# A handover is read by both sides: within reach are those whose giver or whose taker is.
HANDOVER_VIEW = declare(
    "customers.handovers.view",
    "查看客户移交",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR, Role.LDR),
    own=(Role.CM,),
    scope="handovers:read",
)
HANDOVER_SIGN = declare("customers.handovers.sign", "签署本人的客户移交", own=(Role.CM,))
# In the place of a giver who has left, has no account or does not sign in time; measured by the giver's unit.
HANDOVER_STAND_IN = declare(
    "customers.handovers.stand_in", "代移交人签署客户移交", subtree=(Role.MGR,), delegable=True
)
# Measured by the taker's unit.
HANDOVER_WATCH = declare("customers.handovers.watch", "监交客户移交", subtree=(Role.MGR,), delegable=True)
HANDOVER_ARRANGE = declare(
    "customers.handovers.arrange", "确定客户移交方式", subtree=(Role.MGR,), delegable=True
)
FIRST_CONTACT_VIEW = declare(
    "customers.first_contacts.view",
    "查看首次联系",
    everywhere=(Role.CMD,),
    subtree=(Role.MGR, Role.LDR),
    own=(Role.CM,),
    scope="handovers:read",
)
FIRST_CONTACT_RECORD = declare("customers.first_contacts.record", "记录首次联系", own=(Role.CM,))
