"""/v1/events/{id}: what a payer or an operator does about one that failed or stayed unknown"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api_service.auth.bearer import current_caller
from api_service.auth.caller import OPS, WRITE
from api_service.blueprint import Blueprint
from api_service.commands.resolve_event import resolve_event
from api_service.commands.retry_event import retry_event
from api_service.documented import ETAG, REPLAYED
from api_service.event_answers import stored_event
from api_service.examples import answered, asked
from api_service.idempotency import current_act, once
from api_service.schemas.event import EventSchema
from api_service.schemas.operator_bodies import ResolveBody, RetryBody
from api_service.schemas.queries import CommandHeaders, PayerQuery
from api_service.service import current_service
from api_service.validation import load
from shared.db.engine import Session
from shared.db.idempotency import StoredAnswer

blueprint = Blueprint("event outcomes", __name__, description="Payments that failed, or of which nobody could say.")


@blueprint.operation("/v1/events/<uuid:event_id>/retry", "POST", "retryEvent", scopes=(WRITE, OPS), also=(404, 409))
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.query(PayerQuery)
@blueprint.body(RetryBody, example=asked.RETRY_EVENT, required=False)
@blueprint.answers(200, EventSchema, headers={**ETAG, **REPLAYED}, example=answered.RETRIED_EVENT)
def retry(headers: dict[str, Any], query: dict[str, Any], body: Any, event_id: UUID) -> Response:
    """Try a failed payment again, with a new key: it stays failed, and waits for its retry day."""
    service, caller = current_service(), current_caller()
    payer_id = query["payer_id"] if OPS in caller.scopes else caller.payer_to_change(query["payer_id"])
    day = load(RetryBody(), body)["date"]

    def effect(session: Session) -> StoredAnswer:
        return stored_event(
            retry_event(session, service.settings, current_act(), event_id=event_id, payer_id=payer_id, day=day)
        )

    return once(headers["idempotency_key"], effect)


@blueprint.operation("/v1/events/<uuid:event_id>/resolve", "POST", "resolveEvent", scopes=(OPS,), also=(404, 409))
@blueprint.headers(CommandHeaders, error_status=400)
@blueprint.body(ResolveBody, example=asked.RESOLVE_EVENT)
@blueprint.answers(200, EventSchema, headers={**ETAG, **REPLAYED}, example=answered.RESOLVED_EVENT)
def resolve(headers: dict[str, Any], body: Any, event_id: UUID) -> Response:
    """Settle a payment that is unknown, or one that failed against the provider's word."""
    settings, fields = current_service().settings, load(ResolveBody(), body)

    def effect(session: Session) -> StoredAnswer:
        reference, reason = fields["provider_ref"], fields["reason"]
        return stored_event(
            resolve_event(session, settings, current_act(), event_id=event_id, provider_ref=reference, reason=reason)
        )

    return once(headers["idempotency_key"], effect)
