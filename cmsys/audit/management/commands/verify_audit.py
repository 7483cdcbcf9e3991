"""`manage.py verify_audit`: recompute the ledger's chain; exit 1 when it is broken."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from cmsys.audit.verify import verify


class Command(BaseCommand):
    help = "校验操作日志的完整性，输出 JSON；有断点时退出码为 1"

    def handle(self, *args: Any, **options: Any) -> None:
        result = verify()
        self.stdout.write(json.dumps(asdict(result)))
        if result.breaks:
            sys.exit(1)
