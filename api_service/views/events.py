"""/v1/events"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import Response

from api_service.auth.bearer import current_caller
from api_service.auth.caller import OPS, READ, WRITE
from api_service.blueprint import Blueprint
from api_service.commands.cancel_event import cancel_event
from api_service.conditional import Precondition, json_text, tagged
from api_service.dated import filters_of, position
from api_service.documented import ETAG
from api_service.event_pages import Page, Wanted
from api_service.examples import answered
from api_service.idempotency import current_act
from api_service.metrics import page_of_events
from api_service.schemas.event import EventPageSchema, EventSchema
from api_service.schemas.queries import ChangeHeaders, EventsQuery, PayerQuery, ReadHeaders
from api_service.service import current_service
from shared.db import events, lists
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.models import Event
from shared.domain.entries import Entry
from shared.domain.errors import NotFound

EVENT: Final = EventSchema()
PAGE: Final = EventPageSchema()

blueprint = Blueprint("events", __name__, description="The dated payments of schedules.")


@blueprint.operation("/v1/events", "GET", "listEvents", scopes=(READ, OPS), also=(400,))
@blueprint.query(EventsQuery)
@blueprint.page(EventPageSchema, example=answered.EVENT_PAGE)
def list_events(query: dict[str, Any]) -> Response:
    """List events by date."""
    service = current_service()
    filters = filters_of(query)
    after = service.cursors.read("events", query, position)

    def read() -> Page:
        rows = perform(
            service.readings, lambda session: lists.events(session, filters, after=after, limit=query["limit"] + 1)
        )
        page, cursor = service.cursors.page("events", query, rows, lambda row: [row.date, row.id])
        return Page.of(json_text(PAGE.dump({"data": page, "next_cursor": cursor})))

    page = _kept(filters.payer_id, query, read)
    return Response(page.content, headers={"ETag": f'"{page.tag.decode()}"'}, mimetype="application/json")


def _kept(payer_id: str | None, query: dict[str, Any], read: Callable[[], Page]) -> Page:
    """The page from the cache where it is one payer's and there is a cache."""
    pages = current_service().event_pages
    if pages is None or payer_id is None:
        with page_of_events():
            return read()
    return pages.page(Wanted(payer_id, current_caller().sub, query), read)


@blueprint.operation("/v1/events/<uuid:event_id>", "GET", "getEvent", scopes=(READ, OPS), also=(404,))
@blueprint.headers(ReadHeaders)
@blueprint.query(PayerQuery)
@blueprint.unchanged()
@blueprint.answers(200, EventSchema, headers=ETAG, example=answered.EVENT)
def get(headers: dict[str, Any], query: dict[str, Any], event_id: UUID) -> Response:
    """Read an event."""
    payer_id = current_caller().payer_to_read(query["payer_id"])
    event = perform(current_service().readings, lambda session: events.find(session, event_id, payer_id))
    if event is None:
        raise NotFound("There is no such event.")
    return _answer(event, if_none_match=headers["if_none_match"])


@blueprint.operation("/v1/events/<uuid:event_id>", "DELETE", "cancelEvent", scopes=(WRITE,), also=(404, 409, 412))
@blueprint.headers(ChangeHeaders)
@blueprint.query(PayerQuery)
@blueprint.answers(200, EventSchema, headers=ETAG, example=answered.SKIPPED_EVENT)
def delete(headers: dict[str, Any], query: dict[str, Any], event_id: UUID) -> Response:
    """Skip one event; the others of its schedule stay."""
    service = current_service()
    payer_id = current_caller().payer_to_change(query["payer_id"])

    def change(session: Session) -> Entry:
        return cancel_event(
            session,
            service.settings,
            current_act(),
            event_id=event_id,
            payer_id=payer_id,
            precondition=Precondition(headers["if_match"]),
        )

    return _answer(perform(service.sessions, change))


def _answer(event: Event | Entry, *, if_none_match: str | None = None) -> Response:
    return tagged(json_text(EVENT.dump(event)), event.version, if_none_match=if_none_match)
