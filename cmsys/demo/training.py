"""What the demonstration bank teaches, and the plans of those who need it most: some waiting, some agreed, one done."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from appraisal.cycles.models import Cycle
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from training.courses.models import Competency, CourseKind
from training.courses.services.courses import course_create
from training.plans.adapters import suggestions
from training.plans.choices import ItemState
from training.plans.models import TrainingPlan
from training.plans.services.plans import item_result, plan_accept, plan_propose, plan_sign

# Competency → the names of its courses, by level.
TITLES: dict[str, tuple[str, str, str]] = {
    "COMMUNICATION": ("客户沟通基本功", "跨部门协调与会议", "谈判与冲突处理"),
    "RELATIONSHIP": ("客户拜访与档案", "重点客户关系经营", "集团客户关系规划"),
    "MARKET": ("新客户开发方法", "区域市场分析", "行业营销策划"),
    "KNOWLEDGE": ("产品与制度基础", "授信与结算产品", "综合金融方案设计"),
    "ADAPTABILITY": ("常见突发情况应对", "投诉与舆情处置", "压力管理与决策"),
    "TEAMWORK": ("团队协作入门", "带教与分享", "项目团队管理"),
    "SELLING": ("销售流程与话术", "商机管理与赢单", "大额项目营销"),
    "SERVICE": ("服务礼仪与标准", "满意度提升", "客户体验设计"),
}
KINDS = (CourseKind.ONLINE, CourseKind.INTERNAL, CourseKind.EXTERNAL)
HOURS, COST = (6, 12, 24), (0, 300, 1800)
PLANS = 12


def teach(*, actor: SystemActor, cycle: Cycle | None, today: date, now: datetime) -> int:
    """Enters the catalogue and proposes plans for the weakest of a graded cycle; how many plans there are."""
    with acting_as(actor):
        for competency in Competency.objects.filter(code__in=TITLES).order_by("code"):
            for level, name in enumerate(TITLES[competency.code], start=1):
                course_create(
                    actor=actor, code=f"{competency.code[:4]}-{level}", name=name, competency=competency, level=level,
                    kind=KINDS[level - 1], hours=HOURS[level - 1], cost=COST[level - 1],
                )  # fmt: skip
        return _plans(actor, cycle, today, now) if cycle is not None else 0


def _plans(actor: SystemActor, cycle: Cycle, today: date, now: datetime) -> int:
    sheets = ScoreSheet.objects.filter(cycle=cycle, total__isnull=False).select_related(
        "manager", "cycle__scheme"
    )
    made = 0
    for sheet in sheets.order_by("total", "manager__employee_no")[: 3 * PLANS]:
        if made == PLANS or not any(one.offer for one in suggestions(sheet, today)):
            continue
        plan = plan_propose(
            actor=actor,
            sheet_id=sheet.pk,
            ends_on=today + timedelta(days=60 + 5 * made),
            now=now,
            today=today,
        )
        _go_on(actor, plan, made, today, now)
        made += 1
    return made


def _go_on(actor: SystemActor, plan: TrainingPlan, place: int, today: date, now: datetime) -> None:
    """Every third plan waits, one is done, the others are under way."""
    if place % 3 == 0:
        return
    plan_accept(actor=actor, plan_id=plan.pk, now=now)
    plan_sign(actor=actor, plan_id=plan.pk, now=now)
    items = list(plan.items.order_by("pk"))
    for item in items if place == 1 else items[:1]:
        item_result(
            actor=actor, plan_id=plan.pk, item_id=item.pk, state=ItemState.COMPLETED, on=today, note="", now=now,
            today=today,
        )  # fmt: skip
