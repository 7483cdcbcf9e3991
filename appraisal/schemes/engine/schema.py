"""JSON Schema (2020-12) of a scheme document; `docs/scheme.schema.json` is the text of `schema_text()`."""

from __future__ import annotations

import itertools
import json
from typing import Any

from .schema_methods import (
    DEFINITIONS,
    EDGES,
    MARGINAL,
    ROUND_MODE,
    VETO_EFFECT,
    Schema,
    discriminated,
    one_of,
    record,
    ref,
    rows,
)  # fmt: skip

DESCRIPTIONS = {
    "code": "方案代码，全系统唯一 / code of the scheme, unique",
    "version": "版本号，逐版递增 / version, rising",
    "name": "方案名称 / name",
    "note": "说明 / a note",
    "regulation": "所据办法的名称 / the regulation it follows",
    "cycle": "考核周期；输入的期间须与之同种类 / cycle, and so the kind of the input's period",
    "effective": "有效的起止期间 / first and last period in force",
    "grading_period": "评定等级的周期 / how often grades are decided",
    "term_months": "聘期月数 / term of an appointment in months",
    "dimensions": "维度及其指标；都写 weight 才有总分 / dimensions; a total needs all weights",
    "total": "总分层面的加分、扣分、系数、上下限 / bonus, deductions, coefficients, limits of the total",
    "rounding": "每个指标得分的位数与方式，默认 2 位 half_up / rounding of each score",
    "matrix": "能力 × 绩效宫格 / the ability and performance matrix",
    "parameters": "参数表，按机构、等级、人员事实取值 / parameters by unit, grade or fact",
    "facts": "声明人员事实及其类型 / the facts of people the scheme reads, with their types",
    "events": "声明事件代码，此后写错会被拒收 / event codes; others are refused from then on",
    "readings": "声明读数代码，此后写错会被拒收 / reading codes; others are refused from then on",
    "measures": "计算量 / computed figures",
    "circumstances": "请假、三期、借调等特殊情形 / leave, protection, secondment",
    "levels": "考核档次 / appraisal levels",
    "adjustments": "允许存档的调整及其幅度 / stored adjustments and their limits",
    "pay": "薪酬 / pay",
    "process": "流程数据，引擎原样交出 / data of the process, handed on",
    "grades": "等级阶梯 / the grades",
    "promotion": "晋级规则 / rules of promotion",
    "demotion": "降级规则 / rules of demotion",
    "keep": "保级标准 / standards to keep a grade",
    "placement": "按分数或标准直接定级 / placement by figure or standard",
    "precedence": "晋降同时成立时取哪个，默认 demotion / which wins when both hold",
    "quotas": "职数与晋升比例 / headcount and quotas",
    "gates": "准入门槛 / gates",
    "vetoes": "一票否决 / vetoes",
}
INNER = {
    "code": "代码 / code",
    "name": "名称 / name",
    "weight": "权重，合计 100 / weight, adding to 100",
    "kind": "weighted（默认）或 points / weighted (default) or points",
    "indicators": "指标 / indicators",
    "start": "基础分 / points to start from",
    "bonus": "加分清单 / bonus list",
    "deductions": "扣分清单 / deduction list",
    "coefficients": "依次相乘的系数 / factors, one after the other",
    "coefficient_scope": "系数乘全部（all，默认）或只乘基础（base） / what factors multiply",
    "floor": "下限 / floor",
    "cap": "上限 / cap",
    "points": "满分（points 维度） / full marks in a points dimension",
    "source": "数据来源 / where the figure comes from",
    "method": "计分方法 / scoring method",
    "missing": "缺数时怎么办，默认 block / what to do without a figure",
    "on_target": "缺目标时怎么办 / what to do without a target",
    "reads": "改读别的名称 / another name to read",
    "against": "比较对象，默认本指标的目标 / what it is compared with",
    "formula": "公式 / formula",
    "applies": "不成立的人不考这一项 / left out for those it does not hold for",
    "rounding": "本指标的舍入 / rounding of this score",
    "unit": "单位 / unit",
    "note": "说明 / a note",
    "direction": "越高越好或越低越好 / which way is better",
    "compliance": "合规类 / a compliance indicator",
    "snapshot": "时点数 / a figure of one day",
    "domain": "取值范围与步长；评分超出即拒收 / range and step; ratings outside are refused",
}

