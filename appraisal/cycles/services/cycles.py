"""Cycles are opened, with their population frozen, and closed here."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.cycles.permissions import CYCLE_EDIT
from appraisal.cycles.selectors import days_of, population
from appraisal.schemes.engine import Period, parse_period
from appraisal.schemes.engine.periods import KIND_OF_CYCLE
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.selectors import version_for
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from cmsys.jobs.models import OPEN, Job

# The job of the room above; its key is the cycle's number.
REGRADE_JOB = "scoring.regrade"
EXAMPLES = {"month": "2025M11", "quarter": "2025Q4", "half": "2025H2", "year": "2025"}


@transaction.atomic
def cycle_open(*, actor: Actor, scheme_code: str, period: str, today: date) -> Cycle:
    """Opens a period of a scheme, with the newest version in force, and freezes who takes part: unit, grade and since
    when, as of the period's last day; whoever does not take part has the reason beside his name.

    Raises MissingFunction, ValidationError at `scheme_code` (unknown, no version in force) or `period` (does not fit
    the scheme, has not begun, is open or closed already: code `exists`). Six queries and one insert for each 2 000 people.
    """
    require(actor, CYCLE_EDIT)
    version, parsed = _chosen(scheme_code, period)
    span = days_of(parsed)
    if span.starts_on > today:
        raise refused(
            "period",
            "too_early",
            _("%(period)s 从 %(day)s 开始，现在还不能开启。") % {"period": parsed, "day": span.starts_on},
        )
    # Whoever opens a cycle of the scheme at the same time waits here, and then finds this one.
    SchemeVersion.objects.select_for_update().get(pk=version.pk)
    if Cycle.objects.filter(scheme_code=version.code, period=str(parsed)).exists():
        raise refused(
            "period",
            "exists",
            _("方案 %(code)s 的 %(period)s 考核周期已经开启过。") % {"code": version.code, "period": parsed},
        )
    cycle = Cycle(
        scheme=version,
        scheme_code=version.code,
        period=str(parsed),
        starts_on=span.starts_on,
        ends_on=span.ends_on,
    )
    cycle.full_clean()
    cycle.save()
    members = [
        CycleMember(
            cycle=cycle, manager_id=one.manager_id, unit_id=one.unit_id, grade_code=one.grade_code,
            grade_since=one.grade_since, included=not one.reason, reason=one.reason,
        )
        for one in population(span)
    ]  # fmt: skip
    CycleMember.objects.bulk_create(members, batch_size=2000)
    included = sum(member.included for member in members)
    after = {"scheme": f"{version.code} v{version.version}", "period": cycle.period, "managers": included,
             "excluded": len(members) - included}  # fmt: skip
    record("cycle.open", cycle, actor=actor, after=after)
    return cycle


@transaction.atomic
def cycle_close(*, actor: Actor, cycle_id: int, now: datetime) -> Cycle:
    """Ends a cycle: its figures, ratings and sheets stay as they are. Repeating changes nothing. Locks the row.

    Raises MissingFunction, Cycle.DoesNotExist, ValidationError (code `not_graded`: it was never graded; `running`: a
    regrading of it is under way).
    """
    require(actor, CYCLE_EDIT)
    cycle: Cycle = Cycle.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=cycle_id)
    if cycle.state == CycleState.CLOSED:
        return cycle
    if cycle.graded_at is None:
        raise refused("state", "not_graded", _("本周期还没有定级结果；请先运行定级，再结束周期。"))
    if Job.objects.filter(kind=REGRADE_JOB, key=str(cycle.pk), state__in=OPEN).exists():
        raise refused(
            "state",
            "running",
            _("考核周期 %(cycle)s 正在定级；请等定级任务结束或取消后再结束周期。") % {"cycle": cycle},
        )
    cycle.state, cycle.closed_at = CycleState.CLOSED, now
    cycle.save(update_fields=["state", "closed_at", "updated_at"])
    record(
        "cycle.close",
        cycle,
        actor=actor,
        before={"state": CycleState.OPEN},
        after={"state": cycle.state, "result_hash": cycle.result_hash},
        now=now,
    )
    return cycle


def _chosen(scheme_code: str, period: str) -> tuple[SchemeVersion, Period]:
    newest = SchemeVersion.objects.filter(code=scheme_code).order_by("-version").first()
    if newest is None:
        raise refused(
            "scheme_code",
            "not_found",
            _("没有方案 %(code)s；请检查编码，或先导入方案。") % {"code": scheme_code},
        )
    parsed = parse_period(period)
    if parsed is None or parsed.kind != KIND_OF_CYCLE[newest.cycle]:
        raise refused(
            "period",
            "bad_period",
            _("方案 %(code)s 按%(cycle)s考核，期间应写作 %(example)s 这样；收到的是 %(period)s。")
            % {
                "code": scheme_code,
                "cycle": newest.get_cycle_display(),
                "example": EXAMPLES[newest.cycle],
                "period": period,
            },
        )
    version = version_for(scheme_code, parsed)
    if version is None:
        raise refused(
            "scheme_code",
            "out_of_force",
            _("方案 %(code)s 没有在 %(period)s 有效的版本；请检查方案的 effective。")
            % {"code": scheme_code, "period": parsed},
        )
    if version.cycle != newest.cycle:
        raise refused("period", "bad_period", _("该期间有效的方案版本不按这种周期考核。"))
    return version, parsed
