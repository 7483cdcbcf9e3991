"""import_data KIND FILE: a CSV or XLSX file comes in as one batch (interfaces 1)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.transfers.description import described
from cmsys.transfers.engine.mapping import MAX_MAPPING
from cmsys.transfers.engine.problems import Code, FileRefused
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import ImportKind, all_kinds, kind_of
from cmsys.transfers.models import Mode
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import file_check, file_import
from cmsys.transfers.wording import Finding, refusal

ALL_IN, SOME_REFUSED, NOTHING = 0, 1, 2
SHOWN = 50


class Command(BaseCommand):
    help = "Imports a CSV or XLSX file. Exit 0 all in, 1 some rows refused (--mode skip), 2 nothing imported."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND")
        parser.add_argument("file", metavar="FILE", nargs="?")
        parser.add_argument("--mapping", metavar="FILE.yaml")
        parser.add_argument("--mode", choices=[Mode.ALL.value, Mode.SKIP.value], default=Mode.ALL.value)
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
        parser.add_argument("--describe", action="store_true", help="the columns of the kind")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = kind_of(options["kind"])
        if kind is None:
            known = "、".join(item.code for item in all_kinds())
            self._refuse(
                options,
                _("没有“%(kind)s”这一类；可用的有 %(known)s。") % {"kind": options["kind"], "known": known},
            )
        elif options["describe"]:
            self._describe(kind, options["json"])
        elif not options["file"]:
            self._refuse(options, _("请给出要导入的文件：import_data %(kind)s 文件") % {"kind": kind.code})
        else:
            self._import(kind, options)

    def _import(self, kind: ImportKind, options: dict[str, Any]) -> None:
        path = Path(options["file"])
        try:
            source = Source.of_path(path)
            mapping, folders = _mapping(options["mapping"], path)
        except FileRefused as refused:
            report = Report()
            report.add_error(refusal(refused))
            self._answer(kind, report, None, NOTHING, options)
            return
        now = timezone.now()
        task = {
            "actor": SystemActor("system:import_data"),
            "kind": kind,
            "source": source,
            "mapping": mapping,
            "mode": options["mode"],
            "now": now,
            "today": timezone.localdate(now),
            "folders": folders,
        }
        with acting_as(task["actor"]):
            if options["dry_run"]:
                report, batch = file_check(**task), None
            else:
                imported = file_import(**task)
                report, batch = imported.report, imported.batch.pk if imported.batch else None
        self._answer(kind, report, batch, _exit_code(report, options["mode"]), options)

    def _answer(
        self, kind: ImportKind, report: Report, batch: int | None, code: int, options: dict[str, Any]
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(_document(kind, report, batch, code), ensure_ascii=False))
        else:
            self._say(kind, report, batch, code, dry=options["dry_run"])
        if code:
            raise SystemExit(code)

    def _say(self, kind: ImportKind, report: Report, batch: int | None, code: int, *, dry: bool) -> None:
        for found in [*report.errors[:SHOWN], *report.warnings[:SHOWN]]:
            self.stderr.write(found.message)
        more = (
            report.error_count
            + report.warning_count
            - min(SHOWN, len(report.errors))
            - min(SHOWN, len(report.warnings))
        )
        if more > 0:
            self.stderr.write(_("……另有 %(count)s 条，用 --json 查看全部。") % {"count": more})
        written = code != NOTHING
        self.stdout.write(
            _(
                "%(kind)s：读取 %(read)s 行，新增 %(created)s，更新 %(updated)s，无变化 %(unchanged)s，有错 %(refused)s。"
            )
            % {
                "kind": kind.label,
                "read": report.read,
                "created": report.created if written else 0,
                "updated": report.updated if written else 0,
                "unchanged": report.unchanged,
                "refused": report.refused,
            }
        )
        if dry:
            self.stdout.write(_("只做了检查，没有写入。"))
        elif batch is None:
            self.stdout.write(_("没有导入任何内容。请改正后重试，或用 --mode skip 跳过有错的行。"))
        else:
            self.stdout.write(_("批次号 %(batch)s。") % {"batch": batch})

    def _describe(self, kind: ImportKind, as_json: bool) -> None:
        document = described(kind)
        if as_json:
            self.stdout.write(json.dumps(document, ensure_ascii=False))
            return
        for column in document["columns"]:
            marks = "*" if column["required"] else " "
            choices = "、".join(choice["label"] for choice in column["choices"])
            self.stdout.write(f"{marks} {column['code']}\t{column['header']}\t{column['type']}\t{choices}")

    def _refuse(self, options: dict[str, Any], sentence: str) -> None:
        if options["json"]:
            found = Finding(0, "", "", Code.BAD_VALUE.value, sentence)
            report = Report()
            report.add_error(found)
            document = _document(None, report, None, NOTHING) | {"kind": options["kind"]}
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            self.stderr.write(sentence)
        raise SystemExit(NOTHING)


def _mapping(name: str | None, data: Path) -> tuple[str, tuple[Path, ...]]:
    """The mapping's text and the folders its lookup files may stand in. Raises FileRefused."""
    if name is None:
        return "", (data.parent,)
    source = Source.of_path(Path(name))
    with source.open() as file:
        content = file.read(MAX_MAPPING + 1)
    try:
        return content.decode("utf-8-sig"), (data.parent, Path(name).parent)
    except UnicodeDecodeError:
        raise FileRefused("映射文件应为 UTF-8 编码。")


def _exit_code(report: Report, mode: str) -> int:
    if report.error_count == 0:
        return ALL_IN
    in_order = report.created + report.updated + report.unchanged
    return SOME_REFUSED if mode == Mode.SKIP and in_order else NOTHING


def _document(kind: ImportKind | None, report: Report, batch: int | None, code: int) -> dict[str, Any]:
    """The answer scripts read; `created` and `updated` are what is (or, in a dry run, would be) written."""
    written = code != NOTHING
    return {
        "kind": kind.code if kind else "",
        "read": report.read,
        "created": report.created if written else 0,
        "updated": report.updated if written else 0,
        "unchanged": report.unchanged,
        "mapped": report.mapped,
        "refused": report.refused,
        "errors": [found.as_json() for found in report.errors],
        "batch": batch,
        "skipped": report.skipped,
        "warnings": [found.as_json() for found in report.warnings],
    }
