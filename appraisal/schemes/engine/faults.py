"""What is wrong with a document or an input: where, what was found, what was expected, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

NOTHING = "无"
MESSAGES: dict[str, tuple[str, str]] = {
    "missing_key": ("缺少必填项", "a required key is missing"),
    "unknown_key": ("出现未定义的项", "an unknown key"),
    "bad_type": ("类型不对", "wrong type"),
    "bad_value": ("取值不在允许范围内", "value not allowed"),
    "too_small": ("数值过小", "value too small"),
    "too_large": ("数值过大", "value too large"),
    "too_few": ("项目太少", "too few items"),
    "too_many": ("项目太多", "too many items"),
    "bad_pattern": ("格式不对", "wrong format"),
    "duplicate": ("重复", "duplicate"),
    "weights_sum": ("权重之和不对", "weights do not add up"),
    "unknown_reference": ("引用了不存在的名称", "refers to a name that does not exist"),
    "bad_bands": ("区间不连续、重叠或顺序不对", "bands overlap, leave a gap or are out of order"),
    "bad_points": ("折线点的横坐标必须递增", "points must have increasing x"),
    "floor_above_cap": ("下限高于上限", "floor lies above cap"),
    "source_method": ("数据来源与计分方法不匹配", "source and method do not go together"),
    "cycle": ("定义互相引用，形成循环", "definitions refer to each other in a circle"),
    "not_one_step": (
        "目标等级与起始等级不相邻，且未标为破格",
        "not one step apart and not marked exceptional",
    ),
    "no_history": ("该数值没有历史，不能要求连续或往期", "this value has no history to count over"),
    "bad_period": ("期间格式或先后不对", "wrong period or order of periods"),
    "formula_syntax": ("公式写法不对", "formula syntax"),
    "formula_arguments": ("公式函数的参数不对", "wrong arguments of a formula function"),
    "formula_too_long": ("公式过长", "formula too long"),
    "formula_too_large": ("公式项数过多", "formula has too many parts"),
    "formula_too_deep": ("公式嵌套过深", "formula nested too deeply"),
    "document_too_large": ("文档过大", "document too large"),
    "document_too_deep": ("文档嵌套过深", "document nested too deeply"),
    "document_alias": ("文档不得使用 YAML 锚点与别名", "YAML anchors and aliases are not allowed"),
    "document_tag": ("文档不得使用 YAML 类型标签", "YAML tags are not allowed"),
    "document_syntax": ("文档不是合法的 YAML", "not valid YAML"),
    "input_syntax": ("输入不是合法的 JSON", "not valid JSON"),
    "not_a_number": ("不是可接受的数字", "not an acceptable number"),
    "limit_exceeded": ("超出方案允许的调整幅度", "exceeds the limit the scheme sets"),
    "unused_code": ("方案没有用到这个代码", "a code the scheme does not use"),
    "bad_date": ("不是合法的日期", "not a date"),
    "out_of_range": ("超出取值范围", "outside the range"),
    "out_of_force": ("方案在该期间不生效", "the scheme is not in force in this period"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: `path` like dimensions[1].indicators[0].weight, a `code` of MESSAGES, what was found, what is meant.

    `label` is the code of the innermost list element on the path, for readers who do not count from 0.
    """

    path: str
    code: str
    found: str
    expected_zh: str
    expected_en: str
    label: str = ""

    @property
    def zh(self) -> str:
        """The message in Chinese."""
        return (
            f"{_place(self.path) or '文档'}{f'（{self.label}）' if self.label else ''}：{MESSAGES[self.code][0]}；"
            f"实际为 {self.found}；应为 {self.expected_zh}"
        )

    @property
    def en(self) -> str:
        """The message in English."""
        found = "nothing" if self.found == NOTHING else self.found
        return (
            f"{self.path or 'document'}{f' ({self.label})' if self.label else ''}: {MESSAGES[self.code][1]}; "
            f"found {found}; expected {self.expected_en}"
        )


def _place(path: str) -> str:
    """A path as Chinese readers say it: lines and columns of a file in words."""
    match = re.fullmatch(r"line (\d+)(?:, column (\d+))?", path)
    if match is None:
        return path
    return f"第 {match.group(1)} 行" + (f"第 {match.group(2)} 列" if match.group(2) else "")


def label_faults(faults: Iterable[Fault], data: Any) -> list[Fault]:
    """The faults with the code (or number) of the innermost coded list element on their paths."""
    return [replace(fault, label=_label(fault.path, data)) for fault in faults]


def _label(path: str, data: Any) -> str:
    label = ""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        if name:
            data = data.get(name) if isinstance(data, Mapping) else None
        else:
            data = data[int(index)] if isinstance(data, (list, tuple)) and int(index) < len(data) else None
            if isinstance(data, Mapping):
                found = data.get("code", data.get("employee_no"))
                label = str(found)[:40] if isinstance(found, (str, int)) else label
    coded = (
        isinstance(data, (list, tuple)) and bool(data) and isinstance(data[0], Mapping) and "code" in data[0]
    )
    return "" if coded else label


class EngineError(ValueError):
    """A scheme or an input that cannot be used; carries every fault found, in document order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.en for fault in self.faults))


class SchemeError(EngineError):
    """The scheme document is wrong."""


class InputError(EngineError):
    """The input (people and their figures) is wrong."""
