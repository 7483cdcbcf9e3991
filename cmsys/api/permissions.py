"""Functions of the API's administration (reliability-security 2.1: API client)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

CLIENT_VIEW = declare("api.client.view", "查看接口客户端", everywhere=(Role.SYS, Role.SEC, Role.AUD))
CLIENT_EDIT = declare("api.client.edit", "维护接口客户端", everywhere=(Role.SYS,))
CLIENT_APPROVE = declare("api.client.approve", "核准接口客户端的权限", everywhere=(Role.SEC,))
# Whoever refuses the rights of a client stops it; and in an emergency either of the two does.
CLIENT_REVOKE = declare("api.client.revoke", "停用接口客户端", everywhere=(Role.SYS, Role.SEC))
