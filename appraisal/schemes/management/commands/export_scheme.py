"""manage.py export_scheme CODE: the document of a version, as it came in; importing it again changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.selectors import document_of
from cmsys.access.actors import SystemActor

NOT_FOUND = 1


class Command(BaseCommand):
    """Prints the document of the newest version, or of --number N. Exit 1 when there is none."""

    help = "导出考核方案：export_scheme 编码 > 方案.yaml"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("--number", type=int, metavar="N", help="第几版（默认最新）")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version = document_of(SystemActor("system:export_scheme"), options["code"], options["number"])
        except SchemeVersion.DoesNotExist:
            self.stderr.write(
                _("没有方案 %(code)s；请检查编码，或先用 import_scheme 导入。") % {"code": options["code"]}
            )
            raise SystemExit(NOT_FOUND)
        self.stdout.write(version.document, ending="" if version.document.endswith("\n") else "\n")
