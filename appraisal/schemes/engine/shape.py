"""The document against its JSON Schema, each violation told as path, found, expected in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from .faults import Fault
from .names import nearest
from .schema import scheme_schema

TYPES = {
    "object": "映射", "array": "列表", "string": "文本", "number": "数字", "integer": "整数", "boolean": "true/false",
    "null": "空",
}  # fmt: skip


@cache
def validator() -> Draft202012Validator:
    """The compiled schema, once per process."""
    return Draft202012Validator(scheme_schema())


def path_text(parts: Iterable[Any]) -> str:
    """dimensions[0].indicators[2].weight"""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def found_text(value: Any) -> str:
    """What stands there, short enough for a message."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(list(map(str, value))[:6]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(found_text(item) for item in value[:6]) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)[:60]


def shape_faults(document: Mapping[str, Any]) -> list[Fault]:
    """Every violation of the schema, in document order, at most 50."""
    faults: list[Fault] = []
    for error in validator().iter_errors(document):
        faults.extend(_faults(error))
        if len(faults) >= 50:
            break
    return sorted(set(faults), key=lambda fault: (fault.path, fault.code, fault.found))


def _faults(error: ValidationError) -> Iterator[Fault]:
    keyword, value, schema = error.validator, error.instance, error.schema
    path = path_text(error.absolute_path)
    expected = schema.get("x-expected") if isinstance(schema, Mapping) else None
    if keyword == "required":
        for key in error.validator_value:
            if key not in value:
                yield Fault(
                    f"{path}.{key}" if path else key, "missing_key", "无", f"填写 {key}", f"the key {key}"
                )
    elif keyword == "additionalProperties" and error.validator_value is False:
        allowed = sorted(schema.get("properties", {}))
        for key in value:
            if key not in allowed:
                names = ", ".join(allowed)
                zh, en = meant(key, allowed)
                yield Fault(
                    f"{path}.{key}" if path else key,
                    "unknown_key",
                    key,
                    f"{zh}下列之一：{names}",
                    f"{en}one of {names}",
                )
    elif keyword == "dependentRequired":
        for key, needs in error.validator_value.items():
            for need in needs:
                if key in value and need not in value:
                    yield Fault(
                        f"{path}.{need}",
                        "missing_key",
                        "无",
                        f"与 {key} 同时填写",
                        f"given together with {key}",
                    )
    elif expected:
        yield Fault(path, _code_of(keyword), found_text(value), expected[0], expected[1])
    else:
        yield _simple(keyword, error.validator_value, value, path)


def meant(word: str, known: Iterable[str]) -> tuple[str, str]:
    """The question after a misspelt word, in both languages; empty when nothing is near."""
    near = nearest(word, known)
    return (f"您是否想写 {near}？", f"did you mean {near}? ") if near else ("", "")


def _code_of(keyword: str) -> str:
    return {"pattern": "bad_pattern", "minItems": "too_few", "maxItems": "too_many", "type": "bad_type"}.get(
        keyword, "bad_value"
    )


def _simple(keyword: str, wanted: Any, value: Any, path: str) -> Fault:
    found = found_text(value)
    if keyword == "type":
        kinds: Sequence[str] = [wanted] if isinstance(wanted, str) else wanted
        zh, en = "或".join(TYPES[kind] for kind in kinds), " or ".join(kinds)
        return Fault(path, "bad_type", found, zh, en)
    if keyword in ("enum", "const"):
        options = ", ".join(map(str, wanted if keyword == "enum" else [wanted]))
        near = (
            meant(value, list(map(str, wanted))) if keyword == "enum" and isinstance(value, str) else ("", "")
        )
        return Fault(path, "bad_value", found, f"{near[0]}下列之一：{options}", f"{near[1]}one of {options}")
    if keyword in ("minimum", "exclusiveMinimum"):
        sign = "≥" if keyword == "minimum" else ">"
        return Fault(path, "too_small", found, f"{sign} {wanted}", f"{sign} {wanted}")
    if keyword in ("maximum", "exclusiveMaximum"):
        sign = "≤" if keyword == "maximum" else "<"
        return Fault(path, "too_large", found, f"{sign} {wanted}", f"{sign} {wanted}")
    if keyword in ("minItems", "minProperties"):
        return Fault(path, "too_few", str(len(value)), f"至少 {wanted} 项", f"at least {wanted} items")
    if keyword == "maxItems":
        return Fault(path, "too_many", str(len(value)), f"至多 {wanted} 项", f"at most {wanted} items")
    if keyword == "minLength":
        return Fault(path, "bad_value", '""', "非空文本", "a non-empty text")
    if keyword == "maxLength":
        return Fault(path, "too_large", str(len(value)), f"至多 {wanted} 字", f"at most {wanted} characters")
    if keyword == "pattern":
        return Fault(path, "bad_pattern", found, f"匹配 {wanted}", f"matching {wanted}")
    return Fault(path, "bad_value", found, "符合 docs/scheme.schema.json", "as in docs/scheme.schema.json")
