"""Functions on declarations of relatives and interests (MGR-13)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

# Everybody in business declares his own; human resources read and record them.
DECLARATION_OWN = declare(
    "conduct.declaration.own",
    "申报本人利益关系",
    own=(Role.HRH, Role.HRB, Role.MGR, Role.LDR, Role.CM, Role.CMD, Role.DA, Role.TRN),
)
DECLARATION_VIEW = declare(
    "conduct.declaration.view", "查看利益申报", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
DECLARATION_EDIT = declare(
    "conduct.declaration.edit", "登记利益申报", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
