"""The example client against a live server: killed at random while people decide, its copy is ours in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken

from appraisal.grading.models import GradeDecision
from cmsys.api.models import Client
from cmsys.api.services.clients import client_create
from cmsys.audit.sealer import Sealer
from cmsys.org.models import OrgUnit
from managers.profiles.models import RelationshipManager
from managers.profiles.services.managers import manager_update
from tests.api.conftest import Caller
from tests.appraisal.world import computing
from tests.cast import STAGE, TODAY, stage
from tests.decisions.world import Proposals, opened

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = Path(settings.BASE_DIR) / "examples" / "sync_client" / "sync.py"
SCOPES = ["changes:read", "managers:read", "grades:read"]
KILLS = 20


@pytest.fixture
def submitted(transactional_db: None) -> Iterator[Proposals]:
    with computing({}):
        with transaction.atomic():
            found = opened(stage())
            found.submit()
        yield found


@pytest.fixture
def sealing(transactional_db: None) -> Iterator[None]:
    """A sealer beside the test, as the dispatcher has one."""
    with running(keep_sealing):
        yield


class Program:
    """The example client with its file and its credentials."""

    def __init__(
        self, url: str, file: Path, *, unit: OrgUnit | None = None, scopes: list[str] = SCOPES
    ) -> None:
        self.file = file
        self.client, self.secret = client_create(
            actor=STAGE, now=timezone.now(), name=f"副本 {file.stem}", scopes=scopes, unit=unit
        )
        own = {
            "CMSYS_URL": url,
            "CMSYS_CLIENT_ID": self.client.client_id,
            "CMSYS_CLIENT_SECRET": self.secret,
        }
        self.environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"} | own

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-S", str(PROGRAM), str(self.file), *options],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *options: str) -> tuple[int, str]:
        process = self.start(*options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out + err

    def rows(self, resource: str) -> dict[str, Any]:
        with sqlite3.connect(self.file) as base:
            found = base.execute("SELECT id, body FROM rows WHERE resource = ?", (resource,)).fetchall()
        return {key: json.loads(body) for key, body in found}

    def position(self) -> int:
        if not self.file.exists():
            return 0
        with sqlite3.connect(self.file) as base:
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
                return 0
            found = base.execute("SELECT value FROM state").fetchone()
        return int(found[0]) if found else 0


def truth(program: Program, resource: str, key: str) -> dict[str, Any]:
    """What the API shows this client, page by page."""
    caller = Caller(program.client, program.secret).sign_in()
    rows, url = {}, f"/api/v1/{resource}/?page_size=3"
    while url:
        page = caller.get(url).json()
        rows |= {str(row[key]): row for row in page["results"]}
        url = page["next"]
    return rows


def keep_sealing(over: threading.Event) -> None:
    sealer = Sealer()
    while not over.wait(0.03):
        sealer.tick(timezone.now())


@contextmanager
def running(work: Callable[[threading.Event], None]) -> Iterator[None]:
    over = threading.Event()
    failed: list[BaseException] = []

    def body() -> None:
        try:
            work(over)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failed, failed


def decide(proposals: Proposals, done: list[str]) -> Callable[[threading.Event], None]:
    """Cases are approved and sent back, go on notice and are taken from it; people move and are changed."""
    dice = random.Random(7)
    units = list(proposals.cast.units.values())

    def one(number: str) -> None:
        case = proposals.case(number)
        state = case.now.state
        if state == "in_review":
            case.do("approve", proposals.user("mgrbj"))
        elif state == "reviewed" and dice.random() < 0.3:
            case.do("send_back", "hrh")
        elif state == "reviewed":
            case.do("confirm", "hrh")
        elif state == "confirmed":
            case.do("publish", "hrh")
        else:
            case.at(state="in_review", reviewed_by=None, confirmed_by=None, updated_at=timezone.now())

    def work(over: threading.Event) -> None:
        while not over.is_set():
            number = dice.choice(["M-CD1", "M-CD2", "M-CX1"])
            try:
                if dice.random() < 0.7:
                    one(number)
                else:
                    manager = RelationshipManager.objects.get(employee_no=dice.choice([number, "M-PD1"]))
                    values = {"capacity": dice.randrange(1000)}
                    if manager.employee_no == "M-PD1":
                        values = {"unit": dice.choice(units)}
                    manager_update(actor=STAGE, manager_id=manager.pk, values=values, reason="测试")
                done.append(number)
            except OperationalError:
                continue
            time.sleep(dice.choice([0, 0.005, 0.02]))

    return work


def test_killed_twenty_times_while_people_decide(
    submitted: Proposals, sealing: None, live_server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(20)
    whole = Program(live_server.url, tmp_path / "whole.sqlite3")
    branch = Program(
        live_server.url,
        tmp_path / "branch.sqlite3",
        unit=submitted.cast.units["BJ"],
        scopes=["changes:read", "managers:read", "grades:read_unpublished"],
    )
    done: list[str] = []
    positions = []
    with running(decide(submitted, done)):
        for kill in range(KILLS):
            program = (whole, branch)[kill % 2]
            process = program.start("--follow", "0.05")
            time.sleep(dice.uniform(0.1, 1.6))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            positions.append(program.position())
    assert len(done) > 50, "people did decide meanwhile"
    for program in (whole, branch):
        status, said = program.run("--verify")
        assert (status, "; equal" in said) == (0, True), said
        assert program.rows("managers") == truth(program, "managers", "employee_no")
        assert program.rows("grades") == truth(program, "grades", "id")
    assert set(branch.rows("managers")) <= set(whole.rows("managers"))
    for mine in (positions[::2], positions[1::2]):
        assert mine == sorted(mine) and mine[-1] > 0, "a kill never takes it back"
    with capsys.disabled():
        print(
            f"\n[sync client] killed {KILLS} times beside {len(done)} decisions and changes,"
            f" {len(set(positions))} positions; {len(whole.rows('managers'))} + {len(whole.rows('grades'))} rows equal"
        )


def test_a_moved_person_and_his_grade_go_from_one_copy_to_the_other(
    submitted: Proposals, sealing: None, live_server: Any, tmp_path: Path
) -> None:
    case = submitted.case("M-CD1").bring_to("on_notice")
    units = submitted.cast.units
    old = Program(live_server.url, tmp_path / "old.sqlite3", unit=units["CD"])
    new = Program(live_server.url, tmp_path / "new.sqlite3", unit=units["SH"])
    for program in (old, new):
        assert program.run("--verify")[0] == 0
    assert (set(old.rows("managers")), set(old.rows("grades"))) == ({"M-CD1", "M-CD2"}, {str(case.pk)})
    assert (set(new.rows("managers")), set(new.rows("grades"))) == ({"M-PD1"}, set())
    manager_update(
        actor=STAGE,
        manager_id=submitted.cast.managers["M-CD1"].pk,
        values={"unit": units["PD"]},
        reason="调动",
    )
    for program in (old, new):
        status, said = program.run("--verify")
        assert status == 0, said
    assert (set(old.rows("managers")), set(old.rows("grades"))) == ({"M-CD2"}, set())
    assert (set(new.rows("managers")), set(new.rows("grades"))) == ({"M-PD1", "M-CD1"}, {str(case.pk)})
    assert new.rows("grades")[str(case.pk)]["unit"]["code"] == "PD"


def test_it_finds_its_way_through_refusals(
    submitted: Proposals, sealing: None, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that ends (401), a limit that is reached (429), rights that change (410, then 503): all without help."""
    program = Program(live_server.url, tmp_path / "copy.sqlite3")
    assert program.run("--verify")[0] == 0
    process = program.start("--follow", "0.05")
    time.sleep(1)
    AccessToken.objects.filter(application=program.client).delete()
    RelationshipManager.objects.filter(employee_no="M-CD1").update(major="金融", updated_at=timezone.now())
    wait_for(lambda: program.rows("managers")["M-CD1"]["major"] == "金融")
    assert process.poll() is None
    Client.objects.filter(pk=program.client.pk).update(
        allowed_scopes=["changes:read", "grades:read_unpublished", "managers:read"]
    )
    AccessToken.objects.filter(application=program.client).delete()
    wait_for(lambda: len(program.rows("grades")) == GradeDecision.objects.count() == 4)
    process.kill()
    process.communicate()
    assert program.run("--verify")[0] == 0


def test_a_copy_that_was_tampered_with_is_found_out(
    submitted: Proposals, sealing: None, live_server: Any, tmp_path: Path
) -> None:
    program = Program(live_server.url, tmp_path / "copy.sqlite3")
    assert program.run()[0] == 0
    with sqlite3.connect(program.file) as base:
        base.execute("DELETE FROM rows WHERE id = 'M-CD1'")
    status, said = program.run("--verify")
    assert (status, "managers: the copy differs" in said) == (1, True)
    program.environment["CMSYS_CLIENT_SECRET"] = "wrong"
    assert program.run()[0] == 2
    del program.environment["CMSYS_CLIENT_ID"]
    assert program.run() == (2, "CMSYS_CLIENT_ID is not set\n")


def wait_for(true: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def test_the_program_needs_nothing_but_python() -> None:
    words = [line for line in PROGRAM.read_text().splitlines() if line.startswith(("import ", "from "))]
    used = {word.split()[1].split(".")[0] for word in words}
    assert used <= {*sys.stdlib_module_names}, TODAY
