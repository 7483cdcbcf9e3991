"""A problem and the answers to its parts as bytes, so that another process has exactly the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from io import BytesIO
from typing import Any

import numpy as np

from customers.allocation.engine.blocks import Cut
from customers.allocation.engine.bundle import BlockPlan, Lack
from customers.allocation.engine.problem import (
    PAIRS,
    Customers,
    Ints,
    Managers,
    Places,
    Policy,
    Problem,
    Winsor,
)

PARTS = {"customers": Customers, "managers": Managers, "places": Places}
VERSION = 1


def packed(problem: Problem) -> bytes:
    """Compressed; about 12 bytes a customer."""
    arrays: dict[str, Any] = {"profiles": problem.profiles, "block": problem.block, "points": problem.points}
    plain: dict[str, Any] = {"version": VERSION, "winsor": vars(problem.winsor)}
    for part in PARTS:
        for name, value in vars(getattr(problem, part)).items():
            arrays[f"{part}.{name}"] = value
    policy: dict[str, Any] = {}
    for item in fields(Policy):
        value = getattr(problem.policy, item.name)
        if isinstance(value, np.ndarray):
            arrays[f"policy.{item.name}"] = value
        else:
            policy[item.name] = list(value) if isinstance(value, tuple) else value
    plain["policy"] = policy
    arrays["plain"] = np.frombuffer(json.dumps(plain, sort_keys=True).encode(), dtype=np.uint8)
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked(content: bytes) -> Problem:
    """The problem again, column for column; rows are in the order of their ids as they were. Raises ValueError."""
    with np.load(BytesIO(bytes(content)), allow_pickle=False) as stored:
        plain = json.loads(stored["plain"].tobytes())
        if plain.pop("version", None) != VERSION:
            raise ValueError("the snapshot was written by another version")
        parts = {
            part: kind(**{item.name: stored[f"{part}.{item.name}"] for item in fields(kind)})
            for part, kind in PARTS.items()
        }
        given = plain["policy"]
        given["tenure_bands"] = tuple(given["tenure_bands"])
        arrays = {
            name.removeprefix("policy."): stored[name] for name in stored.files if name.startswith("policy.")
        }
        policy = Policy(**given, **arrays)
        order = np.arange(len(parts["customers"].ids), dtype=np.int64)
        return Problem(
            customers=parts["customers"], managers=parts["managers"], places=parts["places"], profiles=stored["profiles"],
            policy=policy, block=stored["block"], customer_order=order,
            manager_order=np.arange(len(parts["managers"].ids), dtype=np.int64), winsor=Winsor(**plain["winsor"]),
            points=stored["points"],
        )  # fmt: skip


def without(problem: Problem, rows: Ints) -> Problem:
    """The problem without some customers (sorted indices); pairs that name others keep naming them."""
    keep = np.ones(len(problem.customers), dtype=np.bool_)
    keep[rows] = False
    new = np.cumsum(keep) - 1
    customers = Customers(
        **{item.name: getattr(problem.customers, item.name)[keep] for item in fields(Customers)}
    )
    changes = {}
    for name in PAIRS:
        pair = getattr(problem.policy, name)
        sides = (0, 1) if name == "apart" else (0,)
        stays = np.ones(len(pair), dtype=np.bool_)
        for side in sides:
            stays &= keep[pair[:, side]] if len(pair) else stays
        moved = pair[stays].copy()
        for side in sides:
            moved[:, side] = new[moved[:, side]]
        changes[name] = moved
    policy = Policy(
        **{**{item.name: getattr(problem.policy, item.name) for item in fields(Policy)}, **changes}
    )
    return Problem(
        customers=customers, managers=problem.managers, places=problem.places, profiles=problem.profiles, policy=policy,
        block=problem.block, customer_order=np.arange(len(customers), dtype=np.int64), manager_order=problem.manager_order,
        winsor=problem.winsor, points=problem.points[keep],
    )  # fmt: skip


COUNTS = ("price", "match", "continuity", "table", "moves", "bound", "relaxed_moves", "forced", "value")


def packed_answers(plans: Sequence[BlockPlan]) -> bytes:
    """The answers of a bundle; the blocks themselves follow from the problem."""
    heads = [
        {
            **{name: int(getattr(plan, name)) for name in COUNTS},
            "size": -1 if plan.manager is None else len(plan.manager),
            "lacks": [
                [lack.rule, list(map(int, lack.customers)), list(map(int, lack.managers)), int(lack.missing), lack.proven]
                for lack in plan.lacks
            ],
        }
        for plan in plans
    ]  # fmt: skip
    found = [plan.manager for plan in plans if plan.manager is not None]
    buffer = BytesIO()
    np.savez_compressed(
        buffer, heads=np.frombuffer(json.dumps(heads).encode(), dtype=np.uint8),
        manager=np.concatenate(found) if found else np.zeros(0, dtype=np.int64),
    )  # fmt: skip
    return buffer.getvalue()


def unpacked_answers(content: bytes, cuts: Sequence[Cut]) -> list[BlockPlan]:
    """The answers of a bundle, joined with its blocks (of the whole problem: a block's own answer may be for fewer)."""
    with np.load(BytesIO(bytes(content)), allow_pickle=False) as stored:
        heads, manager = json.loads(stored["heads"].tobytes()), stored["manager"]
    plans, at = [], 0
    for cut, head in zip(cuts, heads, strict=True):
        size = max(head["size"], 0)
        lacks = tuple(
            Lack(rule, tuple(customers), tuple(managers), missing, proven)
            for rule, customers, managers, missing, proven in head["lacks"]
        )
        plans.append(
            BlockPlan(
                cut=cut, manager=None if head["size"] < 0 else manager[at : at + size], lacks=lacks,
                **{name: head[name] for name in COUNTS},
            )
        )  # fmt: skip
        at += size
    return plans
