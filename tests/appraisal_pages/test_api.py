"""score-sheets, cycles, schemes and results over the API: exact numbers, scopes, conditions, costs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.scoring.models import ScoreSheet
from cmsys.api.services.clients import client_create
from tests.appraisal_pages.crowd import crowd
from tests.appraisal_pages.graded import Graded
from tests.cast import STAGE
from tests.permissions.house import token_of

pytestmark = pytest.mark.django_db


def client(world: Graded, scopes: str, unit: str = "") -> Browser:
    made, _secret = client_create(
        actor=STAGE, now=timezone.now(), name=f"{scopes} {unit}", scopes=scopes.split(),
        unit=world.cast.units[unit] if unit else None,
    )  # fmt: skip
    return Browser(headers={"Authorization": f"Bearer {token_of(made)}"})


def ask(browser: Browser, address: str) -> Any:
    answer = browser.get(f"/api/v1/{address}")
    assert answer.status_code == 200, (address, answer.status_code, answer.content)
    return json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)


def numbers(found: Any) -> list[str]:
    return sorted(row["manager"]["employee_no"] for row in found["results"])


def test_a_sheet_with_its_lines_in_exact_numbers(world: Graded) -> None:
    reader = client(world, "score-sheets:read")
    found = ask(reader, f"score-sheets/{world.sheets['2025Q4', 'M-CX1'].pk}/")
    assert {key: found[key] for key in ("manager", "unit", "cycle", "scheme", "grade", "quadrant", "level", "proposal")} == {
        "manager": {"employee_no": "M-CX1", "name": "赵立群"}, "unit": {"code": "CX", "name": "城西支行"}, "cycle": "2025Q4",
        "scheme": {"code": "DEMO", "version": Decimal(1), "name": "示例方案"}, "grade": "JUNIOR", "quadrant": "HH", "level": None,
        "proposal": {"kind": "promotion", "to": "MIDDLE"},
    }  # fmt: skip
    scores = [found[f"{name}_score"] for name in ("ability", "performance", "total")]
    assert scores == [Decimal("88.45"), Decimal("99.249"), Decimal("93.8495")]
    for dimension, score in zip(("ability", "performance"), scores, strict=False):
        lines = [line for line in found["lines"] if line["dimension"] == dimension]
        assert sum(line["contribution"] for line in lines) == score
    sales = next(line for line in found["lines"] if line["code"] == "SALES")
    assert sales == {
        "position": Decimal(3), "dimension": "performance", "code": "SALES", "name": "销售额", "kind": "indicator", "source": "imported",
        "raw": Decimal(3482), "target": Decimal(3000), "score": Decimal("116.07"), "weight": Decimal(70),
        "stated_weight": Decimal(70), "contribution": Decimal("81.249"), "note": None,
    }  # fmt: skip
    assert found["reasons"][-1]["rule"] == "promotion[0]"
    raw = reader.get(f"/api/v1/score-sheets/{world.sheets['2025Q4', 'M-CX1'].pk}/").content
    assert b'"performance_score":99.249,' in raw


def test_what_is_missing_is_null_never_zero(world: Graded) -> None:
    found = ask(client(world, "score-sheets:read"), f"score-sheets/{world.sheets['2025Q4', 'M-PD1'].pk}/")
    assert (found["performance_score"], found["total_score"], found["quadrant"]) == (None, None, None)
    assert found["proposal"] == {"kind": "not_rated", "to": None}
    overdue = next(line for line in found["lines"] if line["code"] == "OVERDUE")
    assert (overdue["raw"], overdue["score"], overdue["contribution"], overdue["note"]) == (
        None,
        None,
        None,
        "missing_blocked",
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cycle=2025Q4", ["M-CD1", "M-CD2", "M-CX1", "M-PD1"]), ("cycle=2025Q4&unit=BJ", ["M-CD1", "M-CD2", "M-CX1"]),
        ("cycle=2025Q4&quadrant=HH", ["M-CD2", "M-CX1"]), ("employee_no=M-CX1", ["M-CX1", "M-CX1"]),
        ("cycle=2025Q4&proposal=demotion", ["M-CD1"]), ("scheme=DEMO&cycle=2025Q3&quadrant=LL", ["M-CD1"]), ("cycle=1999", []),
        ("updated_since=2999-01-01", []),
    ],
)  # fmt: skip
def test_conditions_of_the_list(world: Graded, query: str, found: list[str]) -> None:
    assert numbers(ask(client(world, "score-sheets:read"), f"score-sheets/?{query}")) == found


def test_a_client_of_a_unit_gets_its_people_only(world: Graded) -> None:
    reader = client(world, "score-sheets:read cycles:read", "BJ")
    assert numbers(ask(reader, "score-sheets/?cycle=2025Q4")) == ["M-CD1", "M-CD2", "M-CX1"]
    assert reader.get(f"/api/v1/score-sheets/{world.sheets['2025Q4', 'M-PD1'].pk}/").status_code == 404
    found = ask(reader, f"cycles/{world.cycles['2025Q4'].pk}/results/")
    assert [row["employee_no"] for row in found["results"]] == ["M-CD1", "M-CD2", "M-CX1"]


def test_results_of_a_cycle_are_the_lines_of_its_fingerprint(world: Graded) -> None:
    found = ask(client(world, "score-sheets:read"), f"cycles/{world.cycles['2025Q4'].pk}/results/")
    assert (found["cycle"], found["result_hash"]) == ("2025Q4", "a" * 64)
    assert [row["employee_no"] for row in found["results"]] == ["M-CD1", "M-CD2", "M-CX1", "M-PD1"]
    assert found["results"][2] == {
        "employee_no": "M-CX1", "ability": Decimal("88.45"), "performance": Decimal("99.249"), "total": Decimal("93.8495"),
        "quadrant": "HH", "proposal": {"kind": "promotion", "to": "MIDDLE"},
    }  # fmt: skip
    assert found["results"][3]["performance"] is None
    raw = (
        client(world, "score-sheets:read").get(f"/api/v1/cycles/{world.cycles['2025Q4'].pk}/results/").content
    )
    assert b'"ability":90.00,' in raw  # as printed: the two places of the scheme


def test_cycles_and_schemes_are_the_whole_institutions(world: Graded) -> None:
    for unit in ("", "BJ"):
        reader = client(world, "cycles:read schemes:read", unit)
        assert sorted(row["period"] for row in ask(reader, "cycles/")["results"]) == ["2025Q3", "2025Q4"]
        (cycle,) = ask(reader, "cycles/?period=2025Q4&scheme=DEMO")["results"]
        assert (cycle["starts_on"], cycle["ends_on"], cycle["state"]) == ("2025-10-01", "2026-01-01", "open")
        (scheme,) = ask(reader, "schemes/?code=DEMO")["results"]
        assert "document" not in scheme
        assert ask(reader, f"schemes/{scheme['id']}/")["document"].startswith("code: DEMO")


def test_each_asks_for_its_own_scope(world: Graded) -> None:
    pk = world.cycles["2025Q4"].pk
    for scopes, refused in (("cycles:read", ["score-sheets/", "schemes/", f"cycles/{pk}/results/"]),
                            ("score-sheets:read", ["cycles/", "schemes/", f"cycles/{pk}/"])):  # fmt: skip
        reader = client(world, scopes)
        assert [reader.get(f"/api/v1/{address}").status_code for address in refused] == [403] * 3


def test_lists_cost_the_same_for_one_row_and_for_thirty(world: Graded) -> None:
    reader = client(world, "score-sheets:read cycles:read schemes:read")
    costs: dict[str, list[int]] = {}
    for size in (1, 30):
        for address in ("score-sheets/", "cycles/", "schemes/"):
            with CaptureQueriesContext(connection) as queries:
                ask(reader, f"{address}?page_size={size}")
            costs.setdefault(address, []).append(len(queries))
        crowd(world, 30) if size == 1 else None
    assert all(one == thirty <= 10 for one, thirty in costs.values()), costs
    assert ScoreSheet.objects.count() == 38
