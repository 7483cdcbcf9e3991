"""Talks about the sheets of the newer quarter, named by their manager, not confirmed yet; the sheets are nobody's to sign but
his."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils import timezone

from appraisal.feedback.models import FeedbackInterview
from tests.permissions.house import MISSING_ID, House


def furnish(house: House) -> None:
    for name in house.cast.managers:
        row = FeedbackInterview.objects.create(
            sheet_id=house.objects["score_sheet_number", name]["key"], held_on=date(2026, 1, 8), strengths="稳健",
            actions="考取 AFP", written_by=house.cast.users["mgr"], written_at=timezone.now(),
        )  # fmt: skip
        house.objects["interview", name] = {"pk": row.pk}
    house.objects["interview", "nobody"] = {"pk": MISSING_ID}


def _version(house: House, kind: str, name: str) -> str:
    keys = house.objects[kind, name]
    lookup = {"sheet_id": keys["key"]} if kind == "score_sheet_number" else {"pk": keys["pk"]}
    row = FeedbackInterview.objects.filter(**lookup).first()
    return row.updated_at.isoformat() if row is not None else ""


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    # The sheets of the house carry no digest.
    "sheet_sign": lambda house, name: {"digest": "", "outcome": "signed", "remark": ""},
    "sheet_refusal": lambda house, name: {
        "digest": "", "remark": "当面送签，本人拒绝", "witness": "hrb", "second_witness": "trn",
    },
    "interview_write": lambda house, name: {
        "version": _version(house, "score_sheet_number", name), "held_on": "2026-01-09", "strengths": "稳健",
        "actions": "考取 AFP，二季度前",
    },
    "interview_sign": lambda house, name: {"version": _version(house, "interview", name), "remark": ""},
}  # fmt: skip
