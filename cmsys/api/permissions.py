"""Functions of the API's administration."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

CLIENT_EDIT = declare("api.client.edit", "维护接口客户端", everywhere=(Role.SYS,))
