"""Functions of the organisation and of administration (reliability-security 2.1, first rows)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

UNIT_VIEW = declare(
    "org.unit.view",
    "查看机构与岗位",
    everywhere=(Role.SYS, Role.HRH, Role.CMD, Role.DA, Role.TRN),
    # A CM reads the names of units, in his own profile; the pages are not his (2.1).
    subtree=(Role.HRB, Role.MGR, Role.LDR),
    scope="org:read",
)
UNIT_EDIT = declare("org.unit.edit", "维护机构与岗位", everywhere=(Role.SYS, Role.HRH))
GRANT_EDIT = declare("accounts.grant.edit", "授予与收回角色", everywhere=(Role.SEC,))
