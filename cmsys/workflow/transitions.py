"""Transition and Machine: a table says who may take what from where to where; nothing else changes a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cmsys.access.functions import Function
from cmsys.access.refusals import Conflict, refused

Text = str | Promise


@dataclass(frozen=True)
class Transition:
    """One way from some states to another.

    `function` is what the actor needs for this very object; None is for the system alone (jobs, other transitions).
    `reason`: whether words are required. `level` groups the transitions that decide on the same level: who decided on
    one level must not decide on another ("" = decides nothing).
    """

    verb: str
    label: Text
    sources: frozenset[str]
    target: str
    function: Function | None
    reason: bool = False
    level: str = ""


class Machine:
    """The transitions of one kind of object, by verb."""

    def __init__(self, name: str, states: Mapping[str, Text], *transitions: Transition) -> None:
        """Raises ValueError for a state nobody declared or a verb that is there twice."""
        self.name, self.states = name, dict(states)
        self.transitions: dict[str, Transition] = {}
        for transition in transitions:
            strange = (transition.sources | {transition.target}) - self.states.keys()
            if strange or transition.verb in self.transitions:
                raise ValueError(f"{name}: {transition.verb} {sorted(strange)}")
            self.transitions[transition.verb] = transition

    def __getitem__(self, verb: str) -> Transition:
        return self.transitions[verb]

    def from_state(self, state: str) -> list[Transition]:
        """What leaves a state, in the order of the table."""
        return [transition for transition in self.transitions.values() if state in transition.sources]

    def check(self, verb: str, state: str, *, by: str, at: datetime | None) -> Transition:
        """The transition, if the object stands where it begins. Raises Conflict naming who moved it (`by`) and when."""
        transition = self.transitions[verb]
        if state not in transition.sources:
            raise Conflict(self._said(transition, state, by, at))
        return transition

    def check_reason(self, transition: Transition, reason: str) -> None:
        """Raises ValidationError at `reason` where words are required and there are none."""
        if transition.reason and not reason.strip():
            raise refused("reason", "missing", _("请填写“%(what)s”的理由。") % {"what": transition.label})

    def _said(self, transition: Transition, state: str, by: str, at: datetime | None) -> str:
        standing = self.states.get(state, state)
        if not by or at is None:
            return _("现在是“%(state)s”，不能“%(what)s”。请刷新页面。") % {
                "state": standing,
                "what": transition.label,
            }
        return _("%(who)s 已于 %(when)s 处理，现在是“%(state)s”，不能再“%(what)s”。请刷新页面。") % {
            "who": by, "when": timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S"), "state": standing,
            "what": transition.label,
        }  # fmt: skip

    def diagram(self) -> str:
        """The machine in Mermaid, as docs/states shows it."""
        rows = ["stateDiagram-v2"]
        for transition in self.transitions.values():
            for source in sorted(transition.sources):
                rows.append(f"    {source} --> {transition.target}: {transition.verb}")
        return "\n".join(rows)
