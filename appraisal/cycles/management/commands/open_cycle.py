"""manage.py open_cycle SCHEME PERIOD (interfaces 1)."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.selectors import cycles_of
from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.engine import parse_period
from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as

BAD_REQUEST = 2


class Command(BaseCommand):
    """Exit 0 opened, or open already; 2 refused (unknown scheme, period that does not fit, closed cycle).

    With --json: `{"cycle","managers"}`, the cycle's number and how many people take part; refused: `{"errors":[…]}`.
    """

    help = "开启考核周期并冻结参评名单：open_cycle 方案编码 期间（2025Q4、2025H2、2025M11 或 2025）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scheme", metavar="SCHEME")
        parser.add_argument("period", metavar="PERIOD")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = SystemActor("system:open_cycle")
        try:
            cycle = self._open_already(options)
            if cycle is None:
                with acting_as(actor):
                    cycle = cycle_open(
                        actor=actor,
                        scheme_code=options["scheme"],
                        period=options["period"],
                        today=timezone.localdate(),
                    )
        except ValidationError as error:
            if options["json"]:
                self.stdout.write(json.dumps({"errors": error.messages}, ensure_ascii=False))
            else:
                self.stderr.write("\n".join(error.messages))
            raise SystemExit(BAD_REQUEST)
        managers = cycle.members.filter(included=True).count()
        if options["json"]:
            self.stdout.write(json.dumps({"cycle": cycle.pk, "managers": managers}))
        else:
            said = _("考核周期 %(cycle)s（编号 %(id)s）：参评 %(managers)s 人")
            self.stdout.write(said % {"cycle": cycle, "id": cycle.pk, "managers": managers})

    @staticmethod
    def _open_already(options: dict[str, Any]) -> Cycle | None:
        period = parse_period(options["period"])
        found = cycles_of(period, options["scheme"]) if period else []
        if not found:
            return None
        if found[0].state == CycleState.CLOSED:
            raise ValidationError(_("考核周期 %(cycle)s 已经结束，不能再开启。") % {"cycle": found[0]})
        return found[0]
