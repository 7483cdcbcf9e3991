"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RatingsConfig(AppConfig):
    name = "appraisal.ratings"
    label = "appraisal_ratings"
    verbose_name = "能力评分"

    def ready(self) -> None:
        from appraisal.ratings import cards, permissions, tiles
        from appraisal.ratings.api import RatingViewSet
        from appraisal.ratings.imports import RatingKind
        from cmsys.api.router import register
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles

        register_kind(RatingKind())
        register("ratings", RatingViewSet)
        give, own, progress = permissions.RATING_GIVE, permissions.RATING_SELF, permissions.RATING_PROGRESS
        add_menu(
            MenuEntry(Group.APPRAISAL, 24, _("评分任务"), "rating_tasks", "tasks", give),
            MenuEntry(Group.APPRAISAL, 24, _("自评"), "rating_self", "edit", own),
            MenuEntry(Group.APPRAISAL, 26, _("评分进度"), "rating_progress", "clock", progress),
            MenuEntry(Group.APPRAISAL, 50, _("能力评分"), "ratings_list", "star", permissions.RATING_VIEW),
        )
        add_cards(Card("ratings", "rating", 10, _("评分"), cards.rating_card, span=3))
        add_tiles(
            Tile("rating-tasks", 15, _("评分任务"), tiles.tasks_tile, give),
            Tile("rating-self", 15, _("自评"), tiles.self_tile, own),
            Tile("rating-progress", 60, _("评分进度"), tiles.progress_tile, permissions.RATING_EXPORT),
        )
        name_kinds(
            {
                "rating.create": _("评分"),
                "rating.update": _("修改评分"),
                "rating.remove": _("撤回评分"),
            }
        )
