"""Paths of posts."""

from cmsys.ui.views import ResourceViews
from managers.careers.resources import POSTS

urlpatterns = ResourceViews(POSTS).urls()
