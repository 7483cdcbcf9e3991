"""grades and grade-decisions: exactly the fields of the interface, exact numbers, what each scope sees, every filter."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.grading.models import GradeDecision
from tests.api.decided import decided, keys
from tests.appraisal_pages.crowd import crowd
from tests.appraisal_pages.graded import graded
from tests.cast import stage

PUBLIC = ["2025Q3 M-CD1", "2025Q3 M-CD2", "2025Q3 M-CX1", "2025Q4 M-CD2", "2025Q4 M-CX1"]
ALL = ["2025Q3 M-CD1", "2025Q3 M-CD2", "2025Q3 M-CX1", "2025Q4 M-CD1", "2025Q4 M-CD2", "2025Q4 M-CX1", "2025Q4 M-PD1"]  # fmt: skip
GRADES = "/api/v1/grades/"


@pytest.fixture
def world(db):
    return graded(stage(), records=False)


@pytest.fixture
def cases(world):
    return decided(world)


@pytest.fixture
def public(cases, caller):
    return caller("grades:read", name="公布的")


@pytest.fixture
def whole(cases, caller):
    return caller("grades:read_unpublished", name="全部的")


def exact(answer):
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)


def listed(us, query=""):
    return keys(exact(us.get(f"{GRADES}{query}"))["results"])


def test_a_grade_has_exactly_these_fields_and_exact_numbers(public, cases):
    case = cases["2025Q4", "M-CX1"]
    answer = public.get(f"{GRADES}{case.pk}/")
    row = exact(answer)
    assert {key: value for key, value in row.items() if key != "updated_at"} == {
        "id": case.pk, "manager": {"employee_no": "M-CX1", "name": "赵立群"}, "unit": {"code": "CX", "name": "城西支行"},
        "cycle": "2025Q4", "scheme": {"code": "DEMO", "version": 1, "name": "示例方案"}, "ability_score": Decimal("88.45"),
        "performance_score": Decimal("99.249"), "total_score": Decimal("93.8495"), "quadrant": "HH", "kind": "promotion",
        "grade": {"code": "MIDDLE", "name": "中级客户经理"}, "previous_grade": "JUNIOR", "status": "effective",
        "effective_from": "2026-01-20", "effective_to": None,
    }  # fmt: skip
    assert b'"ability_score":88.45,"performance_score":99.249,"total_score":93.8495,' in answer.content


def test_what_is_not_rated_has_null_never_zero(whole, cases):
    row = exact(whole.get(f"{GRADES}{cases['2025Q4', 'M-PD1'].pk}/"))
    assert (row["ability_score"], row["performance_score"], row["total_score"]) == (Decimal(80), None, None)
    assert (row["quadrant"], row["kind"], row["status"], row["effective_from"]) == (None, "not_rated", "proposed", None)  # fmt: skip


def test_with_grades_read_alone_only_what_is_public(public, cases):
    assert listed(public) == PUBLIC
    hidden = public.get(f"{GRADES}{cases['2025Q4', 'M-CD1'].pk}/")
    absent = public.get(f"{GRADES}999999/")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert {**hidden.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
    assert public.get(f"{GRADES}{cases['2025Q4', 'M-CD1'].pk}/explanation/").status_code == 404
    assert listed(public, "?status=confirmed") == listed(public, "?status=proposed") == []


def test_with_the_second_scope_everything_and_either_opens_the_door(whole, caller):
    assert listed(whole) == ALL
    assert listed(caller("grades:read", "grades:read_unpublished", name="两个")) == ALL
    refused = caller("score-sheets:read", name="别的").get(GRADES)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["detail"] == (
        "访问令牌没有“读取等级（已公布）”的权限（grades:read）、或“读取等级（含未公布）”的权限（grades:read_unpublished）。"
    )


def test_a_demotion_is_met_when_it_takes_effect(public, cases):
    assert listed(public, "?employee_no=M-CD1") == ["2025Q3 M-CD1"]
    GradeDecision.objects.filter(pk=cases["2025Q4", "M-CD1"].pk).update(state="effective")
    assert listed(public, "?employee_no=M-CD1") == ["2025Q3 M-CD1", "2025Q4 M-CD1"]


def test_a_client_of_a_unit_has_its_people_and_a_move_takes_them_along(cases, caller, world):
    us = caller("grades:read_unpublished", unit=world.cast.units["SH"], name="上海")
    assert listed(us) == ["2025Q4 M-PD1"]
    assert us.get(f"{GRADES}{cases['2025Q4', 'M-CX1'].pk}/").status_code == 404
    assert us.get(f"{GRADES}{cases['2025Q4', 'M-CX1'].pk}/explanation/").status_code == 404
    assert listed(us, "?unit=BJ") == listed(us, "?unit=HO") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?cycle=2025Q4", ALL[3:]), ("?cycle=2025Q4&scheme=DEMO", ALL[3:]), ("?scheme=OTHER", []),
        ("?grade=MIDDLE", ["2025Q3 M-CD1", "2025Q4 M-CX1", "2025Q4 M-PD1"]), ("?quadrant=HH&cycle=2025Q4", ["2025Q4 M-CD2", "2025Q4 M-CX1"]),
        ("?unit=CD&cycle=2025Q4", ["2025Q4 M-CD1", "2025Q4 M-CD2"]), ("?unit=BJ&cycle=2025Q4", ALL[3:6]), ("?unit=NONE", []),
        ("?employee_no=M-CX1", ["2025Q3 M-CX1", "2025Q4 M-CX1"]), ("?status=superseded", ["2025Q3 M-CD1", "2025Q3 M-CX1"]),
        ("?status=confirmed", ["2025Q4 M-CD1"]), ("?kind=promotion", ["2025Q4 M-CX1"]), ("?updated_since=2999-01-01", []),
        # in force on a day: from the first one, up to the last one without it
        ("?as_of=2025-10-19", []), ("?as_of=2025-10-20", ["2025Q3 M-CD1", "2025Q3 M-CX1"]),
        ("?as_of=2026-01-19", ["2025Q3 M-CD1", "2025Q3 M-CX1"]), ("?as_of=2026-01-20", ["2025Q3 M-CD1", "2025Q4 M-CX1"]),
        # the served demotion begins on 2026-02-01, but is not in force before the job has said so
        ("?as_of=2026-02-01", ["2025Q4 M-CX1"]), ("?as_of=2026-01-20&employee_no=M-CX1", ["2025Q4 M-CX1"]),
    ],
)  # fmt: skip
def test_filters(whole, query, found):
    assert listed(whole, query) == found


@pytest.mark.parametrize("query", ["?as_of=2026-02-30", "?status=new", "?cycle=", "?year=2025", "?kind=x"])
def test_mistakes_in_filters_are_400(whole, query):
    assert whole.get(f"{GRADES}{query}").status_code == 400


def test_the_explanation_is_the_sheets_with_the_smallest_change_and_what_became_of_it(public, whole, cases):
    path = f"{GRADES}{cases['2025Q4', 'M-CX1'].pk}/explanation/"
    found = exact(public.get(path))
    assert list(found) == ["id", "lines", "reasons", "counterfactual", "steps"]
    sums = {
        name: sum(line["contribution"] for line in found["lines"] if line["dimension"] == name)
        for name in ("ability", "performance")
    }
    assert sums == {"ability": Decimal("88.45"), "performance": Decimal("99.249")}
    assert found["reasons"][-1]["rule"] == "promotion[0]"
    assert found["counterfactual"] == {
        "how": "alone", "people": 1, "changes": [
            {"input": "SALES", "value": "3482", "nearest": "2390.99", "step": "0.01", "kind": "hold", "to": None},
        ],
    }  # fmt: skip
    at = "2026-01-10T09:30:00+08:00"
    assert found["steps"] == [{"verb": verb, "at": at} for verb in ("approve", "confirm", "take_effect")]
    steps = exact(whole.get(path))["steps"]
    assert [(step["verb"], step["actor"]) for step in steps][:2] == [("submit", "郑人事"), ("return", "李敏")]
    assert steps[1] == {
        "verb": "return", "at": at, "from_state": "in_review", "to_state": "returned", "actor": "李敏", "on_behalf": None,
        "reason": "请核对销售额",
    }  # fmt: skip


def test_a_smallest_change_of_a_sheet_that_has_changed_is_not_given(public, cases):
    GradeDecision.objects.filter(pk=cases["2025Q4", "M-CX1"].pk).update(basis="c" * 32)
    path = f"{GRADES}{cases['2025Q4', 'M-CX1'].pk}/explanation/"
    assert exact(public.get(path))["counterfactual"] is None
    assert exact(public.get(f"{GRADES}{cases['2025Q3', 'M-CX1'].pk}/explanation/"))["steps"] == []


def test_a_grade_that_is_known_is_304_and_a_decided_one_is_not(public, cases):
    path = f"{GRADES}{cases['2025Q4', 'M-CD2'].pk}/"
    tag = public.get(path)["ETag"]
    assert public.get(path, If_None_Match=tag).status_code == 304
    GradeDecision.objects.filter(pk=cases["2025Q4", "M-CD2"].pk).update(state="effective", effective_from="2026-01-20")  # fmt: skip
    assert public.get(path, If_None_Match=tag).status_code == 200


def test_grades_are_read_only(public, whole, cases):
    path = f"{GRADES}{cases['2025Q4', 'M-CX1'].pk}/"
    for us in (public, whole):
        assert [us.call(method, path).status_code for method in ("POST", "PUT", "PATCH", "DELETE")] == [
            405
        ] * 4
        assert us.call("POST", GRADES).status_code == 405


# --- decisions --------------------------------------------------------------------------------------------------------
def test_decisions_say_where_they_stand(cases, caller):
    us = caller("grade-decisions:read", name="办理")
    found = exact(us.get("/api/v1/grade-decisions/"))["results"]
    assert keys(found) == ALL
    row = exact(us.get(f"/api/v1/grade-decisions/{cases['2025Q4', 'M-CX1'].pk}/"))
    assert {key: row[key] for key in ("state", "status", "stale", "flags", "due_on", "proposal", "assignee")} == {
        "state": "effective", "status": "effective", "stale": False, "flags": [], "due_on": "2026-01-15",
        "proposal": "promotion", "assignee": None,
    }  # fmt: skip
    assert [step["verb"] for step in row["steps"]] == [
        "submit", "return", "resubmit", "approve", "confirm", "take_effect",
    ]  # fmt: skip
    for query, expected in (
        ("?state=served", ["2025Q4 M-CD1"]), ("?due_by=2026-01-14", []), ("?due_by=2026-01-15&cycle=2025Q4", ALL[3:]),
        ("?stale=true", []), ("?unit=SH", ["2025Q4 M-PD1"]),
    ):  # fmt: skip
        assert keys(exact(us.get(f"/api/v1/grade-decisions/{query}"))["results"]) == expected
    assert us.get(GRADES).status_code == 403


def test_lists_cost_the_same_for_one_row_and_for_thirty(cases, world, caller):
    us = caller("grades:read", "grades:read_unpublished", "grade-decisions:read", name="费用")
    costs: dict[str, list[int]] = {}
    paths = [GRADES, f"{GRADES}?unit=HO", "/api/v1/grade-decisions/"]
    for size in (1, 30):
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                answer = us.get(f"{path}{'&' if '?' in path else '?'}page_size={size}")
            assert answer.status_code == 200
            costs.setdefault(path, []).append(len(queries))
        if size == 1:
            sheets = [(sheet, sheet.manager) for sheet in _crowded(world)]
            case = cases["2025Q4", "M-CD2"]
            for sheet, manager in sheets:
                GradeDecision.objects.create(
                    round=case.round, cycle=sheet.cycle, manager=manager, unit=manager.unit, sheet=sheet, proposal="hold",
                    kind="hold", grade=case.grade, previous_grade=case.grade, state="on_notice",
                )  # fmt: skip
    assert all(one == thirty <= 10 for one, thirty in costs.values()), costs
    assert GradeDecision.objects.count() > 30


def _crowded(world):
    before = set(GradeDecision.objects.values_list("sheet_id", flat=True))
    crowd(world, 30)
    from appraisal.scoring.models import ScoreSheet

    return ScoreSheet.objects.filter(cycle=world.cycles["2025Q4"]).exclude(pk__in=before).select_related("manager__unit")  # fmt: skip
