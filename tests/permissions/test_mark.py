"""What nothing-was-written rests on: the mark of all rows sees every write, also where it reads only what was touched."""

from __future__ import annotations

import pytest
from django.db import transaction

from cmsys.audit.ledger import record
from cmsys.org.models import BusinessLine
from tests.cast import STAGE
from tests.permissions.house import mark_of_rows


@pytest.fixture
def line() -> BusinessLine:
    return BusinessLine.objects.create(code="CORP", name="公司业务")


@pytest.mark.django_db
def test_every_kind_of_write_is_seen_and_its_undoing_too(line: BusinessLine) -> None:
    rows, before = BusinessLine.objects.filter(code="CORP"), mark_of_rows()
    assert mark_of_rows() == before
    with transaction.atomic():
        BusinessLine.objects.create(code="CORP2", name="机构业务")
        added = mark_of_rows()
        rows.update(name="别的")
        assert len({before, added, mark_of_rows()}) == 3
        transaction.set_rollback(True)
    assert mark_of_rows() == before
    with transaction.atomic():
        rows.update(name="别的")
        transaction.set_rollback(True)
    assert mark_of_rows() == before
    rows.update(name="别的")
    assert mark_of_rows() != before
    rows.update(name="公司业务")
    assert mark_of_rows() == before
    rows.delete()
    assert mark_of_rows() != before


@pytest.mark.django_db
def test_a_refusal_is_no_event_that_counts_and_any_other_is() -> None:
    before = mark_of_rows()
    record("access.denied", actor=STAGE)
    assert mark_of_rows() == before
    record("session.start", actor=STAGE)
    assert mark_of_rows() != before


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_reads_everything(line: BusinessLine) -> None:
    before = mark_of_rows()
    line.delete()
    after = mark_of_rows()
    assert after != before
    assert mark_of_rows() == after
