"""A register of 300 000: what lists, searches and pages take, printed; and that they are right at that size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client as Browser

from customers.registry.models import Customer
from tests.cast import Cast, stage
from tests.permissions.house import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MANY = 300_000
# Number i is of unit i mod 3 and tier i mod 4 (none for 3); a third are people; every thousandth is a 稀土 company.
FILL = f"""
    INSERT INTO customers_registry_customer (customer_no, name, name_pinyin, kind, nature, category, group_no, industry_code,
        region_code, scale, credit_code, needs, source, updated_at, unit_id, owner_id, tier_id)
    SELECT 'C' || lpad(i::text, 7, '0'),
        CASE WHEN i %% 3 = 0 THEN '李' || i WHEN i %% 1000 = 1 THEN '江西稀土' || i ELSE '北京恒达' || i || '公司' END,
        CASE WHEN i %% 3 = 0 THEN 'li ' || i WHEN i %% 1000 = 1 THEN 'jiang xi xi tu ' || i
            ELSE 'bei jing heng da ' || i || ' gong si' END,
        CASE WHEN i %% 3 = 0 THEN 'individual' ELSE 'enterprise' END, '', '', '', '', '', '', '', '', '', now(),
        (%(units)s::bigint[])[1 + i %% 3], %(owner)s, (%(tiers)s::bigint[])[1 + i %% 4]
    FROM generate_series(0, {MANY - 1}) i
"""


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        cast = stage()
        with connection.cursor() as cursor:
            units = [cast.units[code].pk for code in ("CD", "CX", "PD")]
            tiers = [cast.tiers[code].pk for code in "ABC"]
            cursor.execute(FILL, {"units": units, "tiers": tiers, "owner": cast.managers["M-CD1"].pk})
            cursor.execute("ANALYZE customers_registry_customer")
        yield cast
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("who", "address", "total", "more"),
    [
        ("cmd", "/customers/", 10_000, True),
        ("cmd", "/customers/?page=500", 10_000, True),
        ("cmd", "/customers/?sort=-customer_no", 10_000, True),
        ("cmd", "/customers/?q=稀土", 200, False),
        ("cmd", "/customers/?q=恒达", 10_000, True),
        ("cmd", "/customers/?q=C0123456", 1, False),
        ("cmd", "/customers/?q=jiangxixitu", 200, False),
        ("cmd", "/customers/?q=李", 0, False),
        ("cmd", "/customers/?unit=PD", 10_000, True),
        ("cmd", "/customers/?tier=B&state=existing", 0, False),
        ("mgr", "/customers/?q=稀土", 0, False),
        ("mgr", "/customers/?kind=enterprise", 0, False),
        ("cmd", "/customers/C0123457/", 0, False),
        ("cmd", "/", 0, False),
    ],
)
def test_what_a_page_takes(many: Cast, who: str, address: str, total: int, more: bool) -> None:
    browser: Browser = signed_in(many.user(who))
    browser.get(address)
    took = []
    for _turn in range(5):
        began = time.perf_counter()
        answer = browser.get(address)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200
    print(f"{who} {address}: median {sorted(took)[2]:.0f} ms, slowest {max(took):.0f} ms")
    if address.startswith("/customers/?") or address == "/customers/":
        pager = answer.context["page"].pager
        assert (pager["total"], pager["more"]) == (total, more)


def test_pages_are_in_order_at_that_size(many: Cast) -> None:
    browser = signed_in(many.user("cmd"))

    def numbers(query: str) -> list[str]:
        rows = browser.get(f"/customers/?{query}&size=100").context["page"].rows
        return [cell["text"] for row in rows for cell in row["cells"] if cell["key"] == "customer_no"]

    assert numbers("sort=-customer_no")[:3] == ["C0299999", "C0299998", "C0299997"]
    # 浦东 has the numbers that leave two when divided by three: a filtered list is sorted, not read along an index.
    assert numbers("sort=customer_no&unit=PD&page=2")[:2] == ["C0000302", "C0000305"]
    assert numbers("sort=customer_no&q=稀土&page=2")[0] == "C0150001"
    assert Customer.objects.count() == MANY
