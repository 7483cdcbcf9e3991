"""`manage.py apply_plan NUMBER [--wait 600] [--json]`: an approved plan is carried out, through the workers."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.access.refusals import Conflict
from cmsys.audit.acting import acting_as
from cmsys.workflow.form import Form
from customers.execution.selectors import counts_of, reasons_of
from customers.execution.services.execution import plan_apply
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationPlan

BAD, LATE = 2, 3


class Command(BaseCommand):
    help = "执行已批准的分客方案：全部执行退出码 0，有客户未执行 1，没有该方案或不能执行 2，超时或没有执行进程 3（任务继续）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMBER", help="方案编号")
        parser.add_argument("--wait", type=float, default=600, help="最多等多少秒（默认 600）")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        actor, now = SystemActor("system:apply_plan"), timezone.now()
        found = AllocationPlan.objects.filter(number=options["number"]).first()
        if found is None:
            raise CommandError(f"没有编号为“{options['number']}”的方案。", returncode=BAD)
        # Whoever asks again while it runs, or afterwards, waits for the same run.
        if found.state not in (PlanState.APPLYING, PlanState.APPLIED):
            try:
                with acting_as(actor):
                    plan_apply(
                        actor=actor, plan_id=found.pk, form=Form(), now=now, today=timezone.localdate(now)
                    )
            except Conflict as error:
                raise CommandError(str(error), returncode=BAD) from error
        plan = self._waited(found.pk, options["wait"])
        if plan.state != PlanState.APPLIED:
            raise CommandError(
                f"等了 {options['wait']:g} 秒还没有执行完；任务继续，方案编号 {plan.number}。",
                returncode=LATE,
            )
        told = answer(plan)
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else said(told))
        if told["skipped"]:
            raise SystemExit(1)

    def _waited(self, pk: int, seconds: float) -> AllocationPlan:
        until = time.monotonic() + seconds
        plan: AllocationPlan = AllocationPlan.objects.get(pk=pk)
        while plan.state == PlanState.APPLYING and time.monotonic() < until:
            time.sleep(0.2)
            plan.refresh_from_db()
        return plan


def answer(plan: AllocationPlan) -> dict[str, Any]:
    """What became of the plan, as other programs read it."""
    counts = counts_of(plan)
    return {
        "plan": plan.number, "effective_on": str(plan.effective_on), "applied": counts.get(LineState.APPLIED, 0),
        "skipped": counts.get(LineState.SKIPPED, 0), "reasons": dict(reasons_of(plan, LineState.SKIPPED)),
    }  # fmt: skip


def said(told: dict[str, Any]) -> str:
    """The same in words for people."""
    line = f"方案 {told['plan']}：自 {told['effective_on']} 起，已执行 {told['applied']} 户，未执行 {told['skipped']} 户"
    return "\n".join([line, *(f"  {number} 户：{why}" for why, number in told["reasons"].items())])
