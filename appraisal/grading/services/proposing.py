"""New sheets make decisions, changed sheets take back what was decided on the old ones: set-wise, with the publication."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.grading.cases import AFTER_CONFIRM, case_url, deciders_of, due_again
from appraisal.grading.choices import DecisionState, RoundState
from appraisal.grading.flags import refresh_flags
from appraisal.grading.grounds import grounds_of, reading_began
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from appraisal.grading.transitions import BEFORE_EFFECT
from appraisal.grading.voiding import voided
from appraisal.scoring.permissions import REGRADE
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record, record_many
from cmsys.audit.models import Event
from cmsys.inbox.sending import message_send

# What a sheet says of a case: kind and grade that follow, and the flags that are plain from both.
PROPOSED = """
    SELECT s.id AS sheet, s.manager_id, m.unit_id, s.digest, s.ability, s.performance, s.total, s.quadrant, s.proposal,
        was.id AS was, goal.id AS goal,
        CASE WHEN s.proposal IN ('promotion', 'demotion') THEN goal.id ELSE was.id END AS becomes,
        (SELECT COALESCE(jsonb_agg(jsonb_build_object('code', f.code)), '[]') FROM (VALUES
            ('no_grade', s.grade_code = ''),
            ('unknown_grade', (s.grade_code <> '' AND was.id IS NULL) OR (s.proposed_grade <> '' AND goal.id IS NULL)),
            ('far', goal.series <> was.series OR (
                SELECT count(*) > 1 FROM managers_careers_grade g WHERE g.series = was.series
                    AND g."order" > least(was."order", goal."order") AND g."order" <= greatest(was."order", goal."order")))
            ) AS f (code, holds) WHERE f.holds) AS flags
    FROM appraisal_scoring_scoresheet s JOIN managers_profiles_relationshipmanager m ON m.id = s.manager_id
    LEFT JOIN managers_careers_grade was ON was.code = s.grade_code
    LEFT JOIN managers_careers_grade goal ON goal.code = s.proposed_grade
    WHERE s.cycle_id = %(cycle)s"""
NEW = """
INSERT INTO appraisal_grading_gradedecision (round_id, cycle_id, manager_id, unit_id, sheet_id, basis, ground, ability,
    performance, total, quadrant, proposal, proposed_grade_id, kind, previous_grade_id, grade_id, state, stale, flags, due_on,
    moved_by, updated_at)
SELECT %(round)s, %(cycle)s, p.manager_id, p.unit_id, p.sheet, p.digest, COALESCE(v.ground, ''), p.ability, p.performance,
    p.total, p.quadrant, p.proposal, p.goal, p.proposal, p.was, p.becomes, %(state)s, false, p.flags, %(due)s, '', %(now)s
FROM (PROPOSED) p LEFT JOIN unnest(%(managers)s::bigint[], %(grounds)s::text[]) AS v (manager, ground)
    ON v.manager = p.manager_id
WHERE NOT EXISTS (SELECT FROM appraisal_grading_gradedecision d WHERE d.sheet_id = p.sheet)
ORDER BY p.manager_id
RETURNING id""".replace("PROPOSED", PROPOSED)
CHANGED = """
UPDATE appraisal_grading_gradedecision d SET basis = p.digest, ability = p.ability, performance = p.performance,
    total = p.total, quadrant = p.quadrant, proposal = p.proposal, proposed_grade_id = p.goal, kind = p.proposal,
    previous_grade_id = p.was, grade_id = p.becomes, counterfactual = NULL, stale = false, updated_at = %(now)s,
    flags = CASE WHEN d.state = 'drafted' THEN p.flags ELSE p.flags || '[{"code": "voided"}]'::jsonb END,
    state = CASE WHEN d.state = 'drafted' THEN 'drafted' ELSE 'in_review' END,
    due_on = CASE WHEN d.state = 'drafted' THEN d.due_on ELSE %(due)s END,
    moved_at = CASE WHEN d.state = 'drafted' THEN d.moved_at ELSE %(now)s END,
    moved_by = CASE WHEN d.state = 'drafted' THEN d.moved_by ELSE %(who)s END,
    reviewed_by_id = NULL, confirmed_by_id = NULL, assignee_id = NULL, effective_from = NULL
