"""Targets, readings and ratings: one of each for everybody, a cycle whose scheme asks superiors and people themselves."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from appraisal.cycles.services.cycles import cycle_open
from appraisal.figures.models import Reading, Target
from appraisal.figures.services.readings import reading_set
from appraisal.figures.services.targets import target_set
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.services.ratings import Mark, rating_give
from appraisal.schemes.services.schemes import scheme_import
from tests.cast import STAGE, TODAY
from tests.permissions.house import MISSING_ID, House

DOCUMENT = """
code: RATED
version: 1
name: 评分方案
cycle: quarter
dimensions:
  - code: ability
    name: 能力
    weight: 100
    indicators:
      - {code: COMM, name: 沟通协调, weight: 100, source: rating, method: {type: rating, groups: {superior: 60, peer: 30, self: 10}}, missing: block}
grades: [{code: JUNIOR, name: 初级, order: 1}, {code: MIDDLE, name: 中级, order: 2}, {code: SENIOR, name: 高级, order: 3}]
"""


def furnish(house: House) -> None:
    scheme_import(actor=STAGE, text=DOCUMENT)
    cycle = cycle_open(actor=STAGE, scheme_code="RATED", period="2025Q4", today=TODAY)
    house.objects["sheet", "nocycle"] = {"cycle_id": MISSING_ID, "employee_no": "M-CD1"}
    house.objects["sheet", "nobody"] = {"cycle_id": cycle.pk, "employee_no": "M-NONE"}
    for name, manager in house.cast.managers.items():
        given: dict[str, Any] = {
            "actor": STAGE,
            "period": "2025Q4",
            "indicator_code": "SALES",
            "value": Decimal(7),
        }
        house.objects["target", name] = {"key": target_set(**given, manager_id=manager.pk).pk}
        house.objects["reading", name] = {"key": reading_set(**given, manager_id=manager.pk).pk}
        house.objects["sheet", name] = {"cycle_id": cycle.pk, "employee_no": name}
        house.objects["rating", name] = {"key": _rating(manager, RaterGroup.SUPERIOR, "lead").pk}
        if manager.unit.code == "CD":
            _give(house, "mgr", cycle.pk, manager.pk, RaterGroup.SUPERIOR)
    _give(house, "cm", cycle.pk, house.cast.managers["M-CD1"].pk, RaterGroup.SELF)
    for code in ("CD", "SH"):
        owned = target_set(**given, unit_id=house.cast.units[code].pk)
        house.objects["target", f"of_{code}"] = {"key": owned.pk}
    wang = house.cast.managers["M-CD2"]
    peers = [_rating(wang, RaterGroup.PEER, f"peer-{n}").pk for n in range(3)]
    two = [_rating(wang, RaterGroup.CUSTOMER, f"customer-{n}").pk for n in range(2)]
    house.objects["rating", "peers"] = {"key": peers[0]}
    house.objects["rating", "single"] = {"key": peers[1]}
    house.objects["rating", "two"] = {"key": two[0]}
    for kind in ("target", "reading", "rating"):
        house.objects[kind, "none"] = {"key": MISSING_ID}
        house.objects[kind, "letters"] = {"key": "abc"}


def _rating(manager: Any, group: RaterGroup, rater: str) -> Rating:
    return Rating.objects.create(
        period="2025Q4", manager=manager, rater=rater, rater_group=group, indicator_code="COMM", score=80
    )


def _give(house: House, who: str, cycle_id: int, manager_id: int, group: RaterGroup) -> None:
    rating_give(
        actor=house.cast.user(who), cycle_id=cycle_id, manager_id=manager_id, group=group,
        marks={"COMM": Mark(Decimal(88))},
    )  # fmt: skip


REASON = {"reason": "例行核对"}
A_FIGURE = {"employee_no": "M-CX1", "period": "2025Q3", "indicator_code": "SALES", "value": "12"}


def _version(model: Any, kind: str) -> Callable[[House, str], dict[str, Any]]:
    def body(house: House, name: str) -> dict[str, Any]:
        key = house.objects[kind, name]["key"]
        found = model.objects.filter(pk=key).first() if isinstance(key, int) else None
        return {"value": "13", "version": found.updated_at.isoformat() if found is not None else ""}

    return body


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    "targets_create": lambda house, name: A_FIGURE,
    "targets_edit": _version(Target, "target"),
    "targets_remove": lambda house, name: REASON,
    "readings_create": lambda house, name: A_FIGURE,
    "readings_edit": _version(Reading, "reading"),
    "readings_remove": lambda house, name: REASON,
    "rating_sheet": lambda house, name: {"COMM": "90", "COMM.comment": ""},
    "rating_withdraw": lambda house, name: REASON,
}
