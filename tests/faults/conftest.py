"""Fixtures of the fault tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cmsys.local.leftovers import remove_sockets
from cmsys.local.runfile import RunFile
from tests.faults.launched import belongings, give_up


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that root's servants can reach, unlike pytest's own, and of which nothing is alive afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cmsys-home-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    give_up()
    left = belongings(folder)
    for line in left:
        psutil.Process(int(line.split()[0])).kill()
    remove_sockets(RunFile.read(folder / "run.json"))
    shutil.rmtree(folder)
    assert left == []
