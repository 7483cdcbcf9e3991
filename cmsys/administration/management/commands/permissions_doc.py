"""`manage.py permissions_doc`: docs/permissions.md, printed from the declared functions. A test compares the two."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from cmsys.access.functions import Function, Reach, declared
from cmsys.access.roles import SEPARATION, Role

REACHES = {Reach.ALL: "全部", Reach.SUBTREE: "机构", Reach.SELF: "本人"}
HEAD = """\
# 权限表

由 `manage.py permissions_doc` 从代码中声明的功能生成，测试逐字比较；不要手工修改。每个页面对每个角色的期望结果另由手写的
`tests/permissions/matrix.yaml` 规定。

范围：**全部**；**机构**（授权所在机构及其全部下级，可再限定条线）；**本人**；–（没有此功能，页面返回 403）。
范围以外的数据与不存在的数据一样返回 404。一人有多项授权时逐项判断，机构与角色不交叉。
接口客户端只凭权限范围（scope）取得功能，可限定在一个机构及其下级。
"""


def document() -> str:
    """The whole page; functions in the order of their codes, roles in the order of their declaration."""
    roles = list(Role)
    head = ["功能", "代码", *(f"{role.label} {role.value}" for role in roles), "接口权限范围"]
    lines = [
        _row(head),
        _row(["---"] * len(head)),
        *(_row(_cells(function, roles)) for function in declared()),
    ]
    apart = "、".join(f"{Role(code).label}" for code in SEPARATION)
    duty = f"\n三员分立：{apart}两两互斥，也不得兼任任何业务角色；由数据库约束保证。没有超级用户。\n"
    return HEAD + "\n" + "\n".join(lines) + "\n" + duty


def _cells(function: Function, roles: list[Role]) -> list[str]:
    reach = [REACHES[function.reach[role]] if role in function.reach else "–" for role in roles]
    scope = f"`{function.scope}`" if function.scope else "–"
    return [function.label, f"`{function.code}`", *reach, scope]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


class Command(BaseCommand):
    help = "输出权限表 docs/permissions.md 的内容"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(document(), ending="")
