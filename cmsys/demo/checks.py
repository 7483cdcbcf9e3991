"""A deployment check: demonstration accounts have no place where people work."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, Tags, register
from django.db import DatabaseError, connection

from cmsys.accounts.models import User


@register(Tags.database, deploy=True)
def no_demonstration_accounts(databases: Any = None, **_: Any) -> list[Error]:
    """Fails while a demonstration account exists. Asked only with `check --deploy --database default`."""
    if not databases:
        return []
    try:
        if User._meta.db_table not in connection.introspection.table_names():
            return []
        found = User.objects.filter(is_demo=True).count()
    except DatabaseError as problem:
        # A check that could not ask has not passed.
        return [
            Error(
                f"无法查询是否有演示账号：{str(problem).strip()} (the database could not be asked)",
                hint="请用应用的登录（compose 中的 web）执行此检查。",
                id="cmsys.E002",
            )
        ]
    if not found:
        return []
    return [
        Error(
            f"库中有 {found} 个演示账号 ({found} demonstration accounts exist)",
            hint="正式使用前请换一个空库：演示数据只由 manage.py demo_data 写入。",
            id="cmsys.E001",
        )
    ]
