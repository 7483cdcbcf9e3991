"""manage.py regrade PERIOD: asks for a regrading and waits for the worker that does it (interfaces 1)."""

from __future__ import annotations

import json
import time
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.selectors import cycles_of
from appraisal.schemes.engine import parse_period
from appraisal.scoring.runs import Regraded
from appraisal.scoring.services.regrading import regrade
from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.jobs.documents import load
from cmsys.jobs.models import Job, JobState
from cmsys.org.models import OrgUnit

DONE, REFUSALS, BAD_REQUEST, TIMED_OUT = 0, 1, 2, 3
PAUSE = 0.1


class Command(BaseCommand):
    """Exit 0 done; 1 done, but data that the scheme cannot take were left out (`refusals` names them); 2 bad request (no
    open cycle of that period, several schemes and no --scheme, the job was refused or cancelled); 3 no worker took it up
    or it is not finished after --wait seconds, and goes on.

    People who are not rated for want of data are a result, not a refusal: `managers` counts them, `scored` does not.
    """

    help = "定级：regrade 期间（2025Q4、2025H2、2025M11 或 2025），由执行进程完成"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("period", metavar="PERIOD")
        parser.add_argument("--scheme", metavar="CODE", help="该期间有多个方案时必填")
        parser.add_argument("--unit", metavar="CODE", help="只写该机构及其下级的考核表")
        parser.add_argument("--wait", type=float, default=600, metavar="SECONDS")
        parser.add_argument("--chunk", type=int, default=0, metavar="N", help="每步写多少人（0 为默认）")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        until = time.monotonic() + options["wait"]
        cycle = self._cycle()
        job = self._asked(cycle, self._unit(), until)
        while job.is_open:
            if time.monotonic() >= until:
                self._end(
                    TIMED_OUT,
                    _("任务 %(job)s 还没有完成，会继续执行；请在任务中心查看，或确认执行进程已启动。")
                    % {"job": job.pk},
                )
            time.sleep(PAUSE)
            job.refresh_from_db()
        if job.state != JobState.DONE:
            self._end(
                BAD_REQUEST,
                _("任务 %(job)s %(state)s：%(error)s")
                % {"job": job.pk, "state": job.get_state_display(), "error": job.error},
            )
        self._answer(cycle, load(Regraded, job.result), job)

    def _cycle(self) -> Cycle:
        period, scheme = parse_period(self.options["period"]), self.options["scheme"]
        if period is None:
            self._end(BAD_REQUEST, _("期间应写作 2025Q4、2025H2、2025M11 或 2025。"))
        found = cycles_of(period, scheme)
        if not found:
            self._end(
                BAD_REQUEST,
                _("没有 %(period)s 的考核周期；请先运行 open_cycle 方案编码 %(period)s。")
                % {"period": period},
            )
        if len(found) > 1:
            codes = "、".join(cycle.scheme_code for cycle in found)
            self._end(
                BAD_REQUEST, _("该期间有多个方案：%(codes)s；请用 --scheme 指定一个。") % {"codes": codes}
            )
        return found[0]

    def _unit(self) -> int | None:
        code = self.options["unit"]
        if code is None:
            return None
        found: int | None = OrgUnit.objects.filter(code=code).values_list("pk", flat=True).first()
        if found is None:
            self._end(BAD_REQUEST, _("没有机构 %(code)s；请检查机构编码。") % {"code": code})
        return found

    def _asked(self, cycle: Cycle, unit: int | None, until: float) -> Job:
        """The job; while another regrading of the cycle is under way, it is waited for first."""
        actor = SystemActor("system:regrade")
        while True:
            try:
                with acting_as(actor):
                    return regrade(
                        actor=actor, cycle_id=cycle.pk, unit_id=unit, chunk=max(0, self.options["chunk"])
                    )
            except ValidationError as error:
                running = any(inner.code == "running" for inner in error.error_dict.get("cycle", []))
                if not running:
                    self._end(BAD_REQUEST, " ".join(error.messages))
                if time.monotonic() >= until:
                    self._end(TIMED_OUT, " ".join(error.messages))
            time.sleep(PAUSE)

    def _answer(self, cycle: Cycle, found: Regraded, job: Job) -> None:
        if self.options["json"]:
            answer = {
                "cycle": cycle.pk, "managers": found.managers, "scored": found.scored,
                "proposals": {"promotion": found.promotion, "demotion": found.demotion, "hold": found.hold},
                "result_hash": found.result_hash, "not_rated": found.not_rated, "changed": found.changed,
                "refused": found.refused, "refusals": found.refusals, "job": job.pk,
            }  # fmt: skip
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            for text in found.refusals:
                self.stderr.write(_("未采用：%(text)s") % {"text": text})
            said = _(
                "%(cycle)s：参评 %(managers)s 人，已评 %(scored)s 人，建议晋升 %(promotion)s、降级 %(demotion)s、保持 %(hold)s，"
                "有变化 %(changed)s 张；结果指纹 %(hash)s"
            )
            values = {"cycle": cycle, "managers": found.managers, "scored": found.scored, "promotion": found.promotion,
                      "demotion": found.demotion, "hold": found.hold, "changed": found.changed,
                      "hash": found.result_hash}  # fmt: skip
            self.stdout.write(said % values)
        if found.refused:
            raise SystemExit(REFUSALS)

    def _end(self, code: int, sentence: str) -> NoReturn:
        if self.options["json"]:
            self.stdout.write(json.dumps({"errors": [sentence]}, ensure_ascii=False))
        else:
            self.stderr.write(sentence)
        raise SystemExit(code)
