"""/healthz, /readyz, /version: for those who run the service; without a token."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from flask import Blueprint

from api_service.draining import is_draining
from api_service.problems import Problem
from api_service.service import current_service
from shared.db.readiness import why_not_ready

blueprint = Blueprint("health", __name__)

STOPPING: Final = "This process is being stopped."


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """The process lives. It asks nothing else, so that a database that is down restarts no process."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Requests can be served: the process goes on, the database answers and its schema is ours.

    A cache that is gone makes nothing unready: answers come from the database then.
    """
    reason = STOPPING if is_draining() else why_not_ready(current_service().sessions)
    if reason is not None:
        raise Problem(503, "not_ready", reason, headers={"Retry-After": "5"})
    return {"status": "ready"}


@blueprint.get("/version")
def version_() -> dict[str, str]:
    """Which version runs."""
    return {"name": "payday", "version": version("payday")}
