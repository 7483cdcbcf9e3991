"""A mapping file brings another system's export in unedited (interfaces 2)."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.problems import FileRefused, _, shown

MAX_MAPPING = 256 * 1024
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_KEYS = {"where", "distinct", "columns", "values", "constants", "dates", "skip_unknown_columns"}


@dataclass(frozen=True)
class Lookup:
    """Take `take` from the line of `file` whose `on` equals this row's `on`."""

    file: str
    on: str
    take: str


@dataclass(frozen=True)
class Template:
    """A text with `{column}` placeholders; empty when one of them is."""

    text: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_PLACEHOLDER.findall(self.text))


Origin = str | Lookup | Template


@dataclass(frozen=True)
class Mapping:
    """The mapping, checked against the kind's columns; the empty one changes nothing."""

    where: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    distinct: bool = False
    columns: Dict[str, Origin] = field(default_factory=dict)
    values: Dict[str, Dict[str, str]] = field(default_factory=dict)
    constants: Dict[str, str] = field(default_factory=dict)
    dates: Dict[str, str] = field(default_factory=dict)
    skip_unknown_columns: bool = False

    @property
    def sources(self) -> set[str]:
        """Every column of the file the mapping speaks of."""
        named = set(self.where)
        for origin in self.columns.values():
            if isinstance(origin, Lookup):
                named.add(origin.on)
            elif isinstance(origin, Template):
                named.update(origin.names)
            else:
                named.add(origin)
        return named


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice and aliases, which a mapping never needs."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)


def _unique(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node))
        if key in found:
            raise FileRefused(
                _("映射文件第 %(line)s 行：“%(key)s”出现了两次。"), line=key_node.start_mark.line + 1, key=key
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique)
# Scalars stay the texts they are: `no`, 007 and 2025-03-01 mean what stands in the file.
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in found if tag.endswith((":bool", ":null")) and first not in "yYnNoO"
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_mapping(text: str, columns: Sequence[Column]) -> Mapping:
    """The mapping written in YAML. Raises FileRefused naming the path, e.g. `columns.employee_no.lookup.take`."""
    if len(text) > MAX_MAPPING:
        raise FileRefused(_("映射文件过大，最多 256 KB。"))
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise FileRefused(
            _("映射文件第 %(line)s 行写法不对，不是有效的 YAML。"), line=mark.line + 1 if mark else 1
        )
    if document is None:
        return Mapping()
    return _Checker({column.code for column in columns}).mapping(document)


