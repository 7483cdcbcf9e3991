"""The machine of a handover: docs/states/handover.md shows the same table."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cmsys.workflow.transitions import Machine, Transition
from customers.handover.choices import HandoverState as H
from customers.handover.permissions import HANDOVER_ARRANGE, HANDOVER_SIGN, HANDOVER_STAND_IN, HANDOVER_WATCH

# Who has signed for one side does not watch.
GIVING, TAKING, WATCHING = "giving", "taking", "watching"

HANDOVER = Machine(
    "handover",
    dict(H.choices),
    # Before anybody has signed: more customers of the same plan, another kind for one of them.
    Transition("extend", _("增加客户"), frozenset({H.OPEN}), H.OPEN, None),
    Transition("arrange", _("确定移交方式"), frozenset({H.OPEN}), H.OPEN, HANDOVER_ARRANGE),
    Transition("give", _("移交人签字"), frozenset({H.OPEN}), H.GIVEN, HANDOVER_SIGN, level=GIVING),
    Transition("stand-in", _("代移交人签字"), frozenset({H.OPEN}), H.GIVEN, HANDOVER_STAND_IN, reason=True, level=GIVING),
    Transition("take", _("接交人签字"), frozenset({H.GIVEN}), H.TAKEN, HANDOVER_SIGN, level=TAKING),
    Transition("decline", _("退回移交人"), frozenset({H.GIVEN}), H.OPEN, HANDOVER_SIGN, reason=True),
    Transition("close", _("监交人签字"), frozenset({H.TAKEN}), H.CLOSED, HANDOVER_WATCH, level=WATCHING),
    Transition("return", _("监交退回"), frozenset({H.TAKEN}), H.OPEN, HANDOVER_WATCH, reason=True),
    Transition("cancel", _("取消"), frozenset({H.OPEN, H.GIVEN, H.TAKEN}), H.CANCELLED, None),
)  # fmt: skip
