"""The roles of reliability-security 2.1 and which of them exclude one another."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody is, always together with a unit. Further roles come with the rooms that need them."""

    SYS = "SYS", _("系统管理员")
    SEC = "SEC", _("安全管理员")
    AUD = "AUD", _("安全审计员")
    HRH = "HRH", _("人力资源总部")
    HRB = "HRB", _("分行人力资源")
    MGR = "MGR", _("机构主管")
    LDR = "LDR", _("分管领导")
    CM = "CM", _("客户经理")
    CMD = "CMD", _("客户管理部门")
    DA = "DA", _("数据管理员")
    TRN = "TRN", _("培训管理员")


# 三员分立: a person holds roles of one side only at any time. The number is what the database compares.
SEPARATION: dict[str, int] = {Role.SYS: 1, Role.SEC: 2, Role.AUD: 3}
BUSINESS_SIDE = 0


def side_of(role: str) -> int:
    """The side of a role for the separation of duty: 1, 2, 3 for the three administrators, 0 for business roles."""
    return SEPARATION.get(role, BUSINESS_SIDE)
