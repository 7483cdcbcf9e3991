"""Writing over the API: targets and readings, by the services people use; nothing else than what was meant is written."""

from __future__ import annotations

import json
import threading
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from appraisal.figures.models import Reading, Target
from appraisal.figures.services.readings import reading_set
from appraisal.figures.services.targets import target_set
from cmsys.api.models import IdempotencyKey
from cmsys.api.parsing import MOST_BYTES
from cmsys.audit.models import Event
from tests.cast import STAGE, Cast, stage

READINGS, TARGETS = "/api/v1/readings/", "/api/v1/targets/"
A_READING = {"employee_no": "M-CX1", "period": "2025Q4", "indicator_code": "SALES", "value": 3482.5}


@pytest.fixture
def cast(db: None) -> Cast:
    return stage()


@pytest.fixture
def writer(cast, caller):
    return caller("perf:write", "readings:read", "targets:read")


def send(us, method, path, body=None, **headers):
    data = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
    return us.call(method, path, data=data, **headers)


def wrong(answer, status, code):
    """The fields that are wrong, with their codes."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), (
        answer.content
    )
    body = answer.json()
    assert body["code"] == code, body
    return {(error["field"], error["code"]) for error in body["errors"]}


def nothing_written():
    return (Reading.objects.count(), Target.objects.count(), Event.objects.filter(resource__in=("readings", "targets")).count())  # fmt: skip


def test_a_reading_is_entered_in_the_clients_name_and_answered_with_address_and_tag(writer, cast):
    answer = send(writer, "POST", READINGS, A_READING | {"source": "财务报表"})
    assert answer.status_code == 201, answer.content
    reading = Reading.objects.get()
    assert (reading.value, reading.source, reading.manager.employee_no) == (
        Decimal("3482.5"),
        "财务报表",
        "M-CX1",
    )
    body = answer.json()
    assert {key: body[key] for key in body if key != "updated_at"} == {
        "id": reading.pk, "period": "2025Q4", "manager": {"employee_no": "M-CX1", "name": "赵立群"},
        "indicator_code": "SALES", "value": 3482.5, "source": "财务报表",
    }  # fmt: skip
    assert answer["Location"] == f"http://testserver/api/v1/readings/{reading.pk}/"
    again = writer.get(answer["Location"].removeprefix("http://testserver"))
    assert (again["ETag"], again.content) == (answer["ETag"], answer.content)
    [event] = Event.objects.filter(kind="reading.create")
    assert (event.actor_name, event.request_id) == ("接口客户端：数据仓库", answer["X-Request-Id"])


def test_all_24_digits_of_a_figure_arrive(writer):
    body = json.dumps(A_READING).replace("3482.5", "123456789012345678.123456")
    answer = send(writer, "POST", READINGS, body)
    assert Reading.objects.get().value == Decimal("123456789012345678.123456")
    assert b'"value":123456789012345678.123456,' in answer.content


def test_a_target_of_a_person_and_one_of_a_unit(writer):
    of_person = send(writer, "POST", TARGETS, A_READING).json()
    of_unit = send(
        writer,
        "POST",
        TARGETS,
        {"unit_code": "BJ", "period": "2025Q4", "indicator_code": "SALES", "value": 9},
    ).json()
    assert (of_person["manager"]["employee_no"], of_person["unit"]) == ("M-CX1", None)
    assert (of_unit["manager"], of_unit["unit"]["code"], of_unit["value"]) == (None, "BJ", 9)


@pytest.mark.parametrize(
    ("change", "status", "code", "fields"),
    [
        ({"colour": 1}, 400, "unknown_field", {("colour", "unknown_field")}),
        ({"id": 7}, 400, "read_only", {("id", "read_only")}),
        ({"manager": {"employee_no": "M-CX1"}}, 400, "read_only", {("manager", "read_only")}),
        ({"updated_at": "2026-01-01", "x": 0}, 400, "invalid", {("updated_at", "read_only"), ("x", "unknown_field")}),
        ({"value": "3"}, 400, "not_number", {("value", "not_number")}),
        ({"value": True}, 400, "not_number", {("value", "not_number")}),
        ({"value": None}, 400, "null", {("value", "null")}),
        ({"value": 0.1234567}, 400, "max_decimal_places", {("value", "max_decimal_places")}),
        ({"value": 10**18}, 400, "max_whole_digits", {("value", "max_whole_digits")}),
        ({"period": 2025}, 400, "invalid", {("period", "invalid")}),
        ({"period": "2025Q44"[:8], "z": 1}, 400, "unknown_field", {("z", "unknown_field")}),
        ({"source": "x" * 121}, 400, "max_length", {("source", "max_length")}),
        ({"source": "a\x00b"}, 400, "null_characters_not_allowed", {("source", "null_characters_not_allowed")}),
        ({"period": "2025Q9"}, 422, "bad_value", {("period", "bad_value")}),
        ({"employee_no": "M-NONE"}, 422, "not_found", {("employee_no", "not_found")}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_field_and_nothing_is_written(writer, change, status, code, fields):
    assert wrong(send(writer, "POST", READINGS, A_READING | change), status, code) == fields
    assert nothing_written() == (0, 0, 0)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "required"), ("[]", 400, "invalid"), ("3", 400, "invalid"), ("{", 400, "bad_json"), ("null", 400, "null"),
        ('{"value": NaN}', 400, "bad_json"), ('{"value": 1, "value": 2}', 400, "bad_json"),
        (b'{"value": "\xff"}', 400, "bad_json"), ("[" * 100_000, 400, "bad_json"), ('{"value": 1e999999999}', 400, None),
        ('{"value": ' + "9" * 5000 + "}", 400, None), ('{"source": "' + "x" * MOST_BYTES + '"}', 413, "too_large"),
        ('{"source": "\\ud800"}', 400, None),
    ],
)  # fmt: skip
def test_what_is_no_proper_content_is_refused(writer, body, status, code):
    answer = send(writer, "POST", READINGS, body)
    assert answer.status_code == status, answer.content
    assert code in (None, answer.json()["code"])
    assert nothing_written() == (0, 0, 0)


def test_another_type_of_content_and_parameters_are_refused(writer):
    assert (
        send(writer, "POST", READINGS, "a=1", content_type="application/x-www-form-urlencoded").status_code
        == 415
    )
    assert wrong(send(writer, "POST", READINGS + "?dry=1", A_READING), 400, "unknown_parameter") == {("dry", "unknown_parameter")}  # fmt: skip
    assert nothing_written() == (0, 0, 0)


def test_a_figure_that_is_there_is_409_and_stays(writer):
    assert send(writer, "POST", READINGS, A_READING).status_code == 201
    again = send(writer, "POST", READINGS, A_READING | {"value": 1})
    assert wrong(again, 409, "duplicate") == {("indicator_code", "duplicate")}
    assert Reading.objects.get().value == Decimal("3482.5")


def test_who_is_out_of_the_clients_unit_is_told_from_nobody_by_nothing(cast, caller):
    us = caller("perf:write", unit=cast.units["SH"])
    answers = [
        send(us, "POST", READINGS, A_READING | {"employee_no": number}) for number in ("M-CX1", "M-NONE")
    ]
    said = [answer.json()["errors"][0]["message"] for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert said[0].replace("M-CX1", "") == said[1].replace("M-NONE", "")
    units = [send(us, "POST", TARGETS, {"unit_code": code, "period": "2025", "indicator_code": "X", "value": 1}) for code in ("BJ", "??")]  # fmt: skip
    assert [wrong(answer, 422, "not_found") for answer in units] == [{("unit_code", "not_found")}] * 2
    assert send(us, "POST", READINGS, A_READING | {"employee_no": "M-PD1"}).status_code == 201


def test_reading_and_writing_ask_for_their_own_scopes(cast, caller):
    reader, writer = caller("readings:read"), caller("perf:write", name="写")
    refused = send(reader, "POST", READINGS, A_READING)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert 'scope="perf:write"' in refused["WWW-Authenticate"]
    made = send(writer, "POST", READINGS, A_READING)
    path = made["Location"].removeprefix("http://testserver")
    assert (made.status_code, writer.get(path).status_code, reader.get(path).status_code) == (201, 403, 200)
    for method in ("PUT", "PATCH", "DELETE"):
        assert send(reader, method, path, {"value": 1}, If_Match="*").status_code == 403
    # Whoever may only write gets the tag he needs with the answer.
    assert send(writer, "PATCH", path, {"value": 1}, If_Match=made["ETag"]).status_code == 200


@pytest.fixture
def entered(writer, cast):
    reading = reading_set(
        actor=STAGE, period="2025Q4", indicator_code="SALES", value=Decimal(7), source="报表",
        manager_id=cast.managers["M-CD1"].pk,
    )  # fmt: skip
    path = f"{READINGS}{reading.pk}/"
    return path, writer.get(path)["ETag"]


def test_put_stands_for_the_whole_and_patch_for_a_part(writer, entered):
    path, tag = entered
    changed = send(writer, "PATCH", path, {"value": 8}, If_Match=tag)
    assert (changed.status_code, changed.json()["value"], changed.json()["source"]) == (200, 8, "报表")
    assert changed["ETag"] == writer.get(path)["ETag"] != tag
    changed = send(writer, "PUT", path, {"value": 9}, If_Match=changed["ETag"])
    assert (changed.status_code, changed.json()["value"], changed.json()["source"]) == (200, 9, "")
    same = send(writer, "PATCH", path, {}, If_Match=changed["ETag"])
    assert (same.status_code, same["ETag"]) == (200, changed["ETag"])
    assert [event.kind for event in Event.objects.filter(resource="readings").order_by("id")] == [
        "reading.create", "reading.update", "reading.update",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_without_if_match_428_and_with_a_stale_one_412(writer, entered, method):
    path, tag = entered
    query = "?reason=x" if method == "DELETE" else ""
    body = None if method == "DELETE" else {"value": 1}
    wrong(send(writer, method, path + query, body), 428, "precondition_required")
    reading_set(actor=STAGE, period="2025Q4", indicator_code="SALES", value=Decimal(5), manager_id=Reading.objects.get().manager_id)  # fmt: skip
    for stale in (tag, f"W/{writer.get(path)['ETag']}", '"other"', "nonsense", ""):
        wrong(send(writer, method, path + query, body, If_Match=stale), 412, "precondition_failed")
    assert Reading.objects.get().value == 5


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("body", [{"value": 1, "period": "2025Q3"}, {"value": 1, "employee_no": "M-CX1"}, {"value": 1, "id": 1}])  # fmt: skip
def test_what_a_figure_is_of_cannot_be_changed(writer, entered, method, body):
    path, tag = entered
    assert send(writer, method, path, body, If_Match=tag).status_code == 400
    assert Reading.objects.get().value == 7


def test_taking_a_figure_back_wants_a_reason_and_leaves_an_event(writer, entered):
    path, tag = entered
    assert wrong(send(writer, "DELETE", path, If_Match=tag), 400, "missing") == {("reason", "missing")}
    assert wrong(send(writer, "DELETE", path + "?reason=%00", If_Match=tag), 400, "bad_value") == {("reason", "bad_value")}  # fmt: skip
    assert Reading.objects.count() == 1
    answer = send(writer, "DELETE", path + "?reason=%E9%87%8D%E5%A4%8D", If_Match=tag)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Reading.objects.exists()
    [event] = Event.objects.filter(kind="reading.remove")
    assert (event.reason, event.actor_name) == ("重复", "接口客户端：数据仓库")
    assert send(writer, "DELETE", path + "?reason=x", If_Match=tag).status_code == 404


def test_beyond_the_clients_unit_a_row_is_not_there(cast, caller, entered):
    path, tag = entered
    us = caller("perf:write", "readings:read", unit=cast.units["SH"], name="上海")
    for method, query in (("PUT", ""), ("PATCH", ""), ("DELETE", "?reason=x")):
        for address in (path, f"{READINGS}999999/", f"{READINGS}abc/"):
            assert send(us, method, address + query, {"value": 1}, If_Match=tag).status_code == 404
    assert Reading.objects.get().value == 7


def test_a_change_of_a_target(writer, cast):
    target = target_set(actor=STAGE, period="2025", indicator_code="SALES", value=Decimal(7), unit_id=cast.units["CD"].pk)  # fmt: skip
    path = f"{TARGETS}{target.pk}/"
    changed = send(writer, "PATCH", path, {"value": 8}, If_Match=writer.get(path)["ETag"])
    assert (changed.status_code, changed.json()["value"]) == (200, 8)
    assert send(writer, "DELETE", path + "?reason=x", If_Match=changed["ETag"]).status_code == 204
    kinds = Event.objects.filter(resource="targets").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["target.create", "target.update", "target.remove"]


def test_a_change_costs_the_same_however_many_rows_there_are(writer, entered):
    path, tag = entered

    def cost(value):
        nonlocal tag
        with CaptureQueriesContext(connection) as queries:
            answer = send(writer, "PATCH", path, {"value": value}, If_Match=tag)
        assert answer.status_code == 200
        tag = answer["ETag"]
        return len(queries)

    one = cost(11)
    manager = Reading.objects.get().manager
    Reading.objects.bulk_create(Reading(period="2024", manager=manager, indicator_code=f"I{n}", value=n) for n in range(30))  # fmt: skip
    assert cost(12) == one <= 25


# --- ids, for whoever fetches what the feed names ---------------------------------------------------------------------
def test_rows_by_their_public_keys(caller, cast, entered):
    us = caller("managers:read", "readings:read", "org:read", unit=cast.units["BJ"], name="副本")
    people = us.get("/api/v1/managers/?ids=M-CD1,M-CX1,M-PD1,NOBODY").json()["results"]
    assert sorted(row["employee_no"] for row in people) == ["M-CD1", "M-CX1"]
    number = Reading.objects.get().pk
    rows = us.get(f"/api/v1/readings/?ids={number},abc,99999999999999999999999,9223372036854775808").json()[
        "results"
    ]
    assert [row["id"] for row in rows] == [number]
    assert us.get(f"/api/v1/readings/?ids={number}&period=2024").json()["results"] == []


@pytest.mark.parametrize(
    "value", ["", ",", "a,", ",a", "a,,b", "a%20,b", "a%00", ",".join(["a"] * 101), "a" * 65]
)
def test_ids_that_are_no_list_of_keys(caller, cast, value):
    answer = caller("managers:read").get(f"/api/v1/managers/?ids={value}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "ids")


def test_the_limit_counts_writes_as_reads_and_a_refused_one_writes_nothing(writer, monkeypatch):
    monkeypatch.setattr("cmsys.api.throttling.time.time", lambda: 6000.0)
    first = send(writer, "POST", READINGS, A_READING)
    assert (first.status_code, first["RateLimit-Limit"], first["RateLimit-Remaining"]) == (201, "600", "599")
    cache.set(f"rate:client:{writer.client.pk}:100", 600, 120)
    answer = send(writer, "POST", READINGS, A_READING | {"period": "2025Q3"}, Idempotency_Key="key-1")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert (Reading.objects.count(), IdempotencyKey.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_of_ten_that_have_read_the_same_one_wins(transactional_db, caller):
    cast = stage()
    us = caller("perf:write", "readings:read")
    reading = reading_set(actor=STAGE, period="2025Q4", indicator_code="SALES", value=Decimal(0), manager_id=cast.managers["M-CD1"].pk)  # fmt: skip
    path = f"{READINGS}{reading.pk}/"
    tag, start, answers = us.get(path)["ETag"], threading.Barrier(10), []

    def change(value):
        try:
            start.wait()
            answers.append((value, send(us, "PATCH", path, {"value": value}, If_Match=tag)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=change, args=(value,)) for value in range(1, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [value for value, answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for _value, answer in answers) == [200] + [412] * 9
    assert Reading.objects.get().value == won[0]
    assert Event.objects.filter(kind="reading.update").count() == 1
