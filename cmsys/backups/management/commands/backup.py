"""`manage.py backup DIR`: a backup into a new folder; prints one JSON object to note elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record
from cmsys.backups.manifest import BackupRefused
from cmsys.backups.taking import described, take


class Command(BaseCommand):
    help = "把数据库和文件备份到新目录 DIR，输出 JSON；操作日志有断点时退出码为 1，没有备份成时为 2"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path, help="新目录或空目录")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["directory"].absolute()
        now = timezone.now()
        try:
            manifest, checksum = take(folder, now=now)
        except BackupRefused as refusal:
            raise CommandError(str(refusal), returncode=2)
        printed = described(manifest, checksum, folder)
        actor = SystemActor("system:backup")
        with acting_as(actor):
            record(
                "system.backup", None, actor=actor, now=now, resource="system", label=manifest.made_at,
                after={"manifest_sha256": checksum, "head": manifest.ledger.head, "rows": printed["rows"]},
            )  # fmt: skip
        self.stdout.write(json.dumps(printed, ensure_ascii=False))
        if manifest.ledger.breaks:
            self.stderr.write("已备份，但操作日志校验不通过，请查明原因 (the ledger has breaks)")
            sys.exit(1)
