"""Functions of the job room (reliability-security 2.1): the system administrator sees all jobs, everyone his own."""

from cmsys.access.functions import declare
from cmsys.access.roles import Role

_OTHERS = tuple(role for role in Role if role is not Role.SYS)

JOB_VIEW = declare("jobs.job.view", "查看后台任务", everywhere=(Role.SYS,), own=_OTHERS)
JOB_EDIT = declare("jobs.job.edit", "取消与重试后台任务", everywhere=(Role.SYS,), own=_OTHERS)
