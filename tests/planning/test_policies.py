"""Policies, evaluation sheets and single rules: what is refused, with its place, and what is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.org.months import months_after
from customers.allocation import evidence
from customers.allocation.evidence import Evidence, add_evidence
from customers.allocation.models import AllocationPolicy, CustomerRule, EvaluationState, StaffEvaluation
from customers.allocation.policy_document import PolicyError, read_policy
from customers.allocation.selectors import document_of, newest, policy_for
from customers.allocation.services.evaluations import (
    evaluation_change,
    evaluation_confirm_head,
    evaluation_confirm_hr,
    evaluations_draft,
)
from customers.allocation.services.policies import CREATED, UNCHANGED, UPDATED, policy_import
from customers.allocation.services.rules import rule_begin, rule_end
from customers.allocation.sheets import experience_points
from customers.planning.models import PlanManager
from managers.conduct.models import InterestDeclaration, RelationKind
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, TODAY, Cast
from tests.customers.stage import Register
from tests.permissions.house import mark_of_rows
from tests.planning.world import DEFAULT, NOW, document, planned, policy

pytestmark = pytest.mark.django_db


# --- documents ----------------------------------------------------------------------------------------------------------
def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as refused:
        read_policy(text)
    return list(refused.value.faults)


def test_every_fault_is_named_by_its_place_at_once() -> None:
    found = faults("code: X\nversion: a\nweights: {foo: 1}\ntiers: {A: {effort: 0, more: 1, move_price: [1, 2]}}\ncapacity: {}\nzz: 1\nevaluation: {ability: 50}\narea: moon")  # fmt: skip
    assert [path for path, _said in found] == [
        "version", "name", "weights.foo", "tiers.none", "tiers.A.more", "tiers.A.effort", "capacity", "area", "evaluation",
        "zz", "tiers.A.move_price",
    ]  # fmt: skip
    assert dict(found)["evaluation"] == "三部分权重之和应为 100，现在是 110"
    assert faults("[1, 2]") == [("", "文档应是一组“键: 值”")]
    assert faults("a: [")[0][1] == "不是有效的 YAML，请检查缩进与标点"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"budget_percent": 101}, "budget_percent"), ({"tenure_bands": [36, 12]}, "tenure_bands"),
        ({"merit_cap": -1}, "merit_cap"), ({"together": "ja"}, "together"), ({"intake": {"active": "maybe"}}, "intake.active"),
        ({"lines": {"CORP": ["moon"]}}, "lines.CORP"), ({"tiers": []}, "tiers"), ({"far_km": 0}, "far_km"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_at_its_place(change: dict[str, object], path: str) -> None:
    assert path in [place for place, _said in faults(document(**change))]


def test_the_shipped_example_says_what_the_guide_says() -> None:
    found = read_policy(DEFAULT.read_text(encoding="utf-8"))
    assert (found.area, found.budget_percent, found.tiers["A"].effort, found.tiers["A"].minimum_grade) == (
        "subbranch", 10, 10, "MIDDLE",
    )  # fmt: skip
    assert found.intake == {"probation": "open", "active": "open", "on_leave": "keep", "seconded": "closed"}


# --- versions -------------------------------------------------------------------------------------------------------------
def test_a_used_version_is_succeeded_never_changed(cast: Cast, stage: Register) -> None:
    first = policy_import(actor=STAGE, text=document())
    assert first.outcome == CREATED
    assert policy_import(actor=STAGE, text="# other words\n" + document()).outcome == UNCHANGED
    assert policy_import(actor=STAGE, text=document(merit_cap=700)).outcome == UPDATED
    planned(cast)
    before = mark_of_rows()
    with pytest.raises(ValidationError, match="已经用于分客方案，不能再改；请把 version 改为 2"):
        policy_import(actor=STAGE, text=document(merit_cap=600))
    assert mark_of_rows() == before
    second = policy_import(actor=STAGE, text=document(version=2, merit_cap=600)).policy
    assert newest("FK") == second
    policy_import(actor=STAGE, text=document(code="OTHER", version=5))
    with pytest.raises(ValidationError, match="请把 version 提高到 6"):
        policy_import(actor=STAGE, text=document(code="OTHER", version=4))
    assert document_of(second).merit_cap == 600


def test_codes_nobody_knows_are_refused(cast: Cast) -> None:
    text = document(capacity={"JUNIOR": 20, "MIDDLE": 30, "CHIEF": 40, "none": 10}, unit="NOWHERE")
    with pytest.raises(ValidationError) as refused:
        policy_import(actor=STAGE, text=text)
    said = " ".join(refused.value.messages)
    for part in (
        "capacity.CHIEF：没有等级“CHIEF”",
        "capacity.SENIOR：等级“SENIOR”没有写容量",
        "unit：没有机构“NOWHERE”",
    ):
        assert part in said
    assert not AllocationPolicy.objects.exists()


@pytest.mark.parametrize("who", ["hrh", "hrb", "mgr", "cm", "da", "sys", "nobody"])
def test_who_does_not_keep_policies(cast: Cast, who: str) -> None:
    actor, before = cast.user(who), mark_of_rows()
    with pytest.raises(MissingFunction):
        policy_import(actor=actor, text=document())
    assert mark_of_rows() == before


def test_the_nearest_policy_holds(cast: Cast) -> None:
    bank = policy()
    branch = policy(code="BJ-FK", unit="BJ")
    assert policy_for(cast.units["CD"].path) == branch
    assert policy_for(cast.units["PD"].path) == bank
    assert policy_for(None) == bank
    newer = policy(code="BJ-FK", unit="BJ", version=2)
    assert policy_for(cast.units["CD"].path) == newer


# --- evaluation sheets ------------------------------------------------------------------------------------------------------
@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The appraisals know 陈思远 and 周婷."""
    monkeypatch.setattr(evidence, "_sources", [])

    def source(managers: object, today: date) -> dict[int, Evidence]:
        rows = RelationshipManager.objects.filter(employee_no__in=["M-CD1", "M-PD1"], pk__in=managers)
        return {row.pk: Evidence(Decimal("82.5"), Decimal(90), "2025Q4 考核") for row in rows}

    add_evidence(source)
    yield


