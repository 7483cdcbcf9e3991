"""What a scheme must be given: the codes it reads (the engine's Vocabulary), how far back, and which facts of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appraisal.schemes.engine import Scheme
from appraisal.schemes.engine.inputs import Vocabulary
from appraisal.schemes.engine.names import BUILTIN_FACTS, used_names
from appraisal.schemes.engine.periods import KIND_OF_CYCLE, PER_YEAR

ON_THE_SHEET = {"ability", "performance", "total", "grade", "level", "quadrant"}


@dataclass(frozen=True)
class Needs:
    """`past` are names whose earlier values are read, `depth` how many periods back; `facts` those that count for
    anything; `truths` the facts compared with true or false."""

    words: Vocabulary
    facts: frozenset[str]
    truths: frozenset[str]
    past: frozenset[str]
    depth: int

    @property
    def columns(self) -> set[str]:
        """Codes of readings and events."""
        return self.words.readings | self.words.events


def needs_of(scheme: Scheme) -> Needs:
    """One walk over the document."""
    words = Vocabulary(scheme)
    names = set(used_names(scheme.sections, True)) | _parameter_keys(scheme)
    named = {name.partition(".")[2] for name in names if name.startswith("fact.")}
    if any("certificate" in leaf for leaf in _mappings(scheme.sections)):
        named.add("certificates")
    facts = (words.facts - set(BUILTIN_FACTS)) | (named & set(BUILTIN_FACTS))
    past, depth = _past(scheme)
    return Needs(words, frozenset(facts), frozenset(_truths(scheme)), frozenset(past), depth)


def _mappings(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        yield data
        for value in data.values():
            yield from _mappings(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _mappings(value)


def _parameter_keys(scheme: Scheme) -> set[str]:
    rows = [
        row for item in (scheme.sections.get("parameters") or {}).values() for row in item.get("by") or ()
    ]
    return {f"fact.{key}" for row in rows for key in row if key not in ("value", "unit", "grade")}


def _truths(scheme: Scheme) -> Iterator[str]:
    for leaf in _mappings(scheme.sections):
        name = leaf.get("value")
        if isinstance(name, str) and name.startswith("fact.") and isinstance(leaf.get("than"), bool):
            yield name.partition(".")[2]
        if leaf.get("type") == "boolean" and isinstance(leaf.get("name"), str):
            yield leaf["name"]


def _past(scheme: Scheme) -> tuple[set[str], int]:
    """Every name read from history, and the greatest distance; the matrix may look one period back (hysteresis)."""
    names, depth = set(ON_THE_SHEET), 1
    for item in _mappings(scheme.sections):
        name = item.get("value")
        if isinstance(name, str) and ("consecutive" in item or "offset" in item):
            back = int(item.get("offset", 0)) + int(item.get("consecutive", 1)) - 1
        elif isinstance(name, str) and "times" in item:
            yearly = item["within"] == "calendar_year"
            back = PER_YEAR[KIND_OF_CYCLE[scheme.cycle]] - 1 if yearly else int(item["within"]) - 1
        elif "rollup" in item:
            name, back = item["of"], int(item["periods"]) - 1
        elif "previous" in (item.get("missing"), item.get("on_target")) and "code" in item:
            name, back = f"score.{item['code']}", 1
        else:
            continue
        names.add(str(name))
        depth = max(depth, back)
    for name in used_names(scheme.sections, True):
        if name.startswith("previous."):
            names.add(name.partition(".")[2])
    return names, depth
