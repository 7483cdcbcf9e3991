"""What a draft is made of and what it must satisfy: asks and locks, writes lines, records nothing by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.notices.choices import LineState
from appraisal.notices.models import NoticeLine, PublicNotice
from appraisal.notices.permissions import NOTICE_EDIT
from appraisal.notices.selectors import waiting_for_notice
from appraisal.notices.transitions import NOTICE
from appraisal.notices.words import notice_channel, notice_text, notice_title
from cmsys.access.actors import Actor
from cmsys.access.functions import Reach
from cmsys.access.refusals import Conflict, refused
from cmsys.org.models import OrgUnit
from managers.conduct.selectors import related_managers

EDITABLE = ("title", "text", "audience", "starts_on", "channel")


@dataclass(frozen=True)
class Wording:
    """What HR writes on a notice; whatever is left empty is filled in."""

    title: str = ""
    text: str = ""
    channel: str = ""
    audience: OrgUnit | None = None
    starts_on: date | None = None

    def values(self, round_: GradingRound, today: date) -> dict[str, Any]:
        return {
            "title": self.title or notice_title(round_),
            "text": self.text or notice_text(round_),
            "channel": self.channel or notice_channel(),
            "audience": self.audience,
            "starts_on": self.starts_on or today,
        }


def locked(actor: Actor, notice_id: int, verb: str) -> PublicNotice:
    """The notice the actor may prepare, locked after the cases on it, and standing where the verb begins.

    Cases come first everywhere, because whoever withdraws one has it locked when its notice follows. Raises
    DoesNotExist, Conflict.
    """
    rows: Any = PublicNotice.objects.visible_to(actor, "edit")
    rows.get(pk=notice_id)
    lock_cases(NoticeLine.objects.filter(notice=notice_id, state=LineState.STANDING).values("decision"))
    rows = rows.select_for_update(of=("self",)).select_related("round__cycle__scheme", "audience")
    found: PublicNotice = rows.get(pk=notice_id)
    NOTICE.check(verb, found.state, by=found.published_by, at=found.published_at)
    return found


def lock_cases(keys: Any) -> None:
    """Locks decisions in the order of their keys."""
    list(GradeDecision.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk"))


def check_wording(
    actor: Actor, values: Mapping[str, Any], decisions: Collection[GradeDecision], today: date
) -> None:
    """Raises ValidationError at the field that does not hold."""
    audience: OrgUnit | None = values["audience"]
    if values["starts_on"] < today:
        raise refused("starts_on", "past", _("公布日不能早于今天。"))
    everywhere = any(reached.reach is Reach.ALL for reached in actor.access.reaches(NOTICE_EDIT))
    if audience is None:
        if not everywhere:
            raise refused("audience", "out_of_reach", _("向全行公示由总部人力资源办理，请选择本机构范围。"))
        return
    if not OrgUnit.objects.reached_by(actor, NOTICE_EDIT).filter(pk=audience.pk).exists():
        raise refused("audience", "out_of_reach", _("这个机构不在您的权限范围内，请另选。"))
    path = audience.path or "?"
    outside = [d.manager.name for d in decisions if not (d.unit.path or "").startswith(path)]
    if outside:
        raise refused("audience", "too_narrow", _("公示范围须包含当事人所在机构，不包含：%(names)s。请扩大范围。") % {
            "names": "、".join(outside[:5]),
        })  # fmt: skip


def put_on(notice: PublicNotice, decisions: Collection[GradeDecision]) -> None:
    """The lines, in the words of this moment; one insert."""
    NoticeLine.objects.bulk_create(
        NoticeLine(notice=notice, decision=decision, **said(decision)) for decision in decisions
    )


def said(decision: GradeDecision) -> dict[str, str]:
    """All that a notice says of a person."""
    return {
        "name": decision.manager.name,
        "unit_name": decision.unit.name,
        "from_grade": decision.previous_grade.name if decision.previous_grade else "",
        "to_grade": decision.grade.name if decision.grade else "",
    }


def standing(notice: PublicNotice) -> list[GradeDecision]:
    standing = notice.lines.filter(state=LineState.STANDING).values("decision")
    return list(_with_names(GradeDecision.objects.filter(pk__in=standing)))


def _with_names(rows: Any) -> Any:
    return rows.select_related("manager", "unit", "grade", "previous_grade").order_by("pk")


def chosen(
    actor: Actor, round_: GradingRound, ids: Collection[int] | None, today: date
) -> list[GradeDecision]:
    # The cases are locked, so that none is put on two drafts at once.
    waiting = _with_names(waiting_for_notice(actor).filter(round=round_).select_for_update(of=("self",)))
    related = related_managers(actor.actor_id or 0, getattr(actor, "employee_no", None), today)
    if ids is None:
        found = [decision for decision in waiting if decision.manager_id not in related]
    else:
        found = list(waiting.filter(pk__in=ids))
        if missing := len(set(ids)) - len(found):
            raise refused("decisions", "not_waiting", _("有 %(n)d 项已不在待公示之列（状态变了，或已在另一份公示中）。请刷新页面。") % {
                "n": missing,
            })  # fmt: skip
        kin = [decision.manager.name for decision in found if decision.manager_id in related]
        if kin:
            raise refused("decisions", "recused", _("您与%(names)s有已申报的利害关系，须由他人公示。") % {
                "names": "、".join(kin),
            })  # fmt: skip
    if not found:
        raise refused(
            "decisions", "none", _("没有待公示的晋升。审定之后才能公示；降级不公示，由人力资源送达本人。")
        )
    return found


def rechosen(
    actor: Actor, notice: PublicNotice, kept: list[GradeDecision], ids: Collection[int], today: date
) -> list[GradeDecision]:
    staying = [decision for decision in kept if decision.pk in set(ids)]
    coming = set(ids) - {decision.pk for decision in kept}
    if coming:
        staying += chosen(actor, notice.round, coming, today)
    if not staying:
        raise refused("decisions", "none", _("公示上至少要有一人；不再需要的草稿请作废。"))
    return staying


def refuse_stale(notice: PublicNotice, version: str) -> None:
    """Raises Conflict when the notice has changed since the page that was looked at."""
    if version and version != notice.updated_at.isoformat():
        raise Conflict(_("您打开之后，这份公示已被修改。请刷新页面后再定。"))
