"""`manage.py rebalance [--unit CODE] [--policy CODE] [--percent N] [--wait 600] [--json]`: a draft plan, through the workers."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.org.models import OrgUnit
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from customers.planning.services.rebalancing import rebalance

BAD, LATE = 2, 3


class Command(BaseCommand):
    help = "编制分客方案草案：完成退出码 0，有客户安排不下 1，参数有误 2，超时或没有执行进程 3（任务继续）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", metavar="CODE", help="只做该机构及其下级")
        parser.add_argument("--policy", metavar="CODE", default="", help="政策编码（默认为该机构适用的政策）")
        parser.add_argument("--percent", type=int, metavar="N", help="移动上限，百分之几（默认按政策）")
        parser.add_argument("--wait", type=float, default=600, help="最多等多少秒（默认 600）")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["percent"] is not None and not 0 <= options["percent"] <= 100:
            raise CommandError("--percent 应是 0 到 100 的整数。", returncode=BAD)
        actor, now = SystemActor("system:rebalance"), timezone.now()
        unit = None
        if options["unit"] is not None:
            unit = OrgUnit.objects.filter(code=options["unit"]).first()
            if unit is None:
                raise CommandError(f"没有编码为“{options['unit']}”的机构，请核对 --unit。", returncode=BAD)
        try:
            with acting_as(actor):
                plan = rebalance(
                    actor=actor, unit_id=unit.pk if unit else None, policy_code=options["policy"],
                    today=timezone.localdate(now), now=now, percent=options["percent"],
                )  # fmt: skip
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=BAD) from error
        plan = self._waited(plan, options["wait"])
        if plan.state == PlanState.COMPUTING:
            raise CommandError(
                f"等了 {options['wait']:g} 秒还没有算完；任务继续，方案编号 {plan.number}。", returncode=LATE
            )
        if plan.state == PlanState.FAILED:
            raise CommandError(plan.failure, returncode=BAD)
        self.stdout.write(json.dumps(answer(plan), ensure_ascii=False) if options["json"] else said(plan))
        if plan.unmet:
            raise SystemExit(1)

    def _waited(self, plan: AllocationPlan, seconds: float) -> AllocationPlan:
        until = time.monotonic() + seconds
        while plan.state == PlanState.COMPUTING and time.monotonic() < until:
            time.sleep(0.2)
            plan.refresh_from_db()
        return plan


def answer(plan: AllocationPlan) -> dict[str, Any]:
    """The plan as other programs read it (interfaces 1)."""
    fairness = {
        side: {"max_mean": figures.get("max_mean"), "gini": figures.get("gini")}
        for side, figures in (("before", plan.before), ("after", plan.after))
    }
    return {
        "plan": plan.number, "customers": plan.customers, "moves": plan.moves, "forced_moves": plan.forced,
        "objective": plan.objective, "bound": plan.bound, "gap": plan.gap, "unmet": plan.unmet, "fairness": fairness,
    }  # fmt: skip


def said(plan: AllocationPlan) -> str:
    """The plan in a line for people."""
    gap = "" if plan.gap is None else f"，离最优不超过 {plan.gap:.3%}"
    return f"方案 {plan.number}：{plan.customers} 户，移动 {plan.moves} 户（必须移动 {plan.forced}），首次分配 {plan.first} 户{gap}"
