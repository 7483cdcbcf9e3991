"""Runs are asked for, decided on, and carried out; every step of one is written here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.models import OPEN, Job
from customers.tiers.choices import Purpose, RuleState, RunState, Settled
from customers.tiers.models import TierChange, TierContent, TierRule, TierRun
from customers.tiers.permissions import RUN_DECIDE, RUN_START
from customers.tiers.runs import APPLY, COMPUTE, RunArgs
from customers.tiers.selectors import active_rules
from customers.tiers.transitions import RUN

# One number after the other.
_NUMBERS = 7_236_030


@transaction.atomic
def run_start(
    *, actor: Actor, rule_id: int, trial: bool, today: date, now: datetime, against_id: int | None = None
) -> TierRun:
    """Asks for a run: a proposal under the version in force, or a trial of any version, compared with the tiers customers
    have or with what another version would give. Who asks for what is being computed gets that one.

    Raises MissingFunction, TierRule.DoesNotExist, ValidationError at `rule` (a proposal under a version not in force) or
    `against` (the same version, a proposal).
    """
    require(actor, RUN_START)
    rule = TierRule.objects.select_for_update().get(pk=rule_id)
    purpose = Purpose.TRIAL if trial else Purpose.PROPOSAL
    if not trial and rule.state != RuleState.ACTIVE:
        raise refused("rule", "not_in_force", _("“%(rule)s”不是现行规则，只能试算。") % {"rule": rule})
    if against_id is not None and (not trial or against_id == rule.pk):
        raise refused("against", "conflict", _("只有试算可以与另一个版本对照。"))
    against = TierRule.objects.get(pk=against_id) if against_id is not None else None
    for running in TierRun.objects.filter(
        rule=rule, purpose=purpose, against=against, state=RunState.COMPUTING
    ):
        if _worked_on(COMPUTE, running):
            return running
        run_take(actor=actor, run=running, verb="fail", now=now, values={"failure": _("后台任务没有完成。")})
    run = TierRun(
        number=_number(now), rule=rule, against=against, purpose=purpose, as_of=today, asked_by_id=actor.actor_id,
        rule_digest=rule.digest,
    )  # fmt: skip
    run.full_clean(exclude=["asked_by"])
    run.save()
    enqueue(COMPUTE, str(run.pk), RunArgs(run.pk), actor=actor)
    after = {"rule": str(rule), "purpose": purpose, "as_of": today} | (
        {"against": str(against)} if against else {}
    )
    record("tier_run.start", run, actor=actor, now=now, after=after)
    return run


@transaction.atomic
def runs_start(*, actor: Actor, today: date, now: datetime) -> list[TierRun]:
    """A proposal under every rule in force; what the schedule does. Raises MissingFunction."""
    require(actor, RUN_START)
    return [
        run_start(actor=actor, rule_id=pk, trial=False, today=today, now=now)
        for pk in active_rules().values_list("pk", flat=True)
    ]


@transaction.atomic
def run_apply(*, actor: Actor, run_id: int, reason: str, now: datetime) -> TierRun:
    """Has a proposal carried out, in pieces by a job. Asked again while that goes on, or after it, it changes nothing; where
    the job was stopped, it goes on from where it stood.

    Raises MissingFunction, TierRun.DoesNotExist, Conflict (decided otherwise; the rule is no longer in force),
    ValidationError (no reason).
    """
    require(actor, RUN_DECIDE)
    run = _locked(actor, run_id)
    if run.state in (RunState.APPLYING, RunState.APPLIED):
        if run.state == RunState.APPLYING and not _worked_on(APPLY, run):
            enqueue(APPLY, str(run.pk), RunArgs(run.pk), actor=actor)
            record("tier_run.resume", run, actor=actor, reason=reason, now=now)
        return run
    transition = RUN.check("apply", run.state, by=run.moved_by, at=run.moved_at)
    RUN.check_reason(transition, reason)
    if run.rule.state != RuleState.ACTIVE:
        raise Conflict(_("规则“%(rule)s”已被新版本取代，请按新版本重新运行。") % {"rule": run.rule})
    run_take(actor=actor, run=run, verb="apply", now=now, reason=reason)
    enqueue(APPLY, str(run.pk), RunArgs(run.pk), actor=actor)
    return run


@transaction.atomic
def run_discard(*, actor: Actor, run_id: int, reason: str, now: datetime) -> TierRun:
    """Puts a proposal aside, or a run that is still being computed. Repeating changes nothing.

    Raises MissingFunction, TierRun.DoesNotExist, Conflict (decided otherwise), ValidationError (no reason).
    """
    require(actor, RUN_DECIDE)
    run = _locked(actor, run_id)
    if run.state == RunState.DISCARDED:
        return run
    transition = RUN.check("discard", run.state, by=run.moved_by, at=run.moved_at)
    RUN.check_reason(transition, reason)
    run_take(actor=actor, run=run, verb="discard", now=now, reason=reason)
    TierContent.objects.filter(run=run).delete()
    TierChange.objects.filter(run=run, settled=Settled.OPEN).update(settled=Settled.NONE, updated_at=now)
    return run


def run_take(
    *,
    actor: Actor,
    run: TierRun,
    verb: str,
    now: datetime,
    reason: str = "",
    values: dict[str, Any] | None = None,
    told: dict[str, Any] | None = None,
) -> None:
    """One step of the machine with its event; `values` are other fields it sets. The row must be locked.

    Raises MissingFunction, Conflict.
    """
    transition = RUN.check(verb, run.state, by=run.moved_by, at=run.moved_at)
    require(actor, transition.function or RUN_START)
    before = run.state
    run.state, run.moved_at, run.moved_by = transition.target, now, actor.actor_name[:120]
    if reason:
        run.reason = reason.strip()[:300]
    for name, value in (values or {}).items():
        setattr(run, name, value)
    run.save()
    record(
        f"tier_run.{verb}", run, actor=actor, before={"state": before}, after={"state": run.state} | (told or {}),
        reason=reason, now=now,
    )  # fmt: skip


def _locked(actor: Actor, run_id: int) -> TierRun:
    rows = TierRun.objects.visible_to(actor, "decide").select_related("rule")
    run: TierRun = rows.select_for_update(of=("self",)).get(pk=run_id)
    return run


def _worked_on(kind: str, run: TierRun) -> bool:
    return Job.objects.filter(kind=kind, key=str(run.pk), state__in=OPEN).exists()


def _number(now: datetime) -> str:
    """FJ-2026-0001: counted within the year, one caller after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    prefix = f"FJ-{now.year}-"
    last = TierRun.objects.filter(number__startswith=prefix).order_by("-number").values_list("number", flat=True).first()  # fmt: skip
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"
