"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "appraisal.ratings"
    label = "appraisal_ratings"
    verbose_name = "能力评分"
