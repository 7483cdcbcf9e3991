"""`manage.py first_accounts`: the root unit and the two administrators everything else begins with; passwords are shown once."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import random_password, user_create
from cmsys.audit.acting import acting_as
from cmsys.org.models import OrgUnit, UnitKind
from cmsys.org.services.grants import role_grant
from cmsys.org.services.units import unit_create

ACTOR = SystemActor("system:first_accounts")
REASON = "系统首次启用"


class Command(BaseCommand):
    help = (
        "在没有任何账号的系统中建立首批账号：系统管理员与安全管理员；密码只显示这一次。已有账号时退出码为 2"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE=NAME", help="总部机构，例如 HQ=总行")
        parser.add_argument(
            "--system", required=True, metavar="ACCOUNT=NAME", help="系统管理员，例如 zhangsan=张三"
        )
        parser.add_argument(
            "--security", required=True, metavar="ACCOUNT=NAME", help="安全管理员，须为另一人，例如 lisi=李四"
        )
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {Role.SYS: _pair(options, "system"), Role.SEC: _pair(options, "security")}
        if len({username.lower() for username, _name in wanted.values()}) < 2:
            raise CommandError(
                "系统管理员与安全管理员须为两个账号、两个人 (two different people)", returncode=2
            )
        code, unit_name = _pair(options, "unit")
        try:
            with acting_as(ACTOR):
                made = _make(code, unit_name, wanted, timezone.localdate())
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages), returncode=2)
        if options["json"]:
            self.stdout.write(json.dumps(made, ensure_ascii=False))
            return
        for each in made:
            self.stdout.write(f"{each['role']}  {each['username']}  {each['password']}")
        self.stdout.write("密码只显示这一次，首次登录时须修改。")


def _pair(options: dict[str, Any], name: str) -> tuple[str, str]:
    left, equals, right = str(options[name]).partition("=")
    if not (equals and left.strip() and right.strip()):
        raise CommandError(f"--{name} 应形如 编码=名称 (expected CODE=NAME)", returncode=2)
    return left.strip(), right.strip()


def _make(
    code: str, unit_name: str, wanted: dict[Role, tuple[str, str]], today: date
) -> list[dict[str, str]]:
    """The accounts with their roles at the root unit. Raises CommandError where somebody could sign in already."""
    if User.objects.exists():
        raise CommandError(
            "系统中已有账号，请由系统管理员在“账号”页面新建 (accounts exist already)", returncode=2
        )
    unit = OrgUnit.objects.filter(code=code).first()
    if unit is None:
        if OrgUnit.objects.exists():
            raise CommandError(f"没有编码为“{code}”的机构，请核对 --unit (no such unit)", returncode=2)
        unit = unit_create(
            actor=ACTOR,
            today=today,
            code=code,
            parent=None,
            name=unit_name,
            kind=UnitKind.HEAD,
            opened_on=today,
        )
    made = []
    for role, (username, name) in wanted.items():
        password = random_password()
        user = user_create(actor=ACTOR, username=username, name=name, password=password)
        role_grant(actor=ACTOR, user=user, role=role, unit=unit, starts_on=today, reason=REASON)
        made.append({"role": role.value, "username": username, "password": password})
    return made
