"""Functions on the catalogue (reliability-security 2.1: courses, plans, exams)."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

COURSE_VIEW = declare(
    "training.courses.view",
    "查看培训课程",
    everywhere=(Role.HRH, Role.HRB, Role.MGR, Role.CM, Role.TRN),
    scope="training:read",
)
COURSE_EDIT = declare("training.courses.edit", "维护培训课程", everywhere=(Role.TRN,))
