"""Paths of the catalogue."""

from cmsys.ui.views import ResourceViews
from training.courses.resources import COMPETENCIES, COURSES

urlpatterns = [*ResourceViews(COURSES).urls(), *ResourceViews(COMPETENCIES).urls()]