def drafted(cast: Cast) -> StaffEvaluation:
    policy()
    assert evaluations_draft(actor=cast.user("hrb"), unit_id=cast.units["BJ"].pk, today=TODAY, now=NOW) == 1
    return StaffEvaluation.objects.get()


def test_a_sheet_is_drafted_from_what_the_appraisals_say(cast: Cast, known: None) -> None:
    """40 % of 82.5, 20 % of seven years at ten points, 40 % of 90: 33 + 14 + 36."""
    sheet = drafted(cast)
    assert (sheet.manager.employee_no, sheet.ability, sheet.experience, sheet.results, sheet.merit, sheet.basis) == (
        "M-CD1", Decimal("82.5"), 70, 90, Decimal("83.00"), "2025Q4 考核",
    )  # fmt: skip
    assert Event.objects.get(kind="evaluation.draft").after == {"merit": "83.00"}
    # Whoever has one that waits gets no second one; 浦东 is out of the branch's reach.
    assert evaluations_draft(actor=cast.user("hrb"), unit_id=cast.units["BJ"].pk, today=TODAY, now=NOW) == 0


def test_it_counts_when_both_sides_have_confirmed_and_for_a_year(
    cast: Cast, known: None, stage: Register
) -> None:
    sheet = drafted(cast)
    evaluation_confirm_head(actor=cast.user("mgr"), evaluation_id=sheet.pk, today=TODAY, now=NOW)
    confirmed = evaluation_confirm_hr(actor=cast.user("hrh"), evaluation_id=sheet.pk, today=TODAY, now=NOW)
    assert (confirmed.state, confirmed.valid_from, confirmed.valid_until) == (
        EvaluationState.CONFIRMED, TODAY, date(2027, 3, 2),
    )  # fmt: skip
    plan = planned(cast, "CD")
    frozen = dict(PlanManager.objects.filter(plan=plan).values_list("manager__employee_no", "merit"))
    assert frozen == {"M-CD1": 830, "M-CD2": 500}
    assert plan.notes == ["no_evaluation:1"]
    StaffEvaluation.objects.update(valid_until=TODAY)
    expired = planned(cast, "CD")
    assert PlanManager.objects.get(plan=expired, manager__employee_no="M-CD1").merit == 500


def test_who_confirms_what(cast: Cast, known: None) -> None:
    sheet = drafted(cast)
    given = {"evaluation_id": sheet.pk, "today": TODAY, "now": NOW}
    before = mark_of_rows()
    for service, who, error in (
        (evaluation_confirm_hr, "mgr", MissingFunction), (evaluation_confirm_hr, "cm", MissingFunction),
        (evaluation_confirm_hr, "cmd", MissingFunction), (evaluation_confirm_head, "hrh", MissingFunction),
        (evaluation_confirm_head, "cm", MissingFunction),
    ):  # fmt: skip
        with pytest.raises(error):
            service(actor=cast.user(who), **given)
    assert mark_of_rows() == before


