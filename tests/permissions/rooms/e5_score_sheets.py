"""Score sheets of two quarters, named by their manager, those of the newer one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.appraisal_pages.graded import graded

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {}


def furnish(house: House) -> None:
    """Sheets and their first lines; "nobody" is no sheet."""
    world = graded(house.cast, code="SHEETS", records=False)
    for (period, number), sheet in world.sheets.items():
        if period == "2025Q4":
            house.objects["score_sheet", number] = {"key": sheet.pk}
            house.objects["score_sheet_line", number] = {"key": sheet.pk, "position": 1}
    house.objects["score_sheet", "nobody"] = {"key": MISSING_ID}
    house.objects["score_sheet", "letters"] = {"key": "abc"}
    house.objects["score_sheet_number", "nobody"] = {"key": MISSING_ID}
    for number in house.cast.managers:
        house.objects["score_sheet_number", number] = house.objects["score_sheet", number]
    house.objects["score_sheet_line", "nobody"] = {"key": MISSING_ID, "position": 1}
