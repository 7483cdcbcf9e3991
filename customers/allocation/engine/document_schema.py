"""JSON Schema (2020-12) of the neutral allocation document; `docs/allocation.schema.json` is its text.

Shapes only: ranges, decimals, lengths and references are checked by the reader, which tells them by path.
"""

from __future__ import annotations

import json
from typing import Any

NUMBERS = {"type": "array", "items": {"type": "number"}}
ROWS = {"type": "array", "items": NUMBERS}
PAIRS = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
}
ID = {"type": ["string", "integer"]}


def problem_schema() -> dict[str, Any]:
    """The schema as data."""
    properties: dict[str, Any] = {
        "sense": {
            "enum": ["min", "max"],
            "description": "求最小或最大 / whether the objective is minimised or maximised",
        },
        "managers": {
            "type": "array",
            "description": "客户经理及容量；其他项不读 / managers and capacities; other keys are ignored",
            "items": {
                "type": "object",
                "required": ["id", "capacity"],
                "properties": {"id": ID, "capacity": {"type": "number", "minimum": 0}},
            },
        },
        "customers": {
            "type": "array",
            "description": "客户；其他项不读 / customers; other keys are ignored",
            "items": {"type": "object", "required": ["id"], "properties": {"id": ID}},
        },
        "cost": {**ROWS, "description": "cost[i][j]：客户经理 i、客户 j / manager i, customer j"},
        "effort": {
            "anyOf": [ROWS, NUMBERS],
            "description": "effort[i][j]，或与客户经理无关时只写一行 / or one row when it does not depend on the manager",
        },
        "forbidden": {
            **PAIRS,
            "description": "禁止的 [客户经理, 客户] 序号 / forbidden [manager, customer], from 0",
        },
        "pinned": {
            **PAIRS,
            "description": "固定的 [客户经理, 客户] 序号 / pinned [manager, customer], from 0",
        },
        "fairness": {
            "type": ["object", "null"],
            "required": ["weight"],
            "additionalProperties": False,
            "properties": {"weight": {"type": "number"}, "measure": {"const": "load"}},
            "description": "目标值加 weight·Σ capacity·(load/capacity − ρ)²；max 时均衡用负权重 / "
            "added to the objective; under max a negative weight asks for evenness",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "客户分配问题 / allocation problem",
        "type": "object",
        "required": ["sense", "managers", "customers", "cost", "effort"],
        "additionalProperties": False,
        "properties": properties,
    }


def schema_text() -> str:
    """The schema as the committed file holds it."""
    return json.dumps(problem_schema(), ensure_ascii=False, indent=1) + "\n"
