"""All pages. Rooms bring their own urls; /api/v1/ is put together in api_urls."""

from django.urls import include, path, re_path

from cmsys.api.health import healthz, readyz
from cmsys.api.metrics import metrics
from cmsys.api.oauth import ClientTokenView
from cmsys.api.views import UnknownPathView

urlpatterns = [
    path("", include("cmsys.accounts.urls")),
    path("", include("cmsys.administration.urls")),
    path("", include("cmsys.inbox.urls")),
    path("", include("cmsys.transfers.urls")),
    path("", include("managers.careers.urls")),
    path("", include("managers.profiles.urls")),
    path("", include("managers.conduct.urls")),
    path("", include("customers.tiers.urls")),
    path("", include("customers.registry.urls")),
    path("", include("customers.allocation.urls")),
    path("", include("customers.planning.urls")),
    path("", include("customers.approval.urls")),
    path("", include("customers.execution.urls")),
    path("", include("customers.handover.urls")),
    path("", include("customers.engagement.urls")),
    path("", include("customers.service.urls")),
    path("", include("appraisal.schemes.urls")),
    path("", include("appraisal.figures.urls")),
    path("", include("appraisal.cycles.urls")),
    path("", include("appraisal.ratings.urls")),
    path("", include("appraisal.scoring.urls")),
    path("", include("appraisal.grading.urls")),
    path("", include("appraisal.feedback.urls")),
    path("", include("appraisal.notices.urls")),
    path("", include("appraisal.appeals.urls")),
    path("", include("appraisal.overview.urls")),
    path("", include("training.courses.urls")),
    path("", include("training.plans.urls")),
    path("api/v1/", include("cmsys.api_urls")),
    re_path(r"^api/", UnknownPathView.as_view()),
    path("o/token/", ClientTokenView.as_view(), name="oauth_token"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]

handler400 = "cmsys.ui.errors.bad_request"
handler403 = "cmsys.ui.errors.forbidden"
handler404 = "cmsys.ui.errors.not_found"
handler500 = "cmsys.ui.errors.failed"
