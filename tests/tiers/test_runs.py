"""Runs over the small bank, worked by hand: who is proposed for what and why, and what people make of it."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.jobs.models import Job
from customers.registry.models import Customer
from customers.registry.services.tiers import customer_tier, tier_release
from customers.tiers import jobs
from customers.tiers.models import TierChange, TierRun
from customers.tiers.services.rules import rule_adopt
from customers.tiers.services.runs import run_apply, run_discard, run_start
from tests.cast import STAGE, TODAY, Cast
from tests.customers.stage import Register
from tests.permissions.house import mark_of_rows
from tests.tiers.world import NOW, lines, ran, rule, run_jobs, tiers

pytestmark = pytest.mark.django_db


def test_a_proposal_says_who_would_change_and_changes_nobody(bank: Register) -> None:
    """C-HD (A) scores 62 and stays; C-CX (B) 55 stays; C-NO (none) 40: B; C-PD (A) nothing: C. People are not spoken of."""
    before = tiers()
    run = ran(rule())
    assert run.state == "proposed"
    assert (run.customers, run.raised, run.lowered, run.first) == (4, 0, 1, 1)
    assert lines(run) == [
        ("C-NO", None, "B", "move", "open", 4000),
        ("C-PD", "A", "C", "move", "open", 0),
    ]
    assert run.flows == [["A", "A", 1], ["A", "C", 1], ["B", "B", 1], ["", "B", 1]]
    assert tiers() == before


def test_each_line_explains_its_score_to_the_last_point(bank: Register) -> None:
    run = ran(rule(tiers=[{"code": "A", "score": 63}, {"code": "B", "score": 55.01}, {"code": "C"}]))
    said = {
        row.customer.customer_no: (row.values, row.points, row.score, row.place)
        for row in TierChange.objects.filter(run=run).select_related("customer")
    }
    assert said == {
        "C-HD": ([600_000_000, 50_000_000, 12, 0], [80, 60, 60, 0], 6200, 1),
        "C-CX": ([90_000_000, 200_000_000, 30, 30_000_000], [0, 100, 100, 50], 5500, 2),
        "C-NO": ([2_000_000_000, 0, 0, 0], [100, 0, 0, 0], 4000, 3),
        "C-PD": ([0, 0, 0, 0], [0, 0, 0, 0], 0, 4),
    }


def test_the_same_facts_have_the_same_fingerprint(bank: Register) -> None:
    of = rule()
    first, again = ran(of), ran(of)
    assert first.digest == again.digest
    first.refresh_from_db()
    assert (first.state, again.state) == ("replaced", "proposed")


def test_applied_it_becomes_tiers_with_an_event_each(cast: Cast, bank: Register) -> None:
    run = ran(rule())
    run_apply(actor=cast.user("cmd"), run_id=run.pk, reason="季度评审通过", now=NOW)
    assert tiers()["C-PD"] == "A"
    run_jobs()
    run.refresh_from_db()
    assert (run.state, run.done_count, run.skipped_count) == ("applied", 2, 0)
    assert (tiers()["C-PD"], tiers()["C-NO"]) == ("C", "B")
    events = {event.object_label: event for event in Event.objects.filter(kind="customer.tier")}
    event = events["浦东港务集团（C-PD）"]
    assert (event.before, event.actor_name) == ({"tier": "A 级"}, "蒋客管（cmd）")
    assert event.after == {"tier": "C 级", "run": run.number, "rule": "KHFJ v1", "score": "0.00"}
    assert event.reason == f"按规则分级，批次 {run.number}：季度评审通过"
    assert len(events) == 2


def test_nothing_left_to_change_needs_nobody(cast: Cast, bank: Register) -> None:
    of = rule()
    run = ran(of)
    run_apply(actor=cast.user("cmd"), run_id=run.pk, reason="通过", now=NOW)
    run_jobs()
    again = ran(of)
    assert (again.state, again.moves, lines(again)) == ("applied", 0, [])


def test_whoever_has_changed_since_is_left_alone(cast: Cast, bank: Register) -> None:
    run = ran(rule())
    customer_tier(
        actor=cast.user("da"), customer_id=bank.customers["C-PD"].pk, tier=cast.tiers["B"], reason="复核"
    )
    run_apply(actor=cast.user("cmd"), run_id=run.pk, reason="通过", now=NOW)
    run_jobs()
    run.refresh_from_db()
    assert (run.done_count, run.skipped_count, tiers()["C-PD"]) == (1, 1, "B")
    assert [line[4] for line in lines(run)] == ["done", "skipped"]


def test_a_tier_set_by_hand_holds_until_its_day_or_its_release(cast: Cast, bank: Register) -> None:
    """C-PD is held at A until tomorrow: shown, not changed; from then on the rule speaks again, with the contract of that day."""
    cmd, pk = cast.user("cmd"), bank.customers["C-PD"].pk
    customer_tier(actor=cmd, customer_id=pk, tier=cast.tiers["A"], reason="战略客户", until=date(2026, 3, 3), today=TODAY)  # fmt: skip
    of = rule()
    run = ran(of)
    assert ("C-PD", "A", "C", "held", "none", 0) in lines(run)
    assert (run.held_count, run.held, run.lowered) == (1, [["A", "C", 1]], 0)
    run_apply(actor=cmd, run_id=run.pk, reason="通过", now=NOW)
    run_jobs()
    assert tiers()["C-PD"] == "A"
    assert ("C-PD", "A", "C", "move", "open", 3200) in lines(ran(of, today=date(2026, 3, 3)))
    tier_release(actor=cmd, customer_id=pk, reason="合作结束")
    assert ("C-PD", "A", "C", "move", "open", 0) in lines(ran(of))
    with pytest.raises(ValidationError, match="没有手工评定的分级"):
        tier_release(actor=cmd, customer_id=pk, reason="再来一次")


def test_a_hand_after_the_run_is_stronger_than_the_run(cast: Cast, bank: Register) -> None:
    """Held at its present tier after the proposal was made: the tier is the same, the hand is new."""
    run = ran(rule())
    cmd = cast.user("cmd")
    customer_tier(
        actor=cmd, customer_id=bank.customers["C-PD"].pk, tier=cast.tiers["A"], reason="保留", until=date(2026, 5, 1),
        today=TODAY,
    )  # fmt: skip
    run_apply(actor=cmd, run_id=run.pk, reason="通过", now=NOW)
    run_jobs()
    assert tiers()["C-PD"] == "A"


def test_patience_counts_runs_that_were_applied(cast: Cast, bank: Register) -> None:
    """Two in a row: on 2 March C-PD waits, on 30 March it is lowered; asked twice on one day it still waits."""
    of, cmd = rule(hysteresis={"runs": 2}), cast.user("cmd")
    first = ran(of)
    assert ("C-PD", "A", "C", "wait", "none", 0) in lines(first)
    assert (first.waiting_count, first.waiting) == (1, [["A", "C", 1]])
    run_apply(actor=cmd, run_id=first.pk, reason="通过", now=NOW)
    run_jobs()
    assert ("C-PD", "A", "C", "wait", "none", 0) in lines(ran(of))
    later = ran(of, today=date(2026, 3, 30))
    assert ("C-PD", "A", "C", "move", "open") in [line[:5] for line in lines(later)]


def test_limits_of_a_category(cast: Cast, bank: Register) -> None:
    Customer.objects.filter(customer_no="C-PD").update(category="key")
    Customer.objects.filter(customer_no="C-HD").update(category="prospect", since=None)
    run = ran(rule(limits={"key": {"min": "B"}, "prospect": {"max": "C"}}))
    assert [line[:3] for line in lines(run)] == [("C-HD", "A", "C"), ("C-NO", None, "B"), ("C-PD", "A", "B")]


def test_categories_follow_from_tiers(cast: Cast, bank: Register) -> None:
    """C-HD and C-CX have signed: A is 重点, B 一般; the two others have not: 潜在, whatever their tier."""
    run = ran(rule(categories={"A": "key", "B": "general", "C": "general"}))
    assert run.recategorised == 4
    run_apply(actor=cast.user("cmd"), run_id=run.pk, reason="通过", now=NOW)
    run_jobs()
    found = dict(Customer.objects.values_list("customer_no", "category"))
    assert {number: found[number] for number in ("C-HD", "C-CX", "C-NO", "C-PD", "C-LI")} == {
        "C-HD": "key", "C-CX": "general", "C-NO": "prospect", "C-PD": "prospect", "C-LI": "",
    }  # fmt: skip
    event = Event.objects.get(kind="customer.tier", object_label="城西机械厂（C-CX）")
    assert (event.before, event.after["category"]) == ({"category": "未分类"}, "一般客户")


# --- trials and versions ----------------------------------------------------------------------------------------------
def test_a_trial_of_a_draft_is_compared_with_the_books_or_with_another_version(bank: Register) -> None:
    """Version 2 asks 63 for A and 50 for B: C-HD would be B; under version 1 it is A. C-NO: B under 1, C under 2."""
    first = rule()
    second = rule(
        adopted=False,
        version=2,
        tiers=[{"code": "A", "score": 63}, {"code": "B", "score": 50}, {"code": "C"}],
    )
    trial = ran(second, trial=True)
    assert (trial.state, trial.lowered, trial.first) == ("shown", 2, 1)
    assert {line[4] for line in lines(trial)} == {"none"}
    compared = ran(second, trial=True, against=first)
    assert [line[:3] for line in lines(compared)] == [("C-HD", "A", "B"), ("C-NO", "B", "C")]
    assert compared.flows == [["A", "B", 1], ["B", "B", 1], ["B", "C", 1], ["C", "C", 1]]
    with pytest.raises(Conflict, match="试算完成"):
        run_apply(actor=STAGE, run_id=trial.pk, reason="x", now=NOW)
    with pytest.raises(ValidationError, match="不是现行规则"):
        run_start(actor=STAGE, rule_id=second.pk, trial=False, today=TODAY, now=NOW)


def test_a_proposal_of_a_version_that_was_superseded_is_not_applied(bank: Register) -> None:
    run = ran(rule())
    rule(version=2, name="新版")
    with pytest.raises(Conflict, match="已被新版本取代"):
        run_apply(actor=STAGE, run_id=run.pk, reason="x", now=NOW)


# --- killed anywhere ---------------------------------------------------------------------------------------------------
def test_killed_between_any_two_pieces_it_comes_to_the_same(
    cast: Cast, bank: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line at a time; a piece whose end nobody noted is done again from the cursor before it."""
    monkeypatch.setattr(jobs, "LINES_AT_ONCE", 1)
    monkeypatch.setattr(jobs, "CUSTOMERS_AT_ONCE", 1)
    of = rule(tiers=[{"code": "A", "score": 63}, {"code": "B", "score": 56}, {"code": "C"}])
    run = run_start(actor=STAGE, rule_id=of.pk, trial=False, today=TODAY, now=NOW)
    run_jobs(stop_after=2)
    earlier = Job.objects.get(kind="customers.tiers").cursor
    run_jobs(stop_after=1)
    Job.objects.filter(kind="customers.tiers").update(cursor=earlier)  # killed before its end was noted
    run_jobs()
    run.refresh_from_db()
    assert [line[:3] for line in lines(run)] == [
        ("C-CX", "B", "C"), ("C-HD", "A", "B"), ("C-NO", None, "C"), ("C-PD", "A", "C"),
    ]  # fmt: skip
    run_apply(actor=cast.user("cmd"), run_id=run.pk, reason="通过", now=NOW)
    run_jobs(stop_after=2)
    assert list(tiers().values()).count("C") < 4
    Job.objects.filter(kind="customers.tiers_apply").update(cursor=None)  # begun again from nothing
    run_jobs()
    run.refresh_from_db()
    assert (run.state, run.done_count, run.skipped_count) == ("applied", 4, 0)
    assert {number: tier for number, tier in tiers().items() if number in ("C-CX", "C-HD", "C-NO", "C-PD")} == {
        "C-CX": "C", "C-HD": "B", "C-NO": "C", "C-PD": "C",
    }  # fmt: skip
    assert Event.objects.filter(kind="customer.tier").count() == 4


