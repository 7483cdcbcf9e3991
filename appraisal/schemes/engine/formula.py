"""A small total language for formulas: it cannot loop, cannot reach anything but the names it is given, and is bounded.

    100 * (reading.SALES - previous.SALES) / previous.SALES
    if(fact.months >= 6 and present(target.SALES), min(reading.SALES, 500), 0)

Limits: 600 characters, 200 nodes, depth 24, numbers of 30 digits, results of 2048 bits. Values are exact rationals.
A missing name makes the result missing (never zero) and so does a division by zero; `coalesce` and `present` answer
for missing values on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from .exact import MAX_BITS, MAX_DIGITS, round_fraction

MAX_LENGTH = 600
MAX_NODES = 200
MAX_DEPTH = 24
FUNCTIONS = {
    "min": (1, 20), "max": (1, 20), "sum": (1, 20), "abs": (1, 1), "floor": (1, 1), "ceil": (1, 1), "round": (2, 2),
    "clamp": (3, 3), "if": (3, 3), "coalesce": (2, 20), "present": (1, 1),
}  # fmt: skip
NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([^\W\d]\w*(?:\.\w+)*)|(<=|>=|!=|[-+*/(),<>=]))")
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")

Lookup = Callable[[str], "Fraction | None"]


class FormulaError(ValueError):
    """A formula outside the grammar or its bounds; `found` and `expected` say what, `position` where (0-based)."""

    def __init__(self, code: str, found: str, expected: str, position: int = 0) -> None:
        super().__init__(f"{code} at {position}: found {found}, expected {expected}")
        self.code, self.found, self.expected, self.position = code, found, expected, position


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a parsed formula: kind `number`, `name`, `call` or an operator, with its parts."""

    kind: str
    number: Fraction = Fraction(0)
    text: str = ""
    parts: tuple[Node, ...] = ()

    def names(self) -> Iterator[str]:
        """Every name the formula reads, in order, repeats included."""
        if self.kind == "name":
            yield self.text
        for part in self.parts:
            yield from part.names()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise FormulaError("formula_too_long", f"{len(text)}", f"<= {MAX_LENGTH}")
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            match = TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise FormulaError("formula_syntax", text[start], "number, name, operator", start)
            kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
            self.tokens.append((kind, match.group(match.lastindex or 1), match.start(match.lastindex or 1)))
            position = match.end()
        self.at = 0
        self.count = 0
        self.end = len(text)

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][1] in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def fail(self, expected: str) -> FormulaError:
        position = self.tokens[self.at][2] if self.at < len(self.tokens) else self.end
        return FormulaError("formula_syntax", self.peek() or "end", expected, position)

    def node(
        self, kind: str, parts: tuple[Node, ...] = (), number: Fraction = Fraction(0), text: str = ""
    ) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise FormulaError("formula_too_large", f"> {MAX_NODES}", f"<= {MAX_NODES}")
        return Node(kind, number, text, parts)

    def expression(self, depth: int, level: int = 0) -> Node:
        """Precedence climbing: or, and, not, comparison, sum, product."""
        if depth > MAX_DEPTH:
            raise FormulaError("formula_too_deep", f"> {MAX_DEPTH}", f"<= {MAX_DEPTH}")
        if level == 2:
            if self.take("not"):
                return self.node("not", (self.expression(depth + 1, 2),))
            return self.expression(depth, 3)
        if level == 6:
            return self.unary(depth)
        signs: tuple[str, ...] = (("or",), ("and",), (), COMPARISONS, ("+", "-"), ("*", "/"))[level]
        left = self.expression(depth, level + 1)
        while sign := self.take(*signs):
            left = self.node(sign, (left, self.expression(depth, level + 1)))
            if level == 3:
                break
        return left

    def unary(self, depth: int) -> Node:
        if self.take("-"):
            if depth >= MAX_DEPTH:
                raise FormulaError("formula_too_deep", f"> {MAX_DEPTH}", f"<= {MAX_DEPTH}")
            return self.node("negate", (self.unary(depth + 1),))
        if self.take("("):
            inner = self.expression(depth + 1)
            if not self.take(")"):
                raise self.fail(")")
            return inner
        if self.at >= len(self.tokens):
            raise self.fail("number, name, (")
        kind, text, _ = self.tokens[self.at]
        if kind == "number":
            if len(text) > MAX_DIGITS:
                raise self.fail(f"<= {MAX_DIGITS} digits")
            self.at += 1
            return self.node("number", number=Fraction(text))
        if kind == "name" and text not in ("and", "or", "not"):
            self.at += 1
            if self.peek() == "(":
                return self.call(text, depth)
            return self.node("name", text=text)
        raise self.fail("number, name, (")

    def call(self, name: str, depth: int) -> Node:
        if name not in FUNCTIONS:
            self.at -= 1
            raise self.fail(", ".join(FUNCTIONS))
        self.take("(")
        arguments = [self.expression(depth + 1)]
        while self.take(","):
            arguments.append(self.expression(depth + 1))
        if not self.take(")"):
            raise self.fail(") ,")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise FormulaError("formula_arguments", f"{name}: {len(arguments)}", f"{least}..{most}")
        if name == "present" and arguments[0].kind != "name":
            raise FormulaError("formula_arguments", "present(…)", "present(name)")
        if name == "round" and (
            arguments[1].kind != "number" or arguments[1].number.denominator != 1 or arguments[1].number > 10
        ):
            raise FormulaError("formula_arguments", "round(…)", "round(x, 0..10)")
        return self.node("call", tuple(arguments), text=name)


