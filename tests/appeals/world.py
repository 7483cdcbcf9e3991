"""The four decisions of tests/notices/world.py, told to the people they are about.

M-CD1 陈思远 城东   中级 → 初级   demotion    reviewed by mgr, confirmed by hrb      `cm`
M-CD2 王雅琴 城东   高级          hold        reviewed by mgr, confirmed by hrb      `wang`
M-CX1 赵立群 城西   初级 → 中级   promotion   reviewed by chief, confirmed by hrb    `zhao`
M-PD1 周婷   浦东   中级 → 高级   promotion   reviewed by chiefpd, confirmed by hrh  `zhou`

So hrb has decided on three of them, hrh on the fourth, `second` (HRH) and `hrsh` (HRB of 上海) on none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.services import appeals, deciding, plans
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.notices.models import ServiceOfNotice
from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.workflow.form import Form
from tests.notices.world import Decided, at, decided

# Tuesday before National Day 2026; 9-30, 10-08, 10-09, Saturday 10-10 and Monday 10-12 are the next working days.
TOLD = date(2026, 9, 29)
LAST = date(2026, 10, 12)
WHOSE = {"M-CD1": "cm", "M-CD2": "wang", "M-CX1": "zhao", "M-PD1": "zhou"}


@dataclass
class Appealed:
    """The decisions, and in short what is done with them."""

    decided: Decided

    @property
    def cast(self) -> Any:
        return self.decided.cast

    def user(self, name: str) -> User:
        return self.decided.user(name)

    def decision(self, number: str) -> GradeDecision:
        return self.decided.decision(number)

    def told(self, number: str, day: date = TOLD, state: str = "") -> GradeDecision:
        """The decision becomes known on a day: a demotion is served, a promotion on notice, what stays takes effect."""
        decision = self.decision(number)
        states = {"demotion": "served", "promotion": "on_notice"}
        state = state or states.get(decision.kind, "effective")
        decision.steps.create(
            verb={"served": "serve", "on_notice": "publish"}.get(state, "take_effect"), actor_name="system",
            from_state=decision.state, to_state=state, at=at(day),
        )  # fmt: skip
        effective_from = day if state == "effective" else None
        GradeDecision.objects.filter(pk=decision.pk).update(state=state, effective_from=effective_from)
        return self.decision(number)

    def lodge(self, number: str, day: date = TOLD, **given: Any) -> GradeAppeal:
        values: dict[str, Any] = {
            "actor": self.user(WHOSE[number]), "ground": "data", "text": "第四季度销售额少计 200 万元", "wish": "请更正",
            "form": Form(nonce=given.pop("nonce", "")), "now": at(day, 10), "today": day,
        }  # fmt: skip
        return appeals.appeal_lodge(decision_id=self.decided.keys[number], **(values | given))

    def lodged(self, number: str, day: date = TOLD, state: str = "") -> GradeAppeal:
        """Told and lodged on one day."""
        self.told(number, day, state)
        return self.lodge(number, day)

    def do(self, verb: str, appeal: GradeAppeal, who: str, day: date = TOLD, **given: Any) -> GradeAppeal:
        form = Form(given.pop("reason", "经过核对"), given.pop("nonce", ""), given.pop("version", ""))
        values: dict[str, Any] = {
            "actor": self.user(who),
            "appeal_id": appeal.pk,
            "form": form,
            "now": at(day, 11),
        }
        service = {
            "withdraw": appeals.appeal_withdraw, "comment": appeals.appeal_comment, "accept": appeals.appeal_accept,
            "release": appeals.appeal_release, "stay": appeals.appeal_stay, "decide": deciding.appeal_decide,
        }[verb]  # fmt: skip
        return service(today=day, **values, **given)

    def hearing(self, number: str, who: str = "second", state: str = "") -> GradeAppeal:
        return self.do("accept", self.lodged(number, state=state), who)

    def answer(
        self, appeal: GradeAppeal, who: str, outcome: str, remedy: str, grade: str = "", day: date = TOLD
    ) -> GradeAppeal:
        given = deciding.Answer(outcome, remedy, grade)
        return self.do("decide", appeal, who, day, answer=given, reason="销售额已核实")

    # --- plans ------------------------------------------------------------------------------------------------------------
    def plan(self, number: str = "M-CD1", who: str = "mgr", day: date = TOLD) -> ImprovementPlan:
        return plans.plan_open(
            actor=self.user(who),
            employee_no=number,
            note="连续两期未完成目标",
            form=Form(),
            now=at(day),
            today=day,
        )

    def draft(self, **given: Any) -> plans.Draft:
        values: dict[str, Any] = {
            "goal": "销售额达到目标的 90%", "coach": "李敏", "starts_on": TOLD, "ends_on": date(2026, 12, 29),
            "measures": [plans.Measure("每周拜访五户", "拜访记录", date(2026, 11, 30))],
            "checks": [date(2026, 10, 30), date(2026, 11, 30)],
        }  # fmt: skip
        return plans.Draft(**(values | given))

    def plan_do(
        self, verb: str, plan: ImprovementPlan, who: str = "mgr", day: date = TOLD, **given: Any
    ) -> Any:
        form = Form(given.pop("reason", "情况属实"), given.pop("nonce", ""))
        values: dict[str, Any] = {
            "actor": self.user(who),
            "plan_id": plan.pk,
            "now": at(day, 14),
            "today": day,
        }
        if verb == "write":
            return plans.plan_write(draft=given.pop("draft", self.draft()), form=form, **values, **given)
        if verb == "check":
            return plans.plan_check(**values, **given)
        if verb in ("pass", "fail"):
            return plans.plan_close(passed=verb == "pass", form=form, **values)
        extra: dict[str, Any] = {
            "sign": {"opinion": ""}, "refusal": {"witness": "吴工会"}, "extend": {"ends_on": date(2027, 1, 29)},
        }.get(verb, {})  # fmt: skip
        return getattr(plans, f"plan_{verb}")(form=form, **values, **(extra | given))

    def running(self, number: str = "M-CD1", who: str = "mgr", person: str = "cm") -> ImprovementPlan:
        """A plan both have signed."""
        plan = self.plan(number, who)
        self.plan_do("write", plan, who)
        self.plan_do("issue", plan, who)
        return self.plan_do("sign", plan, person)


def appealed() -> Appealed:
    return Appealed(decided(code="APPEALS"))


def served(world: Appealed, number: str, day: date, until: date) -> ServiceOfNotice:
    """A service of notice as it is on file."""
    return ServiceOfNotice.objects.create(
        decision=world.decision(number), method="in_person", to_grade="初级客户经理", reasons="考核结果",
        served_on=day, served_at=at(day), served_name="冯分行", appeal_until=until, channel="人力资源部",
        year=day.year, serial=1,
    )  # fmt: skip


def rows() -> tuple[int, ...]:
    """Everything that a refused act must leave as it was."""
    from appraisal.appeals.models import AppealStep, PlanStep
    from cmsys.inbox.models import Message

    found = (GradeAppeal, AppealStep, ImprovementPlan, PlanStep, DecisionStep, Message, Event)
    states = sorted(GradeAppeal.objects.values_list("pk", "state", "updated_at"))
    states += sorted(GradeDecision.objects.values_list("pk", "state", "updated_at"))
    states += sorted(ImprovementPlan.objects.values_list("pk", "state", "updated_at"))
    return (*(model.objects.count() for model in found), hash(str(states)))


def events(case: Any) -> list[str]:
    found = Event.objects.filter(resource=case.resource, object_id=str(case.pk)).order_by("pk")
    return list(found.values_list("kind", flat=True))
