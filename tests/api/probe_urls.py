"""Views that do what no resource of this step does yet: take a body, and fail in every way. For tests only."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmsys.access.actors import MissingFunction
from cmsys.api.views import ApiView
from cmsys.org.models import OrgUnit
from cmsys.org.permissions import UNIT_EDIT, UNIT_VIEW


class Lines(serializers.Serializer):
    value = serializers.IntegerField(max_value=9)


class Form(serializers.Serializer):
    name = serializers.CharField(max_length=3)
    lines = Lines(many=True)


def refuse(kind: str) -> None:
    failures: dict[str, Exception] = {
        "crash": ZeroDivisionError("secret of the house"),
        "database": OperationalError("connection to 10.0.0.1 refused"),
        "missing": MissingFunction(UNIT_EDIT),
        "service": DjangoValidationError({"on": DjangoValidationError("日期太早。", code="conflict")}),
        "whole": DjangoValidationError("有冲突。", code="conflict"),
        "absent": Http404("OrgUnit matching query does not exist"),
    }
    raise failures[kind]


class Probe(ApiView):
    function = UNIT_VIEW
    schema = None

    def get(self, request: Request) -> Response:
        OrgUnit.objects.filter(code="HQ").update(name="不应留下")
        refuse(request.query_params["kind"])
        return Response()

    def post(self, request: Request) -> Response:
        form = Form(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(form.validated_data, status=201)


class Broken:
    """Stands in for a middleware or a handler outside Django REST framework that fails."""

    def __call__(self, request: Any) -> Any:
        raise ZeroDivisionError("secret of the house")


urlpatterns = [
    path("api/v1/probe/", Probe.as_view()),
    path("api/v1/broken/", Broken()),
    path("", include("cmsys.urls")),
]
