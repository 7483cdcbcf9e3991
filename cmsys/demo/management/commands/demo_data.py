"""`manage.py demo_data`: an invented bank in an empty database, the same for a seed, all or nothing."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cmsys.audit.acting import acting_as
from cmsys.demo.allocation import allocate
from cmsys.demo.cycles import grade
from cmsys.demo.filling import ACTOR, fill
from cmsys.demo.tiers import sort_customers
from cmsys.demo.training import teach


class Command(BaseCommand):
    help = "在空库中写入演示银行：机构、岗位、客户经理和各角色的账号；同一种子得到同样的数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--managers", type=int, default=200, help="客户经理人数（默认 200）")
        parser.add_argument("--customers", type=int, default=20_000, help="客户数（默认 20000）")
        parser.add_argument("--months", type=int, help="往来从多少个月前开始（默认本季与之前五个季度）")
        parser.add_argument("--without-cycles", action="store_true", help="不建考核方案与考核周期，只写记录")
        parser.add_argument("--seed", type=int, default=1, help="随机种子")
        parser.add_argument(
            "--accounts-file", type=Path, help="账号和密码写到这里（默认 $CMSYS_HOME/demo.json）"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 when all is in; CommandError (1) for a database that is not empty or a number out of range."""
        if not 8 <= options["managers"] <= 100_000:
            raise CommandError("--managers 应在 8 到 100000 之间")
        if not 0 <= options["customers"] <= 5_000_000:
            raise CommandError("--customers 应在 0 到 5000000 之间")
        if options["months"] is not None and not 1 <= options["months"] <= 120:
            raise CommandError("--months 应在 1 到 120 之间")
        target: Path = options["accounts_file"] or Path(settings.CMSYS_HOME) / "demo.json"
        now = timezone.now()
        try:
            with acting_as(ACTOR):
                filled = fill(
                    managers=options["managers"], customers=options["customers"], months=options["months"],
                    seed=options["seed"], today=timezone.localdate(now), now=now,
                )  # fmt: skip
                # Written inside the transaction: passwords that nobody can read would be of no use.
                write_accounts(target, filled.accounts, filled.api)
        except ValueError as error:
            raise CommandError(str(error)) from error
        graded = "" if options["without_cycles"] else self._grade(now)
        self.stdout.write(
            f"演示数据：{filled.units} 个机构，{filled.managers} 名客户经理，{filled.customers} 户客户，"
            f"{filled.transactions} 笔交易{graded}；账号见 {target}"
        )

    def _grade(self, now: datetime) -> str:
        """Four graded quarters and an open one, where there are records of five quarters."""
        today = timezone.localdate(now)
        cycles = grade(actor=ACTOR, today=today, now=now)
        graded = [cycle for cycle in cycles if cycle.graded_at]
        teach(actor=ACTOR, cycle=graded[-1] if graded else None, today=today, now=now)
        allocate(actor=ACTOR, today=today, now=now)
        with acting_as(ACTOR):
            sort_customers(actor=ACTOR, today=today, now=now)
        return "，" + "、".join(
            f"{cycle.period} {cycle.scored} 人已评" for cycle in cycles if cycle.graded_at
        )


def write_accounts(target: Path, accounts: Any, api: dict[str, Any]) -> None:
    """demo.json, readable by its owner only."""
    listed = [asdict(account) | {"totp_secret": None} for account in accounts]
    text = json.dumps({"url": "", "accounts": listed, "api": api}, ensure_ascii=False, indent=2)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    draft.replace(target)
