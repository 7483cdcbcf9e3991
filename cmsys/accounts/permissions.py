"""Functions of account administration (reliability-security 2.1)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

USER_VIEW = declare("accounts.user.view", "查看账号", everywhere=(Role.SYS, Role.SEC))
USER_EDIT = declare("accounts.user.edit", "维护账号", everywhere=(Role.SYS,))
