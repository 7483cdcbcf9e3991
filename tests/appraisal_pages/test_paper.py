"""The sheet in words: figures exact, sums that hold, methods, notes and reasons as sentences."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appraisal.schemes.engine import load_scheme
from appraisal.scoring.methods_said import method_said, note_said
from appraisal.scoring.models import ScoreSheet, SheetLine
from appraisal.scoring.paper import Paper, paper_of
from appraisal.scoring.words import SchemeWords, exact, said
from tests.appraisal_pages.graded import DEMO, Graded

pytestmark = pytest.mark.django_db


def paper(world: Graded, number: str) -> Paper:
    sheet = world.sheet(number)
    return paper_of(sheet, list(sheet.lines.all()))


def test_the_figures_of_the_interfaces_stand_on_the_sheet(world: Graded) -> None:
    found = paper(world, "M-CX1")
    assert [(part.code, part.result) for part in found.parts] == [
        ("ability", Decimal("88.45")), ("performance", Decimal("99.249")), ("total", Decimal("93.8495")),
    ]  # fmt: skip
    assert [(line.code, line.score, line.contribution) for part in found.parts for line in part.lines] == [
        ("COMM", Decimal("86.75"), Decimal("52.05")), ("TEAM", Decimal(91), Decimal("36.4")),
        ("SALES", Decimal("116.07"), Decimal("81.249")), ("OVERDUE", Decimal(60), Decimal(18)),
    ]  # fmt: skip
    assert (found.cell_name, found.strategy, found.proposal) == ("高能高绩", "晋升与挑战", "晋升为中级")


def test_contributions_add_up_exactly_and_the_sheet_says_so(world: Graded) -> None:
    for number in ("M-CX1", "M-CD1", "M-CD2"):
        found = paper(world, number)
        assert all(part.agrees for part in found.parts), number
        assert [part.sum for part in found.parts[:2]] == [part.result for part in found.parts[:2]]
    assert [part.sentence for part in paper(world, "M-CX1").parts] == [
        "各行贡献相加 = 能力得分，逐位相符", "各行贡献相加 = 绩效得分，逐位相符",
        "能力 88.45 × 50% + 绩效 99.249 × 50% = 93.8495",
    ]  # fmt: skip


def test_a_sum_that_does_not_hold_is_shown_as_such(world: Graded) -> None:
    SheetLine.objects.filter(sheet=world.sheets["2025Q4", "M-CX1"], code="SALES").update(
        contribution="81.248"
    )
    found = next(part for part in paper(world, "M-CX1").parts if part.code == "performance")
    assert not found.agrees
    assert found.sentence == "各行贡献相加为 99.248，与绩效得分不符，请联系人事部门核对"
    ScoreSheet.objects.filter(pk=world.sheets["2025Q4", "M-CX1"].pk).update(total="93.8494")
    total = paper(world, "M-CX1").parts[-1]
    assert (total.agrees, "不符" in total.sentence) == (False, True)


def test_a_weight_that_was_shared_out_is_told_beside_the_stated_one(world: Graded) -> None:
    comm, team = paper(world, "M-CD2").parts[0].lines
    assert (comm.weight, comm.stated_weight, comm.contribution) == (Decimal(100), Decimal(60), Decimal(90))
    assert comm.notes == ("权重由 60% 调为 100%：有指标不计入，其余按比例分担",)
    assert (team.score, team.contribution, team.notes) == (
        None,
        None,
        ("没有数据，不计入，权重由其余指标分担",),
    )


def test_a_cap_is_told(world: Graded) -> None:
    sales = paper(world, "M-CD2").parts[1].lines[0]
    assert (sales.raw, sales.score, sales.notes) == (Decimal(3900), Decimal(120), ("已到上限（封顶）",))
    assert sales.working == "120.00 × 70% = 84.00"


def test_who_is_not_rated_is_told_why_and_has_no_zeros(world: Graded) -> None:
    found = paper(world, "M-PD1")
    assert not found.rated
    assert [part.result for part in found.parts] == [Decimal(80), None, None]
    assert "绩效得分无法给出：缺：逾期率。补齐后重新运行定级即可评定。" in found.not_rated
    overdue = found.parts[1].lines[1]
    assert (overdue.raw, overdue.score, overdue.contribution) == (None, None, None)
    assert overdue.texts()["contribution"] == "—"
    assert overdue.notes == ("没有数据，本维度不能评定",)


def test_reasons_are_sentences_with_ones_own_values(world: Graded) -> None:
    promotion = paper(world, "M-CX1").reasons[-1]
    assert (promotion.title, promotion.outcome, promotion.text) == ("晋升为中级", "达到", "须全部满足")
    assert [(item.text, item.own, item.outcome) for item in promotion.conditions] == [
        ("连续 2 期绩效得分 ≥ 85", "99.249、87.4", "满足"), ("能力得分 ≥ 80", "88.45", "满足"),
        ("任现等级月数 ≥ 12", "14", "满足"),
    ]  # fmt: skip
    demotion = paper(world, "M-CD1").reasons[0]
    assert (demotion.title, demotion.outcome, demotion.tone) == ("中级的降级规则", "触发", "down")
    assert [(item.text, item.own, item.outcome) for item in demotion.conditions] == [
        ("连续 2 期绩效得分 < 60", "35、53", "满足")
    ]


def test_a_condition_without_data_says_so(world: Graded) -> None:
    reasons = world.sheet("M-CX1").reasons
    assert reasons is not None
    condition = reasons["reasons"][-1]["detail"]["conditions"][0]
    condition |= {"found": ["99.249", None], "passed": None}
    ScoreSheet.objects.filter(pk=world.sheets["2025Q4", "M-CX1"].pk).update(reasons=reasons)
    found = paper(world, "M-CX1").reasons[-1].conditions[0]
    assert (found.own, found.outcome, found.tone) == ("99.249、—", "缺数据", "warn")


@pytest.mark.parametrize(
    ("detail", "rule", "expected"),
    [
        ({"code": "veto", "effect": "demotion", "score": "zero", "name": "重大违规"}, "veto:V", ("一票否决：重大违规", "触发", "综合得分归零。降一级。")),
        ({"code": "no_demotion", "circumstances": ["MATERNITY"], "instead_of": "JUNIOR"}, "circumstance:no_demotion",
         ("MATERNITY：本期不降级", "保持", "按规则原应调为初级。")),
        ({"code": "quota", "place": 3, "limit": 2, "candidates": 5, "tied": True, "grade": "SENIOR"}, "quota:Q",
         ("高级名额", "超出名额", "候选 5 人，本人第 3 位，名额 2 个。与他人并列在名额边上，由人决定。")),
        ({"code": "grace", "months": "3", "until": "6"}, "keep[0]", ("保级过渡期", "保持", "任现等级 3 个月，未满 6 个月，暂不降级。")),
        ({"code": "needs_exceptional_decision", "to": "SENIOR"}, "promotion[0]", ("越级晋升为高级", "未满足", "须先有破格决定。")),
        ({"code": "not_rated", "name": "产假"}, "circumstance:M", ("产假", "未评", "本期不评定。")),
        ({"code": "level_limited", "before": "A", "after": "B"}, "R", ("考核等次受限", "生效", "由A改为B。")),
        ({"code": "of_tomorrow"}, "promotion[9]", ("规则 promotion[9]", "不满足", "")),
    ],
)  # fmt: skip
def test_every_other_reason_is_a_sentence(
    world: Graded, detail: dict[str, Any], rule: str, expected: tuple[str, str, str]
) -> None:
    document = {"schema_version": 1, "reasons": [{"rule": rule, "passed": False, "detail": detail}]}
    ScoreSheet.objects.filter(pk=world.sheets["2025Q4", "M-CX1"].pk).update(reasons=document)
    (found,) = paper(world, "M-CX1").reasons
    assert (found.title, found.outcome, found.text) == expected


METHODS = {
    "{type: ratio, floor: 0, cap: 120}": "完成率（实际 ÷ 目标）× 100，最低 0、120 封顶",
    "{type: lower_is_better, cap: 110}": "目标 ÷ 实际 × 100，越低越好，110 封顶",
    "{type: bands, bands: [{to: 1, score: 100}, {from: 1, to: 3, score: 60}, {from: 3, score: 0}]}":
        "分档：低于 1：100 分；1 至不足 3：60 分；3 及以上：0 分",
    "{type: linear, points: [[-20, 0], [0, 60], [10, 100]]}": "按点连线：−20 → 0，0 → 60，10 → 100，两端持平",
    "{type: per_unit, base: 60, per: 1000, points: 2, whole: true, cap: 100}":
        "基础 60 分，每 1,000 计 2 分（按整数计），100 封顶",
    "{type: step, at: 90, base: 80, up: {per: 1, points: 2, limit: 20}, down: {per: 1, points: 3}}":
        "达到 90 得 80 分，每高 1 加 2 分（最多 20），每低 1 扣 3 分",
    "{type: deduct, per: 5}": "满分 100，每次扣 5 分，最低 0",
    "{type: threshold, at: 10, score: 100}": "达到 10 得 100 分，否则 0 分",
    "{type: direct, floor: 0, cap: 100}": "实际值即得分，最低 0、100 封顶",
    "{type: veto}": "一票否决：未发生得 100 分，发生即 0 分",
    "{type: rank, group: unit}": "在同机构中按名次计分",
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_methods_are_said_in_words(method: str) -> None:
    text = DEMO.read_text(encoding="utf-8").replace("{type: ratio, floor: 0, cap: 120}", method)
    scheme = load_scheme(text)
    indicator = scheme.indicator("SALES")
    assert indicator is not None
    assert method_said(SchemeWords(scheme, ""), indicator) == METHODS[method]


def test_raters_are_named_with_their_weights() -> None:
    scheme = load_scheme(DEMO.read_text(encoding="utf-8"))
    indicator = scheme.indicator("COMM")
    assert indicator is not None
    assert (
        method_said(SchemeWords(scheme, ""), indicator)
        == "各方评分加权：上级 50、同级 50，没有评分的一方按其余折算"
    )


def test_every_scheme_that_is_shipped_can_be_said() -> None:
    for path in sorted(Path(DEMO.parent).glob("*.yaml")):
        scheme = load_scheme(path.read_text(encoding="utf-8"))
        words = SchemeWords(scheme, "")
        assert all(method_said(words, indicator) for indicator in scheme.indicators()), path.name
        assert len(words.cells) in (0, 4, 9)


def test_figures_are_written_in_full() -> None:
    assert [said(Decimal(text)) for text in ("83.1500000000", "-12345.5", "1E+3", "0E-20")] == [
        "83.15",
        "−12,345.5",
        "1,000",
        "0",
    ]
    assert (said(Decimal(5), 2), said(None), exact(Decimal("100.000"))) == ("5.00", "—", Decimal(100))


def test_notes_nobody_knows_stay_as_they_are() -> None:
    assert (note_said("target_missing_zero"), note_said("of_tomorrow")) == (
        "没有目标，按零分计",
        "of_tomorrow",
    )
