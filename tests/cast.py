"""A small cast of named people in a small bank, used everywhere: who acts, who is acted on, and who stands outside.

总行 HO
├─ 北京分行 BJ
│   ├─ 城东支行 CD      陈思远 M-CD1 (中级), 王雅琴 M-CD2
│   └─ 城西支行 CX      赵立群 M-CX1
└─ 上海分行 SH
    └─ 浦东支行 PD      周婷 M-PD1
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from cmsys.access.actors import SystemActor
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.org.models import BusinessLine, OrgUnit, UnitKind
from cmsys.org.services.grants import role_grant
from cmsys.org.services.units import unit_create
from customers.registry.models import CustomerTier
from managers.careers.models import Grade, Post
from managers.careers.services.grades import grade_define
from managers.careers.services.posts import post_create
from managers.profiles.models import RelationshipManager
from managers.profiles.services.managers import manager_create

TODAY = date(2026, 3, 2)
PASSWORD = "Cast-password-1"
STAGE = SystemActor("system:tests")

UNITS = (
    ("HO", "总行", UnitKind.HEAD, None),
    ("BJ", "北京分行", UnitKind.BRANCH, "HO"),
    ("CD", "城东支行", UnitKind.SUBBRANCH, "BJ"),
    ("CX", "城西支行", UnitKind.SUBBRANCH, "BJ"),
    ("SH", "上海分行", UnitKind.BRANCH, "HO"),
    ("PD", "浦东支行", UnitKind.SUBBRANCH, "SH"),
)
GRADES = (("JUNIOR", "初级客户经理", 1), ("MIDDLE", "中级客户经理", 2), ("SENIOR", "高级客户经理", 3))
# username → name, role, unit, employee number
PEOPLE: dict[str, tuple[str, Role | None, str, str | None]] = {
    "sys": ("孙系统", Role.SYS, "HO", None),
    "sec": ("钱安全", Role.SEC, "HO", None),
    "aud": ("吴审计", Role.AUD, "HO", None),
    "hrh": ("郑人事", Role.HRH, "HO", None),
    "hrb": ("冯分行", Role.HRB, "BJ", None),
    "mgr": ("李敏", Role.MGR, "CD", None),
    "ldr": ("许分管", Role.LDR, "BJ", None),
    "cm": ("陈思远", Role.CM, "CD", "M-CD1"),
    "cmd": ("蒋客管", Role.CMD, "HO", None),
    "da": ("沈数据", Role.DA, "HO", None),
    "trn": ("韩培训", Role.TRN, "HO", None),
    "nobody": ("无角色", None, "HO", None),
}


@dataclass
class Cast:
    """Units, grades, accounts and managers by their codes."""

    units: dict[str, OrgUnit] = field(default_factory=dict)
    grades: dict[str, Grade] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    managers: dict[str, RelationshipManager] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    line: BusinessLine | None = None
    tiers: dict[str, CustomerTier] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """The account as a new request would load it, without a remembered access."""
        return User.objects.get(pk=self.users[name].pk)


def stage() -> Cast:
    """Puts the cast on stage through the services, as the system."""
    cast = Cast()
    for code, name, kind, parent in UNITS:
        cast.units[code] = unit_create(
            actor=STAGE, today=TODAY, code=code, name=name, kind=kind, opened_on=date(2001, 1, 1),
            parent=cast.units[parent] if parent else None,
        )  # fmt: skip
    for code, name, order in GRADES:
        cast.grades[code] = grade_define(actor=STAGE, code=code, name=name, order=order)
    cast.line = BusinessLine.objects.create(code="CORP", name="公司业务")
    cast.tiers = {tier.code: tier for tier in CustomerTier.objects.all()}
    for username, (name, role, unit, employee_no) in PEOPLE.items():
        user = user_create(
            actor=STAGE,
            username=username,
            name=name,
            employee_no=employee_no,
            password=PASSWORD,
            is_demo=True,
        )
        if role is not None:
            role_grant(
                actor=STAGE,
                user=user,
                role=role,
                unit=cast.units[unit],
                starts_on=date(2020, 1, 1),
                reason="测试",
            )
        cast.users[username] = user
    cast.posts["P-CD"] = post_create(
        actor=STAGE, code="P-CD", name="公司客户经理岗", headcount=3, unit=cast.units["CD"]
    )
    cast.posts["P-PD"] = post_create(
        actor=STAGE, code="P-PD", name="个人客户经理岗", headcount=2, unit=cast.units["PD"]
    )
    for employee_no, name, unit, grade, mobile in (
        ("M-CD1", "陈思远", "CD", "MIDDLE", "13812345678"),
        ("M-CD2", "王雅琴", "CD", "SENIOR", "13900001111"),
        ("M-CX1", "赵立群", "CX", "JUNIOR", "13700002222"),
        ("M-PD1", "周婷", "PD", "MIDDLE", "13600003333"),
    ):
        cast.managers[employee_no] = manager_create(
            actor=STAGE, today=TODAY, employee_no=employee_no, name=name, unit=cast.units[unit],
            grade=cast.grades[grade], hire_date=date(2018, 7, 1), mobile=mobile, education="bachelor",
            experience_years=7, line=cast.line, major="金融学", email=f"{employee_no.lower()}@example.com",
            birth_date=date(1990, 5, 17),
        )  # fmt: skip
    return cast
