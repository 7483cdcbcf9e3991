"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppealsConfig(AppConfig):
    name = "appraisal.appeals"
    label = "appraisal_appeals"
    verbose_name = "申诉与改进"

    def ready(self) -> None:
        from appraisal.appeals import cards, jobs, permissions
        from appraisal.appeals.api import AppealViewSet, ImprovementPlanViewSet
        from appraisal.appeals.indicators import SOURCE
        from appraisal.appeals.selectors import stayed
        from appraisal.appeals.waiting import register_sources
        from appraisal.grading.staying import stay
        from cmsys.api.router import register
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.indicators import add_indicators
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        jobs.register()
        add_indicators(SOURCE)
        stay(stayed)
        register("appeals", AppealViewSet)
        register("improvement-plans", ImprovementPlanViewSet)
        register_sources(add_inbox_source)
        add_menu(
            MenuEntry(Group.APPRAISAL, 33, _("申诉"), "appeals_list", "flag", permissions.APPEAL_VIEW),
            MenuEntry(
                Group.APPRAISAL, 34, _("改进计划"), "improvement_plans_list", "target", permissions.PLAN_VIEW
            ),
        )
        add_cards(
            Card("appeals", "claim", 10, _("申诉内容"), cards.claim_card, span=2),
            Card("appeals", "statements", 20, _("主管说明"), cards.statements_card),
            Card("appeals", "answer", 5, _("答复"), cards.answer_card, span=3),
            Card("appeals", "course", 30, _("经过"), cards.course_card, span=3),
            Card("improvement-plans", "plan", 10, _("计划"), cards.plan_card, span=2),
            Card("improvement-plans", "checks", 20, _("检查点"), cards.checks_card),
            Card("improvement-plans", "measures", 30, _("改进措施"), cards.measures_card, span=2),
            Card("improvement-plans", "course", 40, _("经过"), cards.course_card),
            Card("managers", "plans", 40, _("改进计划"), cards.manager_card, permissions.PLAN_VIEW),
            Card("score-sheets", "plans", 60, _("改进计划"), cards.sheet_card, permissions.PLAN_VIEW),
            Card("my-grade", "plans", 60, _("改进计划"), cards.own_plans_card, permissions.PLAN_VIEW),
            Card("my-grade", "appeals", 65, _("我的申诉"), cards.own_card, permissions.APPEAL_VIEW),
            Card("grade-decisions", "plans", 60, _("改进计划"), cards.graded_card, permissions.PLAN_VIEW),
            Card("grade-decisions", "appeals", 65, _("申诉"), cards.decision_card, permissions.APPEAL_VIEW),
        )
        name_kinds(
            {
                "appeal.lodge": _("提出申诉"),
                "appeal.withdraw": _("撤回申诉"),
                "appeal.comment": _("对申诉作说明"),
                "appeal.remark": _("对申诉作说明"),
                "appeal.accept": _("受理申诉"),
                "appeal.release": _("转出申诉"),
                "appeal.stay": _("申诉期间暂缓生效"),
                "appeal.resume": _("解除暂缓生效"),
                "appeal.decide": _("答复申诉"),
                "appeal.escalate": _("申诉逾期催办"),
                "improvement.open": _("建立改进计划"),
                "improvement.write": _("拟定改进计划"),
                "improvement.issue": _("主管签字送签"),
                "improvement.recall": _("收回改进计划"),
                "improvement.sign": _("本人签署改进计划"),
                "improvement.refusal": _("登记拒签改进计划"),
                "improvement.check": _("登记改进检查"),
                "improvement.pass": _("认定改进通过"),
                "improvement.fail": _("认定改进未通过"),
                "improvement.extend": _("延长改进计划"),
                "improvement.cancel": _("取消改进计划"),
            }
        )
