"""The real product, started as `make run` starts it: it serves, its accounts are there, and nothing stays behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cmsys.local.places import CHECKOUT
from tests.faults.launched import PRODUCT, Launched, alive

pytestmark = pytest.mark.slow


def test_first_start_serves_and_the_second_keeps_the_data(home: Path) -> None:
    first = Launched(home, command=PRODUCT).ready(300)
    with urllib.request.urlopen(f"{first.url}sign-in/") as page:
        assert page.status == 200
    accounts = json.loads((home / "demo.json").read_text())
    assert accounts["url"] == first.url
    assert {"role", "username", "password", "unit"} <= set(accounts["accounts"][0])
    beside = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    told = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"], cwd=CHECKOUT, env={**beside, "CMSYS_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    everything = first.processes()
    assert first.end() == 0
    assert alive(everything) == []

    begun = time.monotonic()
    second = Launched(home, command=PRODUCT).ready(120)
    print(f"second start {time.monotonic() - begun:.1f} s")
    assert json.loads((home / "demo.json").read_text()) == {**accounts, "url": second.url}
    assert "演示数据" not in second.output
    assert second.end() == 0
