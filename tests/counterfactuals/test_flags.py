"""Each flag by a case made for it; who has none is clear."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from appraisal.grading.flags import flags_of, refresh_flags
from appraisal.grading.models import GradeDecision
from appraisal.ratings.models import Rating
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.models import ScoreSheet, SheetLine
from managers.profiles.models import RelationshipManager
from tests.appraisal.world import World, graded
from tests.counterfactuals.world import earlier, proposed

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 21, tzinfo=UTC)


@pytest.fixture
def world(demo: World) -> World:
    earlier(demo)
    graded(demo.cycle)
    proposed(demo.cycle)
    refresh_flags(demo.cycle, AT)
    return demo


def flags(world: World, number: str = "M-CX1") -> list[dict[str, Any]]:
    refresh_flags(world.cycle, AT)
    found: list[dict[str, Any]] = proposed(world.cycle)[number].flags
    return found


def test_a_clear_case_has_none_and_a_second_look_writes_nothing(world: World) -> None:
    assert flags(world) == []
    before = dict(GradeDecision.objects.values_list("pk", "updated_at"))
    assert refresh_flags(world.cycle) == 0
    assert dict(GradeDecision.objects.values_list("pk", "updated_at")) == before


def test_swing_and_missing_of_the_small_cycle(world: World) -> None:
    """王雅琴 had 95 and has 18 because sales are missing; twenty exactly would not count, 20.01 does."""
    assert flags(world, "M-CD2") == [
        {"code": "swing", "scores": [
            {"name": "performance", "before": "95", "after": "18"}, {"name": "total", "before": "92.5", "after": "54"}]},
        {"code": "missing", "names": ["销售额"]},
    ]  # fmt: skip
    assert flags_of(proposed(world.cycle)["M-CD2"]) == [
        ("swing", "与上期相差超过 20 分：绩效 95.00 → 18.00、综合 92.50 → 54.00。"), ("missing", "缺数据：销售额。"),
    ]  # fmt: skip
    earlier_sheet = ScoreSheet.objects.filter(cycle__period="2025Q3", manager=world.cast.managers["M-CD2"])
    earlier_sheet.update(performance=Decimal(38), total=Decimal(54))
    assert [flag["code"] for flag in flags(world, "M-CD2")] == ["missing"]
    earlier_sheet.update(performance=Decimal("38.01"))
    assert [flag["code"] for flag in flags(world, "M-CD2")] == ["swing", "missing"]


def test_near_a_limit_that_matters_to_the_grade(world: World) -> None:
    """85 promotes a JUNIOR, 60 demotes a MIDDLE, 80 parts the cells for everybody; half a point is near, more is not."""
    rows = GradeDecision.objects.filter(manager=world.cast.managers["M-CX1"])
    for performance, expected in (
        ("85.5", ["85"]),
        ("85.51", []),
        ("60", []),
        ("79.5", ["80"]),
        ("80.5", ["80"]),
    ):
        rows.update(performance=Decimal(performance))
        found = [flag for flag in flags(world) if flag["code"] == "near_limit"]
        assert [row["limit"] for flag in found for row in flag["scores"]] == expected, performance
    middle = GradeDecision.objects.filter(manager=world.cast.managers["M-CD1"])
    middle.update(performance=Decimal("60.4"), ability=Decimal("50"))
    assert {"code": "near_limit", "scores": [{"name": "performance", "score": "60.4", "limit": "60"}]} in flags(world, "M-CD1")  # fmt: skip
    middle.update(performance=Decimal("85.4"))
    assert "near_limit" not in {flag["code"] for flag in flags(world, "M-CD1")}


def test_a_jump_is_two_steps_of_the_matrix(world: World) -> None:
    before = ScoreSheet.objects.filter(cycle__period="2025Q3", manager=world.cast.managers["M-CX1"])
    for cell, jumps in (("HH", False), ("LH", False), ("HL", False), ("LL", True)):
        before.update(quadrant=cell)
        assert ({"code": "jump", "before": cell, "after": "HH"} in flags(world)) is jumps
    before.update(quadrant="LL")
    refresh_flags(world.cycle, AT)
    assert ("jump", "矩阵位置由“低能低绩”跳到“高能高绩”。") in flags_of(proposed(world.cycle)["M-CX1"])
    rows = GradeDecision.objects.filter(manager=world.cast.managers["M-CX1"])
    for old, new, jumps in (("11", "12", False), ("11", "13", True), ("12", "21", True), ("22", "22", False)):
        before.update(quadrant=old)
        rows.update(quadrant=new)
        assert ("jump" in {flag["code"] for flag in flags(world)}) is jumps, (old, new)


def test_demotion_leave_and_secondment(world: World) -> None:
    GradeDecision.objects.filter(manager=world.cast.managers["M-CX1"]).update(kind="demotion")
    for status, codes in (("on_leave", ["demotion", "on_leave"]), ("seconded", ["demotion", "seconded"]), ("active", ["demotion"])):  # fmt: skip
        RelationshipManager.objects.filter(employee_no="M-CX1").update(status=status)
        assert [flag["code"] for flag in flags(world)] == codes


def test_what_fired_is_read_from_the_reasons(world: World) -> None:
    sheets = ScoreSheet.objects.filter(cycle=world.cycle, manager=world.cast.managers["M-CX1"])
    stored = sheets.get().reasons or {}
    veto = {"rule": "veto:V", "passed": False, "detail": {"code": "veto", "name": "重大违规", "fired": True}}
    kept = {
        "rule": "circumstance:no_demotion",
        "passed": False,
        "detail": {"code": "no_demotion", "fired": True},
    }
    sheets.update(reasons=stored | {"reasons": [veto, kept, *stored["reasons"]]})
    assert flags(world) == [{"code": "veto", "names": ["重大违规"]}, {"code": "protected"}]
    sheets.update(reasons=None)
    assert flags(world) == [{"code": "unexplained"}]
    assert flags(world, "M-PD1")[0] == {"code": "not_rated"}


def test_too_few_raters_of_a_group(world: World) -> None:
    """Three peers for COMM as the scheme asks: two are there, none for TEAM counts as few as well."""
    scheme = SchemeVersion.objects.get(pk=world.cycle.scheme_id)
    text = scheme.document.replace("groups: {superior: 50, peer: 50}}", "groups: {superior: 50, peer: 50}, minimum_raters: {peer: 3}}", 1)  # fmt: skip
    SchemeVersion.objects.filter(pk=scheme.pk).update(document=text)
    world.cycle.scheme = SchemeVersion.objects.get(pk=scheme.pk)
    assert flags(world) == [{"code": "few_raters", "groups": ["peer"]}]
    Rating.objects.create(
        period=world.cycle.period, manager=world.cast.managers["M-CX1"], rater="R9", rater_group="peer",
        indicator_code="COMM", score=Decimal(80),
    )  # fmt: skip
    assert flags(world) == []


def test_notes_of_missing_figures_only(world: World) -> None:
    lines = SheetLine.objects.filter(sheet__cycle=world.cycle, sheet__manager=world.cast.managers["M-CX1"])
    for note, missing in (("capped", False), ("not_applicable", False), ("target_missing_blocked", True), ("missing_excluded", True)):  # fmt: skip
        lines.filter(code="SALES").update(note=note)
        assert ({"code": "missing", "names": ["销售额"]} in flags(world)) is missing
