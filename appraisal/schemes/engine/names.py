"""Names a document may use for values, and the circles its definitions must not form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from .formula import FormulaError, parse

PLAIN = ("total", "months_in_grade", "unit", "grade", "grade_order", "quadrant", "level", "vetoed")
PREFIXES = (
    "reading",
    "target",
    "event",
    "rating",
    "previous",
    "fact",
    "param",
    "measure",
    "score",
    "dimension",
)
MAX_CHAIN = 50
BUILTIN_FACTS = ("certificates", "exceptional_decision", "post", "region")
HISTORIC = ("total", "grade", "level", "quadrant")


class Names:
    """The names one document defines."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.dimensions = {item["code"]: item for item in data["dimensions"]}
        self.indicators = {item["code"]: item for row in data["dimensions"] for item in row["indicators"]}
        self.measures = {item["code"]: item for item in data.get("measures") or ()}
        self.parameters = set(data.get("parameters") or ())
        self.depth: dict[str, int] = {}
        self.facts = {item["name"] for item in data["facts"]} if "facts" in data else None

    def known(self, name: str) -> bool:
        """Whether a value of that name can exist."""
        kind, dot, code = name.partition(".")
        if not dot:
            return name in PLAIN or name in self.dimensions or name in self.measures
        if kind not in PREFIXES or not code:
            return False
        tables: dict[str, Iterable[str] | None] = {
            "measure": self.measures, "score": self.indicators, "rating": self.indicators, "param": self.parameters,
            "dimension": self.dimensions, "fact": None if self.facts is None else {*self.facts, *BUILTIN_FACTS},
        }  # fmt: skip
        table = tables.get(kind)
        return table is None or code in table

    def historic(self, name: str) -> bool:
        """Whether history rows can carry that value."""
        return name in HISTORIC or name in self.dimensions or name in self.measures or name.partition(".")[0] in (
            "score", "reading", "target", "measure", "dimension"
        )  # fmt: skip

    def suggestions(self, name: str) -> str:
        """What might have been meant."""
        every = [*PLAIN, *self.dimensions, *self.measures]
        every += [f"score.{code}" for code in self.indicators] + [
            f"reading.{code}" for code in self.indicators
        ]
        every += [f"param.{code}" for code in self.parameters] + [f"fact.{code}" for code in self.facts or ()]
        near = get_close_matches(name, every, 3, 0.5)
        return ", ".join(near or [*PLAIN, *self.dimensions])

    # --- circles --------------------------------------------------------------------------------------------------
    def circle(self) -> list[str] | None:
        """One circle of definitions as a list of names, or None; fills `depth`, the length of every chain.

        Iterative: the depth of nesting does not matter.
        """
        graph = self._graph()
        state: dict[str, int] = {}
        for start in graph:
            if start in state:
                continue
            stack: list[tuple[str, Iterator[str]]] = [(start, iter(graph[start]))]
            state[start] = 1
            while stack:
                node, following = stack[-1]
                for other in following:
                    if state.get(other) == 1:
                        names = [item for item, _ in stack]
                        return [*names[names.index(other) :], other]
                    if other in graph and other not in state:
                        state[other] = 1
                        stack.append((other, iter(graph[other])))
                        break
                else:
                    state[node] = 2
                    self.depth[node] = 1 + max((self.depth.get(other, 0) for other in graph[node]), default=0)
                    stack.pop()
        return None

    def _graph(self) -> dict[str, list[str]]:
        graph: dict[str, list[str]] = {"total": [f"dimension.{code}" for code in self.dimensions]}
        graph["total"] += self._uses(self.data.get("total") or {})
        graph["total"] += self._uses(
            [row for row in self.data.get("vetoes") or () if row.get("score") == "zero"]
        )
        for code, item in self.measures.items():
            graph[f"measure.{code}"] = self._uses(item)
        for code, row in self.dimensions.items():
            own = {key: value for key, value in row.items() if key != "indicators"}
            graph[f"dimension.{code}"] = [f"score.{item['code']}" for item in row["indicators"]] + self._uses(
                own
            )
        circumstances = self._uses([self.data.get("circumstances") or ()])
        for code, item in self.indicators.items():
            graph[f"score.{code}"] = self._uses(item) + circumstances
        late = self._uses([self.data.get("matrix") or {}])
        graph["quadrant"] = [
            f"dimension.{a}" for a in ("ability", "performance") if a in self.dimensions
        ] + late
        graph["level"] = self._uses([self.data.get("levels") or {}, self.data.get("gates") or ()])
        graph["level"] += [f"dimension.{code}" for code in self.dimensions]
        graph["vetoed"] = self._uses(self.data.get("vetoes") or ())
        graph["vetoed"] += [f"score.{c}" for c, i in self.indicators.items() if i["method"]["type"] == "veto"]
        return graph

    def _uses(self, data: Any) -> list[str]:
        return [self._canonical(name) for name in used_names(data)]

    def _canonical(self, name: str) -> str:
        if name in self.dimensions:
            return f"dimension.{name}"
        return f"measure.{name}" if name in self.measures else name


def nearest(word: str, known: Iterable[str], close: bool = False) -> str | None:
    """The known word most like this one, or None; `close` asks for one or two wrong letters, not another number."""
    choices = [item for item in known if item != word]
    if not close:
        folded = {item.casefold(): item for item in choices}
        near = get_close_matches(word.casefold(), folded, 1, 0.6)
        return folded[near[0]] if near else None
    for item in get_close_matches(word, choices, 3, 0.7):
        digits = "".join(filter(str.isdigit, word)) != "".join(filter(str.isdigit, item))
        if not digits and edits(word, item) <= (2 if min(len(word), len(item)) >= 6 else 1) < len(word) - 2:
            return item
    return None


def edits(first: str, second: str) -> int:
    """How many letters must be added, dropped or changed to turn one word into the other."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def used_names(data: Any, past: bool = False) -> Iterator[str]:
    """Every value name a section reads: conditions, formulas, of, value, reads, against, groups; not those it reads
    from earlier periods only, unless `past`."""
    if isinstance(data, Mapping):
        earlier = bool(data.get("offset")) and not past
        for key, value in data.items():
            if earlier and key == "value":
                continue
            if key == "formula" and isinstance(value, str):
                try:
                    yield from parse(value).names()
                except FormulaError:
                    continue
            elif key in ("of", "value", "reads", "against", "group") and isinstance(value, str):
                yield value
            else:
                yield from used_names(value, past)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from used_names(value, past)
