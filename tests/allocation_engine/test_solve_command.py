"""solve_allocation as a user meets it: exit codes, keys, messages, no service and no environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"feasible", "objective", "bound", "gap", "assignment", "unassigned", "conflicts", "seconds"}
PROBLEM: dict[str, Any] = {
    "sense": "min",
    "managers": [{"id": "A", "capacity": 5}, {"id": "B", "capacity": 4.5}],
    "customers": [{"id": "x"}, {"id": "y"}, {"id": "z"}],
    "cost": [[1.25, 2, 9], [2, 3, 1]],
    "effort": [[2, 3, 2], [2, 2, 4]],
}


def written(folder: Path, data: Any) -> str:
    path = folder / "problem.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return str(path)


def solve(*arguments: str) -> tuple[int, str, str]:
    """The command in this process: exit code, what it printed, what it said."""
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("solve_allocation", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue(), err.getvalue()


def test_a_process_of_its_own_without_service_database_and_environment(tmp_path: Path) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "manage.py", "solve_allocation", written(tmp_path, PROBLEM), "--json"], env=environment, cwd=ROOT,
                          text=True, encoding="utf-8", capture_output=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["assignment"] == [0, 0, 1]


def test_a_feasible_problem(tmp_path: Path) -> None:
    code, out, err = solve(written(tmp_path, PROBLEM), "--json")
    result = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert set(result) >= KEYS
    assert (result["feasible"], result["objective"], result["bound"], result["gap"]) == (True, 4.25, 4.25, 0)
    assert (result["assignment"], result["unassigned"], result["conflicts"]) == ([0, 0, 1], [], [])
    assert result["seconds"] >= 0


def test_without_json_a_sentence_goes_before_it(tmp_path: Path) -> None:
    code, out, err = solve(written(tmp_path, PROBLEM))
    assert code == 0 and json.loads(out)["objective"] == 4.25
    assert err.startswith("可行：目标值 4.25，已证明的界 4.25，差距 0.0000%")


def test_the_same_seed_gives_the_same_plan_and_other_seeds_no_worse_a_proof(tmp_path: Path) -> None:
    name = written(tmp_path, PROBLEM)
    first, again, other = (json.loads(solve(name, "--json", "--seed", seed)[1]) for seed in ("3", "3", "4"))
    assert first["assignment"] == again["assignment"]
    assert other["objective"] == first["objective"]


@pytest.mark.parametrize(
    ("change", "rule", "managers", "customers", "missing"),
    [
        ({"managers": [{"id": "A", "capacity": 3}, {"id": "B", "capacity": 2.5}]}, "capacity", ["A", "B"], ["x", "y", "z"], 0.5),
        ({"managers": [{"id": "A", "capacity": 2}, {"id": "B", "capacity": 1.5}]}, "too_large", ["A", "B"], ["y"], 0.5),
        ({"forbidden": [[0, 1], [1, 1]]}, "no_manager", ["A", "B"], ["y"], None),
        ({"pinned": [[0, 2], [1, 2]]}, "pinned_twice", ["A", "B"], ["z"], None),
        ({"pinned": [[0, 2]], "forbidden": [[0, 2]]}, "pinned_forbidden", ["A"], ["z"], None),
        ({"pinned": [[0, 0], [0, 1], [0, 2]]}, "pinned_capacity", ["A"], ["x", "y", "z"], 2),
        ({"effort": [[3, 3, 3]], "managers": [{"id": "A", "capacity": 5}, {"id": "B", "capacity": 5}]}, "indivisible", None, None, 1),
    ],
)  # fmt: skip
def test_an_infeasible_problem_names_what_stands_in_the_way(
    tmp_path: Path, change: Any, rule: str, managers: Any, customers: Any, missing: Any
) -> None:
    code, out, err = solve(written(tmp_path, {**PROBLEM, **change}), "--json")
    result = json.loads(out)
    assert (code, err) == (1, "")
    assert (result["feasible"], result["objective"], result["bound"], result["assignment"]) == (
        False,
        None,
        None,
        None,
    )
    found = next(conflict for conflict in result["conflicts"] if conflict["rule"] == rule)
    assert found["missing"] == missing
    if managers is not None:
        assert (found["managers"], found["customers"]) == (managers, customers)
    assert result["unassigned"]


def test_in_words_without_json(tmp_path: Path) -> None:
    code, out, err = solve(written(tmp_path, {**PROBLEM, "forbidden": [[0, 1], [1, 1]]}))
    assert code == 1 and json.loads(out)["feasible"] is False
    assert "没有可行方案：" in err and "客户的全部客户经理都被禁止：客户经理 A、B；客户 y" in err


def test_a_bad_document_is_refused_by_path_in_both_languages(tmp_path: Path) -> None:
    bad = {**PROBLEM, "sense": "least", "cost": [[1, 2, "x"], [1, 2, 3]]}
    code, out, err = solve(written(tmp_path, bad))
    assert (code, out) == (2, "")
    assert "sense：取值不在允许范围内；实际为 least；应为 min 或 max" in err
    assert "cost[0][2]: not an acceptable number; found x; expected a number" in err
    code, out, err = solve(written(tmp_path, bad), "--json")
    assert (code, err) == (2, "")
    assert [fault["path"] for fault in json.loads(out)["faults"]] == ["sense", "cost[0][2]"]


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    assert solve(str(tmp_path / "nowhere.json"))[0] == 2
    (tmp_path / "problem.json").write_bytes(b"\xff\xfe\x00")
    code, out, err = solve(str(tmp_path / "problem.json"))
    assert (code, out) == (2, "") and "无法读取文件" in err


def test_a_bound_that_is_no_decimal_is_printed_on_the_safe_side(tmp_path: Path) -> None:
    """Thirds: the exact objective and bound are no floats; what is printed keeps its side."""
    data = {**PROBLEM, "managers": [{"id": "A", "capacity": 7}, {"id": "B", "capacity": 6}], "effort": [[2, 3, 2]],
            "fairness": {"weight": 1}}  # fmt: skip
    for sense, side in (("min", 1), ("max", -1)):
        weight = {"weight": side}
        result = json.loads(
            solve(written(tmp_path, {**data, "sense": sense, "fairness": weight}), "--json")[1]
        )
        assert side * result["bound"] <= side * result["objective"]
        assert abs(result["gap"]) < 1e-6
