"""The demonstration bank's plans: each stage has something to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from cmsys.demo.allocation import allocate
from cmsys.demo.filling import ACTOR
from customers.handover.models import FirstContact, Handover
from customers.planning import later
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationMove, AllocationPlan, LineSide
from customers.registry.models import Assignment

pytestmark = pytest.mark.django_db(transaction=True)


def states() -> list[tuple[Any, ...]]:
    plans = AllocationPlan.objects.select_related("unit").order_by("pk")
    return [(plan.unit.code, plan.state, plan.percent) for plan in plans]


def test_every_stage_of_a_plan_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Curve and prices are tested where they are computed; here they would only take their time.
    monkeypatch.setattr(later, "curve", lambda *given, **named: ())
    monkeypatch.setattr(later, "active", lambda *given, **named: ())
    now = timezone.now()
    given = {"managers": 48, "customers": 1500, "months": 3, "without_cycles": True}
    call_command("demo_data", accounts_file=tmp_path / "demo.json", **given)
    allocate(actor=ACTOR, today=timezone.localdate(now), now=now)
    assert states() == [
        ("B02", PlanState.APPLIED, None), ("B01", PlanState.REVIEWING, None), ("B01", PlanState.DRAFT, 5),
    ]  # fmt: skip
    done, asked, *_drafts = AllocationPlan.objects.order_by("pk")
    applied = AllocationMove.objects.filter(plan=done, state=LineState.APPLIED)
    assert applied.count() == done.moves + done.first > 0
    assert Assignment.objects.filter(pk__in=applied.values("assignment")).count() == applied.count()
    assert Handover.objects.filter(plan=done).exists()
    assert FirstContact.objects.filter(assignment__in=applied.values("assignment")).count() == applied.count()
    # The supervisor who has a password is the one who is waited for.
    waiting = LineSide.objects.filter(plan=asked, verdict="")
    assert set(waiting.values_list("unit__code", flat=True)) == {"B011C", "B011R"}
    assert LineSide.objects.filter(plan=asked).exclude(verdict="").exists()
