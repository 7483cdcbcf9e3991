"""Functions on posts; viewing and editing them goes with the organisation (cmsys.org.permissions)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

POSTS_IMPORT = declare("careers.post.import", "导入岗位", everywhere=(Role.HRH,))