def test_a_job_that_died_is_taken_up_again_by_asking_again(cast: Cast, bank: Register) -> None:
    run = ran(rule())
    cmd = cast.user("cmd")
    run_apply(actor=cmd, run_id=run.pk, reason="通过", now=NOW)
    run_apply(actor=cmd, run_id=run.pk, reason="通过", now=NOW)
    assert Job.objects.filter(kind="customers.tiers_apply").count() == 1
    Job.objects.filter(kind="customers.tiers_apply").update(state="failed", finished_at=NOW)
    run_apply(actor=cmd, run_id=run.pk, reason="继续", now=NOW)
    run_jobs()
    run.refresh_from_db()
    assert run.state == "applied"


def test_discarded_changes_nothing(cast: Cast, bank: Register) -> None:
    run, before = ran(rule()), tiers()
    with pytest.raises(ValidationError, match="请填写“放弃分级建议”的理由"):
        run_discard(actor=cast.user("cmd"), run_id=run.pk, reason=" ", now=NOW)
    run_discard(actor=cast.user("cmd"), run_id=run.pk, reason="规则要改", now=NOW)
    with pytest.raises(Conflict, match="已放弃"):
        run_apply(actor=cast.user("cmd"), run_id=run.pk, reason="x", now=NOW)
    assert tiers() == before
    assert {line[4] for line in lines(run)} == {"none"}


