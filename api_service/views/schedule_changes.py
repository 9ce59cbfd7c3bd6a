"""/v1/schedules/{id}: changes"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api_service.auth.bearer import current_caller
from api_service.auth.caller import WRITE
from api_service.blueprint import Blueprint
from api_service.changes import load_schedule_patch, schedule_change
from api_service.commands.update_schedule import update_schedule
from api_service.conditional import Precondition, json_text, tagged
from api_service.documented import ETAG
from api_service.examples import answered, asked
from api_service.idempotency import current_act
from api_service.schedule_answers import view_schedule
from api_service.schemas.changes import ChangedScheduleSchema, present_changes
from api_service.schemas.queries import EditHeaders, SchedulePatchQuery
from api_service.schemas.schedule_patch import SchedulePatch
from api_service.service import current_service
from shared.db.engine import Session
from shared.db.errors import perform

blueprint = Blueprint("schedule changes", __name__, description="What payers want other.")


@blueprint.operation(
    "/v1/schedules/<uuid:schedule_id>", "PATCH", "updateSchedule", scopes=(WRITE,), also=(404, 409, 412)
)
@blueprint.headers(EditHeaders, error_status=428)
@blueprint.query(SchedulePatchQuery)
@blueprint.body(SchedulePatch, example=asked.EDIT_SCHEDULE)
@blueprint.answers(200, ChangedScheduleSchema, headers=ETAG, example=answered.CHANGED_SCHEDULE)
def update(headers: dict[str, Any], query: dict[str, Any], body: Any, schedule_id: UUID) -> Response:
    """Change all open events of a schedule, or those from a date on; or say what would change."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])
    precondition, fields = Precondition(headers["if_match"]), load_schedule_patch(body)

    def change(session: Session) -> Response:
        schedule, changes = update_schedule(
            session,
            service.settings,
            current_act(),
            schedule_id=schedule_id,
            payer_id=payer_id,
            precondition=precondition,
            read=lambda found: schedule_change(fields, found, service.settings),
            dry_run=query["dry_run"],
        )
        view = {"schedule": view_schedule(session, schedule), "changes": present_changes(changes)}
        answer = tagged(json_text(ChangedScheduleSchema().dump(view)), schedule.version)
        if query["dry_run"]:
            session.rollback()
        return answer

    return perform(service.sessions, change)