BOOLEAN: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": 60}
PERIOD: Schema = {"type": ["string", "integer"]}
VALUES_BY: Schema = record(["values"], of=ref("reference"), default=ref("number"), values={
    "type": "object", "additionalProperties": ref("number"), "minProperties": 1})  # fmt: skip


def _missing() -> Schema:
    return {
        "anyOf": [one_of("zero", "exclude_and_reweight", "block", "previous"), record(["score"], score=ref("number"))],
        "x-expected": ["zero、exclude_and_reweight、block、previous 或 {score: 数字}",
                       "zero, exclude_and_reweight, block, previous or {score: NUMBER}"],
    }  # fmt: skip


def _indicator() -> Schema:
    shape = record(
        ["code", "name", "source", "method"], code=ref("code"), name=ref("text"), weight=ref("not_negative"),
        points=ref("not_negative"), source=one_of("reading", "rating", "event", "formula"), method=ref("method"),
        missing=_missing(), on_target=one_of("zero", "exclude_and_reweight", "block", "full"), reads=ref("reference"),
        against=ref("reference"), formula=ref("formula"), applies=ref("condition"), rounding=ref("rounding"),
        unit=ref("text"), note=ref("text"), direction=one_of("higher", "lower"), compliance=BOOLEAN,
        snapshot=BOOLEAN, domain=record([], min={"type": "number"}, max={"type": "number"},
                                        step={"type": "number", "exclusiveMinimum": 0}),
    )  # fmt: skip
    shape["if"] = {"properties": {"source": {"const": "formula"}}, "required": ["source"]}
    shape["then"] = {"required": ["formula"]}
    return shape


def _list(kind: str) -> Schema:
    item = record(
        ["code"], code=ref("code"), name=ref("text"), event=ref("code"), of=ref("reference"), when=ref("condition"),
        points=ref("not_negative"), per=ref("positive"), whole=BOOLEAN, limit=ref("not_negative"),
        method=ref("method"), missing=one_of("zero", "block"),
    )  # fmt: skip
    item["oneOf"] = [{"required": ["event"]}, {"required": ["of"]}, {"required": ["when"]}]
    item["x-expected"] = ["event、of、when 三者之一", "exactly one of event, of, when"]
    item["if"] = {"not": {"required": ["method"]}}
    item["then"] = {"required": ["points"]}
    return record(["items"], items=rows(item, 1, 60), cap=ref("not_negative"), combine=one_of("sum", "max"))


def _extras() -> dict[str, Schema]:
    band = record(["factor"], **{"from": ref("number"), "to": ref("number"), "factor": ref("number")})
    coefficient = record(
        ["code", "of"], code=ref("code"), name=ref("text"), of=ref("reference"), bands=rows(band), edges=EDGES,
        missing=one_of("block", "one"), places={"type": "integer", "minimum": 0, "maximum": 6}, mode=ROUND_MODE,
    )  # fmt: skip
    return {
        "start": ref("number"), "bonus": _list("bonus"), "deductions": _list("deduction"),
        "coefficients": rows(coefficient, 1, 20), "coefficient_scope": one_of("base", "all"), "floor": ref("number"),
        "cap": ref("number"),
    }  # fmt: skip


def _dimension() -> Schema:
    return record(
        ["code", "indicators"], code=ref("code"), name=ref("text"), weight=ref("not_negative"),
        kind=one_of("weighted", "points"), indicators=rows(ref("indicator"), 1, 100), **_extras(),
    )  # fmt: skip


