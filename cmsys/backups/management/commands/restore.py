"""`manage.py restore DIR`: a backup into an empty database, or with --replace in the place of what is there."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cmsys.backups.manifest import BackupRefused
from cmsys.backups.restoring import as_backed_up, restore


class Command(BaseCommand):
    help = "从备份目录 DIR 恢复数据库和文件并校验操作日志；与备份不符时退出码为 1，没有恢复时为 2"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path, help="backup 写成的目录")
        parser.add_argument("--replace", action="store_true", help="目标不空时先清除其中的一切")
        parser.add_argument("--expect", metavar="SHA256", help="备份时记下的 manifest_sha256，不符则拒绝")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["directory"].absolute()
        try:
            manifest, found = restore(
                folder, replace=options["replace"], expected=options["expect"], now=timezone.now()
            )
        except BackupRefused as refusal:
            raise CommandError(str(refusal), returncode=2)
        rows = sum(manifest.tables.values())
        self.stdout.write(
            json.dumps(
                {"made_at": manifest.made_at, "tables": len(manifest.tables), "rows": rows, **asdict(found)}
            )
        )
        if not as_backed_up(manifest, found):
            self.stderr.write(
                "已恢复，但操作日志与备份时不一致或有断点，请勿投入使用 (the ledger is not that of the backup)"
            )
            sys.exit(1)
