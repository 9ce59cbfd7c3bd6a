"""/metrics: for Prometheus, with an operator's token; what it counts names no payer."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api_service.auth.bearer import authorise
from api_service.auth.caller import OPS
from api_service.metrics import exposition
from api_service.service import current_service

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """What was counted since the start, over all of gunicorn's processes where they share a folder for it."""
    authorise((OPS,))
    shared = current_service().settings.metrics_folder is not None
    return Response(exposition(of_all_processes=shared), content_type=CONTENT_TYPE_LATEST)
