"""ModelKind with several key columns, references and empty ones among them, on the tables of targets and ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.figures.models import Target
from appraisal.figures.permissions import FIGURES_IMPORT
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.permissions import RATING_IMPORT
from cmsys.access.actors import SystemActor
from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit
from cmsys.transfers import kinds
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.model_kind import ModelKind, Reference
from cmsys.transfers.services.batches import batch_undo
from managers.profiles.models import RelationshipManager
from tests.cast import TODAY, Cast
from tests.transfers.conftest import NOW, Bring, contents, counts, errors

SYSTEM = SystemActor("system:tests")


def _manager(function: Any) -> Reference:
    return Reference(
        rows=lambda _context: RelationshipManager.objects.all(), by=("employee_no",), reach=function
    )


class ScoreKind(ModelKind):
    """Ratings: four key columns, one of them a person."""

    code = "probe_scores"
    label = "评分"
    function = RATING_IMPORT
    model = Rating
    noun = "probe_score"
    columns = (
        Column("period", "期间", key=True, required=True, max_length=7),
        Column("employee_no", "被评人工号", Type.REFERENCE, key=True, required=True),
        Column("rater", "评价人", key=True, required=True, max_length=80),
        Column("indicator_code", "指标编码", key=True, required=True, max_length=40),
        Column("rater_group", "评价关系", Type.CHOICE, required=True, choices=choices_of(RaterGroup.choices)),
        Column("score", "评分", Type.DECIMAL, required=True, low=0, high=100, places=2),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "period": "period", "employee_no": "manager", "rater": "rater", "indicator_code": "indicator_code",
        "rater_group": "rater_group", "score": "score",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Reference]] = {"employee_no": _manager(RATING_IMPORT)}


class GoalKind(ModelKind):
    """Targets: of a person or of a unit, whose column is empty then."""

    code = "probe_goals"
    label = "目标"
    function = FIGURES_IMPORT
    model = Target
    noun = "probe_goal"
    columns = (
        Column("period", "期间", key=True, required=True, max_length=7),
        Column("employee_no", "工号", Type.REFERENCE, key=True, key_part_may_be_empty=True),
        Column("unit_code", "机构编码", Type.REFERENCE, key=True, key_part_may_be_empty=True),
        Column("indicator_code", "指标编码", key=True, required=True, max_length=40),
        Column("value", "目标值", Type.DECIMAL, required=True, places=6),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "period": "period", "employee_no": "manager", "unit_code": "unit", "indicator_code": "indicator_code",
        "value": "value",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Reference]] = {
        "employee_no": _manager(FIGURES_IMPORT),
        "unit_code": Reference(
            rows=lambda _context: OrgUnit.objects.all(), by=("code", "name"), reach=FIGURES_IMPORT
        ),
    }
    either = ("employee_no", "unit_code")

    def apply(self, instance: Any, row: Any, context: Any) -> None:
        super().apply(instance, row, context)
        instance.at = instance.unit or instance.manager.unit


@pytest.fixture(autouse=True)
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (ScoreKind(), GoalKind()):
        monkeypatch.setitem(kinds._kinds, kind.code, kind)


SCORES = "期间,被评人工号,评价人,指标编码,评价关系,评分"


def test_every_part_of_the_key_counts(bring: Bring) -> None:
    rows = [
        SCORES,
        "2025Q4,M-CD1,陈行长,COMM,上级,88",
        "2025Q4,M-CD1,陈行长,TEAM,上级,91.5",
        "2025Q4,M-CD1,王雅琴,COMM,同级,84",
        "2025Q4,M-CD2,陈行长,COMM,上级,70",
        "2025Q3,M-CD1,陈行长,COMM,上级,60",
    ]
    assert counts(bring("probe_scores", rows).report) == (5, 5, 0, 0, 0)
    assert counts(bring("probe_scores", rows).report) == (5, 0, 0, 5, 0)
    rows[2] = "2025Q4,M-CD1,陈行长,TEAM,上级,91.6"
    assert counts(bring("probe_scores", rows).report) == (5, 0, 1, 4, 0)
    scores = Rating.objects.order_by("period", "manager__employee_no", "indicator_code", "rater")
    assert [str(rating.score) for rating in scores] == ["60.00", "84.00", "88.00", "91.60", "70.00"]


def test_a_part_that_is_missing_or_unknown_refuses_the_row(bring: Bring) -> None:
    before = contents(Rating, Event)
    report = bring(
        "probe_scores",
        [
            SCORES,
            "2025Q4,,陈行长,COMM,上级,88",
            "2025Q4,M-404,陈行长,COMM,上级,88",
            "2025Q4,M-CD1,陈行长,,上级,88",
            "2025Q4,M-CD1,陈行长,COMM,上级,88",
            "2025Q4,M-CD1,陈行长,COMM,上级,89",
        ],
    ).report
    assert errors(report) == [
        (2, "employee_no", "missing"), (3, "employee_no", "not_found"), (4, "indicator_code", "missing"),
        (6, "period", "duplicate"),
    ]  # fmt: skip
    assert contents(Rating, Event) == before


def test_the_person_named_in_the_key_must_be_within_reach(bring: Bring) -> None:
    rows = [SCORES, "2025Q4,M-CD1,陈行长,COMM,上级,88", "2025Q4,M-PD1,陈行长,COMM,上级,88"]
    imported = bring("probe_scores", rows, user="hrb", mode="skip")
    assert errors(imported.report) == [(3, "employee_no", "out_of_scope")]
    assert Rating.objects.get().manager.employee_no == "M-CD1"


GOALS = "期间,工号,机构编码,指标编码,目标值"


def test_one_of_two_parts_is_empty(bring: Bring) -> None:
    rows = [
        GOALS,
        "2025Q4,M-CD1,,SALES,3000",
        "2025Q4,,CD,SALES,9000",
        "2025Q4,,CX,SALES,8000",
        "2025Q4,M-CD2,,SALES,3100",
    ]
    assert counts(bring("probe_goals", rows).report) == (4, 4, 0, 0, 0)
    assert counts(bring("probe_goals", rows).report) == (4, 0, 0, 4, 0)
    rows[2] = "2025Q4,,城东支行,SALES,9500"
    assert counts(bring("probe_goals", rows).report) == (4, 0, 1, 3, 0)
    assert Target.objects.get(unit__code="CD").value == Decimal(9500)
    assert list(Target.objects.filter(unit=None).order_by("value").values_list("value", flat=True)) == [
        Decimal(3000),
        Decimal(3100),
    ]


def test_either_but_not_both_and_not_none(bring: Bring) -> None:
    before = contents(Target, Event)
    report = bring("probe_goals", [GOALS, "2025Q4,,,SALES,1", "2025Q4,M-CD1,CD,SALES,2"]).report
    assert errors(report) == [(2, "employee_no", "missing"), (3, "unit_code", "conflict")]
    assert [found.reason for found in report.errors] == [
        "工号、机构编码须填其中一个",
        "工号、机构编码只能填其中一个",
    ]
    assert contents(Target, Event) == before


def test_a_column_that_may_be_empty_may_be_absent(bring: Bring) -> None:
    rows = ["期间,工号,指标编码,目标值", "2025Q4,M-CD1,SALES,3000"]
    assert counts(bring("probe_goals", rows).report) == (1, 1, 0, 0, 0)
    assert counts(bring("probe_goals", rows).report) == (1, 0, 0, 1, 0)


def test_one_object_under_two_names_is_named_twice(bring: Bring) -> None:
    report = bring("probe_goals", [GOALS, "2025Q4,,CD,SALES,1", "2025Q4,,城东支行,SALES,2"]).report
    assert errors(report) == [(3, "period", "duplicate")]
    assert report.errors[0].reason == "与第 2 行重复，请只保留一行"


def test_undo_puts_back_what_was_there(bring: Bring) -> None:
    bring("probe_goals", [GOALS, "2025Q4,,CD,SALES,1"])
    before = contents(Target)
    imported = bring("probe_goals", [GOALS, "2025Q4,,CD,SALES,2", "2025Q4,M-CD1,,SALES,3"])
    assert imported.batch is not None
    undone = batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert (undone.restored, undone.removed, undone.kept) == (1, 1, [])
    assert contents(Target) == before


def test_queries_do_not_grow_with_the_rows(cast: Cast, bring: Bring) -> None:
    def rows(count: int) -> Sequence[str]:
        return [SCORES, *(f"2025Q4,M-CD1,评{number},COMM,同级,80" for number in range(count))]

    spent = []
    for count in (5, 200):
        with CaptureQueriesContext(connection) as writing:
            imported = bring("probe_scores", rows(count))
        assert imported.batch is not None
        batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
        spent.append(len(writing))
    assert spent[0] == spent[1]