FROM (PROPOSED) p WHERE d.id = ANY(%(ids)s) AND p.sheet = d.sheet_id""".replace("PROPOSED", PROPOSED)
GROUNDS = """
UPDATE appraisal_grading_gradedecision d SET ground = w.ground, stale = w.ground LIKE '%%=?%%',
    updated_at = CASE WHEN d.stale <> (w.ground LIKE '%%=?%%') THEN %(now)s ELSE d.updated_at END
FROM (SELECT s.id AS sheet, COALESCE(v.ground, '') AS ground
      FROM appraisal_scoring_scoresheet s JOIN org_orgunit u ON u.id = s.unit_id
      LEFT JOIN unnest(%(managers)s::bigint[], %(grounds)s::text[]) AS v (manager, ground) ON v.manager = s.manager_id
      WHERE s.cycle_id = %(cycle)s AND COALESCE(u.path, '') LIKE %(within)s) w
WHERE d.sheet_id = w.sheet AND d.state = ANY(%(open)s)
    AND (d.ground <> w.ground OR d.stale <> (w.ground LIKE '%%=?%%'))"""
OPEN_STATES = [DecisionState.DRAFTED.value, *sorted(state.value for state in BEFORE_EFFECT)]


@dataclass(frozen=True)
class Proposed:
    """What a publication did: cases that are new, that were refreshed before anybody saw them, that lost their ground."""

    created: int = 0
    refreshed: int = 0
    voided: list[int] = field(default_factory=list)


@transaction.atomic
def propose(*, actor: Actor, cycle: Cycle, now: datetime) -> Proposed:
    """Makes the decisions of a cycle follow its sheets; for the publication, with the cycle locked.

    Every sheet without a case gets one; a case still drafted takes over what its sheet says now; one that is being
    decided goes back to the reviewers with a step `void`, an event and a message to whoever had decided; one in effect
    stays. Seven statements for any number of people, one event, and one more for each voided case; nothing at all is
    written when no sheet and no figure has changed. Raises MissingFunction.
    """
    require(actor, REGRADE)
    # A regrading of nobody makes no round.
    if not cycle.sheets.exists():
        return Proposed()
    made = GradingRound.objects.get_or_create(cycle=cycle)[0]
    found: GradingRound = GradingRound.objects.select_for_update(of=("self",)).get(pk=made.pk)
    since, within = reading_began(cycle, now)
    grounds = grounds_of(cycle, since=since)
    values: dict[str, Any] = {
        "cycle": cycle.pk, "round": found.pk, "now": now, "managers": list(grounds), "grounds": list(grounds.values()),
        "due": due_again(found, timezone.localdate(now)), "who": actor.actor_name[:120], "within": f"{within}%",
        "open": OPEN_STATES,
    }  # fmt: skip
    done = Proposed(*_refresh(actor, found, values, now), voided=_void(actor, values, now))
    with connection.cursor() as cursor:
        cursor.execute(GROUNDS, values)
    if done.voided or (done.created and found.state != RoundState.DRAFT):
        # Cases that may be decided at once must not look clear until their reasons are there.
        refresh_flags(cycle, now)
    if done != Proposed():
        after = {"created": done.created, "refreshed": done.refreshed, "voided": len(done.voided)}
        record("round.propose", found, actor=actor, after=after, now=now)
    return done


def _refresh(actor: Actor, round: GradingRound, values: dict[str, Any], now: datetime) -> tuple[int, int]:
    """New cases and those nobody has seen yet. In a round that is under way new ones come to the reviewers at once; a
    round that was closed is under way again."""
    drafts = round.state == RoundState.DRAFT
    state = DecisionState.DRAFTED if drafts else DecisionState.IN_REVIEW
    with connection.cursor() as cursor:
        cursor.execute(NEW, values | {"state": state.value, "due": None if drafts else values["due"]})
        created = [pk for (pk,) in cursor.fetchall()]
        refreshed = [pk for pk, _state in _changed(cursor, values, [DecisionState.DRAFTED.value])]
        if refreshed:
            cursor.execute(CHANGED, values | {"ids": refreshed})
    if created and not drafts:
        _note(actor, "submit", [(pk, DecisionState.DRAFTED.value, {}) for pk in created], now)
    if created and round.state == RoundState.CLOSED:
        round.state, round.closed_at = RoundState.REVIEW, None
        round.save(update_fields=["state", "closed_at", "updated_at"])
        record("round.reopen", round, actor=actor, after={"created": len(created)}, now=now)
    return len(created), len(refreshed)


def _changed(cursor: Any, values: dict[str, Any], states: list[str]) -> list[tuple[int, str]]:
    """Locks the cases of these states whose sheet is another by now."""
    cursor.execute(
        "SELECT d.id, d.state FROM appraisal_grading_gradedecision d JOIN appraisal_scoring_scoresheet s"
        " ON s.id = d.sheet_id WHERE d.cycle_id = %s AND d.state = ANY(%s) AND d.basis <> s.digest"
        " ORDER BY d.id FOR UPDATE OF d",
        [values["cycle"], states],
    )
    found: list[tuple[int, str]] = cursor.fetchall()
    return found


def _void(actor: Actor, values: dict[str, Any], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        states = dict(_changed(cursor, values, OPEN_STATES[1:]))
        if not states:
            return []
        before = _cases(states)
        deciders = deciders_of(states)
        cursor.execute(CHANGED, values | {"ids": sorted(states)})
    after = _cases(states)
    steps = [(pk, states[pk], _differences(before[pk], after[pk])) for pk in sorted(states)]
    _note(actor, "void", steps, now)
    record_many([_event(actor, after[pk], state, differs, now) for pk, state, differs in steps])
    _tell(after, deciders, now)
    for pk, state in states.items():
        if state in AFTER_CONFIRM:
            voided(after[pk], now)
    return sorted(states)


def _cases(ids: Any) -> dict[int, GradeDecision]:
    related = ("manager", "cycle", "round", "grade", "previous_grade", "proposed_grade")
    return GradeDecision.objects.select_related(*related).in_bulk(list(ids))


def _differences(before: GradeDecision, after: GradeDecision) -> dict[str, Any]:
    """What a step keeps of a case that lost its ground: proposal and scores of before and now, where they differ."""
    names = ("proposal", "proposed_grade", "kind", "grade", "ability", "performance", "total", "quadrant")
    found = {}
    for name in names:
        old, new = _said(getattr(before, name)), _said(getattr(after, name))
        if old != new:
            found[name] = {"from": old, "to": new}
    return found


def _said(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text.rstrip("0").rstrip(".") if hasattr(value, "as_tuple") and "." in text else text


def _note(actor: Actor, verb: str, steps: list[tuple[int, str, dict[str, Any]]], now: datetime) -> None:
    DecisionStep.objects.bulk_create(
        [
            DecisionStep(
                decision_id=pk, verb=verb, actor_id=actor.actor_id, actor_name=actor.actor_name[:120], from_state=state,
                to_state=DecisionState.IN_REVIEW, data=data, at=now,
            )
            for pk, state, data in steps
        ],
        batch_size=2000,
    )  # fmt: skip


def _event(
    actor: Actor, decision: GradeDecision, state: str, differs: dict[str, Any], now: datetime
) -> Event:
    return Event(
        at=now, kind="decision.void", resource=GradeDecision.resource, object_id=str(decision.pk),
        object_label=str(decision)[:200], actor_id=actor.actor_id, actor_name=actor.actor_name[:120],
        before={"state": state} | {name: value["from"] for name, value in differs.items()},
        after={"state": decision.state} | {name: value["to"] for name, value in differs.items()},
    )  # fmt: skip


def _tell(cases: dict[int, GradeDecision], deciders: dict[int, set[int]], now: datetime) -> None:
    """One message to everybody who had decided on any of them."""
    decided: dict[int, list[GradeDecision]] = {}
    for pk in sorted(deciders):
        for user in deciders[pk]:
            decided.setdefault(user, []).append(cases[pk])
    for user, mine in sorted(decided.items()):
        names = "、".join(decision.manager.name for decision in mine[:3])
        title = _("数据变动，您对%(names)s（共 %(n)d 人）的意见作废") % {"names": names, "n": len(mine)}
        body = _("重新定级后考核结果有变化，原意见不再有效，须按新结果重新办理。")
        message_send(
            [user], kind="decision", key=f"void:{mine[0].cycle_id}:{now.isoformat()}", title=title, body=body,
            url=case_url(mine[0].pk), now=now,
        )  # fmt: skip
