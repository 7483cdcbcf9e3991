"""Why a line was not carried out, or not taken back: the sentence that stands at the line."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# In the order in which they are looked at: the first one that holds is named.
SKIPPED: Mapping[str, str | Promise] = {
    "already": _("客户已由接收人主办"),
    "other": _("主办已换人，与方案编制时不同"),
    "same_day": _("现主办正是自生效日起接管，同一天不能再换"),
    "later": _("生效日之后已另有主办登记"),
    "left": _("接收人已离职"),
    "closed": _("接收人所在机构已撤销"),
    "intake": _("接收人的在岗状态已变化，按政策不再接收客户"),
    "excluded": _("已约定该客户不得由接收人管户"),
    "pinned": _("已约定该客户固定由他人管户"),
    "complained": _("该客户对接收人的投诉已成立"),
    "related": _("接收人与现主办之间已申报利害关系"),
    "complaint": _("批准之后客户有未办结的投诉"),
}
KEPT: Mapping[str, str | Promise] = {
    "gone": _("方案登记的主办已被取消"),
    "changed": _("方案登记的主办已另行调整"),
    "later": _("之后已另有主办登记"),
    "former_changed": _("原主办的归属已另行调整"),
    "former_left": _("原主办已离职"),
    "former_closed": _("原主办所在机构已撤销"),
}
