"""What clients send: only declared keys, each of its own type; everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail


class BodySerializer(serializers.Serializer):
    """The content of a writing request. A key that is none of its fields is refused: as read-only where the resource
    shows it, as unknown otherwise; nothing is passed over in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """The values. Raises ValidationError with every key that is wrong."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        strange = self._strange(data)
        try:
            values = super().to_internal_value({name: data[name] for name in data if name not in strange})
        except serializers.ValidationError as refused:
            raise serializers.ValidationError({**strange, **refused.detail}) from refused  # type: ignore[dict-item]
        if strange:
            raise serializers.ValidationError(strange)
        return values

    def _strange(self, data: Mapping[str, Any]) -> dict[str, Any]:
        shown = self._shown()
        found: dict[str, Any] = {}
        for name in data:
            if name in self.fields:
                continue
            if name in shown:
                found[name] = [
                    ErrorDetail(_("“%(name)s”由系统给出，不能写入，请去掉。") % {"name": name}, "read_only")
                ]
                continue
            known = "、".join(self.fields)
            words = _("没有“%(name)s”这一项。可写的有：%(known)s。") % {"name": name[:60], "known": known}
            found[name[:60]] = [ErrorDetail(words, "unknown_field")]
        return found

    def _shown(self) -> set[str]:
        shown = getattr(self.context.get("view"), "serializer_class", None)
        return set(shown().fields) if shown is not None else set()


class TextField(serializers.CharField):
    """A string; a number is not taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NumberField(serializers.DecimalField):
    """A JSON number, exactly as it is written; a string is not taken for one."""

    default_error_messages = {"not_number": gettext_lazy("请填写数字，不加引号。")}

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, (int, Decimal)):
            self.fail("not_number")
        # Through text, which is where too long a number is refused.
        return super().to_internal_value(data if isinstance(data, Decimal) else str(data))
