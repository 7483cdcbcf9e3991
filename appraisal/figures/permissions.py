"""Functions on targets and readings (reliability-security 2.1: performance data)."""

from typing import Any

from cmsys.access.functions import declare
from cmsys.access.roles import Role

_READERS: dict[str, Any] = {
    "everywhere": (Role.HRH, Role.CMD),
    "subtree": (Role.HRB, Role.MGR),
    "own": (Role.CM,),
}
TARGET_VIEW = declare("appraisal.targets.view", "查看目标", scope="targets:read", **_READERS)
READING_VIEW = declare("appraisal.readings.view", "查看指标值", scope="readings:read", **_READERS)
FIGURES_EDIT = declare(
    "appraisal.figures.edit",
    "维护目标与指标值",
    everywhere=(Role.HRH,),
    subtree=(Role.HRB,),
    scope="perf:write",
)
FIGURES_IMPORT = declare(
    "appraisal.figures.import", "导入目标与指标值", everywhere=(Role.HRH, Role.DA), subtree=(Role.HRB,)
)
FIGURES_EXPORT = declare(
    "appraisal.figures.export", "导出目标与指标值", everywhere=(Role.HRH,), subtree=(Role.HRB,)
)
