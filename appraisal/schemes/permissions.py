"""Functions on appraisal schemes (reliability-security 2.1: grade model version)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

SCHEME_VIEW = declare(
    "appraisal.schemes.view",
    "查看考核方案",
    everywhere=(Role.HRH, Role.HRB, Role.MGR, Role.CM),
    scope="schemes:read",
)
SCHEME_EDIT = declare("appraisal.schemes.edit", "维护考核方案", everywhere=(Role.HRH,))
