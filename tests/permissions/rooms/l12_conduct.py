"""Declarations, named by who made them: 韩培训 about 陈思远, 李敏 about 赵立群, 沈数据 about 周婷 of another branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from managers.conduct.models import RelationKind
from managers.conduct.services.declarations import declaration_make
from tests.permissions.house import MISSING_ID, House

MADE = {"trn": "M-CD1", "mgr": "M-CX1", "da": "M-PD1"}


def furnish(house: House) -> None:
    for name, number in MADE.items():
        row = declaration_make(
            actor=house.cast.user(name), declarant_id=house.cast.users[name].pk,
            manager_id=house.cast.managers[number].pk, kind=RelationKind.INTEREST, detail="", today=timezone.localdate(),
            now=timezone.now(),
        )  # fmt: skip
        house.objects["declaration", name] = {"key": row.pk}
        house.objects["declaration_number", name] = {"pk": row.pk}
    house.objects["declaration", "none"] = {"key": MISSING_ID}
    house.objects["declaration", "letters"] = {"key": "abc"}
    house.objects["declaration_number", "none"] = {"pk": MISSING_ID}


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    "declarations_new": lambda house, name: {
        "q": "M-CD2",
        "manager": house.cast.managers["M-CD2"].pk,
        "kind": "in_law",
        "detail": "",
    },
    "declarations_end": lambda house, name: {"reason": "关系已不存在"},
}
