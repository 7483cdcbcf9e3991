"""What an installation writes about itself: one JSON object a line on standard error, in UTC, without telephone or ID numbers."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{3})\d{11}(\d{3}[\dXx])(?![\dXx])")


def as_json(level: str) -> dict[str, Any]:
    """Django's LOGGING: everything of `level` and above goes to standard error, for whoever collects it there."""
    before = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        request_id,
        structlog.processors.format_exc_info,
    ]
    finish = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        without_numbers,
        structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": finish,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Instead of Django's own handlers, which write e-mails to nobody.
        "loggers": {
            "django": {"handlers": ["stderr"], "level": level, "propagate": False},
            # Three lines at every sign-in, whatever came of it; the ledger has that.
            "axes": {"level": "WARNING"},
        },
    }


def request_id(_logger: Any, _name: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds the number that error pages and the ledger show, where a request is under way."""
    from cmsys.audit.acting import acting

    request = getattr(values.get("_record"), "request", None)
    now_acting = acting()
    number = getattr(request, "request_id", "") or (now_acting.request_id if now_acting else "")
    if number:
        values["request_id"] = number
    return values


def without_numbers(_logger: Any, _name: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Masks what looks like a mobile or an ID number: texts of the database's refusals quote the rows they refuse."""
    for key, value in values.items():
        if isinstance(value, str):
            values[key] = _IDENTITY.sub(r"\1***********\2", _MOBILE.sub(r"\1****\2", value))
    return values
