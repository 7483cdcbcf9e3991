"""The jobs of tiers. Each may be killed at any moment and goes on from its last piece; doing a piece twice is no harm.

compute   everybody read and decided at once, kept as bytes; then the lines, a piece at a time; then the run waits for people
apply     the lines of a proposal somebody has decided on become tiers, a piece at a time
monthly   on the first of a month a proposal is asked for under every rule in force
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import require
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind
from cmsys.jobs.schedule import run_when
from customers.registry.models import CustomerTier
from customers.tiers.applying import apply_piece
from customers.tiers.choices import Purpose, RunState, Settled
from customers.tiers.engine.deciding import Decided, decide
from customers.tiers.engine.document import RuleDocument
from customers.tiers.engine.ranking import NONE, Ints, Population
from customers.tiers.models import TierContent, TierRun
from customers.tiers.permissions import RUN_DECIDE, RUN_START
from customers.tiers.reading import read
from customers.tiers.runs import APPLY, COMPUTE, MONTHLY, Applied, Begun, RunArgs, Written
from customers.tiers.selectors import active_rules, document_of, last_applied, unknown_tiers
from customers.tiers.services.runs import run_take, runs_start
from customers.tiers.writing import fill, write

LINES_AT_ONCE, CUSTOMERS_AT_ONCE = 50_000, 5_000
MONTHLY_AT = time(2, 0)


def compute_step(run: Run) -> Chunk:
    """First everybody, then the lines."""
    require(run.actor, RUN_START)
    row = _locked(run, RunState.COMPUTING)
    document = document_of(row.rule)
    cursor: Written | None = run.cursor
    if cursor is None:
        if faults := unknown_tiers(document):
            return _failed(run, row, "；".join(f"{path}：{said}" for path, said in faults))
        people, found, before = _decided(row, document)
        content = fill(row, document, people, found, before)
        row.rule_digest = row.rule.digest
        row.save()
        TierContent.objects.update_or_create(run=row, defaults={"content": content})
        message = _("已计算 %(n)d 户") % {"n": row.customers}
        return Chunk(cursor=Written(row.pk), done=0, total=row.customers, message=message)
    content = bytes(TierContent.objects.values_list("content", flat=True).get(run=row))
    end, total = write(row, document, content, cursor.written, LINES_AT_ONCE, run.now)
    after = Written(row.pk, end, total)
    message = _("已写入 %(done)d / %(total)d 项变动") % {"done": end, "total": total}
    if end < total:
        return Chunk(cursor=after, done=end, total=total, message=message)
    TierContent.objects.filter(run=row).delete()
    _finished(run, row)
    return Chunk(done=end, total=total, message=message, result=after)


def _decided(row: TierRun, document: RuleDocument) -> tuple[Population, Decided, Ints]:
    """Everybody, what the rule says, and where each stands before."""
    tiers = dict(CustomerTier.objects.values_list("pk", "code"))
    last = last_applied(row.rule, row.as_of)
    people = read(document, tiers, row.as_of, last.pk if last else None)
    found = decide(document, people)
    if row.against is None:
        return people, found, people.present
    other = document_of(row.against)
    last = last_applied(row.against, row.as_of)
    earlier = read(other, tiers, row.as_of, last.pk if last else None)
    codes, names = [tier.code for tier in document.tiers], [tier.code for tier in other.tiers]
    place = np.array(
        [codes.index(name) if name in codes else NONE for name in names] + [NONE], dtype=np.int64
    )
    given = dict(zip(earlier.ids.tolist(), place[decide(other, earlier).final].tolist(), strict=True))
    before = [
        given.get(pk, present)
        for pk, present in zip(people.ids.tolist(), people.present.tolist(), strict=True)
    ]
    return people, found, np.array(before, dtype=np.int64)


def _finished(run: Run, row: TierRun) -> None:
    told = {"customers": row.customers, "raised": row.raised, "lowered": row.lowered, "first": row.first,
            "digest": row.digest[:16]}  # fmt: skip
    if row.purpose == Purpose.TRIAL:
        run_take(actor=run.actor, run=row, verb="show", now=run.now, told=told)
        return
    for earlier in TierRun.objects.select_for_update().filter(
        rule__code=row.rule.code, state=RunState.PROPOSED
    ):
        run_take(actor=run.actor, run=earlier, verb="replace", now=run.now, told={"run": row.number})
    verb = "propose" if row.moves or row.recategorised else "nothing"
    run_take(actor=run.actor, run=row, verb=verb, now=run.now, told=told)


def apply_step(run: Run) -> Chunk:
    """Some lines at a time; the day is that of the moment the piece runs."""
    require(run.actor, RUN_DECIDE)
    row = _locked(run, RunState.APPLYING)
    cursor: Applied = run.cursor or Applied(row.pk, row.changes.exclude(settled=Settled.NONE).count())
    piece = apply_piece(row, run.actor, cursor.last, CUSTOMERS_AT_ONCE, timezone.localdate(run.now), run.now)
    row.done_count += piece.done
    row.skipped_count += piece.skipped
    row.save(update_fields=["done_count", "skipped_count", "updated_at"])
    after = Applied(row.pk, cursor.total, piece.last, row.done_count, row.skipped_count)
    message = _("已写入 %(done)d 户，%(skipped)d 户此后已有变动") % {
        "done": after.done,
        "skipped": after.skipped,
    }
    if piece.more:
        return Chunk(cursor=after, done=after.done + after.skipped, total=after.total, message=message)
    told = {"done_count": after.done, "skipped_count": after.skipped}
    run_take(actor=run.actor, run=row, verb="finish", now=run.now, told=told)
    return Chunk(done=after.total, total=after.total, message=message, result=after)


def monthly_step(run: Run) -> Chunk:
    """A proposal under every rule in force."""
    begun = runs_start(actor=run.actor, today=timezone.localdate(run.now), now=run.now)
    message = _("已发起 %(n)d 个分级批次") % {"n": len(begun)}
    return Chunk(done=len(begun), total=len(begun), message=message, result=Begun(len(begun)))


def monthly_due(now: datetime) -> datetime | None:
    """Two in the morning on the first of this month, once it has come and a rule was in force by then."""
    zone = ZoneInfo(settings.TIME_ZONE)
    moment = datetime.combine(now.astimezone(zone).date().replace(day=1), MONTHLY_AT, zone)
    if moment > now or not active_rules().filter(adopted_at__lte=moment).exists():
        return None
    return moment


def _locked(run: Run, state: str) -> TierRun:
    rows: Any = TierRun.objects.select_related("rule", "against").select_for_update(of=("self",))
    row: TierRun | None = rows.filter(pk=run.args.run).first()
    if row is None or row.state != state:
        raise JobRefused(_("批次已不在办理中，本任务不再执行。"))
    return row


def _failed(run: Run, row: TierRun, said: str) -> Chunk:
    """The end of a run that cannot be; kept with its reason, so that a person reads it."""
    run_take(actor=run.actor, run=row, verb="fail", now=run.now, values={"failure": said[:300]})
    return Chunk(done=1, total=1, message=row.failure, result=Written(row.pk))


def register() -> None:
    """The three kinds of job, and the first of the month."""
    register_kind(
        JobKind(COMPUTE, gettext_lazy("客户分级"), compute_step, args=RunArgs, cursor=Written, result=Written)
    )
    register_kind(
        JobKind(APPLY, gettext_lazy("写入客户分级"), apply_step, args=RunArgs, cursor=Applied, result=Applied)
    )
    register_kind(JobKind(MONTHLY, gettext_lazy("每月客户分级"), monthly_step, result=Begun))
    run_when(MONTHLY, monthly_due)
