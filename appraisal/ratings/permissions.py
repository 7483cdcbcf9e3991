"""Functions on ability ratings (reliability-security 2.1: ability scoring)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

RATING_VIEW = declare(
    "appraisal.ratings.view",
    "查看能力评分",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB, Role.MGR),
    own=(Role.CM,),
    scope="ratings:read",
)
RATING_GIVE = declare("appraisal.ratings.give", "给下属评分", subtree=(Role.MGR,))
RATING_SELF = declare("appraisal.ratings.self", "自评", own=(Role.CM,))
RATING_PROGRESS = declare(
    "appraisal.ratings.progress", "查看评分进度", everywhere=(Role.HRH,), subtree=(Role.HRB, Role.MGR)
)
RATING_IMPORT = declare(
    "appraisal.ratings.import", "导入能力评分", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
RATING_EXPORT = declare(
    "appraisal.ratings.export", "导出能力评分", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
