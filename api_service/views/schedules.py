"""/v1/schedules"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Response

from api_service.auth.bearer import current_caller
from api_service.auth.caller import OPS, READ, WRITE
from api_service.blueprint import Blueprint
from api_service.commands.cancel_schedule import cancel_schedule
from api_service.commands.schedule_event import schedule_event
from api_service.conditional import Precondition, json_text, tag
from api_service.documented import ETAG, LOCATION, REPLAYED
from api_service.examples import answered, asked
from api_service.idempotency import current_act, once
from api_service.preview import answer, read_preview
from api_service.schedule_answers import answer_schedule, today
from api_service.schemas import preview as preview_schemas
from api_service.schemas.queries import ChangeHeaders, CommandHeaders, PayerQuery, SchedulesQuery
from api_service.schemas.schedule import (
    CreatedScheduleSchema,
    SchedulePageSchema,
    ScheduleSchema,
    present_schedule,
)
from api_service.schemas.schedule_body import ScheduleBody
from api_service.service import current_service
from api_service.terms import read_terms
from shared.db import calendars, lists, runs, schedule_view
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.idempotency import StoredAnswer
from shared.domain.errors import NotFound

CREATED: Final = CreatedScheduleSchema()

blueprint = Blueprint("schedules", __name__, description="What payers asked for.")


@blueprint.operation("/v1/schedules", "POST", "createSchedule", scopes=(WRITE,), also=(409,))
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.body(ScheduleBody, example=asked.CREATE_SCHEDULE)
@blueprint.answers(
    201, CreatedScheduleSchema, headers={**LOCATION, **ETAG, **REPLAYED}, example=answered.CREATED_SCHEDULE
)
def create(headers: dict[str, Any], body: Any) -> Response:
    """Schedule one payment or a row of them."""
    service = current_service()
    terms = read_terms(body, current_caller(), service.settings)

    def effect(session: Session) -> StoredAnswer:
        made = schedule_event(session, service.settings, current_act(), terms)
        view = {**present_schedule(made.schedule, made.standing), "events": made.events}
        answer_headers = {"Location": f"/v1/schedules/{made.schedule.id}", "ETag": f'"{tag(made.schedule.version)}"'}
        return StoredAnswer(201, answer_headers, json_text(CREATED.dump(view)))

    return once(headers["idempotency_key"], effect)


@blueprint.operation("/v1/schedules/preview", "POST", "previewSchedule", scopes=(READ, WRITE))
@blueprint.body(preview_schemas.PreviewBody, example=asked.PREVIEW_SCHEDULE)
@blueprint.answers(200, preview_schemas.PreviewSchema, example=answered.PREVIEW)
def preview(body: Any) -> Response:
    """Say when a schedule would pay and how much, without saving it."""
    service = current_service()
    asked = read_preview(body, current_caller(), service.settings)

    def read(session: Session) -> dict[str, Any]:
        loaded = calendars.read(session, {asked.rule.calendar} if asked.rule.needs_calendar else ())
        next_open = runs.peek_next_open(session, business_now(session, service.settings.business))
        return answer(asked, {code: item.calendar for code, item in loaded.items()}, next_open=next_open)

    return Response(json_text(perform(service.sessions, read)), mimetype="application/json")


@blueprint.operation("/v1/schedules", "GET", "listSchedules", scopes=(READ, OPS), also=(400,))
@blueprint.query(SchedulesQuery)
@blueprint.page(SchedulePageSchema, example=answered.SCHEDULE_PAGE)
def list_schedules(query: dict[str, Any]) -> dict[str, Any]:
    """List schedules in the order they were made."""
    service = current_service()
    payer_id = current_caller().payer_to_read(query["payer_id"])
    after = service.cursors.read("schedules", query, UUID)

    def read(session: Session) -> dict[str, Any]:
        rows = lists.schedules(session, payer_id, after=after, limit=query["limit"] + 1)
        page, cursor = service.cursors.page("schedules", query, rows, lambda row: [row.id])
        standings = schedule_view.standings(session, page, today(session))
        return {"data": list(map(present_schedule, page, standings)), "next_cursor": cursor}

    return perform(service.sessions, read)


@blueprint.operation("/v1/schedules/<uuid:schedule_id>", "GET", "getSchedule", scopes=(READ, OPS), also=(404,))
@blueprint.query(PayerQuery)
@blueprint.answers(200, ScheduleSchema, headers=ETAG, example=answered.SCHEDULE)
def get(query: dict[str, Any], schedule_id: UUID) -> Response:
    """Read a schedule."""
    payer_id = current_caller().payer_to_read(query["payer_id"])

    def read(session: Session) -> Response:
        schedule = schedule_view.find(session, schedule_id, payer_id)
        if schedule is None:
            raise NotFound("There is no such schedule.")
        return answer_schedule(session, schedule)

    return perform(current_service().sessions, read)


@blueprint.operation("/v1/schedules/<uuid:schedule_id>", "DELETE", "cancelSchedule", scopes=(WRITE,), also=(404, 412))
@blueprint.headers(ChangeHeaders)
@blueprint.query(PayerQuery)
@blueprint.answers(200, ScheduleSchema, headers=ETAG, example=answered.CANCELLED_SCHEDULE)
def delete(headers: dict[str, Any], query: dict[str, Any], schedule_id: UUID) -> Response:
    """Cancel a schedule and what is not being paid of it already."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])

    def change(session: Session) -> Response:
        schedule = cancel_schedule(
            session,
            service.settings,
            current_act(),
            schedule_id=schedule_id,
            payer_id=payer_id,
            precondition=Precondition(headers["if_match"]),
        )
        return answer_schedule(session, schedule)

    return perform(service.sessions, change)
