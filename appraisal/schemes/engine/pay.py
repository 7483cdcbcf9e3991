"""The pay part of a scheme: items with exact amounts, deferral, retained deposits, minimum shares, deficits carried over.

Amounts are rounded once per item (default 2 places, half up) and add up exactly; parts of a deferral are split by
largest remainder, so they add up to what is deferred.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from . import methods
from .conditions import judge
from .exact import plain, round_fraction, round_scaled, share_out
from .formula import evaluate, parse
from .model import Section
from .workings import Workings

ZERO = Fraction(0)


class PaySheet:
    """One person's pay under the scheme's pay section."""

    def __init__(self, workings: Workings, index: int, new_grade: str | None) -> None:
        self.workings, self.index = workings, index
        self.section: Section = workings.resolved(workings.scheme.sections["pay"], index)
        rounding = self.section.get("rounding") or {}
        self.places, self.mode = int(rounding.get("places", 2)), str(rounding.get("mode", "half_up"))
        current = workings.cohort.people[index].grade
        self.grade = (new_grade or current) if self.section.get("grade") == "new" else current
        self.amounts: dict[str, Fraction] = {}
        self.lines: list[dict[str, Any]] = []
        self.blocked: list[str] = workings.lacking(workings.scheme.sections["pay"], index)

    def number(self, name: str) -> Fraction | None:
        """A figure for pay: `pay.CODE` is an earlier item, `pay.total` the sum so far."""
        if name == "pay.total":
            return sum(self.amounts.values(), ZERO)
        if name.startswith("pay."):
            return self.amounts.get(name[4:])
        return self.workings.number(name, self.index)

    def item(self, item: Section) -> None:
        """One item: base figure, then price, method, table or formula, then percentage by grade, limits, rounding."""
        note = None
        if "when" in item and judge(item["when"], self.workings, self.index) is not True:
            amount: Fraction | None = ZERO
            base: Fraction | None = None
            note = "not_applicable"
        else:
            base = self.number(item["of"]) if "of" in item else None
            amount = self.amount(item, base)
        if amount is None and item.get("missing") == "zero":
            amount, note = ZERO, "missing_zero"
        if amount is None:
            self.blocked.append(item["code"])
            self.lines.append({"code": item["code"], "name": item.get("name", item["code"]), "base": None,
                               "amount": None, "note": "missing_blocked"})  # fmt: skip
            return
        if note != "not_applicable":
            if item.get("cap") is not None and amount > item["cap"]:
                amount, note = item["cap"], "capped"
            if item.get("floor") is not None and amount < item["floor"]:
                amount, note = item["floor"], "floored"
        amount = round_fraction(amount, self.places, self.mode)
        self.add(
            item["code"],
            item.get("name", item["code"]),
            base,
            -amount if item.get("deduct") else amount,
            note,
        )

    def amount(self, item: Section, base: Fraction | None) -> Fraction | None:
        """The unrounded amount of an item."""
        if "formula" in item:
            amount = evaluate(parse(item["formula"]), self.number)
        elif "table" in item:
            key = (
                self.grade
                if item["table"].get("of", "grade") == "grade"
                else self.workings.value(item["table"]["of"], self.index)
            )
            amount = item["table"]["values"].get(key, item["table"].get("default"))
        elif base is None:
            return None
        elif "method" in item:
            against = self.number(item["against"]) if "against" in item else None
            amount = methods.METHODS[item["method"]["type"]](item["method"], base, against)
        elif "rate" in item:
            excess = max(ZERO, base - item.get("threshold", ZERO))
            amount = excess * item["rate"] / 100
        else:
            amount = base * item.get("price", Fraction(1))
        if amount is not None and "percent_by" in item:
            key = (
                self.grade
                if item["percent_by"].get("of", "grade") == "grade"
                else self.workings.value(item["percent_by"]["of"], self.index)
            )
            percent = item["percent_by"]["values"].get(key, item["percent_by"].get("default"))
            amount = None if percent is None else amount * percent / 100
        return amount

    def add(self, code: str, name: str, base: Fraction | None, amount: Fraction, note: str | None) -> None:
        """One more line of the pay sheet."""
        self.amounts[code] = self.amounts.get(code, ZERO) + amount
        shown = None if base is None else plain(base)
        self.lines.append(
            {"code": code, "name": name, "base": shown, "amount": plain(amount, self.places), "note": note}
        )

    def minimum_share(self) -> None:
        """`item` makes up at least `percent` of the total: by cutting the rest, or by raising the item."""
        rule = self.section.get("minimum_share")
        if not rule or self.blocked:
            return
        base, percent = self.amounts[rule["item"]], rule["percent"]
        total = sum(self.amounts.values(), ZERO)
        if total <= 0 or base * 100 >= percent * total:
            return
        rest = total - base
        if rule["by"] == "cut_variable":
            allowed = round_fraction(base * (100 - percent) / percent, self.places, "floor")
            self.add("MINIMUM_SHARE", "MINIMUM_SHARE", None, allowed - rest, "cut_variable")
        else:
            needed = round_fraction(rest * percent / (100 - percent), self.places, "ceil")
            self.add("MINIMUM_SHARE", "MINIMUM_SHARE", None, needed - base, "raise_base")

    def deferral(self) -> tuple[list[dict[str, Any]], Fraction]:
        """The deferred part by date of payment, and its sum."""
        rule = self.section.get("deferral")
        if not rule or self.blocked:
            return [], ZERO
        if "when" in rule and judge(rule["when"], self.workings, self.index) is not True:
            return [], ZERO
        base = sum((self.amounts.get(code, ZERO) for code in rule["items"]), ZERO)
        if base <= 0:
            return [], ZERO
        units = round_scaled(base * rule["percent"] / 100, self.places, self.mode)
        parts = share_out(units, [item["percent"] for item in rule["schedule"]])
        power = 10**self.places
        rows = [{"months": plain(item["months"]), "amount": plain(Fraction(part, power), self.places)}
                for item, part in zip(rule["schedule"], parts, strict=True)]  # fmt: skip
        return rows, Fraction(units, power)

    def retained(self) -> tuple[dict[str, Any] | None, Fraction]:
        """The deposit held back this period by marginal bands, and when it is returned."""
        rule = self.section.get("retained")
        if not rule or self.blocked:
            return None, ZERO
        base = self.number(rule["of"])
        if base is None:
            return None, ZERO
        amount = round_fraction(
            methods.progressive({"bands": rule["bands"]}, base, None) or ZERO, self.places, self.mode
        )
        return {"amount": plain(amount, self.places), "release_months": plain(rule["release_months"])}, amount

    def carried(self) -> list[dict[str, Any]]:
        """Deficits that are added to the next period's targets."""
        rows = []
        for item in self.section.get("carry_over") or ():
            value = evaluate(parse(item["formula"]), self.number)
            if value is not None and value > 0:
                rows.append({"code": item["code"], "indicator": item["indicator"], "amount": plain(value)})
        return rows

    def result(self) -> dict[str, Any]:
        """The whole pay sheet as data; total is null while an item is blocked."""
        for item in () if self.blocked else self.section["items"]:
            self.item(item)
        self.minimum_share()
        deferred, later = self.deferral()
        kept, held = self.retained()
        total = sum(self.amounts.values(), ZERO)
        blocked = bool(self.blocked)
        return {
            "blocked": self.blocked,
            "currency": self.section.get("currency", "CNY"),
            "grade": self.grade,
            "effective": self.section.get("effective", "this_period"),
            "lines": self.lines,
            "total": None if blocked else plain(total, self.places),
            "paid_now": None if blocked else plain(total - later - held, self.places),
            "deferred": deferred,
            "retained": kept,
            "carry_over": self.carried(),
        }


def pay_of(workings: Workings, index: int, new_grade: str | None) -> dict[str, Any] | None:
    """A person's pay, or None when the scheme has no pay section."""
    if not workings.scheme.sections.get("pay"):
        return None
    return PaySheet(workings, index, new_grade).result()
