"""Paths of posts and grades."""

from cmsys.ui.views import ResourceViews
from managers.careers.ladder import GRADES
from managers.careers.resources import POSTS

urlpatterns = [*ResourceViews(POSTS).urls(), *ResourceViews(GRADES).urls()]
