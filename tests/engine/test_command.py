"""score_scheme as a user meets it: exit codes, messages, no service and no environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.engine.casting import EXAMPLES, ROOT
from tests.engine.test_demo import PERSON


def score_scheme(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process with an empty environment, as on a machine where nothing runs."""
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, "manage.py", "score_scheme", *arguments], env=environment, cwd=ROOT, text=True,
                          encoding="utf-8", capture_output=True, check=False)  # fmt: skip


def written(folder: Path, data: Any) -> str:
    path = folder / "input.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_the_demo_on_the_command_line(tmp_path: Path) -> None:
    done = score_scheme(
        str(EXAMPLES / "demo.yaml"), written(tmp_path, {"period": "2025Q4", "people": [PERSON]})
    )
    assert (done.returncode, done.stderr) == (0, "")
    (person,) = json.loads(done.stdout)["people"]
    keys = {
        "employee_no",
        "ability",
        "performance",
        "total",
        "quadrant",
        "grade",
        "proposal",
        "pay",
        "lines",
        "reasons",
    }
    assert keys <= set(person)
    assert {"code", "raw", "target", "score", "weight", "contribution", "note"} <= set(person["lines"][0])
    assert {"rule", "passed", "detail"} <= set(person["reasons"][0])
    assert person["total"] == "93.8495"


def test_counterfactuals_on_the_command_line(tmp_path: Path) -> None:
    data = {"period": "2025Q4", "people": [PERSON]}
    done = score_scheme(str(EXAMPLES / "demo.yaml"), written(tmp_path, data), "--counterfactual")
    found = {
        item["input"]: item["nearest"] for item in json.loads(done.stdout)["people"][0]["counterfactuals"]
    }
    # 0.7 × score + 18 ≥ 85 needs 95.715 → 95.72; 2871/3000 = 95.70 is the first below; 11 months are not 12
    assert (found["reading.SALES"], found["months_in_grade"]) == ("2871", "11")


def test_advice_is_given_on_request_and_refuses_nothing(tmp_path: Path) -> None:
    done = score_scheme(
        str(EXAMPLES / "demo.yaml"), written(tmp_path, {"period": "2025Q4", "people": []}), "--lint"
    )
    assert (done.returncode, json.loads(done.stdout)) == (0, {"people": []})
    assert done.stderr.startswith("dimensions：方案没有合规类指标、扣分项或否决项")


def test_a_broken_scheme_is_refused_with_path_found_and_expected(tmp_path: Path) -> None:
    scheme = tmp_path / "scheme.yaml"
    scheme.write_text(
        (EXAMPLES / "demo.yaml").read_text(encoding="utf-8").replace("weight: 70", "weight: 60"),
        encoding="utf-8",
    )
    done = score_scheme(str(scheme), written(tmp_path, {"period": "2025Q4", "people": []}))
    assert (done.returncode, done.stdout) == (1, "")
    assert "dimensions[1].indicators：权重之和不对；实际为 90；应为 100" in done.stderr
    assert "dimensions[1].indicators: weights do not add up; found 90; expected 100" in done.stderr
    listed = score_scheme(str(scheme), written(tmp_path, {"period": "2025Q4", "people": []}), "--json")
    assert listed.returncode == 1
    assert [row["path"] for row in json.loads(listed.stdout)["faults"]] == ["dimensions[1].indicators"]


def test_a_broken_input_and_missing_files(tmp_path: Path) -> None:
    demo = str(EXAMPLES / "demo.yaml")
    assert score_scheme(demo, str(tmp_path / "nowhere.json")).returncode == 2
    for text in (
        "{",
        "[" * 100_000,
        '{"period": "2025Q4", "people": [{"employee_no": "A", "readings": {"SALES": NaN}}]}',
    ):
        done = score_scheme(demo, written(tmp_path, text))
        assert (done.returncode, done.stdout) == (1, "")
        assert "Traceback" not in done.stderr


def test_a_key_written_twice_and_a_typo_are_refused_with_what_was_meant(tmp_path: Path) -> None:
    retail = str(EXAMPLES / "city_bank_retail.yaml")
    twice = '{"period": "2025Q4", "people": [{"employee_no": "A", "readings": {"NPL": 1, "NPL": 2}}]}'
    done = score_scheme(retail, written(tmp_path, twice))
    assert (done.returncode, done.stdout) == (1, "")
    assert "input：重复；实际为 NPL；应为 每个键只出现一次" in done.stderr
    typo = {"period": "2025Q4", "people": [{"employee_no": "A", "events": [{"code": "OFF_BOOK_SAEL"}]}]}
    done = score_scheme(retail, written(tmp_path, typo))
    assert done.returncode == 1
    assert "people[0].events.OFF_BOOK_SAEL（A）：方案没有用到这个代码" in done.stderr
    assert "您是否想写 OFF_BOOK_SALE？" in done.stderr
    assert "第 1 行第 2 列：输入不是合法的 JSON" in score_scheme(retail, written(tmp_path, "{")).stderr
