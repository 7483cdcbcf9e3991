"""The job and what it leaves: documents, sentences, the card on the sheet; figures that moved; doing it twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from appraisal.cycles.models import CycleMember
from appraisal.figures.models import Reading
from appraisal.grading.choices import DecisionState
from appraisal.grading.counterfactual_words import said_changes, sentences
from appraisal.grading.documents import DocumentError, load_counterfactual
from appraisal.grading.explaining import EXPLAIN, Explained, ask
from appraisal.grading.models import GradeDecision
from appraisal.scoring.words import words_of
from cmsys.jobs.models import Job
from tests.appraisal.world import World, graded
from tests.cast import STAGE
from tests.counterfactuals.world import NOW, earlier, explained, proposed, told

pytestmark = pytest.mark.django_db


def test_the_promotion_of_the_interfaces_hangs_on_these(demo: World) -> None:
    """赵立群: 0.7 × 116.07 + 30 = 111.249… here 0.7 × 116.07 + 18 = 99.249 with 85 needed: 2871 of 3000 give 84.99, 2872
    give 85.0110. Fourteen months, twelve needed. TEAM 0.4 x + 52.05 ≥ 80 needs 69.875."""
    earlier(demo)
    decision = told(demo)["M-CX1"]
    document = load_counterfactual(decision.counterfactual)
    assert document is not None
    assert (document.basis, document.how, document.people) == (decision.basis, "alone", 1)
    found = [(item.input, item.value, item.nearest, item.kind, item.to) for item in document.changes]
    assert found[:4] == [
        ("reading.SALES", "3482", "2871", "hold", None), ("target.SALES", "3000", "3638", "hold", None),
        ("months_in_grade", "14", "11", "hold", None), ("rating.TEAM.superior", "91", "69", "hold", None),
    ]  # fmt: skip
    assert document.changes[0].scores == {"performance": ["99.249", "84.99"]}
    # Two peers stand behind COMM's other half: too few to tell their mean.
    assert "rating.COMM.peer" not in {item.input for item in document.changes}


def test_sentences_say_what_with_units_and_what_then(demo: World) -> None:
    earlier(demo)
    decision = told(demo)["M-CX1"]
    assert sentences(decision) == [
        "最小改变：若本季绩效低 14.26 分（销售额少 611，由 3,482 到 2,871），结论将变为“保持初级”。",
        "或者：若本季绩效低 14.25 分（销售额目标多 638，由 3,000 到 3,638），结论将变为“保持初级”。",
        "或者：若任现等级月数少 3 个月，由 14 个月到 11 个月，结论将变为“保持初级”。",
        "或者：若本季能力低 8.80 分（“团队协作”的上级评分低 22 分，由 91 分到 69 分），结论将变为“保持初级”。",
    ]  # fmt: skip
    # Nothing is said on a document of another sheet, nor of a hold far from any limit.
    assert sentences(proposed(demo.cycle)["M-CD2"]) == []
    decision.basis = "another"
    assert sentences(decision) == []


def test_a_hold_is_told_of_only_when_near(demo: World) -> None:
    """One month short of twelve is near: 赵立群 keeps his grade, and with one month more he would not. Two are not."""
    earlier(demo)
    members = CycleMember.objects.filter(cycle=demo.cycle, manager=demo.cast.managers["M-CX1"])
    members.update(grade_since=date(2025, 2, 1))
    rows = told(demo)
    assert rows["M-CX1"].proposal == "hold"
    assert sentences(rows["M-CX1"]) == [
        "最小改变：若任现等级月数多 1 个月，由 11 个月到 12 个月，结论将变为“晋升为中级”。"
    ]
    members.update(grade_since=date(2025, 3, 1))
    GradeDecision.objects.update(counterfactual=None)
    graded(demo.cycle)
    explained(demo.cycle)
    assert sentences(proposed(demo.cycle)["M-CX1"]) == []


def test_the_job_is_done_once_and_touches_no_version(demo: World) -> None:
    earlier(demo)
    rows = told(demo)
    assert {number: row.counterfactual is not None for number, row in rows.items()} == {
        "M-CX1": True, "M-CD1": True, "M-CD2": True, "M-PD1": False,
    }  # fmt: skip
    versions = {row.pk: row.updated_at for row in rows.values()}
    ask(STAGE, demo.cycle, NOW)
    assert explained(demo.cycle) == Explained(0, 0, 0)
    GradeDecision.objects.update(counterfactual=None)
    Job.objects.filter(kind=EXPLAIN).delete()
    ask(STAGE, demo.cycle, NOW)
    assert explained(demo.cycle) == Explained(3, 1, 0)
    assert {row.pk: row.updated_at for row in proposed(demo.cycle).values()} == versions


def test_figures_that_moved_since_are_said_not_used(demo: World) -> None:
    earlier(demo)
    told(demo)
    Reading.objects.filter(indicator_code="SALES", manager=demo.cast.managers["M-CX1"]).update(
        value=Decimal(3000)
    )
    GradeDecision.objects.update(counterfactual=None)
    ask(STAGE, demo.cycle, NOW)
    assert explained(demo.cycle) == Explained(3, 0, 1)
    decision = proposed(demo.cycle)["M-CX1"]
    assert (decision.counterfactual or {})["how"] == "moved"
    assert sentences(decision) == ["数据在定级之后有变动，最小改变要等重新定级后推算。"]


def test_a_decision_in_effect_is_left_alone(demo: World) -> None:
    earlier(demo)
    graded(demo.cycle)
    rows = proposed(demo.cycle)
    GradeDecision.objects.filter(pk=rows["M-CX1"].pk).update(
        state=DecisionState.EFFECTIVE, effective_from=date(2026, 2, 1)
    )
    graded(demo.cycle)
    explained(demo.cycle)
    assert proposed(demo.cycle)["M-CX1"].counterfactual is None


def test_a_failed_chunk_leaves_nothing_behind(demo: World) -> None:
    earlier(demo)
    graded(demo.cycle)
    proposed(demo.cycle)
    graded(demo.cycle)
    with pytest.raises(RuntimeError), transaction.atomic():
        explained(demo.cycle)
        raise RuntimeError
    assert not GradeDecision.objects.filter(counterfactual__isnull=False).exists()


def test_the_stored_form_refuses_what_it_does_not_know() -> None:
    stored = {"schema_version": 1, "basis": "x", "how": "alone", "people": 1, "changes": []}
    assert load_counterfactual(stored) is not None
    assert load_counterfactual(None) is None
    row: dict[str, Any] = {
        "input": "a",
        "value": "1",
        "nearest": "2",
        "step": "1",
        "kind": "hold",
        "to": None,
        "scores": {},
    }
    for wrong in (
        stored | {"schema_version": 2}, stored | {"more": 1}, stored | {"how": "guessed"},
        {key: value for key, value in stored.items() if key != "basis"},
        stored | {"changes": [row | {"why": "x"}]}, stored | {"changes": [{"input": "a"}]},
    ):  # fmt: skip
        with pytest.raises(DocumentError):
            load_counterfactual(wrong)
    assert load_counterfactual(stored | {"changes": [row]}) is not None


def test_the_card_stands_on_the_sheet_for_those_who_may_see_the_decision(
    demo: World, signed_in: Callable[[str], Browser]
) -> None:
    earlier(demo)
    decision = told(demo)["M-CX1"]
    url = f"/score-sheets/{decision.sheet_id}/"
    assert "销售额少 611" in signed_in("hrh").get(url).content.decode()
    # 李敏 supervises another branch.
    assert signed_in("mgr").get(url).status_code == 404
    # The auditor may read sheets where he may, but no decisions.
    page = signed_in("aud").get(url)
    assert page.status_code != 200 or "销售额少 611" not in page.content.decode()


def test_amounts_are_read_in_tens_of_thousands_and_nothing_ends_in_no_result(demo: World) -> None:
    """Every digit stands in the document; the sentence rounds and says so. A target of nothing is no change of grade."""
    earlier(demo)
    decision = told(demo)["M-CX1"]
    document = load_counterfactual(decision.counterfactual)
    assert document is not None and "not_rated" not in {change.kind for change in document.changes}
    words = words_of(decision.cycle.scheme)
    yuan = replace(words, units={"SALES": "元"})
    change = replace(document.changes[0], value="13417952.56", nearest="8147952.56")
    [said] = said_changes(yuan, decision, replace(document, changes=[change]))
    assert said.text == (
        "若本季绩效低 14.26 分（销售额少 527 万元，由约 1,341.80 万元到约 814.80 万元），结论将变为“保持初级”。"
    )
    share = replace(words, units={"SALES": "%"})
    change = replace(change, value="12.5", nearest="14")
    [said] = said_changes(share, decision, replace(document, changes=[change]))
    assert "销售额高 1.5 个百分点，由 12.5% 到 14%" in said.text
