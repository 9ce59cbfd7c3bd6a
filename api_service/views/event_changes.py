"""/v1/events/{id}: changes"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api_service.auth.bearer import current_caller
from api_service.auth.caller import WRITE
from api_service.blueprint import Blueprint
from api_service.changes import event_change, load_event_patch
from api_service.commands.restore_event import restore_event
from api_service.commands.update_event import update_event
from api_service.conditional import Precondition, json_text, tagged
from api_service.documented import ETAG, REPLAYED
from api_service.event_answers import stored_event
from api_service.examples import answered, asked
from api_service.idempotency import current_act, once
from api_service.json_body import read_no_body
from api_service.schemas.event import EventSchema
from api_service.schemas.event_patch import EventPatch
from api_service.schemas.queries import CommandHeaders, EditHeaders, PayerQuery
from api_service.service import current_service
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.idempotency import StoredAnswer
from shared.domain.entries import Entry

blueprint = Blueprint("event changes", __name__, description="What payers want other of one payment.")


@blueprint.operation("/v1/events/<uuid:event_id>", "PATCH", "updateEvent", scopes=(WRITE,), also=(404, 409, 412))
@blueprint.headers(EditHeaders, error_status=428)
@blueprint.query(PayerQuery)
@blueprint.body(EventPatch, example=asked.EDIT_EVENT)
@blueprint.answers(200, EventSchema, headers=ETAG, example=answered.EDITED_EVENT)
def update(headers: dict[str, Any], query: dict[str, Any], body: Any, event_id: UUID) -> Response:
    """Change the amount, payee, reference or date of one event; the others of its schedule stay."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])
    precondition, fields = Precondition(headers["if_match"]), load_event_patch(body)

    def change(session: Session) -> Entry:
        return update_event(
            session,
            service.settings,
            current_act(),
            event_id=event_id,
            payer_id=payer_id,
            precondition=precondition,
            read=lambda entry: event_change(fields, entry, service.settings),
        )

    entry = perform(service.sessions, change)
    return tagged(json_text(EventSchema().dump(entry)), entry.version)


@blueprint.operation(
    "/v1/events/<uuid:event_id>/restore", "POST", "restoreEvent", scopes=(WRITE,), also=(404, 409, 413, 415)
)
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.query(PayerQuery)
@blueprint.answers(200, EventSchema, headers={**ETAG, **REPLAYED}, example=answered.RESTORED_EVENT)
def restore(headers: dict[str, Any], query: dict[str, Any], event_id: UUID) -> Response:
    """Take a skipped event back."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])
    read_no_body()

    def effect(session: Session) -> StoredAnswer:
        return stored_event(
            restore_event(session, service.settings, current_act(), event_id=event_id, payer_id=payer_id)
        )

    return once(headers["idempotency_key"], effect)