def _measure() -> Schema:
    head: Schema = {"code": ref("code"), "name": ref("text")}
    conversion = record(
        ["points", "inputs"], points=ref("number"), whole=one_of("each", "total", "none"),
        inputs=rows(record(["of", "unit"], of=ref("reference"), above=ref("number"), unit=ref("positive")), 1, 20),
        floor=ref("number"), cap=ref("number"),
    )  # fmt: skip
    shapes = {
        "formula": record(["code", "formula"], **head, formula=ref("formula")),
        "aggregate": record(["code", "aggregate", "of"], **head, of=ref("reference"), group=ref("group"),
                            aggregate=one_of("mean", "sum", "max", "min", "median", "count")),
        "rollup": record(["code", "rollup", "of", "periods"], **head, of=ref("reference"), periods=COUNT, best=COUNT,
                         rollup=one_of("mean", "sum", "last", "best", "worst", "max", "min", "median"),
                         missing=one_of("block", "skip")),
        "convert": record(["code", "convert"], **head, convert=conversion),
    }  # fmt: skip
    result: Schema = record(["code", "of", "method"], **head, of=ref("reference"), against=ref("reference"),
                            method=ref("method"))  # fmt: skip
    for key, shape in reversed(shapes.items()):
        result = {"if": {"required": [key]}, "then": shape, "else": result}
    return {"type": "object", **result}


def _matrix() -> Schema:
    two = {"type": "array", "items": ref("number"), "minItems": 2, "maxItems": 2,
           "x-expected": ["两个由低到高的界限", "two limits, low then high"]}  # fmt: skip
    shared: Schema = {
        "by": one_of("absolute", "percentile"), "group": ref("group"),
        "hysteresis": {"type": "number", "minimum": 0},
        "cells": {"type": "object", "additionalProperties": record([], name=ref("text"), strategy=ref("text"))},
    }  # fmt: skip
    needs = ["kind", "ability", "performance"]
    return discriminated("kind", {
        "quadrant": record(needs, kind={"const": "quadrant"}, ability=ref("number"), performance=ref("number"), **shared),
        "nine_box": record(needs, kind={"const": "nine_box"}, ability=two, performance=two, **shared),
    })  # fmt: skip


def _ladder() -> dict[str, Schema]:
    when, code = ref("condition"), ref("code")
    common: Schema = {"name": ref("text"), "note": ref("text")}
    standard = record(["grade", "when"], grade=code, when=when, **common)
    band = record(["grade"], **{"from": ref("number"), "to": ref("number"), "grade": code})
    limit: Schema = {
        "anyOf": [COUNT, {"const": "unlimited"}],
        "x-expected": ["级数或 unlimited", "a number of steps, or unlimited"],
    }
    placement: Schema = {
        "type": "object", "if": {"required": ["standards"]},
        "then": record(["standards"], standards=rows(standard), otherwise=code, max_up=limit, max_down=limit),
        "else": record(["value", "bands"], value=ref("reference"), bands=rows(band), max_up=limit, max_down=limit),
    }  # fmt: skip
    quota = record(
        ["code", "grade"], code=code, name=ref("text"), grade=code, kind=one_of("headcount", "promotions"),
        limit=ref("not_negative"), percent=ref("percent"), group=ref("group"), of=one_of("all", "rated"),
        rounding=ROUND_MODE, tie_break=_ties(),
    )  # fmt: skip
    quota["oneOf"] = [{"required": ["limit"]}, {"required": ["percent"]}]
    quota["x-expected"] = ["limit 与 percent 二者之一", "exactly one of limit and percent"]
    return {
        "grades": rows(record(["code", "name", "order"], code=code, name=ref("text"), order={"type": "number"},
                              track=code, next={"type": "array", "items": code, "maxItems": 10}), 1, 60),
        "promotion": rows(record(["to", "when"], to=code, when=when, exceptional=BOOLEAN, **common,
                                 **{"from": rows(code)}), 0),
        "demotion": rows(record(["from", "when"], to=code, when=when, exceptional=BOOLEAN, **common,
                                **{"from": code}), 0),
        "keep": rows(record(["grade", "when"], grade=code, when=when, grace_months=ref("not_negative"), **common), 0),
        "placement": placement,
        "precedence": one_of("demotion", "promotion"),
        "quotas": rows(quota, 0, 60),
        "gates": rows(record(["code", "require"], code=code, require=when, otherwise=one_of("not_rated", "hold"),
                             **common), 0),
        "vetoes": rows(_struck(), 0),
    }  # fmt: skip


