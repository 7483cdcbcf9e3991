"""The nightly check of the sums: a part of them, another one every night, is counted again from the rows."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily
from customers.engagement.rollups import differences, misdated

log = logging.getLogger(__name__)
VERIFY = "engagement.verify_rollups"
MANAGERS, CUSTOMERS = 200, 1000
SHOWN = 20


@dataclass(frozen=True)
class Checked(Document):
    """How much was counted again, and with which seed it can be repeated."""

    seed: int
    managers: int
    customers: int


def verify_step(run: Run) -> Chunk:
    """Counts again what the day's seed draws. Raises JobRefused, naming the keys, when a sum is wrong."""
    seed = timezone.localdate(run.now).toordinal()
    wrong = [str(found) for found in differences(seed, managers=MANAGERS, customers=CUSTOMERS)]
    wrong += [
        _("建立合作日期 %(customer)s") % {"customer": number}
        for number in misdated(seed, customers=CUSTOMERS)
    ]
    if wrong:
        log.error("%s sums differ from their rows (seed %s): %s", len(wrong), seed, "; ".join(wrong))
        raise JobRefused(
            _("汇总与明细不一致，共 %(count)s 处，请联系系统管理员核对：%(keys)s")
            % {"count": len(wrong), "keys": "；".join(wrong[:SHOWN])}
        )
    return Chunk(
        done=1,
        total=1,
        message=_("抽查 %(managers)s 名客户经理、%(customers)s 户客户，全部一致")
        % {"managers": MANAGERS, "customers": CUSTOMERS},
        result=Checked(seed, MANAGERS, CUSTOMERS),
    )


def register() -> None:
    """Called once, from apps.ready()."""
    register_kind(JobKind(VERIFY, gettext_lazy("核对交易汇总"), verify_step, result=Checked))
    run_daily(Periodic(VERIFY, time(3, 40)))
