"""bank_rm_mit from its files to a first allocation, by the commands a person would use: nobody has a manager to begin with."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from cmsys.org.models import OrgUnit
from customers.allocation.services.policies import policy_import
from customers.planning.management.commands import rebalance as command
from customers.planning.models import AllocationMove, AllocationPlan, PlanManager
from customers.registry.models import Customer
from customers.service.models import Ticket
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE
from tests.planning.world import run_jobs

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "bank_rm_mit"
EXAMPLE = ROOT / "examples" / "bank_rm_mit"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason="the data set bank_rm_mit is not beside the checkout"),
]


def load() -> list[tuple[Any, ...]]:
    """What load.sh does, in this process: kind, read, created, unchanged, refused."""
    answers = []
    for mapping in sorted(EXAMPLE.glob("[0-9][0-9]_*.yaml")):
        name = mapping.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# file: ").strip()
        out, path = StringIO(), DATA / name if (DATA / name).exists() else EXAMPLE / name
        try:
            call_command("import_data", mapping.stem[3:], str(path), mapping=mapping, mode="skip", json=True, stdout=out)  # fmt: skip
        except SystemExit:
            pytest.fail(f"{mapping.name}: {out.getvalue()[:500]}")
        found = json.loads(out.getvalue())
        answers.append(tuple(found[key] for key in ("kind", "read", "created", "unchanged", "refused")))
    return answers


def planned(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`rebalance --json` with a worker at hand."""
    monkeypatch.setattr(command.time, "sleep", lambda seconds: run_jobs())
    out = StringIO()
    call_command("rebalance", json=True, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def lines() -> list[tuple[str, str]]:
    """Who gets whom, by number."""
    rows = AllocationMove.objects.order_by("customer__customer_no")
    return list(rows.values_list("customer__customer_no", "proposed__employee_no"))


class Again(Exception):
    """Undoes a load."""


def test_three_hundred_customers_get_their_first_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for _time in range(2):
        with pytest.raises(Again), transaction.atomic():
            assert load() == [
                ("org_units", 1, 1, 0, 0), ("org_units", 24, 24, 0, 0), ("org_units", 48, 48, 0, 0), ("managers", 40, 40, 0, 0),
                ("customers", 300, 300, 0, 0), ("tickets", 15, 15, 0, 0),
            ]  # fmt: skip
            assert [answer[2:4] for answer in load()] == [(0, 1), (0, 24), (0, 48), (0, 40), (0, 300), (0, 15)]  # fmt: skip
            policy_import(actor=STAGE, text=(EXAMPLE / "policy.yaml").read_text(encoding="utf-8"))
            answer = planned(monkeypatch)
            plan = AllocationPlan.objects.get()
            assert (answer["customers"], answer["moves"], answer["forced_moves"], answer["unmet"]) == (300, 0, 0, [])  # fmt: skip
            assert (plan.held, plan.first, plan.managers) == (0, 300, 40)
            # 3000 points among forty with room for 90 each: everybody carries 70 or 80, that is seven or eight customers.
            staff = PlanManager.objects.filter(plan=plan)
            assert Counter(staff.values_list("customers_after", flat=True)) == {7: 20, 8: 20}
            assert max(staff.values_list("load_after", flat=True)) == 80
            assert (plan.after["over_capacity"], plan.after["max_mean"], plan.after["gini"]) == (0, 1.066667, 0.033333)  # fmt: skip
            assert answer["bound"] <= answer["objective"]
            assert answer["gap"] <= 0.0015
            signed = hashlib.sha256(json.dumps(lines()).encode()).hexdigest()
            found.append((signed, plan.objective, plan.bound, plan.after))
            raise Again
    assert found[0] == found[1]


def test_nothing_personal_of_customers_comes_in_beyond_names() -> None:
    load()
    assert not any(row.mobile for row in RelationshipManager.objects.all())
    texts = [str(value) for row in Customer.objects.values() for value in row.values()]
    header, first = (DATA / "customers.csv").read_text(encoding="utf-8").splitlines()[:2]
    given = dict(zip(header.split(","), first.split(","), strict=True))
    for column in ("pan", "phone", "email", "dob"):
        assert not any(given[column] in text for text in texts), column
    assert OrgUnit.objects.get(parent__isnull=True).name.endswith("（总行，编造）")
    assert "invented" in (EXAMPLE / "policy.yaml").read_text(encoding="utf-8")
    assert Ticket.objects.filter(kind="complaint").count() == 15