def parse(text: str) -> Node:
    """The tree of a formula; FormulaError names the character. Linear in the length, at most 200 nodes."""
    parser = _Parser(text)
    tree = parser.expression(0)
    if parser.at < len(parser.tokens):
        raise parser.fail("operator, end")
    return tree


def evaluate(node: Node, lookup: Lookup) -> Fraction | None:
    """The exact value, or None when something it needs is missing, divides by zero or outgrows 2048 bits."""
    value = _evaluate(node, lookup)
    if value is not None and max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        return None
    return value


def _evaluate(node: Node, lookup: Lookup) -> Fraction | None:
    kind = node.kind
    if kind == "number":
        return node.number
    if kind == "name":
        return lookup(node.text)
    if kind == "call":
        return _call(node, lookup)
    first = evaluate(node.parts[0], lookup)
    if kind == "and" and first == 0:
        return Fraction(0)
    if kind == "or" and first is not None and first != 0:
        return Fraction(1)
    if first is None and kind not in ("and", "or"):
        return None
    if kind == "negate" and first is not None:
        return -first
    if kind == "not" and first is not None:
        return Fraction(first == 0)
    second = evaluate(node.parts[1], lookup)
    if kind in ("and", "or"):
        if second is not None and (second == 0) == (kind == "and"):
            return Fraction(kind == "or")
        return None if first is None or second is None else Fraction(kind == "and")
    if first is None or second is None:
        return None
    return _binary(kind, first, second)


def _binary(kind: str, first: Fraction, second: Fraction) -> Fraction | None:
    if kind == "+":
        return first + second
    if kind == "-":
        return first - second
    if kind == "*":
        return first * second
    if kind == "/":
        return first / second if second else None
    return Fraction(compare(first, kind, second))


def compare(first: Fraction, op: str, second: Fraction) -> bool:
    """first op second for the six comparisons."""
    if op == "<":
        return first < second
    if op == "<=":
        return first <= second
    if op == ">":
        return first > second
    if op == ">=":
        return first >= second
    return (first == second) == (op == "=")


def _call(node: Node, lookup: Lookup) -> Fraction | None:
    name = node.text
    if name == "present":
        return Fraction(lookup(node.parts[0].text) is not None)
    if name == "if":
        test = evaluate(node.parts[0], lookup)
        if test is None:
            return None
        return evaluate(node.parts[1] if test else node.parts[2], lookup)
    if name == "coalesce":
        for part in node.parts:
            value = evaluate(part, lookup)
            if value is not None:
                return value
        return None
    values = []
    for part in node.parts:
        value = evaluate(part, lookup)
        if value is None:
            return None
        values.append(value)
    first = values[0]
    if name == "min":
        return min(values)
    if name == "max":
        return max(values)
    if name == "sum":
        return sum(values, Fraction(0))
    if name == "abs":
        return abs(first)
    if name == "floor":
        return Fraction(first.numerator // first.denominator)
    if name == "ceil":
        return Fraction(-(-first.numerator // first.denominator))
    if name == "round":
        return round_fraction(first, int(values[1]))
    return max(values[1], min(first, values[2]))
