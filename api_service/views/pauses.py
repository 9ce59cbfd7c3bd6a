"""/v1/schedules/{id}/pauses"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api_service.auth.bearer import current_caller
from api_service.auth.caller import WRITE
from api_service.blueprint import Blueprint
from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.resume_schedule import resume_schedule
from api_service.conditional import Precondition, json_text
from api_service.documented import ETAG, LOCATION, REPLAYED
from api_service.examples import answered, asked
from api_service.idempotency import current_act, once
from api_service.schedule_answers import answer_schedule
from api_service.schemas.pause import PauseSchema
from api_service.schemas.pause_body import PauseBody
from api_service.schemas.queries import ChangeHeaders, CommandHeaders, PayerQuery
from api_service.schemas.schedule import ScheduleSchema
from api_service.service import current_service
from api_service.validation import load
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.idempotency import StoredAnswer

blueprint = Blueprint("pauses", __name__, description="When schedules rest.")


@blueprint.operation(
    "/v1/schedules/<uuid:schedule_id>/pauses", "POST", "pauseSchedule", scopes=(WRITE,), also=(404, 409)
)
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.query(PayerQuery)
@blueprint.body(PauseBody, example=asked.PAUSE_SCHEDULE)
@blueprint.answers(201, PauseSchema, headers={**LOCATION, **REPLAYED}, example=answered.PAUSE)
def pause(headers: dict[str, Any], query: dict[str, Any], body: Any, schedule_id: UUID) -> Response:
    """Pause a schedule for a while, or until it is resumed."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])
    window = load(PauseBody(), body)

    def effect(session: Session) -> StoredAnswer:
        made = pause_schedule(
            session, service.settings, current_act(), schedule_id=schedule_id, payer_id=payer_id, **window
        )
        location = f"/v1/schedules/{schedule_id}/pauses/{made.id}"
        return StoredAnswer(201, {"Location": location}, json_text(PauseSchema().dump(made)))

    return once(headers["idempotency_key"], effect)


@blueprint.operation(
    "/v1/schedules/<uuid:schedule_id>/pauses/<uuid:pause_id>",
    "DELETE",
    "resumeSchedule",
    scopes=(WRITE,),
    also=(404, 412),
)
@blueprint.headers(ChangeHeaders)
@blueprint.query(PayerQuery)
@blueprint.answers(200, ScheduleSchema, headers=ETAG, example=answered.RESUMED_SCHEDULE)
def resume(headers: dict[str, Any], query: dict[str, Any], schedule_id: UUID, pause_id: UUID) -> Response:
    """End a pause; events that nothing else covers come back unless their date has passed."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])

    def change(session: Session) -> Response:
        schedule = resume_schedule(
            session,
            service.settings,
            current_act(),
            schedule_id=schedule_id,
            pause_id=pause_id,
            payer_id=payer_id,
            precondition=Precondition(headers["if_match"]),
        )
        return answer_schedule(session, schedule)

    return perform(service.sessions, change)
