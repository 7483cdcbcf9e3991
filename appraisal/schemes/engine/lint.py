"""Advice on a document that is correct but unwise; warnings never refuse it (APP-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .inputs import event_rows
from .names import Names, used_names

ADVICE = {
    "no_compliance": (
        "方案没有合规类指标、扣分项或否决项，建议至少设一项（compliance: true、deductions 或 vetoes）",
        "no compliance indicator, deduction or veto: have at least one",
    ),
    "snapshot_deposit": (
        "使用时点数指标，容易诱发冲时点，建议改用日均数",
        "a figure of one day invites window dressing: prefer a daily average",
    ),
    "no_cap": (
        "按比例计分而没有上限，一项可以掩盖其余各项",
        "a ratio without cap can hide every other indicator",
    ),
    "undeclared_code": (
        "只在一处读取、又没有指标、否决、加减分计数的事件或读数；写错字不会有人发现，建议在 events、readings 中声明",
        "an event or reading read in one place only and counted by nothing: declare it under events or readings",
    ),
    "unused_measure": ("计算量没有被任何地方使用", "a measure that nothing uses"),
}


def lint(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(path, code of ADVICE) for every warning of a checked document."""
    found = []
    indicators = [
        (f"dimensions[{d}].indicators[{k}]", item)
        for d, dimension in enumerate(data["dimensions"])
        for k, item in enumerate(dimension["indicators"])
    ]
    guarded = bool(data.get("vetoes")) or any(
        item.get("compliance") or item["method"]["type"] in ("veto", "deduct") for _, item in indicators
    )
    guarded = guarded or any("deductions" in item for item in [*data["dimensions"], data.get("total") or {}])
    if not guarded:
        found.append(("dimensions", "no_compliance"))
    for path, item in indicators:
        if item.get("snapshot") or "时点" in item["name"]:
            found.append((path, "snapshot_deposit"))
        if item["method"]["type"] == "ratio" and "cap" not in item["method"]:
            found.append((f"{path}.method", "no_cap"))
    used = {name.removeprefix("measure.") for name in used_names(data)}
    used |= {code for code in Names(data).measures if f"measure.{code}" in str(data.get("pay") or "")}
    for k, item in enumerate(data.get("measures") or ()):
        if item["code"] not in used and "rollup" not in item:
            found.append((f"measures[{k}]", "unused_measure"))
    return found + undeclared(data)


def undeclared(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Events and readings that stand in exactly one place and are neither counted nor declared: perhaps misspelt."""
    names = list(used_names(data))
    found = []
    for kind, section in (("event", "events"), ("reading", "readings")):
        firm = {
            item["code"] for row in data["dimensions"] for item in row["indicators"] if item["source"] == kind
        }
        firm |= {item["code"] for item in data.get(section) or ()}
        if kind == "event":
            firm |= {row["event"] for row in event_rows(data)}
        found += [(name, "undeclared_code") for name in dict.fromkeys(names)
                  if name.startswith(f"{kind}.") and names.count(name) == 1 and name.partition(".")[2] not in firm]  # fmt: skip
    return found
