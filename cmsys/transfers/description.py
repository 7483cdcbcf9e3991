"""What a kind looks like to a script: the answer of `import_data KIND --describe`."""

from __future__ import annotations

from typing import Any

from cmsys.transfers.kinds import ImportKind


def described(kind: ImportKind) -> dict[str, Any]:
    """Columns with code and header, key, type, enumeration; plain values for JSON."""
    return {
        "kind": kind.code,
        "label": str(kind.label),
        "key": [column.code for column in kind.columns if column.key],
        "columns": [
            {
                "code": column.code,
                "header": str(column.header),
                "aliases": list(column.aliases),
                "type": column.type.value,
                "key": column.key,
                "required": column.required,
                "choices": [{"code": choice.code, "label": str(choice.label)} for choice in column.choices],
                "max_length": column.max_length,
                "low": column.low,
                "high": column.high,
                "places": column.places,
                "refers_to": column.refers_to or None,
                "help": str(column.help),
            }
            for column in kind.columns
        ],
    }
