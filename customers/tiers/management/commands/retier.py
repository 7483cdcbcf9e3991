"""`manage.py retier [--rule CODE] [--dry-run] [--wait 600] [--json]`: tiers by rule, through the workers."""

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
from customers.tiers.choices import RunState
from customers.tiers.flows import finding
from customers.tiers.models import TierRule, TierRun
from customers.tiers.selectors import active_rules, newest
from customers.tiers.services.runs import run_start

BAD, LATE = 2, 3


class Command(BaseCommand):
    help = "按规则提出客户分级建议：完成退出码 0，参数有误或计算失败 2，超时或没有执行进程 3（任务继续）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rule", metavar="CODE", help="规则编码（默认为全部现行规则）")
        parser.add_argument("--dry-run", action="store_true", help="只试算，不提出建议")
        parser.add_argument("--wait", type=float, default=600, help="最多等多少秒（默认 600）")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        rules = self._rules(options["rule"])
        actor, now = SystemActor("system:retier"), timezone.now()
        runs = []
        try:
            with acting_as(actor):
                for rule in rules:
                    runs.append(run_start(
                        actor=actor, rule_id=rule.pk, trial=options["dry_run"], today=timezone.localdate(now), now=now
                    ))  # fmt: skip
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=BAD) from error
        self._wait(runs, options["wait"])
        late = [run.number for run in runs if run.state == RunState.COMPUTING]
        if late:
            raise CommandError(
                f"等了 {options['wait']:g} 秒还没有算完；任务继续，批次编号 {'、'.join(late)}。",
                returncode=LATE,
            )
        for run in runs:
            if run.state == RunState.FAILED:
                raise CommandError(f"{run.number}：{run.failure}", returncode=BAD)
        if options["json"]:
            self.stdout.write(json.dumps([answer(run) for run in runs], ensure_ascii=False))
        else:
            self.stdout.write("\n".join(f"批次 {run.number}（{run.rule}）：{finding(run)}" for run in runs))

    def _rules(self, code: str | None) -> list[TierRule]:
        if code is None:
            found = list(active_rules())
            if not found:
                raise CommandError("还没有现行的分级规则，请先导入并采用一份。", returncode=BAD)
            return found
        rule = newest(code)
        if rule is None:
            raise CommandError(f"没有编码为“{code}”的分级规则，请核对 --rule。", returncode=BAD)
        return [rule]

    def _wait(self, runs: list[TierRun], seconds: float) -> None:
        until = time.monotonic() + seconds
        while any(run.state == RunState.COMPUTING for run in runs) and time.monotonic() < until:
            time.sleep(0.2)
            for run in runs:
                run.refresh_from_db()


def answer(run: TierRun) -> dict[str, Any]:
    """The run as other programs read it."""
    return {
        "run": run.number, "rule": str(run.rule), "state": run.state, "as_of": run.as_of.isoformat(), "customers": run.customers,
        "raised": run.raised, "lowered": run.lowered, "first": run.first, "held": run.held_count,
        "waiting": run.waiting_count, "flows": run.flows, "digest": run.digest,
    }  # fmt: skip
