"""manage.py import_scheme FILE.yaml: a scheme document becomes a version (interfaces 1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from appraisal.schemes.services.schemes import scheme_import
from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as

REFUSED, UNREADABLE = 1, 2


class Command(BaseCommand):
    """Exit 0 stored or unchanged, 1 the document is refused, 2 the file cannot be read.

    With --json: `{"code","version","outcome":"created|updated|unchanged","warnings":[{"path","message"}]}`, refused:
    `{"errors":[…]}`.
    """

    help = "导入考核方案：import_scheme 方案.yaml；内容相同则不变，已被周期使用的版本不能修改"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.yaml", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            sentence = _("无法读取文件 %(file)s：%(reason)s；请检查路径与编码（UTF-8）。")
            self._refuse([sentence % {"file": options["file"], "reason": reason}], UNREADABLE, options)
        actor = SystemActor("system:import_scheme")
        try:
            with acting_as(actor):
                imported = scheme_import(actor=actor, text=text)
        except ValidationError as error:
            self._refuse(error.messages, REFUSED, options)
        version = imported.version
        if options["json"]:
            answer = {
                "code": version.code, "version": version.version, "outcome": imported.outcome,
                "warnings": [{"path": path, "message": message} for path, message in imported.warnings],
            }  # fmt: skip
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        for path, message in imported.warnings:
            self.stderr.write(f"{path}：{message}")
        said = {"created": _("已导入"), "updated": _("已更新"), "unchanged": _("内容相同，没有变化")}
        self.stdout.write(f"{version.code} v{version.version} {version.name}：{said[imported.outcome]}")

    def _refuse(self, sentences: list[str], code: int, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"errors": sentences}, ensure_ascii=False))
        else:
            for sentence in sentences:
                self.stderr.write(sentence)
        raise SystemExit(code)
