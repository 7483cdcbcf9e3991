"""JSON Schema of the scoring methods and the small shapes the rest of the document shares."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
CODE = r"^[A-Za-z][A-Za-z0-9_]{0,39}$"


def ref(name: str) -> Schema:
    """A reference to a shared definition."""
    return {"$ref": f"#/$defs/{name}"}


def record(required: list[str], /, **properties: Any) -> Schema:
    """A closed object: unknown keys are mistakes."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def rows(items: Schema, least: int = 1, most: int = 200) -> Schema:
    """A list of `least` to `most` items."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def one_of(*values: Any) -> Schema:
    """One of the given constants."""
    return {"enum": list(values)}


CODE_SHAPE: Schema = {"type": "string", "pattern": CODE, "x-expected": ["字母开头的代码，最多 40 个字母、数字、下划线",
                      "a code: a letter, then up to 39 letters, digits, underscores"]}  # fmt: skip
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 2000}
REFERENCE: Schema = {"type": "string", "minLength": 1, "maxLength": 90}
NUMBER: Schema = {
    "anyOf": [{"type": "number"}, record(["param"], param=ref("code"))],
    "x-expected": ["数字，或 {param: 参数名}", "a number, or {param: NAME}"],
}
POSITIVE: Schema = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, record(["param"], param=ref("code"))],
    "x-expected": ["大于 0 的数字，或 {param: 参数名}", "a number above 0, or {param: NAME}"],
}
NOT_NEGATIVE: Schema = {
    "anyOf": [{"type": "number", "minimum": 0}, record(["param"], param=ref("code"))],
    "x-expected": ["不小于 0 的数字，或 {param: 参数名}", "a number not below 0, or {param: NAME}"],
}
PERCENT: Schema = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": 100}, record(["param"], param=ref("code"))],
    "x-expected": ["0 至 100 的数字，或 {param: 参数名}", "a number from 0 to 100, or {param: NAME}"],
}
FORMULA: Schema = {"type": "string", "minLength": 1}
GROUP: Schema = {
    "type": "string", "pattern": r"^(all|unit|grade|level|fact\.\w+)$",
    "x-expected": ["all、unit、grade、level 或 fact.名称", "all, unit, grade, level or fact.NAME"],
}  # fmt: skip
LIMITS: Schema = {"floor": ref("number"), "cap": ref("number")}
EDGES = one_of("lower", "upper")
ROUND_MODE = one_of("half_up", "half_even", "half_down", "down", "up", "floor", "ceil")
PLACES: Schema = {"type": "integer", "minimum": 0, "maximum": 6}
ROUNDING = record([], places=PLACES, mode=ROUND_MODE)
MARGINAL = rows(record(["rate"], **{"from": ref("number"), "to": ref("number"), "rate": ref("number")}))
SCORE_BAND: Schema = {
    **record([], **{"from": ref("number"), "to": ref("number"), "score": ref("number"), "score_from": ref("number"),
                    "score_to": ref("number"),
                    "range": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}}),
    "oneOf": [{"required": ["score"]}, {"required": ["range"]}, {"required": ["from", "to", "score_from", "score_to"]}],
    "x-expected": ["score、range，或 from、to、score_from、score_to",
                   "score, or range, or from, to, score_from and score_to"],
}  # fmt: skip
SIDE = record(["per", "points"], per=ref("positive"), points=ref("number"), limit=ref("not_negative"),
              whole={"type": "boolean"})  # fmt: skip
PEER: Schema = {"group": ref("group"), "direction": one_of("higher", "lower"),
                "min_group": {"type": "integer", "minimum": 1}, **LIMITS}  # fmt: skip
VETO_EFFECT = one_of("hold", "demotion")
METHOD_KEYS: dict[str, tuple[list[str], Schema]] = {
    "ratio": ([], {"full": ref("number"), **LIMITS}),
    "lower_is_better": ([], {"full": ref("number"), **LIMITS}),
    "bands": (["bands"], {"bands": rows(SCORE_BAND), "edges": EDGES}),
    "linear": (["points"], {"points": rows(
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
         "x-expected": ["[横坐标, 得分] 两个数字", "two numbers [x, score]"]}, 2)}),
    "per_unit": (["per", "points"], {"base": ref("number"), "above": ref("number"), "per": ref("positive"),
                                     "points": ref("number"), "whole": {"type": "boolean"}, **LIMITS}),
    "step": (["at"], {"at": ref("number"), "base": ref("number"), "up": SIDE, "down": SIDE,
                      "whole": {"type": "boolean"}, **LIMITS}),
    "deduct": ([], {"start": ref("number"), "per": ref("not_negative"), "per_event": ref("not_negative"),
                    "floor": ref("number")}),
    "threshold": (["at", "score"], {"at": ref("number"), "score": ref("number"), "below": ref("number"),
                                    "above": one_of("flat", "proportional"), **LIMITS}),
    "progressive": (["bands"], {"bands": MARGINAL, **LIMITS}),
    "shortfall": ([], {"full": ref("number"), "times": ref("not_negative"), **LIMITS}),
    "direct": ([], dict(LIMITS)),
    "rating": (["groups"], {"groups": {"type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
                                       "minProperties": 1},
                            "minimum_raters": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
                            **LIMITS}),
    "veto": ([], {"proposal": VETO_EFFECT, "score": {"const": "zero"}}),
    "rank": ([], {"first": ref("number"), "last": ref("number"), "single": ref("number"),
                  "ties": one_of("best", "worst", "average"), **PEER}),
    "percentile": ([], dict(PEER)),
    "z_score": ([], {"base": ref("number"), "per": ref("number"), "deviation": one_of("population", "sample"), **PEER}),
    "equal_interval": (["scores"], {"scores": rows({"type": "number"}, 2, 100), "single": ref("number"), **PEER}),
    "forced": (["shares"], {"shares": rows(record(["percent", "score"], percent=ref("percent"), score=ref("number"))),
                            "rounding": ROUND_MODE, **PEER}),
}  # fmt: skip


def discriminated(key: str, variants: dict[str, Schema]) -> Schema:
    """An object whose `key` says which closed shape holds, so that mistakes are told for that shape only."""
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": list(variants)}},
        "allOf": [
            {"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": shape}
            for name, shape in variants.items()
        ],
    }


def method_schema() -> Schema:
    """One closed shape per method type."""
    shapes = {
        name: record(["type", *needs], type={"const": name}, **keys)
        for name, (needs, keys) in METHOD_KEYS.items()
    }
    shapes["deduct"]["oneOf"] = [{"required": ["per"]}, {"required": ["per_event"]}]
    shapes["deduct"]["x-expected"] = [
        "per（每次扣分，也可写 per_event）",
        "per (points per event, also per_event)",
    ]
    return discriminated("type", shapes)


def condition_schema() -> Schema:
    """all / any / not / at_least of conditions; a certificate; or a comparison."""
    inner = rows(ref("condition"), 1, 60)
    bound: Schema = {
        "anyOf": [
            {"type": ["number", "string", "boolean"]},
            {"type": "array", "items": {"type": ["number", "string"]}, "minItems": 1},
            record(["param"], param=ref("code"), factor={"type": "number"}, plus={"type": "number"}),
            record(["value"], value=ref("reference"), factor={"type": "number"}, plus={"type": "number"}),
        ],
        "x-expected": [
            "数字、文本、列表、{param: …} 或 {value: …}",
            "a number, text, list, {param: …} or {value: …}",
        ],
    }
    count: Schema = {"type": "integer", "minimum": 1, "maximum": 60}
    leaf = record(
        ["value", "op", "than"], value=ref("reference"), op=one_of(">=", ">", "<=", "<", "=", "==", "!=", "in", "not_in"),
        than=bound, consecutive=count, offset=count, times=count,
        within={"anyOf": [{"const": "calendar_year"}, count],
                "x-expected": ["calendar_year 或期数", "calendar_year or a number of periods"]},
    )  # fmt: skip
    leaf["dependentRequired"] = {"times": ["within"], "within": ["times"]}
    shapes = {
        "all": record(["all"], all=inner),
        "any": record(["any"], any=inner),
        "not": record(["not"], **{"not": ref("condition")}),
        "at_least": record(["at_least", "of"], at_least=count, of=inner),
        "certificate": record(["certificate"], certificate=ref("code")),
    }
    result: Schema = leaf
    for key, shape in reversed(shapes.items()):
        result = {"if": {"required": [key]}, "then": shape, "else": result}
    return {"type": "object", **result}


DEFINITIONS: dict[str, Schema] = {
    "code": CODE_SHAPE, "text": TEXT, "reference": REFERENCE, "number": NUMBER, "positive": POSITIVE,
    "not_negative": NOT_NEGATIVE, "percent": PERCENT, "formula": FORMULA, "group": GROUP, "rounding": ROUNDING,
    "method": method_schema(), "condition": condition_schema(),
}  # fmt: skip
