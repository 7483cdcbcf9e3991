"""Rules as documents: what each mistake is called and where; versions; what docs/states draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ValidationError

from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from customers.registry.models import CustomerTier
from customers.tiers.choices import RuleState, RunState
from customers.tiers.engine.document import RuleError, read_rule
from customers.tiers.models import TierRule
from customers.tiers.services.rules import rule_adopt, rule_import
from customers.tiers.transitions import RULE, RUN
from tests.cast import STAGE, Cast
from tests.tiers.world import NOW, rule, text

EXAMPLE = Path(settings.BASE_DIR) / "examples" / "tier_rules" / "default.yaml"
BAND = [{"from": 1, "points": 10}]


def measures(**one: Any) -> dict[str, Any]:
    return {"measures": {"frequency": {"weight": 100, "bands": BAND, **one}}}


def test_the_example_is_read() -> None:
    found = read_rule(EXAMPLE.read_text(encoding="utf-8"))
    assert (found.code, found.margin, found.runs, found.by_share) == ("KHFJ", 500, 2, False)
    assert found.measures[0].bands[0] == (10_000_000, 20)  # 100 000 yuan in fen
    assert found.measures[1].shares == ((10, 100), (30, 70), (60, 40))
    assert [(tier.code, tier.score) for tier in found.tiers] == [("A", 6500), ("B", 3000), ("C", None)]


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"code": ""}, "code", "应是 1 到 40 字的文字"),
        ({"version": 0}, "version", "应是 1 到 9999 的整数，收到的是 0"),
        ({"colour": 1}, "colour", "没有这个键，请对照示例检查拼写"),
        ({"kinds": ["bank"]}, "kinds[0]", "没有客户类型 'bank'"),
        ({"kinds": ["large", "large"]}, "kinds[1]", "写了两次"),
        ({"kinds": []}, "kinds", "应是一列客户类型"),
        ({"measures": {}}, "measures", "应是一组“键: 值”，不能为空"),
        ({"measures": {"profit": {}}}, "measures.profit", "没有这一项；可用的有 contracts、revenue、frequency、potential"),
        (measures(weight=90), "measures", "各项权重之和应为 100，现在是 90"),
        (measures(weight=True), "measures.frequency.weight", "应是 1 到 100 的整数，收到的是 True"),
        (measures(quarters=0), "measures.frequency.quarters", "应是 1 到 20 的整数，收到的是 0"),
        (measures(shares=[{"top": 10, "points": 1}]), "measures.frequency", "应写 bands（按数值分段）或 shares（按名次占比）之一"),
        (measures(stages={}), "measures.frequency.stages", "没有这一项"),
        (measures(bands=[]), "measures.frequency.bands", "应是一列 {from: …, points: …}，不能为空"),
        (measures(bands=[{"from": 5, "points": 101}]), "measures.frequency.bands[0].points", "应是 0 到 100 的整数，收到的是 101"),
        (measures(bands=[{"from": 1.5, "points": 1}]), "measures.frequency.bands[0].from", "的整数，收到的是 1.5"),
        (measures(bands=[{"from": 5, "points": 10}, {"from": 9, "points": 5}]), "measures.frequency.bands", "points 不应越来越少"),
        ({"measures": {"revenue": {"weight": 100, "shares": [{"top": 10, "points": 5}, {"top": 20, "points": 9}]}}},
         "measures.revenue.shares", "points 不应越来越多"),
        ({"measures": {"revenue": {"weight": 100, "bands": [{"from": 1.005, "points": 9}]}}},
         "measures.revenue.bands[0].from", "至多两位小数，收到的是 1.005"),
        ({"measures": {"potential": {"weight": 100, "bands": BAND, "stages": {"won": 5}}}}, "measures.potential.stages.won", "没有这一项"),
        ({"tiers": [{"code": "A"}]}, "tiers", "至少两级，最后一级不写界线"),
        ({"tiers": [{"code": "A"}, {"code": "B"}]}, "tiers[0]", "应写 score（得分）或 top（占比）之一"),
        ({"tiers": [{"code": "A", "score": 1}, {"code": "B", "score": 0}]}, "tiers[1]", "最后一级收下其余客户，不写界线"),
        ({"tiers": [{"code": "A", "score": 1}, {"code": "A"}]}, "tiers[1].code", "应是不重复的分级编码"),
        ({"tiers": [{"code": "A", "score": 9}, {"code": "B", "top": 9}, {"code": "C"}]}, "tiers", "不能混用"),
        ({"tiers": [{"code": "A", "score": 9}, {"code": "B", "score": 9}, {"code": "C"}]}, "tiers", "score 应越来越小"),
        ({"tiers": [{"code": "A", "top": 20}, {"code": "B", "top": 10}, {"code": "C"}]}, "tiers", "top（累计占比）应越来越大"),
        ({"hysteresis": {"points": 0}}, "hysteresis.points", "应大于 0；不要缓冲时去掉这个键"),
        ({"hysteresis": {"runs": 1}}, "hysteresis.runs", "应是 2 到 12 的整数"),
        ({"hysteresis": 5}, "hysteresis", "应是一组“键: 值”"),
        ({"limits": {"vip": {"min": "A"}}}, "limits.vip", "没有这一项；可用的有 none、key、general、prospect"),
        ({"limits": {"key": {"min": "D"}}}, "limits.key.min", "tiers 里没有分级 'D'"),
        ({"limits": {"key": {"min": "A", "max": "B"}}}, "limits.key", "max 不能低于 min"),
        ({"categories": {"A": "key", "B": "general"}}, "categories.C", "没有写这一级的客户分类"),
        ({"categories": {"A": "prospect", "B": "general", "C": "general"}}, "categories.A", "应是 key（重点）或 general（一般）"),
        ({"categories": {"A": "key", "B": "key", "C": "key"}, "limits": {"key": {"min": "B"}}}, "categories", "两者不能同时写"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_place(change: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(RuleError) as refusal:
        read_rule(text(**change))
    assert [sentence for where, sentence in refusal.value.faults if where == path and said in sentence], (
        refusal.value.faults
    )


def test_all_faults_at_once() -> None:
    with pytest.raises(RuleError) as refusal:
        read_rule(text(code="", hysteresis={"runs": 99}, colour=1, limits={"key": {"max": "Z"}}))
    assert [path for path, _said in refusal.value.faults] == [
        "hysteresis.runs",
        "code",
        "limits.key.max",
        "colour",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [("a: [", "第 1 行：不是有效的 YAML"), ("- 1", "文档应是一组“键: 值”"), ("", "文档应是一组“键: 值”")],
)
def test_what_is_no_document(given: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        read_rule(given)


# --- versions ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_draft_is_changed_an_adopted_version_is_succeeded(cast: Cast) -> None:
    first = rule_import(actor=STAGE, text=text())
    assert (first.outcome, first.rule.state) == ("created", "draft")
    assert rule_import(actor=STAGE, text="# 注释\n" + text()).outcome == "unchanged"
    assert rule_import(actor=STAGE, text=text(name="改名")).outcome == "updated"
    cmd = cast.user("cmd")
    with pytest.raises(ValidationError, match="请填写采用的理由"):
        rule_adopt(actor=cmd, rule_id=first.rule.pk, reason=" ", now=NOW)
    adopted = rule_adopt(actor=cmd, rule_id=first.rule.pk, reason="办公会通过", now=NOW)
    assert (adopted.state, adopted.adopted_by, adopted.adopted_at) == ("active", "蒋客管（cmd）", NOW)
    with pytest.raises(ValidationError, match="已经采用过，不能再改；请把 version 改为 2"):
        rule_import(actor=STAGE, text=text(name="再改"))
    second = rule(version=3)
    assert dict(TierRule.objects.values_list("version", "state")) == {1: "superseded", 3: "active"}
    with pytest.raises(ValidationError, match="请把 version 提高到 4"):
        rule_import(actor=STAGE, text=text(version=2))
    assert rule_adopt(actor=cmd, rule_id=second.pk, reason="再按一次", now=NOW).state == "active"
    with pytest.raises(Conflict, match="已被取代"):
        rule_adopt(actor=cmd, rule_id=first.rule.pk, reason="退回", now=NOW)
    kinds = list(
        Event.objects.filter(kind__startswith="tier_rule").order_by("pk").values_list("kind", flat=True)
    )
    assert kinds == [
        "tier_rule.create", "tier_rule.update", "tier_rule.adopt", "tier_rule.create", "tier_rule.supersede", "tier_rule.adopt",
    ]  # fmt: skip


@pytest.mark.django_db
def test_one_customer_has_one_rule(cast: Cast) -> None:
    rule()
    other = rule(adopted=False, code="GRFJ", kinds=["individual", "sme"])
    with pytest.raises(ValidationError, match="现行规则“KHFJ v1”也适用于中小企业"):
        rule_adopt(actor=STAGE, rule_id=other.pk, reason="x", now=NOW)
    assert rule(code="GRFJ", kinds=["individual"]).state == "active"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ("ABCD", r"tiers\[3\].code：没有客户分级“D”"),
        ("AB", "没有写客户分级“C”"),
        ("BAC", "应按从高到低的次序：A、B、C"),
    ],
)
def test_tiers_are_those_of_the_institution(cast: Cast, codes: str, said: str) -> None:
    assert CustomerTier.objects.count() == 3
    tiers = [{"code": code, "top": 10 * (place + 1)} for place, code in enumerate(codes)]
    tiers[-1].pop("top")
    with pytest.raises(ValidationError, match=said):
        rule_import(actor=STAGE, text=text(tiers=tiers))


def test_the_shipped_example_says_the_same_as_its_source() -> None:
    assert read_rule(EXAMPLE.read_text(encoding="utf-8")).source == yaml.safe_load(
        EXAMPLE.read_text(encoding="utf-8")
    )


# --- what docs/states draws -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "machine", "states"), [("tier_rule", RULE, RuleState), ("tier_run", RUN, RunState)]
)
def test_the_diagram_is_that_of_the_machine(name: str, machine: Any, states: Any) -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "states" / f"{name}.md").read_text(encoding="utf-8")
    assert page.split("```mermaid\n")[1].split("\n```")[0] == machine.diagram()
    for state in states:
        assert f"| {state.value} | {state.label} |" in page
    for verb in machine.transitions:
        assert f"| {verb} |" in page