def _struck() -> Schema:
    shape = record(["code"], code=ref("code"), name=ref("text"), event=ref("code"), when=ref("condition"),
                   proposal=VETO_EFFECT, score={"const": "zero"}, note=ref("text"))  # fmt: skip
    shape["oneOf"] = [{"required": ["event"]}, {"required": ["when"]}]
    shape["x-expected"] = ["event 与 when 二者之一", "exactly one of event and when"]
    return shape


def _ties() -> Schema:
    return rows(record(["value"], value=ref("reference"), order=one_of("asc", "desc")), 1, 10)


def _levels() -> Schema:
    code = ref("code")
    band = record(["level"], **{"from": ref("number"), "to": ref("number"), "level": code})
    rule = record(
        ["code", "when"], code=code, when=ref("condition"), level=code, at_most=code, name=ref("text")
    )
    rule["oneOf"] = [{"required": ["level"]}, {"required": ["at_most"]}]
    rule["x-expected"] = ["level 与 at_most 二者之一", "exactly one of level and at_most"]
    quota = record(["code", "level", "percent"], code=code, level=code, percent=ref("percent"), group=ref("group"),
                   of=one_of("all", "rated"), rounding=ROUND_MODE, value=ref("reference"), tie_break=_ties(),
                   name=ref("text"))  # fmt: skip
    shape = record(
        ["scale", "value"], scale=rows(record(["code", "name"], code=code, name=ref("text")), 2, 40),
        value=ref("reference"), bands=rows(band), forced=rows(record(["level", "percent"], level=code,
                                                                       percent=ref("percent"))),
        group=ref("group"), rounding=ROUND_MODE, tie_break=_ties(), rules=rows(rule, 0), quotas=rows(quota, 0),
    )  # fmt: skip
    shape["oneOf"] = [{"required": ["bands"]}, {"required": ["forced"]}]
    shape["x-expected"] = ["bands 与 forced 二者之一", "exactly one of bands and forced"]
    return shape


def _circumstance() -> Schema:
    return record(
        ["code", "when"], code=ref("code"), name=ref("text"), when=ref("condition"), note=ref("text"),
        effect=one_of("not_rated", "comment_only", "no_demotion", "no_promotion", "hold"), backfill=BOOLEAN,
        exclude=rows(ref("code")), target_factor={
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, record(["param"], param=ref("code")),
                      record(["value"], value=ref("reference"))],
            "x-expected": ["数字、{param: …} 或 {value: …}", "a number, {param: …} or {value: …}"]},
    )  # fmt: skip


def _pay() -> Schema:
    code = ref("code")
    item = record(
        ["code"], code=code, name=ref("text"), of=ref("reference"), price=ref("number"), rate=ref("number"),
        threshold=ref("number"), method=ref("method"), against=ref("reference"), table=VALUES_BY,
        percent_by=VALUES_BY, formula=ref("formula"), when=ref("condition"), deduct=BOOLEAN, floor=ref("number"),
        cap=ref("number"), missing=one_of("block", "zero"),
    )  # fmt: skip
    item["oneOf"] = [{"required": ["of"]}, {"required": ["table"]}, {"required": ["formula"]}]
    item["x-expected"] = ["of、table、formula 三者之一；price、rate、method 至多一个",
                          "exactly one of of, table, formula; at most one of price, rate, method"]  # fmt: skip
    item["dependentRequired"] = {"threshold": ["rate"], "rate": ["of"], "price": ["of"], "method": ["of"],
                                 "against": ["method"]}  # fmt: skip
    ways = ("method", "rate", "price")
    item["not"] = {"anyOf": [{"required": list(pair)} for pair in itertools.combinations(ways, 2)]}
    months = record(["months", "percent"], months=ref("not_negative"), percent=ref("percent"))
    return record(
        ["items"], currency={"type": "string", "pattern": "^[A-Z]{3}$"}, rounding=ref("rounding"),
        grade=one_of("current", "new"), effective=one_of("this_period", "next_period", "next_year"),
        items=rows(item, 1, 60),
        minimum_share=record(["item", "percent", "by"], item=code, by=one_of("cut_variable", "raise_base"),
                             percent={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100}),
        deferral=record(["percent", "items", "schedule"], percent=ref("percent"), items=rows(code),
                        schedule=rows(months, 1, 60), when=ref("condition")),
        retained=record(["of", "bands", "release_months"], of=ref("reference"), bands=MARGINAL,
                        release_months=ref("not_negative")),
        carry_over=rows(record(["code", "indicator", "formula"], code=code, indicator=code, formula=ref("formula")), 0),
    )  # fmt: skip


