"""Functions on deputies (代理). To-dos and messages need none: everybody signed in has his own."""

from cmsys.access.functions import declare
from cmsys.access.roles import SEPARATION, Role

BUSINESS = tuple(role for role in Role if role not in SEPARATION)
# Everybody in business sees whom he stands in for, and names his own deputy.
DEPUTY_OWN = declare("org.deputies.own", "指定本人代理人", own=BUSINESS)
# Human resources record one for somebody who is away and could not.
DEPUTY_EDIT = declare("org.deputies.edit", "为他人登记代理", everywhere=(Role.HRH,), subtree=(Role.HRB,))
