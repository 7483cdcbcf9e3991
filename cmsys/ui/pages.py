"""What the generic templates read: plain values, so that a template computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm

from cmsys.ui.charts import Chart
from cmsys.ui.registry import Text


@dataclass(frozen=True)
class Action:
    """A button of the page head; `method` post makes it a form of its own."""

    label: Text
    url: str
    primary: bool = False
    method: str = "get"
    danger: bool = False
    icon: str = ""


@dataclass(frozen=True)
class Empty:
    """Why there is nothing, and what to do next."""

    reason: Text
    action_label: Text = ""
    action_url: str = ""


@dataclass(frozen=True)
class ListPage:
    """A list: see templates/ui/list.html."""

    title: Text
    subtitle: Text
    noun: Text
    columns: Sequence[dict[str, Any]]
    rows: Sequence[dict[str, Any]]
    pager: dict[str, Any]
    empty: Empty
    actions: Sequence[Action] = ()
    filter_form: BaseForm | None = None
    active_filters: Sequence[dict[str, Any]] = ()
    exports: Sequence[dict[str, Any]] = ()
    column_choices: Sequence[dict[str, Any]] = ()
    charts: Sequence[Chart] = ()
    totals: Sequence[dict[str, Any]] = ()

    @property
    def removable(self) -> bool:
        """Whether any condition is the reader's own, to be taken away."""
        return any(condition["remove_url"] for condition in self.active_filters)


@dataclass(frozen=True)
class DetailPage:
    """One object: see templates/ui/detail.html."""

    title: Text
    subtitle: Text = ""
    identity: dict[str, Any] | None = None
    figures: Sequence[dict[str, Any]] = ()
    actions: Sequence[Action] = ()
    cards: Sequence[dict[str, Any]] = ()
    url: str = ""


@dataclass(frozen=True)
class FormPage:
    """A form: see templates/ui/form.html."""

    title: Text
    form: BaseForm
    fieldsets: Sequence[dict[str, Any]]
    subtitle: Text = ""
    submit_label: Text = ""
    cancel_url: str = ""
    notice: Text = ""


@dataclass(frozen=True)
class ConfirmPage:
    """What will happen, a reason, one button: see templates/ui/confirm.html."""

    title: Text
    form: BaseForm
    effects: Sequence[Text]
    subtitle: Text = ""
    submit_label: Text = ""
    cancel_url: str = ""
    warning: Text = ""
    danger: bool = False
