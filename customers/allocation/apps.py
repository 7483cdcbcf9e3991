"""Django's entry to the room; the engine below it knows nothing of Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AllocationConfig(AppConfig):
    name = "customers.allocation"
    label = "customers_allocation"
    verbose_name = "分客政策"

    def ready(self) -> None:
        from cmsys.ui.kinds import name_kinds

        name_kinds(
            {
                "policy.create": _("录入分客政策"),
                "policy.update": _("修改分客政策"),
                "evaluation.draft": _("编制员工评估"),
                "evaluation.change": _("调整员工评估"),
                "evaluation.confirm_hr": _("人力资源确认员工评估"),
                "evaluation.confirm_head": _("主管确认员工评估"),
                "customer_rule.begin": _("登记客户特别约定"),
                "customer_rule.end": _("结束客户特别约定"),
            }
        )
