"""`Idempotency-Key`: a request that is sent again has one effect and gets the first answer (reliability-security R9)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from appraisal.figures.models import Reading
from cmsys.api import housekeeping
from cmsys.api.housekeeping import Forgotten
from cmsys.api.models import Client, IdempotencyKey
from cmsys.audit.models import Event
from cmsys.jobs.documents import Empty
from cmsys.jobs.kinds import Run
from tests.api.conftest import SYSTEM
from tests.api.test_writes import A_READING, READINGS, nothing_written, send, wrong
from tests.cast import Cast, stage


@pytest.fixture
def cast(db: None) -> Cast:
    return stage()


@pytest.fixture
def writer(cast, caller):
    return caller("perf:write", "readings:read")


def test_the_answer_is_given_again_and_nothing_is_done_again(writer):
    first = send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    again = send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert [again[name] for name in ("Location", "ETag", "Content-Type")] == [
        first[name] for name in ("Location", "ETag", "Content-Type")
    ]
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert Reading.objects.count() == Event.objects.filter(kind="reading.create").count() == 1
    assert int(again["RateLimit-Remaining"]) == int(first["RateLimit-Remaining"]) - 1


def test_the_order_of_keys_and_blanks_do_not_make_another_request(writer):
    send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    turned = json.dumps(dict(reversed(A_READING.items())), indent=2)
    assert send(writer, "POST", READINGS, turned, Idempotency_Key="key-1")["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "change", [{"value": 3483}, {"period": "2025Q3"}, {"source": "x"}, {"employee_no": "M-CD1"}]
)
def test_other_content_with_the_same_key_is_422(writer, change):
    send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    answer = send(writer, "POST", READINGS, A_READING | change, Idempotency_Key="key-1")
    wrong(answer, 422, "idempotency_mismatch")
    assert Reading.objects.get().value == A_READING["value"]


def test_another_address_or_method_with_the_same_key_is_422(writer):
    made = send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    path = made["Location"].removeprefix("http://testserver")
    wrong(
        send(writer, "POST", "/api/v1/targets/", A_READING, Idempotency_Key="key-1"),
        422,
        "idempotency_mismatch",
    )
    answer = send(writer, "DELETE", path + "?reason=x", If_Match=made["ETag"], Idempotency_Key="key-1")
    wrong(answer, 422, "idempotency_mismatch")
    assert Reading.objects.count() == 1


def test_a_removal_and_a_change_are_given_again_too(writer):
    made = send(writer, "POST", READINGS, A_READING)
    path = made["Location"].removeprefix("http://testserver")
    given = {"If_Match": made["ETag"], "Idempotency_Key": "change"}
    first, again = (send(writer, "PATCH", path, {"value": 1}, **given) for _ in range(2))
    assert (first.status_code, again.content, again["ETag"]) == (200, first.content, first["ETag"])
    given = {"If_Match": first["ETag"], "Idempotency_Key": "removal"}
    first, again = (send(writer, "DELETE", path + "?reason=x", **given) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (204, 204, b"")
    assert again["Idempotent-Replayed"] == "true"
    assert Event.objects.filter(kind="reading.remove").count() == 1


def test_a_key_belongs_to_its_client(writer, caller):
    other = caller("perf:write", name="另一个")
    assert send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1").status_code == 201
    answer = send(other, "POST", READINGS, A_READING | {"employee_no": "M-CD1"}, Idempotency_Key="key-1")
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)


def test_a_refusal_is_not_kept_and_the_key_is_still_good(writer):
    for body, status in ((A_READING | {"value": "x"}, 400), (A_READING | {"employee_no": "M-NONE"}, 422)):
        assert send(writer, "POST", READINGS, body, Idempotency_Key="key-1").status_code == status
    assert not IdempotencyKey.objects.exists()
    assert send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1").status_code == 201


def test_a_failure_is_undone_and_not_kept(writer, monkeypatch):
    from appraisal.figures import api

    def crash(**given):
        api_real(**given)
        raise ZeroDivisionError

    api_real = api.reading_set
    monkeypatch.setattr(api, "reading_set", crash)
    assert send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1").status_code == 500
    assert nothing_written() == (0, 0, 0)
    monkeypatch.setattr(api, "reading_set", api_real)
    assert send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1").status_code == 201


def test_rights_are_asked_for_before_the_kept_answer(writer):
    send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    Client.objects.filter(pk=writer.client.pk).update(allowed_scopes=["readings:read"])
    assert send(writer, "POST", READINGS, A_READING, Idempotency_Key="key-1").status_code == 403


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "schlüssel", "a b", "键"])
def test_a_malformed_key_is_400(writer, key):
    answer = send(writer, "POST", READINGS, A_READING, Idempotency_Key=key)
    assert wrong(answer, 400, "bad_value") == {("Idempotency-Key", "bad_value")}
    assert nothing_written() == (0, 0, 0)


def test_255_characters_are_enough_and_reading_takes_no_notice(writer):
    assert send(writer, "POST", READINGS, A_READING, Idempotency_Key="~" * 255).status_code == 201
    for _ in range(2):
        answer = writer.get(READINGS, Idempotency_Key="~" * 255)
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (200, False)
    assert IdempotencyKey.objects.count() == 1


def test_answers_are_kept_for_a_day_and_then_forgotten(writer):
    now = timezone.now()
    for key, age in (("young", 23), ("old", 25)):
        IdempotencyKey.objects.create(
            client=writer.client,
            key=key,
            fingerprint="f" * 64,
            status=204,
            body=b"",
            at=now - timedelta(hours=age),
        )
    run = Run(job_id=1, key="", actor=SYSTEM, args=Empty(), cursor=None, now=now)
    chunk = housekeeping.forget_keys(run)
    assert (chunk.cursor, chunk.result) == (None, Forgotten(keys=1))
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]


# --- at once ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_at_work_the_second_is_told_to_wait(transactional_db, caller):
    stage()
    us = caller("perf:write")
    at_work, may_go_on, answers = threading.Event(), threading.Event(), []
    from appraisal.figures import api

    real = api.reading_set

    def slow(**given):
        at_work.set()
        may_go_on.wait(30)
        return real(**given)

    def first():
        try:
            answers.append(send(us, "POST", READINGS, A_READING, Idempotency_Key="key-1"))
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "reading_set", slow)
        thread = threading.Thread(target=first)
        thread.start()
        assert at_work.wait(30)
        second = send(us, "POST", READINGS, A_READING, Idempotency_Key="key-1")
        may_go_on.set()
        thread.join()
    wrong(second, 409, "idempotency_in_flight")
    assert second["Retry-After"] == "1"
    third = send(us, "POST", READINGS, A_READING, Idempotency_Key="key-1")
    assert (answers[0].status_code, third.status_code, third.content) == (201, 201, answers[0].content)
    assert Reading.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_make_one_row(transactional_db, caller):
    stage()
    us = caller("perf:write")
    start, answers = threading.Barrier(50), []

    def one():
        try:
            start.wait()
            answers.append(send(us, "POST", READINGS, A_READING, Idempotency_Key="key-1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = Counter(answer.status_code for answer in answers)
    assert set(counted) <= {201, 409}
    assert sum(counted.values()) == 50
    told = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert told <= {"idempotency_in_flight"}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers if answer.status_code == 201) == 1
    assert Reading.objects.count() == Event.objects.filter(kind="reading.create").count() == 1