def test_a_relative_confirms_nothing_and_nobody_both_sides(cast: Cast, known: None) -> None:
    sheet = drafted(cast)
    InterestDeclaration.objects.create(
        declarant=cast.users["mgr"], manager=cast.managers["M-CD1"], kind=RelationKind.SPOUSE, starts_on=TODAY
    )
    with pytest.raises(ValidationError, match="须回避"):
        evaluation_confirm_head(actor=cast.user("mgr"), evaluation_id=sheet.pk, today=TODAY, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffEvaluation.objects.update(hr_by=cast.users["hrh"], head_by=cast.users["hrh"])


def test_other_figures_take_confirmations_back(cast: Cast, known: None) -> None:
    sheet = drafted(cast)
    evaluation_confirm_head(actor=cast.user("mgr"), evaluation_id=sheet.pk, today=TODAY, now=NOW)
    values = {"ability": Decimal(70), "experience": Decimal(70), "results": Decimal(90)}
    with pytest.raises(ValidationError, match="请填写调整的原因"):
        evaluation_change(actor=cast.user("hrb"), evaluation_id=sheet.pk, values=values, reason="", now=NOW)
    changed = evaluation_change(
        actor=cast.user("hrb"), evaluation_id=sheet.pk, values=values, reason="补证书", now=NOW
    )
    assert (changed.merit, changed.head_by) == (Decimal("78.00"), None)
    with pytest.raises(ValidationError, match=r"各项须在 0 到 100 之间|请确保"):
        evaluation_change(
            actor=cast.user("hrb"),
            evaluation_id=sheet.pk,
            values=values | {"ability": Decimal(101)},
            reason="x",
            now=NOW,
        )


def test_a_confirmed_sheet_is_succeeded_not_changed(cast: Cast, known: None) -> None:
    sheet = drafted(cast)
    evaluation_confirm_head(actor=cast.user("mgr"), evaluation_id=sheet.pk, today=TODAY, now=NOW)
    evaluation_confirm_hr(actor=cast.user("hrb"), evaluation_id=sheet.pk, today=TODAY, now=NOW)
    with pytest.raises(Conflict, match="已确认"):
        evaluation_confirm_hr(actor=cast.user("hrh"), evaluation_id=sheet.pk, today=TODAY, now=NOW)


def test_the_arithmetic_by_hand() -> None:
    assert [experience_points(years) for years in (None, 0, 7, 10, 31)] == [0, 0, 70, 100, 100]
    assert [months_after(date(2026, 1, 31), months) for months in (1, 12, 13, 25)] == [
        date(2026, 2, 28), date(2027, 1, 31), date(2027, 2, 28), date(2028, 2, 29),
    ]  # fmt: skip


# --- rules for single customers ---------------------------------------------------------------------------------------------
RULE = {"customer_no": "C-HD", "employee_no": "M-CD1", "kind": "pin", "starts_on": TODAY, "ends_on": None, "reason": "客户要求", "now": NOW}  # fmt: skip


def test_a_rule_begins_and_ends_with_reasons(cast: Cast, stage: Register) -> None:
    cmd = cast.user("cmd")
    rule = rule_begin(actor=cmd, **RULE)
    ended = rule_end(actor=cmd, rule_id=rule.pk, ends_on=date(2026, 6, 1), reason="项目结束", now=NOW)
    assert ended.ends_on == date(2026, 6, 1)
    assert list(Event.objects.filter(kind__startswith="customer_rule").order_by("pk").values_list("kind", "reason")) == [
        ("customer_rule.begin", "客户要求"), ("customer_rule.end", "项目结束"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"customer_no": "NONE"}, "没有客户“NONE”"), ({"employee_no": "NONE"}, "没有在岗的客户经理"), ({"reason": " "}, "请填写原因"),
        ({"kind": "exclude"}, "已有相反的约定"), ({"employee_no": "M-CD2"}, "已经固定了客户经理"),
        ({"ends_on": date(2020, 1, 1), "customer_no": "C-LI"}, "结束日期不能早于开始日期"),
    ],
)  # fmt: skip
def test_what_a_rule_must_not_be(cast: Cast, stage: Register, change: dict[str, object], said: str) -> None:
    rule_begin(actor=STAGE, **RULE)
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=said), transaction.atomic():
        rule_begin(actor=cast.user("cmd"), **{**RULE, **change})
    assert mark_of_rows() == before


@pytest.mark.parametrize("who", ["mgr", "cm", "hrh", "da", "sys"])
def test_only_the_customer_department_keeps_rules(cast: Cast, stage: Register, who: str) -> None:
    with pytest.raises(MissingFunction):
        rule_begin(actor=cast.user(who), **RULE)
    assert not CustomerRule.objects.exists()