def _process() -> Schema:
    stage = record(["code", "name"], code=ref("code"), name=ref("text"), days=COUNT, role=ref("text"),
                   required=BOOLEAN)  # fmt: skip
    clock = record(["code", "days"], code=ref("code"), name=ref("text"), days=COUNT, working_days=BOOLEAN,
                   extendable_days=COUNT, may_worsen=BOOLEAN, **{"from": ref("text")})  # fmt: skip
    return record(
        [], stages=rows(stage, 1, 40), clocks=rows(clock, 1, 40),
        committee=record(["members"], members=rows(ref("text")), quorum=COUNT, sealed_votes=BOOLEAN),
        public_notice=record(["working_days"], working_days=COUNT, levels=rows(ref("code")), kinds=rows(ref("text"))),
        sign_off=BOOLEAN, targets_required=BOOLEAN, target_letter=BOOLEAN, human_confirmation=BOOLEAN,
        close_unscored=one_of("block", "exclude", "zero"), non_rated=rows(ref("text")), audit_adjustments=BOOLEAN,
        appeal_may_worsen=BOOLEAN, application_months=rows({"type": "integer", "minimum": 1, "maximum": 12}),
    )  # fmt: skip


def scheme_schema() -> Schema:
    """The whole schema."""
    code = ref("code")
    parameter = record([], default={"type": ["number", "null"]}, name=ref("text"), by=rows(
        {"type": "object", "required": ["value"], "minProperties": 2,
         "properties": {"value": {"type": "number"}},
         "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                                  "x-expected": ["文本或文本列表", "a text or a list of texts"]}}, 1))  # fmt: skip
    total = record([], **_extras())
    adjustment = record(
        ["code", "applies_to"], code=code, name=ref("text"), applies_to=code, limit=ref("not_negative")
    )
    properties: dict[str, Any] = {
        "code": code, "version": {"type": "integer", "minimum": 1}, "name": ref("text"), "note": ref("text"),
        "regulation": ref("text"), "cycle": one_of("month", "quarter", "half", "year"),
        "effective": record([], **{"from": PERIOD, "to": PERIOD}),
        "grading_period": one_of("month", "quarter", "half", "year"), "term_months": COUNT,
        "dimensions": rows(ref("dimension"), 1, 20), "total": total, "rounding": ref("rounding"), "matrix": _matrix(),
        "parameters": {"type": "object", "propertyNames": code, "additionalProperties": parameter},
        "facts": rows(record(["name"], name={"type": "string", "pattern": r"^\w{1,40}$"}, title=ref("text"),
                             type=one_of("number", "text", "boolean", "date", "list")), 0),
        "events": rows(record(["code"], code=code, name=ref("text"), note=ref("text")), 0),
        "readings": rows(record(["code"], code=code, name=ref("text"), unit=ref("text"), note=ref("text")), 0),
        "measures": rows(ref("measure"), 0), "circumstances": rows(_circumstance(), 0), "levels": _levels(),
        "adjustments": rows(adjustment, 0), "pay": _pay(), "process": _process(), **_ladder(),
    }  # fmt: skip
    described = {name: {**shape, "description": DESCRIPTIONS[name]} for name, shape in properties.items()}
    definitions = {
        **DEFINITIONS, "indicator": _indicator(), "dimension": _dimension(), "measure": _measure(),
    }  # fmt: skip
    for name in ("indicator", "dimension"):
        shape = definitions[name]
        shape["properties"] = {
            key: {**inner, "description": INNER[key]} for key, inner in shape["properties"].items()
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "考核方案 / appraisal scheme",
        "description": "写法与每一条款的示例见 docs/guide/schemes.md / a recipe per clause in docs/guide/schemes.md",
        **record(["code", "version", "name", "cycle", "dimensions"], **described),
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as the committed file holds it."""
    return json.dumps(scheme_schema(), ensure_ascii=False, indent=1) + "\n"
