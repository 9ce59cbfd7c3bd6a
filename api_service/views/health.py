"""/healthz, /readyz, /version: for those who run the service; without a token."""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint

from api_service.problems import Problem
from api_service.service import current_service
from shared.db.readiness import why_not_ready

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """The process lives. It asks nothing else, so that a database that is down restarts no process."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Requests can be served: the database answers and its schema is ours."""
    reason = why_not_ready(current_service().sessions)
    if reason is not None:
        raise Problem(503, "not_ready", reason, headers={"Retry-After": "5"})
    return {"status": "ready"}


@blueprint.get("/version")
def version_() -> dict[str, str]:
    """Which version runs."""
    return {"name": "payday", "version": version("payday")}