@pytest.mark.parametrize("who", ["mgr", "cm", "hrh", "da", "sys"])
def test_only_the_customer_department_decides(cast: Cast, bank: Register, who: str) -> None:
    run = ran(rule())
    before = mark_of_rows()
    for act in (run_apply, run_discard):
        with pytest.raises(MissingFunction):
            act(actor=cast.user(who), run_id=run.pk, reason="x", now=NOW)
    with pytest.raises(MissingFunction):
        run_start(actor=cast.user(who), rule_id=run.rule_id, trial=True, today=TODAY, now=NOW)
    with pytest.raises(MissingFunction):
        rule_adopt(actor=cast.user(who), rule_id=run.rule_id, reason="x", now=NOW)
    assert mark_of_rows() == before


# --- schedule and command ----------------------------------------------------------------------------------------------
def test_on_the_first_of_a_month_a_proposal_is_asked_for(bank: Register) -> None:
    """Adopted on 2 March at ten: nothing is due before 1 April two in the morning."""
    assert jobs.monthly_due(NOW) is None
    rule()
    assert jobs.monthly_due(NOW) is None
    april = NOW.replace(month=4, day=1, hour=2)
    assert jobs.monthly_due(april.replace(hour=1)) is None
    assert jobs.monthly_due(april) == april
    assert jobs.monthly_due(april.replace(day=17)) == april


def test_the_command(bank: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_given: TODAY)
    with pytest.raises(CommandError, match="还没有现行的分级规则") as nothing:
        call_command("retier")
    assert nothing.value.returncode == 2
    of = rule()
    with pytest.raises(CommandError, match="没有编码为“NONE”"):
        call_command("retier", "--rule", "NONE")
    with pytest.raises(CommandError, match="还没有算完") as late:
        call_command("retier", "--wait", "0")
    assert late.value.returncode == 3
    run_jobs()
    monkeypatch.setattr("customers.tiers.management.commands.retier.time.sleep", lambda _s: run_jobs())
    out = StringIO()
    call_command("retier", "--rule", "KHFJ", "--dry-run", "--json", stdout=out)
    [answer] = json.loads(out.getvalue())
    run = TierRun.objects.get(number=answer["run"])
    assert (run.purpose, run.rule_id, answer["customers"], answer["lowered"], answer["first"]) == (
        "trial",
        of.pk,
        4,
        1,
        1,
    )
    out = StringIO()
    call_command("retier", stdout=out)
    assert "0 户上调，1 户下调，1 户首次分级" in out.getvalue()