class _Checker:
    """Turns the plain document into a Mapping; every complaint names the path."""

    def __init__(self, codes: set[str]) -> None:
        self.codes = codes

    def mapping(self, document: Any) -> Mapping:
        top = self.table(document, "")
        unknown = sorted(set(top) - _KEYS)
        if unknown:
            raise FileRefused(
                _("映射文件 %(path)s：不认识的项；可用的有 %(known)s。"),
                path=unknown[0],
                known="、".join(sorted(_KEYS)),
            )
        return Mapping(
            where={
                name: self.texts(wanted, f"where.{name}")
                for name, wanted in self.table(top.get("where", {}), "where").items()
            },
            distinct=self.flag(top.get("distinct", False), "distinct"),
            columns={
                code: self.origin(value, f"columns.{code}")
                for code, value in self.by_column(top.get("columns", {}), "columns").items()
            },
            values={
                code: {
                    old: self.text(new, f"values.{code}.{old}", empty=True)
                    for old, new in self.table(table, f"values.{code}").items()
                }
                for code, table in self.by_column(top.get("values", {}), "values").items()
            },
            constants={
                code: self.text(value, f"constants.{code}")
                for code, value in self.by_column(top.get("constants", {}), "constants").items()
            },
            dates={
                code: self.date_format(value, f"dates.{code}")
                for code, value in self.by_column(top.get("dates", {}), "dates").items()
            },
            skip_unknown_columns=self.flag(top.get("skip_unknown_columns", False), "skip_unknown_columns"),
        )

    def table(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise FileRefused(_("映射文件 %(path)s：应为“名称: 值”的列表。"), path=path or _("开头"))
        return {str(key): item for key, item in value.items()}

    def by_column(self, value: Any, path: str) -> dict[str, Any]:
        table = self.table(value, path)
        for code in table:
            if code not in self.codes:
                raise FileRefused(
                    _("映射文件 %(path)s：没有这一列；可用的有 %(known)s。"),
                    path=f"{path}.{code}",
                    known="、".join(sorted(self.codes)),
                )
        return table

    def text(self, value: Any, path: str, *, empty: bool = False) -> str:
        if value is None and empty:
            return ""
        if not isinstance(value, (str, int, float)) or isinstance(value, bool) or (value == "" and not empty):
            raise FileRefused(_("映射文件 %(path)s：应为一段文字。"), path=path)
        return str(value)

    def texts(self, value: Any, path: str) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        return tuple(self.text(item, f"{path}[{index}]", empty=True) for index, item in enumerate(listed))

    def flag(self, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            raise FileRefused(_("映射文件 %(path)s：应为 true 或 false。"), path=path)
        return value

    def date_format(self, value: Any, path: str) -> str:
        text = self.text(value, path)
        if not {"%d", "%m"} <= set(re.findall(r"%[a-zA-Z]", text)) or not re.search(r"%[yY]", text):
            raise FileRefused(_("映射文件 %(path)s：日期写法须含年月日，如 %%d-%%m-%%y。"), path=path)
        return text

    def origin(self, value: Any, path: str) -> Origin:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return self.text(value, path)
        table = self.table(value, path)
        if set(table) == {"template"}:
            template = Template(self.text(table["template"], f"{path}.template"))
            if not template.names:
                raise FileRefused(_("映射文件 %(path)s：模板里没有 {列名}。"), path=f"{path}.template")
            return template
        if set(table) == {"lookup"}:
            lookup = self.table(table["lookup"], f"{path}.lookup")
            for name in ("file", "on", "take"):
                if name not in lookup:
                    raise FileRefused(_("映射文件 %(path)s：缺少这一项。"), path=f"{path}.lookup.{name}")
            unknown = sorted(set(lookup) - {"file", "on", "take"})
            if unknown:
                raise FileRefused(_("映射文件 %(path)s：不认识的项。"), path=f"{path}.lookup.{unknown[0]}")
            found = {
                name: self.text(lookup[name], f"{path}.lookup.{name}") for name in ("file", "on", "take")
            }
            if Path(found["file"]).name != found["file"] or "\\" in found["file"]:
                raise FileRefused(
                    _("映射文件 %(path)s：只写文件名，不带文件夹。"), path=f"{path}.lookup.file"
                )
            return Lookup(**found)
        raise FileRefused(_("映射文件 %(path)s：应为列名、lookup 或 template。"), path=path)


def load_lookups(mapping: Mapping, folders: Sequence[Path]) -> dict[Lookup, dict[str, str]]:
    """The tables behind `lookup`, each read once: CSV files beside the data or beside the mapping. Raises FileRefused."""
    tables: dict[Lookup, dict[str, str]] = {}
    for code, origin in mapping.columns.items():
        if isinstance(origin, Lookup) and origin not in tables:
            tables[origin] = _lookup_table(origin, folders, f"columns.{code}.lookup")
    return tables


def _lookup_table(lookup: Lookup, folders: Sequence[Path], path: str) -> dict[str, str]:
    from cmsys.transfers.engine.sheets import encoding_of
    from cmsys.transfers.engine.source import Source

    place = next((folder / lookup.file for folder in folders if (folder / lookup.file).is_file()), None)
    if place is None:
        raise FileRefused(
            _("映射文件 %(path)s：找不到对照文件“%(file)s”，应放在数据或映射文件旁边。"),
            path=f"{path}.file",
            file=shown(lookup.file),
        )
    with place.open(encoding=encoding_of(Source.of_path(place)), newline="") as file:
        reader = csv.DictReader(file)
        for name, value in (("on", lookup.on), ("take", lookup.take)):
            if value not in (reader.fieldnames or ()):
                raise FileRefused(
                    _("映射文件 %(path)s：对照文件“%(file)s”里没有“%(column)s”这一列。"),
                    path=f"{path}.{name}",
                    file=shown(lookup.file),
                    column=shown(value),
                )
        return {(line[lookup.on] or "").strip(): (line[lookup.take] or "").strip() for line in reader}
