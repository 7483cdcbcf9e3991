"""record_many writes by COPY what record would have written one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from cmsys.access.actors import SystemActor
from cmsys.audit.ledger import record, record_many
from cmsys.audit.models import Event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)
FIELDS = (
    "at",
    "kind",
    "resource",
    "object_id",
    "object_label",
    "actor_id",
    "actor_name",
    "before",
    "after",
    "reason",
    "success",
)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    texts,
    texts,
    st.dictionaries(
        texts, st.one_of(texts, st.integers(), st.none(), st.booleans(), st.floats(allow_nan=False))
    ),
)
def test_any_text_comes_back_as_it_was_given(label: str, reason: str, after: dict[str, Any]) -> None:
    actor = SystemActor("system:test")
    one = record(
        "thing.change", actor=actor, resource="things", object_id="1", label=label, reason=reason, after=after, now=NOW
    )  # fmt: skip
    record_many(
        [Event(at=NOW, kind="thing.change", resource="things", object_id="1", object_label=label[:200], actor_name=actor.actor_name,
               reason=reason[:500], after=after)]
    )  # fmt: skip
    first, second = Event.objects.filter(pk__gte=one.pk).order_by("pk").values(*FIELDS)
    assert first == second


@pytest.mark.parametrize("text", ["\\N", "\\", "a\tb", "a\nb\r\nc", "\\.", '"', "{}", "𠮷野家", "'"])
def test_what_copy_would_read_otherwise(text: str) -> None:
    record_many(
        [
            Event(
                at=NOW,
                kind="thing.change",
                resource="things",
                object_id="1",
                actor_name=text,
                after={"x": text},
            )
        ]
    )
    found = Event.objects.get(resource="things")
    assert (found.actor_name, found.after, found.actor_id, found.before) == (text, {"x": text}, None, {})


def test_days_figures_and_words_to_be_translated() -> None:
    after = {
        "day": date(2026, 3, 2),
        "amount": Decimal("1.50"),
        "word": gettext_lazy("主办"),
        "list": [1, None],
    }
    record_many(
        [
            Event(
                at=NOW,
                kind="thing.change",
                resource="things",
                object_id="1",
                actor_name="t",
                after=after,
                actor_id=7,
            )
        ]
    )
    found = Event.objects.get(resource="things")
    assert found.after == {"day": "2026-03-02", "amount": "1.50", "word": "主办", "list": [1, None]}
    assert (found.actor_id, found.success, found.at) == (7, True, NOW)


def test_nothing_to_write_is_nothing_written() -> None:
    record_many([])
    assert not Event.objects.exists()
