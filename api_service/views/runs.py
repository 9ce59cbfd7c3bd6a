"""/v1/runs"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from flask import Response
from marshmallow import ValidationError

from api_service.auth.caller import OPS
from api_service.blueprint import Blueprint
from api_service.commands.close_run import close_run
from api_service.commands.pause_run import pause_run
from api_service.commands.resume_run import resume_run
from api_service.conditional import json_text
from api_service.documented import REPLAYED
from api_service.examples import answered, asked
from api_service.idempotency import current_act, once
from api_service.schemas.queries import CommandHeaders, PageQuery
from api_service.schemas.reading import parse_day
from api_service.schemas.run import ReasonBody, RunPageSchema, RunSchema, present_run
from api_service.service import current_service
from api_service.validation import load
from shared.db import runs
from shared.db.audit import Act
from shared.db.bookings import books_of_runs
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.idempotency import StoredAnswer
from shared.db.models import Run
from shared.domain.errors import NotFound

Command = Callable[[Session, Act, date, str], Run]

RUN_DATE: Final = (
    {"in": "path", "name": "run_date", "schema": {"type": "string", "format": "date"}, "description": "Of the run."},
)

blueprint = Blueprint("runs", __name__, description="Business dates and their books, for operators.")


@blueprint.operation("/v1/runs", "GET", "listRuns", scopes=(OPS,), also=(400,))
@blueprint.query(PageQuery)
@blueprint.page(RunPageSchema, example=answered.RUN_PAGE)
def list_runs(query: dict[str, Any]) -> dict[str, Any]:
    """List runs, newest first."""
    service = current_service()
    before = service.cursors.read("runs", query, date.fromisoformat)

    def read(session: Session) -> dict[str, Any]:
        rows = runs.page(session, before=before, limit=query["limit"] + 1)
        page, cursor = service.cursors.page("runs", query, rows, lambda row: [row.date])
        return {"data": list(map(present_run, page, books_of_runs(session, page))), "next_cursor": cursor}

    return perform(service.sessions, read)


@blueprint.operation("/v1/runs/<string:run_date>", "GET", "getRun", scopes=(OPS,), also=(404,), parameters=RUN_DATE)
@blueprint.answers(200, RunSchema, example=answered.RUN)
def get(run_date: str) -> Any:
    """Read a run."""
    day = _day(run_date)
    return perform(current_service().sessions, lambda session: _present(session, runs.get(session, day)))


@blueprint.operation(
    "/v1/runs/<string:run_date>/pause", "POST", "pauseRun", scopes=(OPS,), also=(404, 409), parameters=RUN_DATE
)
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.body(ReasonBody, example=asked.PAUSE_RUN)
@blueprint.answers(200, RunSchema, headers=REPLAYED, example=answered.PAUSED_RUN)
def pause(headers: dict[str, Any], body: Any, run_date: str) -> Response:
    """Pause a run: nothing more of it is sent until it is resumed. It closes at its cut-off all the same."""
    return _change(headers, body, run_date, pause_run)


@blueprint.operation(
    "/v1/runs/<string:run_date>/resume", "POST", "resumeRun", scopes=(OPS,), also=(404, 409), parameters=RUN_DATE
)
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.body(ReasonBody, example=asked.RESUME_RUN)
@blueprint.answers(200, RunSchema, headers=REPLAYED, example=answered.RESUMED_RUN)
def resume(headers: dict[str, Any], body: Any, run_date: str) -> Response:
    """Let a paused run go on."""
    return _change(headers, body, run_date, resume_run)


@blueprint.operation(
    "/v1/runs/<string:run_date>/close", "POST", "closeRun", scopes=(OPS,), also=(404, 409), parameters=RUN_DATE
)
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.body(ReasonBody, example=asked.CLOSE_RUN)
@blueprint.answers(200, RunSchema, headers=REPLAYED, example=answered.CLOSING_RUN)
def close(headers: dict[str, Any], body: Any, run_date: str) -> Response:
    """Close a run before its cut-off: nothing more of it is sent, and what is left is carried to the next one."""
    return _change(headers, body, run_date, close_run)


def _change(headers: dict[str, Any], body: Any, run_date: str, command: Command) -> Response:
    day = _day(run_date)
    reason = load(ReasonBody(), body)["reason"]

    def effect(session: Session) -> StoredAnswer:
        run = command(session, current_act(), day, reason)
        return StoredAnswer(200, {}, json_text(RunSchema().dump(_present(session, run))))

    return once(headers["idempotency_key"], effect)


def _present(session: Session, run: Run) -> Any:
    [books] = books_of_runs(session, [run])
    return present_run(run, books)


def _day(text: str) -> date:
    """An address that names no date leads nowhere."""
    try:
        return parse_day(text)
    except ValidationError:
        raise NotFound("There is no such run.") from None
