"""The catalogue as a Django app: what it adds to menus, pages and the API."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    name = "training.courses"
    label = "training_courses"
    verbose_name = "培训课程"

    def ready(self) -> None:
        from cmsys.api.router import register
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from training.courses.api import CourseViewSet
        from training.courses.permissions import COURSE_EDIT, COURSE_VIEW
        from training.courses.resources import competency_card, course_card

        register("courses", CourseViewSet)
        add_menu(
            MenuEntry(Group.GROWTH, 20, _("培训课程"), "courses_list", "training", COURSE_VIEW),
            MenuEntry(Group.GROWTH, 30, _("胜任力"), "competencies_list", "training", COURSE_EDIT),
        )
        add_cards(
            Card("courses", "facts", 10, _("基本资料"), course_card, span=2),
            Card("courses", "history", 90, _("变更历史"), history_card, COURSE_EDIT, span=2),
            Card("competencies", "facts", 10, _("基本资料"), competency_card, span=2),
            Card("competencies", "history", 90, _("变更历史"), history_card, COURSE_EDIT, span=2),
        )
        name_kinds(
            {
                "course.create": _("新建课程"),
                "course.update": _("修改课程"),
                "competency.create": _("新建胜任力"),
                "competency.update": _("修改胜任力"),
            }
        )
