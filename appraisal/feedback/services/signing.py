"""A sheet is signed by the person, or its refusal recorded before two witnesses."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.feedback.choices import Outcome
from appraisal.feedback.models import SheetAcknowledgement
from appraisal.feedback.permissions import FEEDBACK_GIVE, SHEET_SIGN
from appraisal.feedback.recusals import check_keeps_out
from appraisal.ratings.selectors import leaders
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send


@transaction.atomic
def sheet_sign(
    *, actor: Actor, sheet_id: int, digest: str, outcome: Outcome, remark: str, today: date, now: datetime
) -> SheetAcknowledgement:
    """The person signs the version of his sheet that he has read (`digest`), without or with an objection. Locks the
    sheet; one event, and of an objection a message to his superiors. The same again is one signature.

    Raises MissingFunction, ScoreSheet.DoesNotExist (not his own), ValueError (a refusal is not his to record), Conflict
    (another version by now, or answered already), ValidationError (an objection without words).
    """
    require(actor, SHEET_SIGN)
    if outcome == Outcome.REFUSED or actor.actor_id is None:
        raise ValueError("a refusal is recorded by the supervisor")
    sheet = _locked(actor, SHEET_SIGN, sheet_id)
    remark = remark.strip()
    _check_version(sheet, digest)
    present = SheetAcknowledgement.objects.filter(sheet=sheet, digest=digest).first()
    if present is not None:
        if (present.by_id, present.outcome, present.remark) == (actor.actor_id, outcome, remark):
            return present
        raise _answered(present)
    if outcome == Outcome.OBJECTED and not remark:
        raise refused("remark", "missing", _("请写明您对考核表的异议，主管和人力资源会看到。"))
    row = SheetAcknowledgement(
        sheet=sheet, digest=digest, outcome=outcome, remark=remark, by_id=actor.actor_id, at=now
    )
    row.full_clean()
    row.save()
    record(
        "sheet.sign",
        row,
        actor=actor,
        label=str(sheet),
        after={"outcome": outcome, "remark": remark},
        now=now,
    )
    if outcome == Outcome.OBJECTED:
        _tell_superiors(sheet, row, today, now)
    return row


@transaction.atomic
def refusal_record(
    *,
    actor: Actor,
    sheet_id: int,
    digest: str,
    remark: str,
    witness_ids: tuple[int, int],
    today: date,
    now: datetime,
) -> SheetAcknowledgement:
    """The supervisor records that the person refused to sign this version, before two witnesses. Locks the sheet; one
    event, a message to the person and to both witnesses.

    Raises MissingFunction, ScoreSheet.DoesNotExist (out of reach), Conflict (another version, or answered already),
    ValidationError: his own sheet or a declared relation, no words, witnesses who are inactive, the same, the person or
    the recorder himself.
    """
    require(actor, FEEDBACK_GIVE)
    if actor.actor_id is None:
        raise ValueError("a refusal is recorded by a person")
    sheet = _locked(actor, FEEDBACK_GIVE, sheet_id)
    check_keeps_out(actor, sheet, today)
    _check_version(sheet, digest)
    present = SheetAcknowledgement.objects.filter(sheet=sheet, digest=digest).first()
    if present is not None:
        raise _answered(present)
    if not remark.strip():
        raise refused("remark", "missing", _("请写明送签和拒签的经过。"))
    witnesses = _witnesses(actor, sheet, witness_ids)
    row = SheetAcknowledgement(
        sheet=sheet, digest=digest, outcome=Outcome.REFUSED, remark=remark.strip(), by_id=actor.actor_id, at=now,
        witness=witnesses[0], second_witness=witnesses[1],
    )  # fmt: skip
    row.full_clean()
    row.save()
    after = {
        "outcome": row.outcome,
        "remark": row.remark,
        "witness": witnesses[0],
        "second_witness": witnesses[1],
    }
    record("sheet.refuse", row, actor=actor, label=str(sheet), after=after, now=now)
    _tell_refusal(actor, sheet, row, witnesses, now)
    return row


def _locked(actor: Actor, function: Function, sheet_id: int) -> ScoreSheet:
    rows = ScoreSheet.objects.reached_by(actor, function).select_for_update(of=("self",))
    found: ScoreSheet = rows.select_related("manager__unit", "cycle__scheme").get(pk=sheet_id)
    return found


def _check_version(sheet: ScoreSheet, digest: str) -> None:
    if digest != sheet.digest:
        raise Conflict(_("您打开之后，考核表又重新计算过。请回到考核表，看过新的内容再签。"))


def _answered(present: SheetAcknowledgement) -> Conflict:
    return Conflict(
        _("%(who)s 已于 %(when)s 办理，结果是“%(what)s”；一版考核表只签收一次。请刷新页面。") % {
            "who": present.by.name, "when": timezone.localtime(present.at).strftime("%Y-%m-%d %H:%M"),
            "what": present.get_outcome_display(),
        }
    )  # fmt: skip


def _witnesses(actor: Actor, sheet: ScoreSheet, ids: tuple[int, int]) -> list[User]:
    if ids[0] == ids[1]:
        raise refused("second_witness", "duplicate", _("两名见证人不能是同一人。"))
    found = {user.pk: user for user in User.objects.filter(pk__in=ids, is_active=True)}
    for field, pk in zip(("witness", "second_witness"), ids, strict=True):
        user = found.get(pk)
        if user is None:
            raise refused(field, "not_found", _("见证人须是启用中的账号。"))
        if user.pk == actor.actor_id:
            raise refused(field, "own", _("登记人不能作见证人。"))
        if user.employee_no and user.employee_no == sheet.manager.employee_no:
            raise refused(field, "own", _("当事人不能作见证人。"))
    return [found[pk] for pk in ids]


def _tell_superiors(sheet: ScoreSheet, row: SheetAcknowledgement, today: date, now: datetime) -> None:
    above = [leader.user_id for leader in leaders(today).of(sheet.manager)]
    message_send(
        above, kind="feedback", key=f"sheet-objected:{row.pk}", now=now,
        title=_("%(name)s对 %(period)s 考核表有异议") % {"name": sheet.manager.name, "period": sheet.cycle.period},
        body=row.remark, url=reverse("score_sheets_detail", args=[sheet.pk]),
    )  # fmt: skip


def _tell_refusal(
    actor: Actor, sheet: ScoreSheet, row: SheetAcknowledgement, witnesses: list[User], now: datetime
) -> None:
    words = {"name": sheet.manager.name, "period": sheet.cycle.period, "who": actor.actor_name}
    own = User.objects.filter(employee_no=sheet.manager.employee_no).values_list("pk", flat=True)
    message_send(
        own,
        kind="feedback",
        key=f"sheet-refused:{row.pk}",
        now=now,
        url=reverse("my_grade"),
        body=row.remark,
        title=_("您的 %(period)s 考核表被登记为拒绝签字") % words,
    )
    message_send(
        [one.pk for one in witnesses], kind="feedback", key=f"sheet-refused:{row.pk}", now=now,
        title=_("您被登记为%(name)s拒签 %(period)s 考核表的见证人") % words,
        body=_("由%(who)s登记。如与事实不符，请联系人力资源。") % words,
    )  # fmt: skip
