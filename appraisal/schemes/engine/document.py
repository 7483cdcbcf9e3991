"""Reading a scheme's YAML safely: bounded, without aliases or tags, numbers exact, each key once.

A document of up to 256 KiB is refused in one pass over its events (C parser when there is one) before anything is
built, so a bomb costs milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import yaml

from .exact import NumberError, to_fraction
from .faults import Fault, SchemeError

MAX_BYTES = 256 * 1024
MAX_EVENTS = 40_000
MAX_DEPTH = 40
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PROBLEMS = (
    ("cannot start any token", "此处的字符不能开头：缩进用空格不用制表符，以 @ ` % 开头的文本加引号"),
    ("mapping values are not allowed", "此处不能再写“键: 值”：检查缩进，含冒号的文本加引号"),
    ("',' or ']'", "缺少 , 或 ]"),
    ("',' or '}'", "缺少 , 或 }"),
    ("expected ':'", "缺少冒号与其后的空格"),
    ("end of stream", "引号或括号没有闭合"),
    ("block end", "缩进不一致，或括号、引号没有闭合"),
    ("node content", "此处缺少值"),
    ("block mapping", "缩进不一致"),
    ("control characters", "含有控制字符"),
)
PLAIN_TAGS = {"!", None}


class _Loader(_Base):
    """YAML's safe subset with exact decimals, only true/false as booleans and no dates."""


def _resolvers() -> dict[str, list[tuple[str, Any]]]:
    import re

    table: dict[str, list[tuple[str, Any]]] = {}
    for tag, pattern, first in (
        ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
        (
            "tag:yaml.org,2002:float",
            r"^[-+]?\d[\d]*\.\d+(?:[eE][-+]?\d+)?$|^[-+]?\d+[eE][-+]?\d+$",
            "-+0123456789",
        ),
        ("tag:yaml.org,2002:int", r"^[-+]?\d+$", "-+0123456789"),
        ("tag:yaml.org,2002:null", r"^(?:~|null|)$", "~n\0"),
    ):
        for character in first:
            table.setdefault("" if character == "\0" else character, []).append((tag, re.compile(pattern)))
    return table


_Loader.yaml_implicit_resolvers = _resolvers()


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        if key in result:
            line = key_node.start_mark.line + 1
            raise SchemeError([Fault(f"line {line}", "duplicate", key, "每个键只出现一次", "each key once")])
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _number(loader: Any, node: Any) -> Any:
    try:
        to_fraction(node.value)
    except NumberError:
        found = node.value[:40]
        raise SchemeError(
            [
                Fault(
                    f"line {node.start_mark.line + 1}",
                    "not_a_number",
                    found,
                    "30 位以内的数字",
                    "at most 30 digits",
                )
            ]
        ) from None
    return Decimal(node.value) if any(mark in node.value for mark in ".eE") else int(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
_Loader.add_constructor("tag:yaml.org,2002:int", _number)


def _refuse(path: str, code: str, found: str, zh: str, en: str) -> SchemeError:
    return SchemeError([Fault(path, code, found, zh, en)])


def _inspect(text: str) -> None:
    """One pass over the events: size, depth, aliases, tags."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Base)):
        line = f"line {event.start_mark.line + 1}" if event.start_mark else ""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            raise _refuse(line, "document_alias", str(anchor), "直接写出内容", "the content itself")
        if tag not in PLAIN_TAGS:
            raise _refuse(line, "document_tag", str(tag)[:60], "普通的值", "a plain value")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _refuse(
                line,
                "document_too_deep",
                f"> {MAX_DEPTH}",
                f"不超过 {MAX_DEPTH} 层",
                f"<= {MAX_DEPTH} levels",
            )
        if count > MAX_EVENTS:
            raise _refuse(
                "",
                "document_too_large",
                f"> {MAX_EVENTS}",
                f"不超过 {MAX_EVENTS} 项",
                f"<= {MAX_EVENTS} items",
            )


def read_yaml(text: str) -> dict[str, Any]:
    """The plain data of a scheme document; SchemeError when it is too large, too deep, aliased or not YAML."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise _refuse(
            "", "document_too_large", f"{size} B", f"不超过 {MAX_BYTES} 字节", f"at most {MAX_BYTES} bytes"
        )
    try:
        _inspect(text)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - built on the safe loader
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        problem = str(getattr(error, "problem", None) or type(error).__name__)
        hint = next((text for part, text in PROBLEMS if part in problem), "")
        zh = f"合法的 YAML（{hint}）" if hint else "合法的 YAML"
        raise _refuse(where, "document_syntax", problem, zh, "valid YAML") from None
    if not isinstance(data, dict):
        raise _refuse("", "bad_type", type(data).__name__, "一个映射（键: 值）", "a mapping")
    return data


def exact_data(data: Any) -> Any:
    """The same data with every number an exact Fraction (booleans, text and null unchanged)."""
    if isinstance(data, dict):
        return {key: exact_data(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return tuple(exact_data(value) for value in data)
    if isinstance(data, (int, Decimal, float, Fraction)) and not isinstance(data, bool):
        return to_fraction(data)
    return data
