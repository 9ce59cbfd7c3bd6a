"""/v1/holds"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api_service.auth.caller import OPS
from api_service.blueprint import Blueprint
from api_service.commands.end_hold import end_hold
from api_service.commands.place_hold import place_hold
from api_service.conditional import json_text
from api_service.documented import LOCATION, REPLAYED
from api_service.examples import answered, asked
from api_service.idempotency import current_act, once
from api_service.schemas.hold import HoldBody, HoldPageSchema, HoldSchema, HoldsQuery
from api_service.schemas.queries import CommandHeaders
from api_service.service import current_service
from api_service.validation import load
from shared.db import holds
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.idempotency import StoredAnswer

blueprint = Blueprint("holds", __name__, description="Stops on payments, for operators.")


@blueprint.operation("/v1/holds", "POST", "placeHold", scopes=(OPS,), also=(409,))
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.body(HoldBody, example=asked.PLACE_HOLD)
@blueprint.answers(201, HoldSchema, headers={**LOCATION, **REPLAYED}, example=answered.HOLD)
def place(headers: dict[str, Any], body: Any) -> Response:
    """Hold payments of a payer, to a payee, or (with neither id) all payments, until the hold is ended."""
    asked = load(HoldBody(), body)

    def effect(session: Session) -> StoredAnswer:
        hold = place_hold(session, current_act(), **asked)
        return StoredAnswer(201, {"Location": f"/v1/holds/{hold.id}"}, json_text(HoldSchema().dump(hold)))

    return once(headers["idempotency_key"], effect)


@blueprint.operation("/v1/holds", "GET", "listHolds", scopes=(OPS,), also=(400,))
@blueprint.query(HoldsQuery)
@blueprint.page(HoldPageSchema, example=answered.HOLD_PAGE)
def list_holds(query: dict[str, Any]) -> dict[str, Any]:
    """List holds, newest first."""
    service = current_service()
    before = service.cursors.read("holds", query, UUID)

    def read(session: Session) -> dict[str, Any]:
        rows = holds.page(session, is_active=query["active"], before=before, limit=query["limit"] + 1)
        page, cursor = service.cursors.page("holds", query, rows, lambda row: [row.id])
        return {"data": page, "next_cursor": cursor}

    return perform(service.sessions, read)


@blueprint.operation("/v1/holds/<uuid:hold_id>", "GET", "getHold", scopes=(OPS,), also=(404,))
@blueprint.answers(200, HoldSchema, example=answered.HOLD)
def get(hold_id: UUID) -> Any:
    """Read a hold."""
    return perform(current_service().sessions, lambda session: holds.get(session, hold_id))


@blueprint.operation("/v1/holds/<uuid:hold_id>", "DELETE", "endHold", scopes=(OPS,), also=(404,))
@blueprint.answers(200, HoldSchema, example=answered.ENDED_HOLD)
def end(hold_id: UUID) -> Any:
    """End a hold: what waited because of it is paid, unless another hold covers it."""
    return perform(current_service().sessions, lambda session: end_hold(session, current_act(), hold_id))
