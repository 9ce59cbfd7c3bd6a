"""/metrics: for Prometheus, with an operator's token; what it counts names no payer."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api_service.auth.bearer import authorise
from api_service.auth.caller import OPS
from api_service.metrics import exposition
from api_service.service import Service, current_service
from shared.db import outbox_list
from shared.db.errors import Unavailable, perform
from shared.db.outbox_list import State

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """What was counted since the start, over all of gunicorn's processes where they share a folder for it."""
    authorise((OPS,))
    service = current_service()
    shown = exposition(of_all_processes=service.settings.metrics_folder is not None, outbox=_outbox(service))
    return Response(shown, content_type=CONTENT_TYPE_LATEST)


def _outbox(service: Service) -> State | None:
    """What was counted is shown also while the database is away."""
    try:
        return perform(service.readings, outbox_list.state)
    except Unavailable:
        return None
